internal import Chunking
internal import Cleaning
public import Connectors
internal import Corpus
public import Embedding
internal import FoundationEssentials
public import Pipelines
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
  private static let preparedBytes = 16 << 20

  private let pipeline: PipelineFile
  private let sources: [any Source]
  private let embedder: (any Embedder)?
  private let threads: Int
  private let acceptsShrink: Bool
  private let progress: RunProgress
  private let now: @Sendable () -> Int64

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - pipeline: what to do.
  ///   - sources: where documents come from, in the order of the pipeline file.
  ///   - embedder: what makes the vectors; nil where the pipeline asks for none.
  ///   - threads: how many pages are prepared and how many batches embedded at the same time.
  ///   - acceptsShrink: publish even though a source shrinks beyond its limit.
  ///   - progress: where the run says how far it is.
  ///   - now: the time of publishing, in seconds since 1970; the clock by default.
  public init(
    pipeline: PipelineFile, sources: [any Source], embedder: (any Embedder)?, threads: Int,
    acceptsShrink: Bool = false, progress: RunProgress = RunProgress(),
    now: (@Sendable () -> Int64)? = nil
  ) {
    self.pipeline = pipeline
    self.sources = sources
    self.embedder = embedder
    self.threads = max(1, threads)
    self.acceptsShrink = acceptsShrink
    self.progress = progress
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
      throw IndexingError(.storage, "cannot make the folder \(folder): \(error)")
    }
    let lock = try RunLock(collectionFolder: folder)
    defer { lock.release() }
    let state = try StateFile(collectionFolder: folder)
    let ledger = RunLedger()

    try await collect(into: state, ledger: ledger)

    progress.update { $0.stage = "publishing" }
    var report = RunReport(
      outcome: .refused(reason: ""), collection: pipeline.name, counts: RunCounts(), documents: 0, chunks: 0,
      failures: Array(ledger.failures.prefix(100)),
      incomplete: sources.compactMap { source in
        ledger.listings[source.id]?.cutShort.map { .init(source: source.id, reason: $0) }
      }, seconds: 0)
    try conclude(state: state, ledger: ledger, report: &report)
    report.counts = progress.view.counts
    let (seconds, attoseconds) = start.duration(to: .now).components
    report.seconds = Double(seconds) + Double(attoseconds) * 1e-18
    try write(report, to: folder + "/last-run.json")
    return report
  }

  // MARK: Collecting

  /// Fetches, prepares and embeds everything; at the end the state holds a result for every page that gave one.
  private func collect(into state: StateFile, ledger: RunLedger) async throws {
    let fetched = BoundedQueue<Document>(capacity: Self.fetchedBytes)
    let prepared = BoundedQueue<PreparedPage>(capacity: Self.preparedBytes)
    let compute = ComputeExecutor()
    let writer = StateWriter(state: state)
    let preparing = pageStage(state: state)
    let embedding = EmbedStage(embedder: embedder, writer: writer, progress: progress)
    progress.update { $0.stage = "fetching" }

    let result: Result<Void, any Error>
    do {
      try await withThrowingTaskGroup(of: Void.self) { stages in
        stages.addTask {
          try await fetch(into: fetched, ledger: ledger)
          progress.update { $0.stage = embedder == nil ? "cleaning" : "embedding" }
          fetched.finish()
        }
        stages.addTask {
          try await parallel(on: compute) {
            try await prepare(fetched, into: prepared, with: preparing, ledger: ledger)
          }
          prepared.finish()
        }
        stages.addTask {
          try await parallel(on: compute) { try await embedding.run(prepared) }
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
      result = .success(())
    } catch {
      result = .failure(error)
    }
    // Also after an error: what was computed is not computed again.
    try await writer.flush()
    try result.get()
  }

  private func pageStage(state: StateFile) -> PageStage {
    var options = Cleaner.Options()
    options.mainContentOnly = pipeline.clean.content == .main
    options.keepsTables = pipeline.clean.tables == .rows
    options.keepsCode = pipeline.clean.keepsCode
    options.keepsLinks = pipeline.clean.keepsLinks
    return PageStage(
      state: state, keys: StageKeys(pipeline: pipeline, embedder: embedder?.fingerprint),
      cleaner: Cleaner(options: options), chunker: Chunker(pipeline.chunk, embedder: embedder),
      embedder: embedder?.fingerprint.digest, progress: progress)
  }

  /// Runs a worker once per thread.
  private func parallel(
    on executor: ComputeExecutor, _ worker: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<threads { group.addTask(executorPreference: executor) { try await worker() } }
      while try await group.next() != nil {}
    }
  }

  private func fetch(into queue: BoundedQueue<Document>, ledger: RunLedger) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for source in sources {
        group.addTask {
          let listing = try await source.fetch { event in
            try await receive(event, of: source.id, into: queue, ledger: ledger)
          }
          ledger.end(source: source.id, listing)
          progress.end(source: source.id)
          progress.count { $0.requests += listing.requests }
        }
      }
      while try await group.next() != nil {}
    }
  }

  private func receive(
    _ event: SourceEvent, of source: String, into queue: BoundedQueue<Document>, ledger: RunLedger
  ) async throws {
    switch event {
    case .document(let document):
      ledger.see(source: source, url: document.url)
      progress.update {
        $0.counts.seen += 1
        $0.counts.bytes += document.body.count
        $0.waiting += 1
      }
      try await queue.send(document, weight: document.body.count + 1024)
    case .failed(let failure):
      ledger.fail(source: source, url: failure.url, stage: "fetch", reason: failure.reason)
      progress.count { $0.failed += 1 }
    case .skipped:
      progress.count { $0.skipped += 1 }
    }
  }

  private func prepare(
    _ documents: BoundedQueue<Document>, into pages: BoundedQueue<PreparedPage>, with stage: PageStage,
    ledger: RunLedger
  ) async throws {
    for await document in documents {
      do {
        switch try stage.prepare(document) {
        case .unchanged:
          progress.update {
            $0.counts.unchanged += 1
            $0.waiting -= 1
          }
        case .prepared(let page, let isNew):
          progress.count { if isNew { $0.new += 1 } else { $0.changed += 1 } }
          try await pages.send(page, weight: page.weight)
        }
      } catch let error as CleaningError {
        ledger.fail(source: document.source, url: document.url, stage: "clean", reason: "\(error)")
        progress.update {
          $0.counts.failed += 1
          $0.waiting -= 1
        }
      }
    }
  }

  // MARK: Publishing

  private func conclude(state: StateFile, ledger: RunLedger, report: inout RunReport) throws {
    let counts = progress.view.counts
    let attempted = counts.seen + ledger.failures.count { $0.stage == "fetch" }
    let share = attempted > 0 ? Double(counts.failed) / Double(attempted) : 0
    if share > pipeline.publish.toleratedFailures {
      report.outcome = .refused(
        reason: "\(counts.failed) of \(attempted) documents failed (\(percent(share))), more than "
          + "publish.tolerate.failed allows (\(percent(pipeline.publish.toleratedFailures)))\n"
          + "  mend: look at the failures, and mend them or allow more")
      return
    }
    let removals = try Removals(
      state: state, sources: sources.map(\.id), ledger: ledger,
      toleratedShrink: acceptsShrink ? 1 : pipeline.publish.toleratedShrink)
    if let reason = removals.refusal {
      report.outcome = .refused(reason: reason)
      return
    }
    try state.commit(removals.keys.map { .removedPage(key: $0) })
    progress.count { $0.removed = removals.keys.count }

    let assembly = SnapshotAssembly(
      pipeline: pipeline, state: state, embedder: embedder?.fingerprint,
      keys: StageKeys(pipeline: pipeline, embedder: embedder?.fingerprint), progress: progress)
    let (manifest, isNew) = try assembly.publish(at: now())
    report.outcome = isNew ? .published(snapshot: manifest.id) : .unchanged(snapshot: manifest.id)
    report.documents = manifest.documents
    report.chunks = manifest.chunks
  }

  private func write(_ report: RunReport, to path: String) throws {
    do {
      try Data((report.json.text(pretty: true) + "\n").utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw IndexingError(.storage, "cannot write \(path): \(error)")
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
