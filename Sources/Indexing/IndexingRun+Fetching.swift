internal import Connectors
internal import Corpus
internal import Embedding
internal import Pipelines

/// What sources are told of earlier runs, and what becomes of what they say.
extension IndexingRun {
  func fetch(
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
      },
      groups: {
        var groups: Set<Principal> = []
        try state.forEachPage { page in
          guard page.source == source else { return }
          for principal in page.access.principals where principal.isGroup { groups.insert(principal) }
        }
        return groups
      }, settingsChanged: try state.listedSettings(of: source).map { $0 != settingsHash(of: source) } ?? false,
      only: onlyFailed == nil ? nil : failed.map(\.url))
  }

  /// Of what decides which pages a source gives.
  func settingsHash(of source: String) -> ContentHash {
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
      try await name(document.access, of: source, record: record, ledger: ledger)
      progress.update {
        $0.counts.seen += 1
        $0.counts.bytes += document.body.count
      }
      try await pass(.document(document, visit), to: queue)
    case .unchanged(let url, let facts):
      ledger.see(source: source, url: url)
      if let facts { try await name(facts.access, of: source, record: record, ledger: ledger) }
      progress.count { $0.seen += 1 }
      guard let page = try state.page(PageRecord.key(source: source, url: url)) else {
        throw IndexingError(
          .storage,
          "the state has lost the page \(url)\n  mend: move state.mdb of this collection away and run again")
      }
      try await pass(.unchanged(page, facts), to: queue)
    case .group(let group, let members): ledger.tell(source: source, group: group, members: members)
    case .visited(let url, let visit):
      ledger.visit(source: source, url: url)
      try await record([.visit(source: source, url: url, visit)])
    case .failed(let failure):
      ledger.fail(source: source, url: failure.url, stage: "fetch", reason: failure.reason)
      progress.count { $0.failed += 1 }
    case .skipped(let url, let reason, let absence):
      ledger.skip(source: source, url: url, reason: reason, absence)
      progress.count { $0.skipped += 1 }
    }
  }

  /// Notes the groups of a page's rule before the page is remembered.
  ///
  /// The state forgets those of which the source has not told yet, so that a run that ends here leaves no page that
  /// meets members from another time; those that are told are remembered when all sources have ended.
  private func name(
    _ access: AccessRule, of source: String, record: Record, ledger: RunLedger
  ) async throws {
    let unknown = ledger.name(access.principals.filter(\.isGroup), source: source)
    guard !unknown.isEmpty else { return }
    try await record(unknown.sorted().map { .removedGroup(key: GroupRecord.key(source: source, group: $0)) })
  }

  private func pass(_ input: PageInput, to queue: BoundedQueue<PageInput>) async throws {
    progress.update { $0.waiting += 1 }
    try await queue.send(input, weight: input.weight)
  }

  /// Brings pages of which this run gave nothing new under its settings, so that they stay in the index; those whose
  /// new bytes cannot be cleaned are brought where that shows.
  func keepOthers(into queue: BoundedQueue<PageInput>, state: StateFile, ledger: RunLedger) async throws {
    let stage = pageStage(state: state)
    let ids = Set(sources.map(\.id))
    var others: [PageRecord] = []
    try state.forEachPage { page in
      guard ids.contains(page.source), !ledger.hasSeen(page.key) else { return }
      others.append(page)
    }
    for page in others where try !stage.isCurrent(page) { try await pass(.kept(page), to: queue) }
  }
}
