internal import Corpus
internal import Credentials
internal import HTTPClient
internal import Synchronization

/// The keys that an issuer publishes, kept and fetched anew as its answer says.
///
/// - A set is fresh for its `max-age`, held between 5 minutes and 24 hours; an hour where nothing is said.
/// - A key that is not in the set is looked for once more, and so is a set that is not fresh any more: at most one
///   request in `pause` seconds, whatever comes in.
/// - While requests fail, the last good set goes on.
final class KeySetCache: Sendable {
  /// Gets the set: the body and `Cache-Control`; nil for any other answer than 200.
  typealias Fetch = @Sendable () async throws -> (body: [UInt8], cacheControl: String?)?

  enum Found: Sendable {
    /// The key.
    case key(RSAPublicKey)
    /// There is no such key.
    case unknown
    /// No set could be had so far.
    case unavailable
    /// It is being looked for.
    case fetching(Task<Void, Never>)
  }

  static let pause = 30.0
  static let freshness = 300.0...86_400.0
  static let usualFreshness = 3_600.0

  private struct State {
    var set: KeySet?
    var freshUntil = -Double.infinity
    var nextFetch = -Double.infinity
    var fetching: Task<Void, Never>?
  }

  private let name: String
  private let fetch: Fetch
  private let log: ServiceLog
  /// Seconds of a clock that only goes forward.
  private let clock: @Sendable () -> Double
  private let state = Mutex(State())

  init(
    name: String, log: ServiceLog, clock: @escaping @Sendable () -> Double = KeySetCache.seconds,
    fetch: @escaping Fetch
  ) {
    self.name = name
    self.fetch = fetch
    self.log = log
    self.clock = clock
  }

  @Sendable static func seconds() -> Double { ContinuousClock.now.seconds(since: start) }
  private static let start = ContinuousClock.now

  /// The key of an id, or how to get it.
  func find(_ id: String) -> Found {
    let now = clock()
    return state.withLock { state in
      if let key = state.set?[id] {
        if now >= state.freshUntil { _ = begin(&state, now) }
        return .key(key)
      }
      if let task = state.fetching ?? begin(&state, now) { return .fetching(task) }
      return state.set == nil ? .unavailable : .unknown
    }
  }

  /// What is known of an id after looking for it.
  func known(_ id: String) -> Found {
    state.withLock { state in
      state.set?[id].map { .key($0) } ?? (state.set == nil ? .unavailable : .unknown)
    }
  }

  private func begin(_ state: inout State, _ now: Double) -> Task<Void, Never>? {
    guard state.fetching == nil, now >= state.nextFetch else { return nil }
    state.nextFetch = now + Self.pause
    // It cannot end before it is noted: it needs the lock that is held here.
    let task = Task.detached { await self.refresh() }
    state.fetching = task
    return task
  }

  private func refresh() async {
    var answer: (set: KeySet, freshness: Double)?
    var reason = "the answer is not a key set, or has no key that can be used"
    do {
      if let (body, cacheControl) = try await fetch() {
        answer = KeySet(parsing: body).map { ($0, Self.freshness(cacheControl)) }
      } else {
        reason = "the answer is not 200"
      }
    } catch {
      reason = "\(error)"
    }
    let now = clock()
    state.withLock { state in
      state.fetching = nil
      guard let answer else { return }
      state.set = answer.set
      state.freshUntil = now + answer.freshness
    }
    if let answer {
      log.write(.info, "key_set_read", ["issuer": .string(name), "keys": .integer(Int64(answer.set.count))])
    } else {
      log.write(.warning, "key_set_unavailable", ["issuer": .string(name), "error": .string(reason)])
    }
  }

  /// Seconds that a set stays fresh.
  static func freshness(_ cacheControl: String?) -> Double {
    guard let cacheControl else { return usualFreshness }
    for directive in cacheControl.split(separator: ",") {
      let word = directive.drop { $0 == " " }.lowercased()
      if word.hasPrefix("no-store") || word.hasPrefix("no-cache") { return freshness.lowerBound }
      guard word.hasPrefix("max-age="), let age = Double(word.dropFirst(8).prefix { $0 != " " }), age.isFinite else {
        continue
      }
      return min(max(age, freshness.lowerBound), freshness.upperBound)
    }
    return usualFreshness
  }

  /// Asks an address: 5 seconds, 256 KB, no redirects.
  static func fetching(_ address: String, client: HTTPClient) -> Fetch {
    { @Sendable in
      guard let url = WebURL(address) else { return nil }
      let request = HTTPRequest(
        url: url, headers: [("Accept", "application/json")], timeout: 5, maximumBodySize: 256 << 10)
      let response = try await client.send(request)
      return response.status == 200 ? (response.body, response.header("cache-control")) : nil
    }
  }
}

extension ContinuousClock.Instant {
  /// Seconds from another instant to this one.
  func seconds(since other: ContinuousClock.Instant) -> Double {
    let (whole, attoseconds) = other.duration(to: self).components
    return Double(whole) + Double(attoseconds) / 1e18
  }
}
