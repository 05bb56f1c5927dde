internal import Corpus
internal import Pipelines

extension IndexingRun {
  /// The pages that lose what their site repeats, by address, as the snapshot takes them; what is to be computed for
  /// them is computed, and in the state, when this returns.
  ///
  /// Memory: the records of those pages, and the counts of different blocks.
  func settle(
    _ pages: [PageRecord], state: StateFile, writer: StateWriter, embedding: EmbedStage
  ) async throws -> [String: PageRecord] {
    guard pipeline.clean.templates == .learn, pipeline.clean.content == .main else { return [:] }
    // What many rows of a table share is no frame around them.
    let tables = pipeline.tables
    let pages = tables.isEmpty ? pages : pages.filter { !tables.contains($0.source) }
    let stage = TemplateStage(state: state, stage: pageStage(state: state))
    let templates = try progress.timed("templates") { try stage.learn(pages) }
    guard !templates.isEmpty else { return [:] }
    let queue = BoundedQueue<PreparedPage>(capacity: Self.preparedBytes)
    var settled: [String: PageRecord] = [:]
    try await withThrowingTaskGroup(of: [String: PageRecord].self) { group in
      group.addTask {
        defer { queue.finish() }
        var settled: [String: PageRecord] = [:]
        for page in pages {
          try Task.checkCancellation()
          guard let (page, work) = try stage.settled(page, templates) else { continue }
          settled[page.url] = page
          guard let work else { continue }
          progress.update { $0.waiting += 1 }
          try await queue.send(work, weight: work.weight)
        }
        return settled
      }
      group.addTask {
        try await parallel(threads, on: ComputeExecutor()) { try await embedding.run(queue) }
        return [:]
      }
      do {
        while let part = try await group.next() { settled.merge(part) { first, _ in first } }
      } catch {
        queue.close()
        throw error
      }
    }
    try await writer.flush()
    return settled
  }
}
