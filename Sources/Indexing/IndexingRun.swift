internal import Chunking
internal import Cleaning
public import Connectors
public import Corpus
public import Embedding
internal import FoundationEssentials
internal import Glibc
public import Pipelines
internal import Settings
internal import Snapshots

/// One batch run: sources in, a published snapshot out.
///
/// Fetching, preparing (clean, chunk) and embedding run side by side, joined by queues that hold producers back; each
/// page's results go to the state as they are made, so a run that ends at any moment loses at most a second of work.
/// When all is fetched, the snapshot is assembled from the state in the order of URLs: its bytes do not depend on the
/// order in which pages came in.
public struct IndexingRun: Sendable {
  /// How many bytes of fetched documents may wait to be cleaned.
  private static let fetchedBytes = 64 << 20
  /// How many bytes of prepared pages may wait to be embedded.
  static let preparedBytes = 16 << 20

  let pipeline: PipelineFile
  let sources: [any Source]
  let embedders: [any Embedder]
  let threads: Int
  let acceptsShrink: Bool
  let onlyFailed: FailureFilter?
  private let environment: [String: String]
  private let otherEmbedder: @Sendable (EmbedderFingerprint) throws -> any Embedder
  private let finished: @Sendable (RunReport) throws -> Void
  let progress: RunProgress
  let now: @Sendable () -> Int64

  /// Which documents that failed are tried again.
  public struct FailureFilter: Sendable {
    /// Of which source; nil for all.
    public var source: String?

    /// Names the documents; all by default.
    public init(source: String? = nil) { self.source = source }
  }

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - pipeline: what to do.
  ///   - sources: where documents come from, in the order of the pipeline file.
  ///   - embedders: what makes the vectors: none, one, or the first and the second that the pipeline asks for.
  ///   - threads: how many pages are prepared and how many batches embedded at the same time.
  ///   - acceptsShrink: publish even though a source shrinks beyond its limit, and take it at its word when many pages
  ///     come to the same at once.
  ///   - onlyFailed: fetch only documents that failed, and list nothing.
  ///   - environment: where variables in the gate's file of questions are looked up.
  ///   - otherEmbedder: loads the model of a current snapshot that another one made, for the gate to compare with.
  ///   - progress: where the run says how far it is.
  ///   - now: the time of publishing, in seconds since 1970; the clock by default.
  ///   - finished: is given the report at the end, also when the run throws.
  public init(
    pipeline: PipelineFile, sources: [any Source], embedders: [any Embedder], threads: Int,
    acceptsShrink: Bool = false, onlyFailed: FailureFilter? = nil, environment: [String: String] = [:],
    otherEmbedder: (@Sendable (EmbedderFingerprint) throws -> any Embedder)? = nil,
    progress: RunProgress = RunProgress(),
    now: (@Sendable () -> Int64)? = nil, finished: @escaping @Sendable (RunReport) throws -> Void = { _ in }
  ) {
    self.pipeline = pipeline
    self.sources = sources
    self.embedders = embedders
    self.threads = max(1, threads)
    self.acceptsShrink = acceptsShrink
    self.onlyFailed = onlyFailed
    self.environment = environment
    self.otherEmbedder = otherEmbedder ?? { throw IndexingError(.settings, "the model “\($0.model)” is not loaded") }
    self.progress = progress
    self.finished = finished
    self.now = now ?? { Int64(Date().timeIntervalSince1970) }
  }

