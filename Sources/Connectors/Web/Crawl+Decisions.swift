internal import Corpus
internal import HTTPClient
internal import Pipelines

/// What becomes of an address: a document, another address, or nothing.
extension Crawl {
  func decide(on candidate: Candidate, _ result: PageFetcher.Result) async throws {
    switch result {
    case .failed(let reason): try await fail(candidate, reason)
    case .left(let reason, let absence): try await leave(candidate, reason, absence)
    case .redirect(let location, let target, let isPermanent):
      try await redirect(candidate, to: target, location, isPermanent: isPermanent)
    case .page(let page): try await take(page, candidate)
    }
    // What the limit of pages leaves over will not be fetched.
    let ahead = min(outcomes.waiting, settings.maximumPages - kept)
    let done = outcomes.count - outcomes.waiting
    progress?(SourceProgress(known: done + ahead, done: done, kept: kept))
  }

  private func redirect(
    _ candidate: Candidate, to target: WebURL?, _ location: String, isPermanent: Bool
  ) async throws {
    guard let named = target, named.isHTTP else {
      return try await fail(candidate, "it redirects to \(location), which is no http or https address")
    }
    // A visit's number in the address is dropped, unless giving it is all that the redirect does.
    let withoutSession = SessionParameters.removed(from: named)
    let target = withoutSession.description == candidate.url ? named : withoutSession
    let text = target.description
    guard candidate.hops < Self.maximumHops else {
      return try await fail(candidate, "it is the end of more than \(Self.maximumHops) redirects")
    }
    guard end(of: text) != candidate.url else {
      return try await fail(candidate, "it redirects in a circle, through \(text)")
    }
    // For the time being elsewhere, a log-in page as often as not, is not gone (RFC 9110, 15.4.3).
    let absence = isPermanent ? Absence.moved(to: text) : nil
    switch fetcher.scope.verdict(on: target) {
    case .outside: return try await leave(candidate, "it redirects to \(text), which is outside the crawl", absence)
    case .leftOut(let reason):
      return try await leave(candidate, "it redirects to \(text), which is left out: \(reason)", absence)
    case .inside: break
    }
    if outcomes[text] == nil, let trap = traps.refusal(of: target) {
      return try await leave(candidate, "it redirects to \(text), which is left out: \(trap)", nil)
    }
    promote(
      Candidate(
        url: text, hops: candidate.hops + 1, isStart: candidate.isStart, isOrphan: candidate.isOrphan))
    outcomes[candidate.url] = .sameAs(text)
    try await emit(.skipped(url: candidate.url, reason: "it redirects to \(text)", absence))
    try await settle(candidate.url)
  }

  private func take(_ page: PageFetcher.Page, _ candidate: Candidate) async throws {
    reachedPages += 1
    if !candidate.isOrphan { try await follow(page.visit.links) }
    if page.isNewVisit, page.content == nil { try await emit(.visited(url: candidate.url, page.visit)) }
    if try await keep(page, candidate) { return }
    // A document brings its visit along; of other pages it is told here.
    if page.isNewVisit, page.content != nil { try await emit(.visited(url: candidate.url, page.visit)) }
  }

