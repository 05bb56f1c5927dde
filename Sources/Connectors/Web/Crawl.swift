internal import Corpus
internal import HTTPClient
internal import Pipelines

/// One crawl under way: what is known, what was decided, and what comes next.
///
/// All decisions are made here, in one task and in an order that does not depend on timing; only `PageFetcher` runs
/// in many tasks at once.
final class Crawl {
  /// An address to fetch.
  struct Candidate: Sendable {
    var url: String
    /// How many redirects led here.
    var hops = 0
    /// Whether it is a start, or what a start redirects to.
    var isStart = false
    /// Whether the page is kept though it names another address: that one gave nothing.
    var ignoresCanonical = false
    /// Whether nothing led to it in this crawl: the index holds it, and it is asked whether it is still there.
    var isOrphan = false
    /// Whether its bytes are needed though it may be as it was.
    var isWhole = false
  }

  static let maximumHops = 10
  /// Addresses that are remembered: what a site without end may cost in memory.
  var maximumKnown: Int { max(100_000, 20 * settings.maximumPages) }

  let source: String
  let starts: [WebURL]
  let memory: SourceMemory
  let fetcher: PageFetcher
  let deadline: ContinuousClock.Instant
  let emit: @Sendable (SourceEvent) async throws -> Void
  let progress: (@Sendable (SourceProgress) -> Void)?

  var outcomes = KnownAddresses()
  /// Pages that name an address as their own which is still to be fetched.
  var followers: [String: [Candidate]] = [:]
  var keptByContent: [ContentHash: String] = [:]
  /// Addresses that pages lead to and that belong to nobody we crawl.
  var outside: Set<String> = []
  /// The dates that sitemaps give, by address.
  var listed: [String: Int64] = [:]
  var robots: [String: OriginRobots] = [:]
  private var nextLevel: Set<String> = []
  var followUps: [Candidate] = []
  var traps = CrawlTraps()
  var depth = 0
  var kept = 0
  var failed = 0
  var reachedPages = 0
  var startTroubles: [String] = []
  var cutShort: String?

  var settings: WebSettings { fetcher.settings }

  init(
    source: String, starts: [WebURL], memory: SourceMemory, fetcher: PageFetcher,
    deadline: ContinuousClock.Instant, emit: @escaping @Sendable (SourceEvent) async throws -> Void,
    progress: (@Sendable (SourceProgress) -> Void)?
  ) {
    self.source = source
    self.starts = starts
    self.memory = memory
    self.fetcher = fetcher
    self.deadline = deadline
    self.emit = emit
    self.progress = progress
  }

  // MARK: Levels

  /// Crawls to the end.
  func run() async throws -> SourceListing {
    if let only = memory.only {
      try await ask(only)
      cutShort = "only \(only.count) address\(only.count == 1 ? " was" : "es were") asked for"
      return listing
    }
    try await readRobots(of: starts)
    let listed = settings.sitemap == .off ? [] : try await readSitemaps()
    if settings.sitemap == .only {
      for url in listed { enqueue(url) }
      if nextLevel.isEmpty, cutShort == nil { cutShort = "no sitemap lists a page" }
      guard !nextLevel.isEmpty else {
        throw SourceError(source: source, "\(cutShort ?? ""); mend the site's sitemap or set `sitemap: auto`")
      }
    } else {
      for url in starts.map(\.description) where outcomes[url] == nil {
        outcomes[url] = .waiting
        followUps.append(Candidate(url: url, isStart: true))
      }
      // As if a start linked to them: starts come first when pages are limited.
      if settings.maximumDepth > 0 { for url in listed { enqueue(url) } }
    }
    while true {
      try await processRounds(try await takeLevel())
      if isCut || nextLevel.isEmpty { break }
      depth += 1
    }
    guard reachedPages > 0 else { throw unreachable() }
    if failed > 0, cutShort == nil {
      cutShort = "\(failed) address\(failed == 1 ? "" : "es") failed, and what they lead to is unknown"
    }
    // After a crawl that was cut short nothing may leave, so there is nothing to ask.
    if cutShort == nil { try await ask(try memory.pages()) }
    return listing
  }

  private var listing: SourceListing {
    let totals = fetcher.totals
    return SourceListing(cutShort: cutShort, requests: totals.requests, bytes: totals.bytes)
  }

  private func processRounds(_ level: [Candidate]) async throws {
    var round = level + followUps
    followUps = []
    while !round.isEmpty, !isCut {
      try await process(round.sorted { $0.url < $1.url })
      round = followUps
      followUps = []
    }
  }

  /// Asks addresses to which nothing led whether they are still there: that no page names them proves nothing.
  private func ask(_ urls: [String]) async throws {
    isAsking = true
    for url in urls.sorted() where outcomes[url] == nil {
      outcomes[url] = .waiting
      let candidate = Candidate(url: url, isOrphan: true)
      guard let parsed = WebURL(url), fetcher.scope.verdict(on: parsed) == .inside else {
        try await leave(candidate, "it is outside the crawl's scope", .outOfScope)
        continue
      }
      followUps.append(candidate)
    }
    try await processRounds([])
  }

