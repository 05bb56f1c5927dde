internal import Connectors
internal import Corpus
internal import Embedding
internal import FoundationEssentials
internal import Pipelines
internal import Synchronization

extension IndexingRun {
  /// Finds out what a run would do: asks the sources, cleans and chunks what is new, and changes nothing.
  ///
  /// What a page would cost shows only in its text, so pages that changed are fetched; nothing is embedded.
  ///
  /// - Returns: what a run would do now.
  /// - Throws: as `run`.
  public func plan() async throws -> PlanReport {
    let folder = pipeline.publish.to + "/" + pipeline.name
    if let state = try StateFile.reading(collectionFolder: folder) { return try await plan(from: state) }
    // Never run: as if from an empty state, which is nobody's.
    let empty = FileManager.default.temporaryDirectory.path + "/acervo-plan-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: empty) }
    return try await plan(from: try StateFile(collectionFolder: empty))
  }

  private func plan(from state: StateFile) async throws -> PlanReport {
    let ledger = RunLedger()
    let plan = Mutex(PlanReport(collection: pipeline.name))
    try await collect(
      from: state, ledger: ledger, record: { _ in },
      embedding: { queue in
        var seen: Set<ContentHash> = []
        for await page in queue {
          let missing = page.missing.filter { seen.insert($0.key).inserted }
          let tokens = missing.reduce(0) { $0 + embedders[$1.embedder].tokenCount($1.text[...]) }
          let cost = missing.reduce(0.0) { sum, text in
            let embedder = embedders[text.embedder]
            return sum + Double(embedder.tokenCount(text.text[...])) * (embedder.price ?? 0) / 1_000_000
          }
          plan.withLock {
            $0.chunks += Set(missing.map(\.text)).count
            $0.tokens += tokens
            $0.cost += cost
          }
        }
      }, width: 1)
    let verdict = try Verdict(
      state: state, sources: sources.map(\.id), ledger: ledger, toleratedShrink: pipeline.publish.toleratedShrink,
      tables: pipeline.tables, believesAll: acceptsShrink)
    var removed: [String] = []
    for key in verdict.removals { if let page = try state.page(key) { removed.append(page.url) } }
    var report = plan.withLock { $0 }
    let counts = progress.view.counts
    for (url, change) in ledger.changes {
      switch change {
      case .new: report.new.append(url)
      case .changed(let access):
        report.changed.append(url)
        if let access { report.readers.append(.init(url: url, change: access)) }
      case .same: break
      }
    }
    let groups = ledger.groupChanges(known: try state.groupRecords(), sources: sources.map(\.id))
    report.groups = groups.count
    report.unchanged = counts.unchanged
    report.removed = removed.sorted()
    report.failed = Set((ledger.failures + verdict.doubts).map(\.url)).sorted()
    report.refusal = verdict.refusal
    report.requests = counts.requests
    report.bytes = counts.bytes
    report.incomplete = incomplete(ledger)
    return report
  }
}
