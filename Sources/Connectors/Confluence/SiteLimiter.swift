internal import HTTPClient
internal import Synchronization

/// Lets requests to one site start: so many at a time, none while the site asked for a pause, slower when its quota runs
/// low. All sources of a process that read one site share one.
actor SiteLimiter {
  /// What an answer says about how the site wants to be treated.
  struct Pressure: Sendable, Equatable {
    /// Seconds that the site asks to wait.
    var pause: Double?
    /// Whether the site refused because of too many requests.
    var isRefusal = false
    /// Seconds between two requests at which what is left of the quota lasts.
    var spacing = 0.0
  }

  private let timing: RetryTiming
  private let most: Int
  private var limit: Int
  private var running = 0
  private var goodInRow = 0
  private var heldUntil = 0.0
  private var spacing = 0.0
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Makes a limiter.
  ///
  /// - Parameters:
  ///   - concurrency: requests at a time at most.
  ///   - timing: the clock and the sleep.
  init(concurrency: Int, timing: RetryTiming) {
    most = max(1, concurrency)
    limit = most
    self.timing = timing
  }

  /// How many requests may run at present.
  var width: Int { limit }

  /// Waits for a turn; `leave` has to follow.
  ///
  /// - Parameter longest: a pause of more seconds is not waited for.
  /// - Returns: nil with the turn taken, or without a turn the seconds that the site asks to wait.
  /// - Throws: `CancellationError`.
  func enter(longest: Double) async throws -> Double? {
    while running >= limit {
      await withCheckedContinuation { waiting.append($0) }
    }
    running += 1
    do {
      while true {
        let pause = heldUntil - timing.now()
        guard pause > 0 else { break }
        guard pause <= longest else {
          release()
          return pause
        }
        try await timing.sleep(pause)
      }
      if spacing > 0 { try await timing.sleep(min(spacing, longest)) }
      try Task.checkCancellation()
    } catch {
      release()
      throw error
    }
    return nil
  }

  /// Gives the turn back.
  func leave(_ pressure: Pressure) {
    if let pause = pressure.pause { heldUntil = max(heldUntil, timing.now() + pause) }
    spacing = pressure.spacing
    if pressure.isRefusal {
      limit = max(1, limit / 2)
      goodInRow = 0
    } else {
      goodInRow += 1
      // Slowly back to the old width: each step needs as many good answers as the step is high.
      if goodInRow >= 8 * limit, limit < most, spacing == 0 {
        limit += 1
        goodInRow = 0
      }
    }
    release()
  }

  private func release() {
    running -= 1
    let free = max(0, limit - running)
    for _ in 0..<min(free, waiting.count) { waiting.removeFirst().resume() }
  }
}

extension SiteLimiter.Pressure {
  /// Reads what an answer's header says.
  ///
  /// Cloud: `Retry-After`, `X-RateLimit-…`, `RateLimit: "name";r=…;t=…`; Data Center: a bucket of tokens. Forms:
  /// https://developer.atlassian.com/cloud/confluence/rate-limiting/
  ///
  /// - Parameters:
  ///   - response: the answer.
  ///   - cost: the points that a request takes, about.
  ///   - now: seconds since 1970.
  init(_ response: HTTPResponse, cost: Double, now: Double) {
    isRefusal = response.status == 429
    let asked = response.header("retry-after").flatMap { RetryAfter.seconds($0, now: now) }
    // Data Center sends `Retry-After: 0` while there is no need to wait, and answers that are no refusal may carry one.
    if response.status == 429 || response.status == 503 || response.status == 403 { pause = asked }
    if response.status == 403, asked != nil { isRefusal = true }
    let reset = response.header("x-ratelimit-reset").flatMap { Self.moment($0) }.map { Double($0) - now }
    let remaining = response.header("x-ratelimit-remaining").flatMap { Double($0) }
    if isRefusal, pause == nil, remaining == 0, let reset, reset > 0 { pause = reset }
    for policy in response.headers("ratelimit").flatMap({ $0.split(separator: ",") }) {
      let values = Self.parameters(policy)
      guard let left = values["r"], let time = values["t"], time > 0 else { continue }
      if isRefusal, pause == nil, left <= 0 { pause = time }
      spacing = max(spacing, Self.spacing(left: left, time: time, cost: cost))
    }
    if response.header("x-ratelimit-nearlimit")?.lowercased() == "true" {
      let counted = remaining.map { Self.spacing(left: $0, time: max(1, reset ?? 60), cost: cost) } ?? 0
      spacing = max(spacing, counted, 1)
    }
    spacing = min(spacing, 30)
  }

  /// At what distance requests may follow so that what is left lasts; none while plenty is.
  private static func spacing(left: Double, time: Double, cost: Double) -> Double {
    let requests = left / max(cost, 1)
    guard requests < time else { return 0 }
    return time / max(requests, 1)
  }

  /// `"name";r=11000;t=600` as numbers by name.
  private static func parameters(_ text: Substring) -> [String: Double] {
    var values: [String: Double] = [:]
    for part in text.split(separator: ";").dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, let value = Double(pair[1].filter { !$0.isWhitespace }), value.isFinite else { continue }
      values[pair[0].filter { !$0.isWhitespace }] = value
    }
    return values
  }

  /// ISO 8601, also without seconds; or seconds since 1970.
  private static func moment(_ text: String) -> Int64? { W3CDateTime.parse(text) ?? Int64(text) }
}

/// The limiters of a process, by site: sources that read one site share its patience.
enum SiteLimiters {
  private struct Entry {
    weak var limiter: SiteLimiter?
  }

  private static let entries = Mutex<[String: Entry]>([:])

  /// The limiter of a site; the first source that asks decides its width.
  static func limiter(of site: String, concurrency: Int) -> SiteLimiter {
    entries.withLock { entries in
      if let limiter = entries[site]?.limiter { return limiter }
      entries = entries.filter { $0.value.limiter != nil }
      let limiter = SiteLimiter(concurrency: concurrency, timing: .system)
      entries[site] = Entry(limiter: limiter)
      return limiter
    }
  }
}
