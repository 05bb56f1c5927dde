internal import Embedding

extension RunReport {
  /// The run as Prometheus' text format has it, for node_exporter's textfile collector.
  ///
  /// Gauges of the last run: a textfile knows nothing of the runs before. Format:
  /// https://prometheus.io/docs/instrumenting/exposition_formats/
  public var metrics: String {
    var text = ""
    func gauge(_ name: String, _ help: String, _ values: [(labels: String, value: Double)]) {
      text += "# HELP acervo_\(name) \(help)\n# TYPE acervo_\(name) gauge\n"
      for (labels, value) in values {
        let labels = "collection=\"\(collection)\"" + (labels.isEmpty ? "" : "," + labels)
        text += "acervo_\(name){\(labels)} \(Self.number(value))\n"
      }
    }
    func counts(_ label: String, _ pairs: [(String, Int)]) -> [(labels: String, value: Double)] {
      pairs.map { ("\(label)=\"\($0.0)\"", Double($0.1)) }
    }
    let word =
      switch outcome {
      case .published: "published"
      case .unchanged: "unchanged"
      case .refused: "refused"
      case .gateRefused: "gate_refused"
      case .failed: "failed"
      }
    gauge(
      "run_outcome", "How the last run ended: 1 for its outcome, 0 for the others.",
      ["published", "unchanged", "refused", "gate_refused", "failed"].map { ("outcome=\"\($0)\"", $0 == word ? 1 : 0) })
    gauge("run_ended_seconds", "When the last run ended, in seconds since 1970.", [("", Double(ended))])
    gauge("run_duration_seconds", "How long the last run took.", [("", seconds)])
    gauge(
      "run_documents", "Documents of the last run.",
      counts(
        "state",
        [
          ("seen", self.counts.seen), ("new", self.counts.new), ("changed", self.counts.changed),
          ("unchanged", self.counts.unchanged), ("removed", self.counts.removed), ("failed", self.counts.failed),
          ("skipped", self.counts.skipped),
        ]))
    gauge(
      "run_chunks", "Chunks of the last run.",
      counts("state", [("embedded", self.counts.chunksEmbedded), ("reused", self.counts.chunksReused)]))
    gauge("run_requests", "Requests of the last run.", [("", Double(self.counts.requests))])
    if !embedding.isEmpty {
      func labels(_ spending: Spending) -> String {
        "provider=\"\(spending.provider)\",model=\"\(spending.model.filter { $0 != "\"" && $0 != "\\" && $0 != "\n" })\""
      }
      gauge(
        "run_embedding_requests", "Requests to providers of vectors.",
        embedding.map { (labels($0), Double($0.counts.requests)) })
      gauge(
        "run_embedding_tokens", "Tokens that providers of vectors counted.",
        embedding.map { (labels($0), Double($0.counts.tokens)) })
      gauge(
        "run_embedding_cost_usd", "What they cost, where a price is known.",
        embedding.compactMap { spending in spending.counts.cost.map { (labels(spending), $0) } })
    }
    let costs = sources.map { (labels: "source=\"\($0.source)\"", cost: $0) }
    gauge(
      "run_source_requests", "Requests of the last run by source.",
      costs.map { ($0.labels, Double($0.cost.requests)) })
    gauge(
      "run_source_points", "Points of the site's quota that the last run cost, by source.",
      costs.compactMap { labels, cost in cost.points.map { (labels, Double($0)) } })
    gauge("run_bytes", "Bytes of documents that came in.", [("", Double(self.counts.bytes))])
    gauge("run_incomplete_sources", "Sources whose listing was cut short.", [("", Double(incomplete.count))])
    gauge(
      "run_stage_seconds", "Seconds of work by stage, added over workers.",
      self.counts.stageSeconds.sorted { $0.key < $1.key }.map { ("stage=\"\($0.key)\"", $0.value) })
    if documents > 0 {
      gauge("index_documents", "Documents of the current snapshot.", [("", Double(documents))])
      gauge("index_chunks", "Chunks of the current snapshot.", [("", Double(chunks))])
    }
    return text
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\((value * 1000).rounded() / 1000)"
  }
}
