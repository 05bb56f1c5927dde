internal import Connectors
internal import Corpus
internal import Embedding
internal import Pipelines
internal import Snapshots

/// What a run concludes when everything is collected: failures noted, pages removed with proof, a snapshot published.
extension IndexingRun {
  func conclude(
    state: StateFile, ledger: RunLedger, groups: Set<GroupRecord>, gate: PublishGate?, key: SigningKey?,
    report: inout RunReport,
    settle: ([PageRecord]) async throws -> [String: PageRecord]
  ) async throws {
    let verdict = try Verdict(
      state: state, sources: sources.map(\.id), ledger: ledger,
      toleratedShrink: pipeline.publish.toleratedShrink, tables: pipeline.tables, believesAll: acceptsShrink)
    try state.commit(ledger.groupChanges(known: try state.groupRecords(), sources: sources.map(\.id)))
    let changed = Set(try state.groupRecords()).symmetricDifference(groups)
    progress.count { $0.groupsChanged = Set(changed.map(\.key)).count }
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
      guard whole.contains(try reader.text()), !ledger.knows(key), !ledger.hasVisited(key) else { return }
      forgotten.append(.removedVisit(key: key))
    }
    return forgotten
  }

  func write(_ report: RunReport, to folder: String) throws {
    do {
      try AtomicFile.write(report.json.text(pretty: true) + "\n", to: folder + "/" + CollectionFolder.lastRunName)
    } catch {
      throw IndexingError.readable(error)
    }
  }
}