  /// Runs to the end.
  ///
  /// - Returns: what was done, also when publishing was refused.
  /// - Throws: `IndexingError`, `SourceError`, `SnapshotError`, or `CancellationError` when the task was cancelled; the
  ///   state keeps what was done, and the current snapshot stays.
  public func run() async throws -> RunReport {
    let start = ContinuousClock.now
    let folder = pipeline.publish.to + "/" + pipeline.name
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      // In the system's words: Foundation's error prints itself as its source code.
      let number = ((error as? CocoaError)?.underlying as? POSIXError)?.code.rawValue
      let reason = number.map { String(cString: strerror($0)) } ?? "\(error)"
      throw IndexingError(
        .storage,
        "cannot make the folder \(folder): \(reason)\n"
          + "  mend: choose another `publish.to`, or make it writable for this user")
    }
    // What cannot be read is found before anything is fetched.
    let gate = try pipeline.publish.gate.map {
      try PublishGate($0, environment: environment, embedders: embedders, otherEmbedder: otherEmbedder)
    }
    let key = try pipeline.publish.signingKey.map { try Self.signingKey($0) }
    let lock = try RunLock(collectionFolder: folder)
    defer { lock.release() }
    var report = RunReport(collection: pipeline.name)
    do {
      try await run(in: folder, gate: gate, key: key, report: &report)
    } catch {
      let error = IndexingError.readable(error)
      // For whoever looks only at the file; the error itself is what the caller gets.
      report.outcome = .failed(reason: error is CancellationError ? "the run was stopped" : "\(error)")
      complete(&report, since: start)
      try? write(report, to: folder)
      try? finished(report)
      throw error
    }
    complete(&report, since: start)
    try write(report, to: folder)
    try finished(report)
    return report
  }

  private func run(
    in folder: String, gate: PublishGate?, key: SigningKey?, report: inout RunReport
  ) async throws {
    try StateFile.compactIfLarge(collectionFolder: folder, limit: pipeline.state.limit)
    let state = try StateFile(collectionFolder: folder)
    let groups = Set(try state.groupRecords())
    let ledger = RunLedger()
    let writer = StateWriter(state: state)
    let embedding = EmbedStage(embedders: embedders, writer: writer, progress: progress)
    let result: Result<Void, any Error>
    do {
      try await collect(
        from: state, ledger: ledger, record: { try await writer.record($0) },
        embedding: { try await embedding.run($0) }, width: threads)
      result = .success(())
    } catch {
      result = .failure(error)
    }
    // Also after an error: what was computed is not computed again.
    try await writer.flush()
    try result.get()
    progress.update { $0.stage = "publishing" }
    report.incomplete = incomplete(ledger)
    report.sources = costs(ledger)
    try await conclude(
      state: state, ledger: ledger, groups: groups, gate: gate, key: key, report: &report
    ) { pages in
      try await settle(pages, state: state, writer: writer, embedding: embedding)
    }
  }

  private func complete(_ report: inout RunReport, since start: ContinuousClock.Instant) {
    report.counts = progress.view.counts
    report.embedding = embedders.compactMap { embedder in
      embedder.spent.map {
        RunReport.Spending(provider: embedder.fingerprint.provider, model: embedder.fingerprint.model, counts: $0)
      }
    }
    let (seconds, attoseconds) = start.duration(to: .now).components
    report.seconds = Double(seconds) + Double(attoseconds) * 1e-18
    report.ended = now()
  }

  // MARK: Collecting

  /// What becomes of changes to the state.
  typealias Record = @Sendable ([StateFile.Change]) async throws -> Void

  /// Fetches and prepares everything and hands it on to be embedded, side by side.
  ///
  /// - Parameters:
  ///   - state: what earlier runs know; it is only read here.
  ///   - ledger: takes what the sources say.
  ///   - record: takes what is to be remembered of pages that need no embedding.
  ///   - embedding: takes the pages that need more; run by so many workers.
  ///   - width: how many workers.
  /// - Throws: what a source or a stage throws; `CancellationError`.
  func collect(
    from state: StateFile, ledger: RunLedger, record: @escaping Record,
    embedding: @escaping @Sendable (BoundedQueue<PreparedPage>) async throws -> Void, width: Int
  ) async throws {
    let fetched = BoundedQueue<PageInput>(capacity: Self.fetchedBytes)
    let prepared = BoundedQueue<PreparedPage>(capacity: Self.preparedBytes)
    let compute = ComputeExecutor()
    let preparing = pageStage(state: state)
    progress.update { $0.stage = "fetching" }
    try await withThrowingTaskGroup(of: Void.self) { stages in
      stages.addTask {
        try await progress.timed("fetch") {
          try await fetch(into: fetched, state: state, record: record, ledger: ledger)
        }
        progress.update { $0.stage = embedders.isEmpty ? "cleaning" : "embedding" }
        try await keepOthers(into: fetched, state: state, ledger: ledger)
        fetched.finish()
      }
      stages.addTask {
        try await parallel(threads, on: compute) {
          try await prepare(
            fetched, into: prepared, with: preparing, state: state, record: record, ledger: ledger)
        }
        prepared.finish()
      }
      stages.addTask {
        try await parallel(width, on: compute) { try await embedding(prepared) }
      }
      do {
        // Not waitForAll(), which would wait for the others before it says that one failed.
        while try await stages.next() != nil {}
      } catch {
        // Whoever waits on a queue must wake up and end.
        fetched.close()
        prepared.close()
        throw error
      }
    }
    try Task.checkCancellation()
  }

  /// Sources whose listing did not run to its end.
  func incomplete(_ ledger: RunLedger) -> [RunReport.Incomplete] {
    sources.compactMap { source in
      ledger.listings[source.id]?.cutShort.map { .init(source: source.id, reason: $0) }
    }
  }

  /// What the sources cost that were asked.
  private func costs(_ ledger: RunLedger) -> [RunReport.SourceCost] {
    sources.compactMap { source in
      ledger.listings[source.id].map {
        .init(source: source.id, requests: $0.requests, points: $0.points, bytes: $0.bytes, notes: $0.notes)
      }
    }
  }

  func pageStage(state: StateFile) -> PageStage {
    var options = Cleaner.Options()
    options.mainContentOnly = pipeline.clean.content == .main
    options.keepsTables = pipeline.clean.tables == .rows
    options.keepsCode = pipeline.clean.keepsCode
    options.keepsLinks = pipeline.clean.keepsLinks
    return PageStage(
      state: state, keys: stageKeys,
      cleaner: Cleaner(options: options), chunker: Chunker(pipeline.chunk, embedder: embedders.first),
      lexical: pipeline.index.lexical, progress: progress)
  }

  var stageKeys: StageKeys { StageKeys(pipeline: pipeline, embedders: embedders.map(\.fingerprint)) }

  /// Runs a worker so many times side by side.
  func parallel(
    _ width: Int, on executor: ComputeExecutor, _ worker: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<width { group.addTask(executorPreference: executor) { try await worker() } }
      while try await group.next() != nil {}
    }
  }

  private func prepare(
    _ inputs: BoundedQueue<PageInput>, into pages: BoundedQueue<PreparedPage>, with stage: PageStage,
    state: StateFile, record: Record, ledger: RunLedger
  ) async throws {
    for await input in inputs {
      let isKept = if case .kept = input { true } else { false }
      do {
        switch try stage.prepare(input) {
        case .settled(let changes, let change):
          if !changes.isEmpty { try await record(changes) }
          progress.update {
            if !isKept { $0.counts.count(change) }
            $0.waiting -= 1
          }
          if !isKept { ledger.note(change, url: input.url) }
        case .prepared(let page):
          if !isKept {
            progress.count { $0.count(page.change) }
            ledger.note(page.change, url: input.url)
          }
          try await pages.send(page, weight: page.weight)
        }
      } catch let error as CleaningError {
        ledger.fail(source: input.source, url: input.url, stage: "clean", reason: "\(error)")
        progress.count { $0.failed += 1 }
        // Its last good version stays, under the present settings and for the present readers.
        let key = PageRecord.key(source: input.source, url: input.url)
        guard let known = try state.page(key) else {
          progress.update { $0.waiting -= 1 }
          continue
        }
        switch try stage.prepare(.kept(known, for: input.facts)) {
        case .prepared(let page): try await pages.send(page, weight: page.weight)
        case .settled(let changes, _):
          if !changes.isEmpty { try await record(changes) }
          progress.update { $0.waiting -= 1 }
        }
      }
    }
  }
}

extension Chunker {
  /// The chunker that a pipeline asks for.
  init(_ settings: ChunkSettings, embedder: (any Embedder)?) {
    let method: Method = settings.by == .structure ? .structure : .recursive
    let measure: (@Sendable (Substring) -> Int)? =
      if settings.unit == .tokens, let embedder { { embedder.tokenCount($0) } } else { nil }
    self.init(method: method, size: settings.size, overlap: settings.overlap, measure: measure)
  }
}
