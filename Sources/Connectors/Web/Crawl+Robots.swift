internal import HTTPClient
internal import Pipelines

/// What a crawl may fetch of one origin.
enum OriginRobots: Sendable {
  case rules(RobotsRules)
  /// Nobody knows, so nothing may be fetched (RFC 9309, section 2.3.1.4).
  case unreachable(reason: String)
  /// robots.txt is not asked.
  case ignored
}

extension Crawl {
  /// Reads robots.txt of the origins that are new.
  func readRobots(of candidates: [Candidate]) async throws {
    try await readRobots(of: candidates.lazy.compactMap { WebURL($0.url) })
  }

  /// Reads robots.txt of the origins that are new, a few at a time.
  func readRobots(of urls: some Sequence<WebURL>) async throws {
    guard settings.obeyRobots else { return }
    var origins: [String: WebURL] = [:]
    for url in urls {
      guard let origin = url.origin, robots[origin] == nil, origins[origin] == nil else { continue }
      origins[origin] = url
    }
    var waiting = origins.sorted { $0.key < $1.key }[...]
    try await withThrowingTaskGroup(of: (String, OriginRobots).self) { group in
      for _ in 0..<8 { addNext(of: &waiting, to: &group) }
      while let (origin, found) = try await group.next() {
        robots[origin] = found
        addNext(of: &waiting, to: &group)
      }
    }
  }

  private func addNext(
    of waiting: inout ArraySlice<(key: String, value: WebURL)>,
    to group: inout ThrowingTaskGroup<(String, OriginRobots), any Error>
  ) {
    guard let (origin, url) = waiting.popFirst() else { return }
    group.addTask { [fetcher] in (origin, try await fetcher.robots(of: url)) }
  }
}

extension PageFetcher {
  /// Asks an origin what may be fetched.
  func robots(of url: WebURL) async throws -> OriginRobots {
    guard let file = WebURL("/robots.txt", base: url) else {
      return .unreachable(reason: "it has no robots.txt address")
    }
    do {
      // A longer file is read up to RobotsRules.maximumSize; one beyond this limit is not read at all.
      let answer = try await getFile(file, delay: settings.delay, maximumSize: 16 * RobotsRules.maximumSize)
      // Too many redirects count as a file that is not there (section 2.3.1.2).
      guard let response = answer?.response else { return .rules(.allowAll) }
      guard response.status < 500 else {
        return .unreachable(reason: "\(file) answers with HTTP status \(response.status), so nothing may be fetched")
      }
      return .rules(
        .outcome(status: response.status, body: response.body, userAgent: settings.userAgent))
    } catch let error as HTTPError {
      return .unreachable(reason: "robots.txt cannot be read, so nothing may be fetched: \(error)")
    }
  }
}
