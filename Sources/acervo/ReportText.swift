internal import Embedding
internal import Indexing
internal import Terminal

/// A run in words.
enum ReportText {
  static func of(_ report: RunReport) -> String {
    var lines: [String] = []
    switch report.outcome {
    case .published(let id): lines.append("published \(report.collection)/\(id)")
    case .unchanged(let id): lines.append("nothing changed: \(report.collection)/\(id) stays current")
    case .refused(let reason), .failed(let reason): lines.append("nothing published: \(reason)")
    case .gateRefused(let id):
      lines.append("nothing published: the gate refused \(report.collection)/\(id)")
      lines.append("  mend: look at it with “acervo snapshots diff … \(id)”, then mend the pipeline or the questions")
    }
    if let gate = report.gate { lines += GateText.lines(gate) }
    let counts = report.counts
    if report.documents > 0 {
      lines.append("  index    \(report.documents) documents, \(report.chunks) chunks")
    } else if [.success, .unchanged].contains(report.outcome.exitCode) {
      lines.append("  index    empty: look at what the sources name with `path`, `start`, `spaces` and `include`")
    }
    lines.append(
      "  seen     \(counts.seen): \(counts.new) new, \(counts.changed) changed, \(counts.unchanged) unchanged; "
        + "\(counts.removed) removed, \(counts.failed) failed, \(counts.skipped) skipped")
    if counts.readersChanged > 0 || counts.groupsChanged > 0 {
      lines.append(
        "  readers  other readers of \(counts.readersChanged) documents, other members of \(counts.groupsChanged) groups"
      )
    }
    lines.append("  chunks   \(counts.chunksEmbedded) embedded, \(counts.chunksReused) reused")
    for spending in report.embedding {
      let cost = spending.counts.cost.map { ", \(($0 * 10_000).rounded() / 10_000) USD" } ?? ""
      let about = spending.counts.isEstimated ? "about " : ""
      lines.append(
        "  embed    \(spending.provider) \(spending.model): \(spending.counts.requests) requests, "
          + "\(about)\(spending.counts.tokens) tokens\(cost)")
    }
    if counts.unreadableValues > 0 {
      lines.append("  fields   \(counts.unreadableValues) values are not of their field's kind and were left out")
    }
    lines.append("  took     \(tenths(report.seconds)) s, \(counts.requests) requests, \(size(counts.bytes))")
    for cost in report.sources {
      if let points = cost.points {
        lines.append(
          "  cost     “\(cost.source)”: \(cost.requests) requests, about \(points) points of the site's quota")
      }
      for note in cost.notes { lines.append("  note     “\(cost.source)”: \(note)") }
    }
    for incomplete in report.incomplete {
      lines.append("  source   “\(incomplete.source)” was cut short: \(incomplete.reason); nothing of it was removed")
    }
    for failure in report.failures.prefix(10) {
      lines.append("  failed   \(failure.url) (\(failure.stage)): \(failure.reason)")
    }
    if counts.failed > 10 { lines.append("           … and \(counts.failed - 10) more: see “acervo failures list”") }
    return lines.joined(separator: "\n") + "\n"
  }

  static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  static func size(_ bytes: Int) -> String {
    switch bytes {
    case ..<1_000: "\(bytes) bytes"
    case ..<1_000_000: "\(tenths(Double(bytes) / 1e3)) kB"
    case ..<1_000_000_000: "\(tenths(Double(bytes) / 1e6)) MB"
    default: "\(tenths(Double(bytes) / 1e9)) GB"
    }
  }
}
