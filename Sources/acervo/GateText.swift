internal import Indexing

/// What a gate measured, in words and columns.
enum GateText {
  /// How many questions are listed.
  private static let listed = 20

  static func lines(_ report: GateReport) -> [String] {
    guard !report.passes else {
      return ["  gate     \(report.questions) questions: " + report.rows.map(summary).joined(separator: ", ")]
    }
    let head = ["measure", "candidate", "current", "at least", "worse by at most", ""]
    let rows = report.rows.map { row in
      [
        row.measure, number(row.candidate), number(row.current), number(row.atLeast), number(row.worseByAtMost),
        row.passes ? "" : row.candidate == nil ? "no question asks for it" : "refused",
      ]
    }
    var lines = table([head] + rows)
    guard !report.worse.isEmpty else { return lines }
    lines.append(
      report.current == nil
        ? "  \(report.worse.count) questions that failed:" : "  \(report.worse.count) questions that got worse:")
    for question in report.worse.prefix(listed) {
      let values = question.after.map { after in
        let before = question.before.first { $0.measure == after.measure }
        return "\(after.measure) \(before.map { number($0.value) + " → " } ?? "")\(number(after.value))"
      }
      lines.append("    \(question.question.split(whereSeparator: \.isWhitespace).joined(separator: " "))")
      lines.append("        \(values.joined(separator: ", "))")
    }
    if report.worse.count > listed { lines.append("    … and \(report.worse.count - listed) more: see --json") }
    return lines
  }

  private static func summary(_ row: GateReport.Row) -> String {
    row.measure + " " + (row.current.map { number($0) + " → " } ?? "") + number(row.candidate)
  }

  private static func table(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = "  "
      for (cell, width) in zip(row, widths) { line += "  " + cell + String(repeating: " ", count: width - cell.count) }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Three decimals, or a dash.
  private static func number(_ value: Double?) -> String {
    guard let value else { return "-" }
    let thousandths = Int((value * 1000).rounded())
    let digits = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
  }
}
