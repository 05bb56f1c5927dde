internal import Evaluation

/// An evaluation in words and columns.
enum EvaluationText {
  /// How many questions are listed.
  private static let listed = 20

  static func of(_ report: EvaluationReport, _ measures: [Measure]) -> String {
    let languages = report.languages.count > 1 ? report.languages : []
    let count: [String] =
      ["\(report.outcomes.count)"]
      + languages.map { language in "\(report.outcomes.count { $0.language == language })" }
    var rows = [
      [""] + ["all"] + languages.map { $0.isEmpty ? "unknown" : $0 }, ["questions"] + count,
    ]
    for measure in measures where report.value(measure) != nil {
      rows.append(
        [measure.description, number(report.value(measure))]
          + languages.map { number(report.value(measure, language: $0)) })
    }
    var text = report.subject + "\n" + table(rows) + latencies(report)
    let missed = report.outcomes.filter { $0.value(.hit(10)) == 0 }
    text += list(missed, "not found among the first 10") { "expected \($0.missing.prefix(3).joined(separator: ", "))" }
    text += list(
      report.outcomes.filter { $0.value(.containment) == 0 }, "answered without what a right answer contains"
    ) {
      $0.isAnswered == true ? "answered \(oneLine($0.answer ?? ""))" : "answered that it does not know"
    }
    text += list(report.outcomes.filter { $0.value(.abstention) == 0 }, "answered though nothing answers it") {
      "answered \(oneLine($0.answer ?? ""))"
    }
    return text
  }

  static func of(_ comparison: EvaluationComparison) -> String {
    var rows = [["", "before", "after", "difference"]]
    for measure in comparison.measures {
      guard let difference = comparison.difference(measure) else { continue }
      let isWorse = abs(difference) > 1e-9 && (difference < 0) != measure.isBetterLow
      rows.append([
        measure.description, number(comparison.before.value(measure)), number(comparison.after.value(measure)),
        (difference > 0 ? "+" : "") + number(difference) + (isWorse ? " worse" : ""),
      ])
    }
    var text = "before  \(comparison.before.subject)\nafter   \(comparison.after.subject)\n" + table(rows)
    text += comparison.changes.isEmpty ? "no question went otherwise\n" : "questions that went otherwise:\n"
    for change in comparison.changes.prefix(listed) {
      let ranks = [change.before, change.after].map { $0.ranking.firstRank.map { "rank \($0)" } ?? "not found" }
      let measures = change.measures.map { measure in
        "\(measure) \(number(change.before.value(measure))) → \(number(change.after.value(measure)))"
      }
      text += "  \(change.gain < 0 ? "worse " : "better")  \(oneLine(change.after.question))\n"
      text += "          \(ranks[0]) → \(ranks[1]); \(measures.joined(separator: ", "))\n"
    }
    return text + more(comparison.changes.count)
  }

  private static func list(
    _ outcomes: [QuestionOutcome], _ title: String, _ detail: (QuestionOutcome) -> String
  ) -> String {
    guard !outcomes.isEmpty else { return "" }
    let lines = outcomes.prefix(listed).map { "  \(oneLine($0.question))\n      \(detail($0))\n" }
    return "\(outcomes.count) \(title):\n" + lines.joined() + more(outcomes.count)
  }

  private static func more(_ count: Int) -> String {
    count > listed ? "  … and \(count - listed) more: see --json\n" : ""
  }

  private static func latencies(_ report: EvaluationReport) -> String {
    func row(_ name: String, _ seconds: (QuestionOutcome) -> Double?) -> String? {
      guard let median = report.latency(0.5, seconds), let late = report.latency(0.95, seconds),
        let last = report.latency(0.99, seconds)
      else { return nil }
      let times = [median, late, last].map { ReportText.tenths($0 * 1000) }
      return "\(name) took \(times[0]) ms in the middle, \(times[1]) at 95 %, \(times[2]) at 99 %\n"
    }
    return (row("search", { $0.searchSeconds }) ?? "") + (row("search and answer", { $0.answerSeconds }) ?? "")
  }

  private static func number(_ value: Double?) -> String {
    guard let value else { return "–" }
    let thousandths = Int((abs(value) * 1000).rounded())
    let digits = String(1000 + thousandths % 1000).dropFirst()
    return (value < 0 && thousandths > 0 ? "-" : "") + "\(thousandths / 1000).\(digits)"
  }

  private static func oneLine(_ text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.count > 100 ? words.prefix(99) + "…" : words
  }

  /// Columns, the first to the left, the others to the right.
  private static func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let blanks = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + blanks : blanks + cell
      }
      return "  " + cells.joined(separator: "  ") + "\n"
    }.joined()
  }
}