  /// Keeps a page as a document unless something speaks against it.
  private func keep(_ page: PageFetcher.Page, _ candidate: Candidate) async throws -> Bool {
    if !candidate.ignoresCanonical, let canonical = page.visit.canonical.flatMap({ WebURL($0) }),
      try await yields(candidate, to: canonical)
    {
      return false
    }
    guard !page.forbidsIndexing(at: fetcher.now) else {
      try await leave(candidate, "its robots directive says noindex", .outOfScope)
      return false
    }
    // A start outside `include` is where the links are, not a page that was asked for.
    if candidate.isStart, let url = WebURL(candidate.url), fetcher.scope.verdict(on: url) != .inside {
      try await leave(
        candidate, "it is a start outside the crawl's scope: its links are followed", .outOfScope)
      return false
    }
    if candidate.isOrphan, memory.settingsChanged, memory.only == nil {
      try await leave(candidate, "within the source's changed settings nothing leads to it", .outOfScope)
      return false
    }
    if let twin = keptByContent[page.visit.hash], twin != candidate.url {
      outcomes[candidate.url] = .sameAs(twin)
      try await emit(
        .skipped(url: candidate.url, reason: "it has the same content as \(twin)", .duplicate(of: twin)))
      try await settle(candidate.url)
      return false
    }
    if page.content == nil, !page.visit.hasContent {
      // It was left when it was last visited, and nobody kept what it said.
      var again = candidate
      again.isWhole = true
      followUps.append(again)
      return false
    }
    keptByContent[page.visit.hash] = candidate.url
    outcomes[candidate.url] = .kept
    if !isAsking { kept += 1 }
    if let content = page.content {
      try await emit(
        .document(
          Document(
            source: source, url: candidate.url, mediaType: content.mediaType, charset: content.charset,
            body: content.body, language: content.language, access: .open, modified: content.modified),
          page.isNewVisit ? page.visit : nil))
    } else {
      try await emit(.unchanged(url: candidate.url, nil))
    }
    try await settle(candidate.url)
    return true
  }

  /// Queues what a page leads to.
  private func follow(_ links: [String]) async throws {
    guard settings.sitemap != .only, depth < settings.maximumDepth else { return }
    for link in links where outcomes[link] == nil && !outside.contains(link) {
      guard let url = WebURL(link) else { continue }
      switch fetcher.scope.verdict(on: url) {
      case .inside: enqueue(link)
      case .leftOut(let reason):
        guard outcomes.count < maximumKnown else { continue }
        outcomes[link] = .left
        try await emit(.skipped(url: link, reason: reason, .outOfScope))
      case .outside: if outside.count < maximumKnown { outside.insert(link) }
      }
    }
  }

  /// Whether a page gives way to the address that it calls its own; if that gives nothing it comes back.
  private func yields(_ candidate: Candidate, to canonical: WebURL) async throws -> Bool {
    guard fetcher.scope.verdict(on: canonical) == .inside else { return false }
    let target = end(of: canonical.description)
    guard let target, target != candidate.url else { return false }
    switch outcomes[target] {
    case .left: return false
    case .kept:
      outcomes[candidate.url] = .sameAs(target)
      try await emit(
        .skipped(url: candidate.url, reason: "its canonical address is \(target)", .moved(to: target)))
    case .waiting, .sameAs, nil:
      promote(Candidate(url: target, isOrphan: candidate.isOrphan))
      outcomes[candidate.url] = .sameAs(target)
      followers[target, default: []].append(candidate)
    }
    try await settle(candidate.url)
    return true
  }

  func leave(_ candidate: Candidate, _ reason: String, _ absence: Absence?) async throws {
    outcomes[candidate.url] = .left
    if candidate.isStart { startTroubles.append("\(candidate.url): \(reason)") }
    try await emit(.skipped(url: candidate.url, reason: reason, absence))
    try await settle(candidate.url)
  }

  func fail(_ candidate: Candidate, _ reason: String) async throws {
    outcomes[candidate.url] = .left
    if !candidate.isOrphan { failed += 1 }
    // What it led to when it last gave a page is most likely there.
    if !candidate.isOrphan, let visit = try memory.visit(candidate.url) { try await follow(visit.links) }
    if candidate.isStart { startTroubles.append("\(candidate.url): \(reason)") }
    try await emit(.failed(SourceFailure(url: candidate.url, reason: reason)))
    try await settle(candidate.url)
  }

  /// Tells the pages that gave way to an address what became of it.
  private func settle(_ url: String) async throws {
    guard let waiting = followers.removeValue(forKey: url) else { return }
    let target = end(of: url)
    for var candidate in waiting {
      switch target.flatMap({ outcomes[$0] }) {
      case .kept:
        let target = target ?? url
        try await emit(
          .skipped(url: candidate.url, reason: "its canonical address is \(target)", .moved(to: target)))
      case .waiting where target != candidate.url:
        followers[target ?? url, default: []].append(candidate)
      case .waiting, .left, .sameAs, nil:
        candidate.ignoresCanonical = true
        outcomes[candidate.url] = .waiting
        followUps.append(candidate)
      }
    }
  }
}
