/// Something that goes wrong on purpose.
public struct LabFault: Sendable {
  /// How a 429 says when to come back.
  public enum RetryAfter: Sendable {
    /// So many seconds.
    case seconds(Int)
    /// An HTTP date so many seconds from now.
    case date(Int)
    /// Nothing, as the gateway does it.
    case missing
  }

  /// What goes wrong.
  public enum Kind: Sendable {
    /// 429, with the headers of a quota.
    case tooMany(RetryAfter)
    /// A status with an HTML page, as the edge sends it.
    case status(Int)
    /// 503 with `Retry-After`.
    case maintenance(seconds: Int)
    /// 500 for every answer that would hold the body of one of these contents.
    case bodies(Set<Int64>)
    /// The body comes at so many bytes a second.
    case slow(bytesPerSecond: Int)
    /// The connection is cut after so many bytes of the body.
    case cut(after: Int)
    /// The connection is closed without an answer.
    case hangUp
    /// The body is compressed, if the client takes that.
    case gzip
    /// One byte of the body is made invalid.
    case invalidUTF8
    /// 200 with the HTML page of a login.
    case loginPage
    /// 401, as for a token that has expired.
    case unauthorized
    /// 403.
    case forbidden
    /// 404.
    case notFound
    /// 410, as for operations that were removed.
    case gone
    /// The answer comes so many seconds later.
    case late(seconds: Double)
    /// 200 with an empty page whose `next` leads back to itself.
    case endless
  }

  /// What goes wrong.
  public var kind: Kind
  /// Where; nil is everywhere.
  public var route: LabRoute?
  /// How often; nil is always.
  public var times: Int?
  /// How many requests of the route go well first.
  public var skipping: Int
  /// How many requests in a thousand it hits, chosen by the lab's seed.
  public var perMille: Int

  /// Says what goes wrong, where and how often.
  public init(
    _ kind: Kind, on route: LabRoute? = nil, times: Int? = nil, skipping: Int = 0, perMille: Int = 1_000
  ) {
    self.kind = kind
    self.route = route
    self.times = times
    self.skipping = skipping
    self.perMille = perMille
  }

  /// Whether this fault hits the next request of a route; counts it.
  mutating func hits(_ route: LabRoute, _ random: inout SeededGenerator) -> Bool {
    guard self.route == nil || self.route == route, times != 0 else { return false }
    guard skipping == 0 else {
      skipping -= 1
      return false
    }
    guard perMille >= 1_000 || random.next() % 1_000 < UInt64(max(0, perMille)) else { return false }
    if let left = times { times = left - 1 }
    return true
  }
}
