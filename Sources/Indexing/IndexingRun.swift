internal import Chunking
internal import Cleaning
public import Connectors
public import Corpus
public import Embedding
internal import FoundationEssentials
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
  private let onlyFailed: FailureFilter?
  private let environment: [String: String]
  private let otherEmbedder: @Sendable (EmbedderFingerprint) throws -> any Embedder
  private let finished: @Sendable (RunReport) throws -> Void
  let progress: RunProgress
  private let now: @Sendable () -> Int64

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
      throw IndexingError(.storage, "cannot make the folder \(folder): \(error)")
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
    try await conclude(state: state, ledger: ledger, gate: gate, key: key, report: &report) { pages in
      try await settle(pages, state: state, writer: writer, embedding: embedding)
    }
  }

  private func complete(_ report: inout RunReport, since start: ContinuousClock.Instant) {
    report.counts = progress.view.counts
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

  private var stageKeys: StageKeys { StageKeys(pipeline: pipeline, embedders: embedders.map(\.fingerprint)) }

  /// Runs a worker so many times side by side.
  func parallel(
    _ width: Int, on executor: ComputeExecutor, _ worker: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<width { group.addTask(executorPreference: executor) { try await worker() } }
      while try await group.next() != nil {}
    }
  }

  private func fetch(
    into queue: BoundedQueue<PageInput>, state: StateFile, record: @escaping Record, ledger: RunLedger
  ) async throws {
    let failed = Dictionary(grouping: try state.failureRecords(), by: \.source)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for source in sources {
        let failed = failed[source.id] ?? []
        if let onlyFailed, failed.isEmpty || (onlyFailed.source ?? source.id) != source.id { continue }
        group.addTask {
          let memory = try memory(of: source.id, state: state, failed: failed)
          let listing = try await source.fetch(memory) { event in
            try await receive(event, of: source.id, into: queue, state: state, record: record, ledger: ledger)
          }
          ledger.end(source: source.id, listing)
          progress.end(source: source.id)
          progress.count { $0.requests += listing.requests }
        }
      }
      while try await group.next() != nil {}
    }
  }

  /// What a source gets to know of earlier runs.
  private func memory(of source: String, state: StateFile, failed: [FailureRecord]) throws -> SourceMemory {
    let keys = stageKeys
    let failedKeys = Set(failed.map(\.key))
    return SourceMemory(
      pages: {
        var urls: [String] = []
        try state.forEachPage { if $0.source == source { urls.append($0.url) } }
        return urls
      },
      visit: { url in
        let key = PageRecord.key(source: source, url: url)
        // What failed is tried again from its bytes.
        guard !failedKeys.contains(key), var visit = try state.visit(key) else { return nil }
        guard let page = try state.page(key) else { return visit }
        guard page.contentHash == visit.hash, try state.has(.clean, keys.clean(of: page)) else { return nil }
        visit.hasContent = true
        return visit
      }, settingsChanged: try state.listedSettings(of: source).map { $0 != settingsHash(of: source) } ?? false,
      only: onlyFailed == nil ? nil : failed.map(\.url))
  }

  /// Of what decides which pages a source gives.
  private func settingsHash(of source: String) -> ContentHash {
    let settings = pipeline.stageSettings.fetch.first(where: { $0.name == source })?.value ?? .null
    return ContentHash.of(settings.bytes)
  }

  private func receive(
    _ event: SourceEvent, of source: String, into queue: BoundedQueue<PageInput>, state: StateFile,
    record: Record, ledger: RunLedger
  ) async throws {
    switch event {
    case .document(let document, let visit):
      ledger.see(source: source, url: document.url)
      progress.update {
        $0.counts.seen += 1
        $0.counts.bytes += document.body.count
      }
      try await pass(.document(document, visit), to: queue)
    case .unchanged(let url):
      ledger.see(source: source, url: url)
      progress.count { $0.seen += 1 }
      guard let page = try state.page(PageRecord.key(source: source, url: url)) else {
        throw IndexingError(
          .storage,
          "the state has lost the page \(url)\n  mend: move state.mdb of this collection away and run again")
      }
      try await pass(.unchanged(page), to: queue)
    case .visited(let url, let visit): try await record([.visit(source: source, url: url, visit)])
    case .failed(let failure):
      ledger.fail(source: source, url: failure.url, stage: "fetch", reason: failure.reason)
      progress.count { $0.failed += 1 }
    case .skipped(let url, let reason, let absence):
      ledger.skip(source: source, url: url, reason: reason, absence)
      progress.count { $0.skipped += 1 }
    }
  }

  private func pass(_ input: PageInput, to queue: BoundedQueue<PageInput>) async throws {
    progress.update { $0.waiting += 1 }
    try await queue.send(input, weight: input.weight)
  }

  /// Brings pages of which this run gave nothing new under its settings, so that they stay in the index; those whose
  /// new bytes cannot be cleaned are brought where that shows.
  private func keepOthers(into queue: BoundedQueue<PageInput>, state: StateFile, ledger: RunLedger) async throws {
    let stage = pageStage(state: state)
    let ids = Set(sources.map(\.id))
    var others: [PageRecord] = []
    try state.forEachPage { page in
      guard ids.contains(page.source), !ledger.hasSeen(page.key) else { return }
      others.append(page)
    }
    for page in others where try !stage.isCurrent(page) { try await pass(.kept(page), to: queue) }
  }

  private func prepare(
    _ inputs: BoundedQueue<PageInput>, into pages: BoundedQueue<PreparedPage>, with stage: PageStage,
    state: StateFile, record: Record, ledger: RunLedger
  ) async throws {
    for await input in inputs {
      let isKept = if case .kept = input { true } else { false }
      do {
        switch try stage.prepare(input) {
        case .unchanged(let changes):
          if !changes.isEmpty { try await record(changes) }
          progress.update {
            if !isKept { $0.counts.unchanged += 1 }
            $0.waiting -= 1
          }
        case .prepared(let page):
          if !isKept {
            progress.count {
              switch page.change {
              case .new: $0.new += 1
              case .changed: $0.changed += 1
              case .same: $0.unchanged += 1
              }
            }
          }
          try await pages.send(page, weight: page.weight)
        }
      } catch let error as CleaningError {
        ledger.fail(source: input.source, url: input.url, stage: "clean", reason: "\(error)")
        progress.count { $0.failed += 1 }
        // Its last good version stays, under the present settings.
        let key = PageRecord.key(source: input.source, url: input.url)
        if let known = try state.page(key), case .prepared(let page) = try stage.prepare(.kept(known)) {
          try await pages.send(page, weight: page.weight)
        } else {
          progress.update { $0.waiting -= 1 }
        }
      }
    }
  }

  // MARK: Publishing

  private func conclude(
    state: StateFile, ledger: RunLedger, gate: PublishGate?, key: SigningKey?, report: inout RunReport,
    settle: ([PageRecord]) async throws -> [String: PageRecord]
  ) async throws {
    let verdict = try Verdict(
      state: state, sources: sources.map(\.id), ledger: ledger,
      toleratedShrink: pipeline.publish.toleratedShrink, believesAll: acceptsShrink)
    try state.commit(verdict.restored.map { .restoredPage(key: $0) })
    report.failures = try noteFailures(state: state, ledger: ledger, verdict)
    progress.count { $0.failed = report.failures.count }
    // Of documents that failed before, any share may fail again; one that is mended is a gain.
    let tooMany = onlyFailed == nil ? tooManyFailures(report, ledger: ledger) : nil
    report.failures = Array(report.failures.prefix(100))
    if let reason = tooMany ?? verdict.refusal {
      report.outcome = .refused(reason: reason)
      return
    }
    try state.commit(verdict.removals.map { .removedPage(key: $0) } + forgottenVisits(state: state, ledger: ledger))
    progress.count { $0.removed = verdict.removals.count }
    for source in sources where ledger.listings[source.id].map({ $0.cutShort == nil }) == true {
      let settings = settingsHash(of: source.id)
      if try state.listedSettings(of: source.id) != settings { try state.setListedSettings(settings, of: source.id) }
    }

    let assembly = SnapshotAssembly(
      pipeline: pipeline, state: state, embedders: embedders.map(\.fingerprint),
      keys: stageKeys, progress: progress)
    let (outcome, judged) = try await assembly.publish(at: now(), through: gate, signedBy: key, settle: settle)
    report.gate = judged
    let manifest: SnapshotManifest?
    switch outcome {
    case .published(let new): (manifest, report.outcome) = (new, .published(snapshot: new.id))
    case .unchanged(let current): (manifest, report.outcome) = (current, .unchanged(snapshot: current.id))
    case .refused(let candidate): (manifest, report.outcome) = (currentManifest, .gateRefused(candidate: candidate.id))
    }
    report.documents = manifest?.documents ?? 0
    report.chunks = manifest?.chunks ?? 0
  }

  /// Of the snapshot that is current; nil where there is none or it cannot be read.
  private var currentManifest: SnapshotManifest? {
    guard let collection = try? CollectionFolder(snapshots: pipeline.publish.to, collection: pipeline.name),
      let id = try? collection.currentID()
    else { return nil }
    return try? collection.manifest(ofSnapshot: id)
  }

  /// Writes down what failed, with how often and since when.
  private func noteFailures(
    state: StateFile, ledger: RunLedger, _ verdict: Verdict
  ) throws -> [FailureRecord] {
    let earlier = Dictionary(try state.failureRecords().map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    let time = now()
    var records: [[UInt8]: FailureRecord] = [:]
    for failed in ledger.failures + verdict.doubts {
      let before = earlier[failed.key]
      records[failed.key] = FailureRecord(
        source: failed.source, url: failed.url, stage: failed.stage, reason: failed.reason,
        attempts: (before?.attempts ?? 0) + 1, since: before?.since ?? time, last: time)
    }
    // A run that did not come to an address knows no better than the one before.
    let ids = Set(sources.map(\.id))
    for (key, record) in earlier where records[key] == nil && ids.contains(record.source) {
      let isWhole = ledger.listings[record.source].map { $0.cutShort == nil } ?? false
      if !ledger.knows(key), !isWhole { records[key] = record }
    }
    let sorted = records.values.sorted { ($0.source, $0.url) < ($1.source, $1.url) }
    if !(sorted.isEmpty && earlier.isEmpty) { try state.setFailures(sorted) }
    return sorted
  }

  private func tooManyFailures(_ report: RunReport, ledger: RunLedger) -> String? {
    let counts = progress.view.counts
    let fetched = report.failures.count { $0.stage == "fetch" && !ledger.hasSeen($0.key) }
    let attempted = max(counts.seen + fetched, counts.failed)
    let share = attempted > 0 ? Double(counts.failed) / Double(attempted) : 0
    guard share > pipeline.publish.toleratedFailures, let first = report.failures.first else { return nil }
    return "\(counts.failed) of \(attempted) documents failed (\(percent(share))), more than "
      + "publish.tolerate.failed allows (\(percent(pipeline.publish.toleratedFailures)))\n"
      + "  first: \(first.url) (\(first.stage)): \(first.reason)\n"
      + "  mend: look at the others with “acervo failures list”, and mend them or allow more"
  }

  /// Visits of addresses to which nothing leads any more.
  private func forgottenVisits(state: StateFile, ledger: RunLedger) throws -> [StateFile.Change] {
    let whole = Set(ledger.listings.filter { $0.value.cutShort == nil }.keys)
    guard try state.count(state.visits) > ledger.knownCount else { return [] }
    var forgotten: [StateFile.Change] = []
    try state.forEach(in: state.visits) { key, value in
      var reader = ByteReader(value)
      guard whole.contains(try reader.text()), !ledger.knows(key) else { return }
      forgotten.append(.removedVisit(key: key))
    }
    return forgotten
  }

  private func write(_ report: RunReport, to folder: String) throws {
    do {
      try AtomicFile.write(report.json.text(pretty: true) + "\n", to: folder + "/last-run.json")
    } catch {
      throw IndexingError.readable(error)
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
