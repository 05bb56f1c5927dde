internal import Corpus
internal import Synchronization

/// How often somebody may ask: so many a minute in the long run, so many at once.
public struct Rate: Sendable, Equatable {
  /// Requests a minute.
  public var perMinute: Int
  /// Requests that may come at once after a pause.
  public var burst: Int

  /// Makes a rate; by default as many at once as in ten seconds, and at least one.
  public init(perMinute: Int, burst: Int? = nil) {
    self.perMinute = perMinute
    self.burst = burst ?? max(1, perMinute / 6)
  }
}

/// What is limited; nil: not.
public struct Rates: Sendable, Equatable {
  /// Of one key, or of one caller who is known in another way.
  public var key: Rate?
  /// Of one user, whichever way they come.
  public var user: Rate?
  /// Of one address, before anything that was shown is looked at.
  public var address: Rate?

  /// No limits.
  public init() {}
}

/// Counts requests by token buckets: a bucket holds `burst`, fills with `perMinute`, and each request takes one.
///
/// A table has room for so many. Full buckets are forgotten when it is used up, as a new one is full anyway; if none is,
/// whoever comes new shares one bucket with all others that do: many made-up addresses neither use up the memory nor
/// empty anybody's bucket but theirs.
final class RateLimiter: Sendable {
  private struct Bucket {
    var tokens: Double
    var time: Double
  }

  private struct Key: Hashable {
    var kind: Kind
    var name: String
  }

  enum Kind: String {
    case key, user, address
  }

  private struct Table {
    var buckets: [Key: Bucket] = [:]
    /// When full buckets were last looked for: it costs a look at each.
    var swept = -Double.infinity
  }

  static let room = 20_000

  private let rates: Rates
  private let room: Int
  private let clock: @Sendable () -> Double
  private let table = Mutex(Table())

  init(_ rates: Rates, room: Int = RateLimiter.room, clock: @escaping @Sendable () -> Double = KeySetCache.seconds) {
    self.rates = rates
    self.room = room
    self.clock = clock
  }

  /// Lets a request pass or says when to come again.
  func take(address: NetworkAddress?) throws(RequestFailure) {
    guard let rate = rates.address, let address else { return }
    try take(.address, address.client.bytes.map { String($0, radix: 16) }.joined(separator: "."), rate)
  }

  /// Lets a caller's request pass or says when to come again.
  func take(_ caller: Caller) throws(RequestFailure) {
    if let rate = rates.key { try take(.key, caller.keyID ?? caller.name, rate) }
    if let rate = rates.user, let user = caller.principals.filter({ $0.name.hasPrefix("user:") }).min() {
      try take(.user, user.name, rate)
    }
  }

  private func take(_ kind: Kind, _ name: String, _ rate: Rate) throws(RequestFailure) {
    let now = clock()
    let perSecond = Double(rate.perMinute) / 60
    let burst = Double(rate.burst)
    let wait = table.withLock { table -> Double in
      var key = Key(kind: kind, name: name)
      if table.buckets[key] == nil, table.buckets.count >= room {
        sweep(&table, now)
        if table.buckets.count >= room { key.name = "" }
      }
      var bucket = table.buckets[key] ?? Bucket(tokens: burst, time: now)
      bucket.tokens = min(burst, bucket.tokens + max(0, now - bucket.time) * perSecond)
      bucket.time = now
      let isThere = bucket.tokens >= 1
      if isThere { bucket.tokens -= 1 }
      table.buckets[key] = bucket
      return isThere ? 0 : (1 - bucket.tokens) / perSecond
    }
    guard wait > 0 else { return }
    let seconds = String(max(1, Int(wait.rounded(.up))))
    throw RequestFailure(
      429, "Too many requests of this \(kind.rawValue): \(rate.perMinute) a minute are the limit.",
      headers: [
        .init("Retry-After", seconds), .init("RateLimit-Limit", String(rate.perMinute)),
        .init("RateLimit-Remaining", "0"), .init("RateLimit-Reset", seconds),
      ])
  }

  private func sweep(_ table: inout Table, _ now: Double) {
    guard now - table.swept >= 1 else { return }
    table.swept = now
    table.buckets = table.buckets.filter { key, bucket in
      guard let rate = rate(of: key.kind) else { return false }
      return bucket.tokens + (now - bucket.time) * Double(rate.perMinute) / 60 < Double(rate.burst)
    }
  }

  private func rate(of kind: Kind) -> Rate? {
    switch kind {
    case .key: rates.key
    case .user: rates.user
    case .address: rates.address
    }
  }

  /// How many buckets there are.
  var count: Int { table.withLock(\.buckets.count) }
}