  /// Whether the crawl proper is over, and only known addresses are asked: they count against no limit of pages.
  var isAsking = false

  /// Whether a limit ended the crawl.
  private(set) var isCut = false

  private func cut(_ reason: String) {
    isCut = true
    cutShort = reason
  }

  /// The next level's addresses without those that lead into a trap: asked in sorted order, for what a trap admits
  /// depends on what it admitted before.
  private func takeLevel() async throws -> [Candidate] {
    guard depth > 0 || settings.sitemap == .only else { return [] }
    let level = nextLevel.sorted()
    nextLevel = []
    var candidates: [Candidate] = []
    for address in level {
      guard let url = WebURL(address) else { continue }
      let candidate = Candidate(url: address)
      if let trap = traps.refusal(of: url) {
        try await leave(candidate, trap, nil)
      } else {
        candidates.append(candidate)
      }
    }
    return candidates
  }

  private func unreachable() -> SourceError {
    let troubles = startTroubles.isEmpty ? "nothing was fetched" : startTroubles.joined(separator: "; ")
    return SourceError(source: source, "no start leads to a page: \(troubles)")
  }

  // MARK: Rounds

  /// Fetches candidates, many at a time, and decides on them one by one in their order.
  private func process(_ candidates: [Candidate]) async throws {
    let admitted = try await admit(candidates)
    guard !isCut else { return }
    try await withThrowingTaskGroup(of: Fetched.self) { group in
      defer { group.cancelAll() }
      let deadline = self.deadline
      group.addTask {
        try await Task.sleep(until: deadline, clock: .continuous)
        return .deadline
      }
      var window = FetchWindow(hosts: admitted.map(\.host), concurrency: settings.concurrency)
      while let head = window.head {
        for index in window.start(atMost: isAsking ? .max : settings.maximumPages - kept) {
          let candidate = admitted[index].candidate
          guard let url = WebURL(candidate.url) else {
            window.finish(index, .failed(reason: "it is no URL"))
            continue
          }
          let (delay, listed) = (delay(for: url), listed[candidate.url])
          group.addTask { [fetcher, memory] in
            let visit = candidate.isWhole ? nil : try memory.visit(candidate.url)
            return .result(index, try await fetcher.page(url, delay: delay, visit: visit, listed: listed))
          }
        }
        if let result = window.takeHead() {
          try await decide(on: admitted[head].candidate, result)
          if isCut { return }
          if kept == settings.maximumPages, !isAsking {
            if window.head != nil || !followUps.isEmpty || !nextLevel.isEmpty {
              cut("the limit of \(kept) pages was reached (`limits.pages`)")
            }
            return
          }
          continue
        }
        switch try await group.next() {
        case .result(let index, let result): window.finish(index, result)
        case .deadline, nil:
          return cut("the limit of \(settings.maximumTime) seconds was reached (`limits.time`)")
        }
      }
    }
  }

  /// Leaves out what robots.txt does not let us fetch, and numbers the hosts of the rest.
  ///
  /// Only the texts of the addresses are kept: a level may have a hundred thousand.
  private func admit(_ candidates: [Candidate]) async throws -> [(candidate: Candidate, host: Int)] {
    try await readRobots(of: candidates)
    var hosts: [String: Int] = [:]
    var admitted: [(candidate: Candidate, host: Int)] = []
    for candidate in candidates {
      guard let url = WebURL(candidate.url) else { continue }
      switch robots[url.origin ?? ""] ?? .ignored {
      case .unreachable(let reason): try await fail(candidate, reason)
      case .rules(let rules) where !rules.allows(url):
        try await leave(candidate, "robots.txt disallows it", .outOfScope)
      case .rules, .ignored:
        let place = CrawlScope.place(of: url)
        let host = hosts[place] ?? hosts.count
        hosts[place] = host
        admitted.append((candidate, host))
      }
    }
    return admitted
  }

  private enum Fetched: Sendable {
    case result(Int, PageFetcher.Result)
    case deadline
  }

  // MARK: Addresses

  /// Queues an address for the next level unless it is known.
  func enqueue(_ url: String) {
    guard outcomes[url] == nil else { return }
    guard outcomes.count < maximumKnown else {
      cutShort = "more than \(maximumKnown) addresses were found; narrow `include` or widen `exclude`"
      return
    }
    outcomes[url] = .waiting
    nextLevel.insert(url)
  }

  /// Queues an address for this level, though it may be known as one of the next.
  func promote(_ candidate: Candidate) {
    guard outcomes[candidate.url] == nil || nextLevel.remove(candidate.url) != nil else { return }
    outcomes[candidate.url] = .waiting
    followUps.append(candidate)
  }

  /// The address that stands for this one in the end; nil where they stand for each other in a circle.
  func end(of url: String) -> String? { outcomes.end(of: url, within: 2 * Self.maximumHops) }

  /// The seconds between two requests to a URL's host.
  private func delay(for url: WebURL) -> Double {
    guard case .rules(let rules) = robots[url.origin ?? ""] else { return settings.delay }
    return max(settings.delay, rules.crawlDelay ?? 0)
  }
}
