/// Which web pages of other origins may read answers (CORS; https://fetch.spec.whatwg.org/#http-cors-protocol).
public struct CrossOrigin: Sendable, Equatable {
  /// An origin, or all below a domain: `https://*.example.com`.
  public struct Rule: Sendable, Equatable, CustomStringConvertible {
    /// As it was written.
    public let description: String
    private let scheme: String
    private let host: String
    private let isSuffix: Bool

    /// Reads a rule: scheme and host, a port where it is not the usual one, no path; nil for anything else.
    public init?(_ text: String) {
      let lower = text.lowercased()
      guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix) else { return nil }
      var host = lower.dropFirst(scheme.count)
      isSuffix = host.hasPrefix("*.")
      if isSuffix { host = host.dropFirst() }
      let isHost = host.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"),
          UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
          true
        default: false
        }
      }
      // A suffix needs a domain of at least two names: “*.com” would let in everybody.
      let names = host.split(separator: ".").count
      guard isHost, !host.isEmpty, !isSuffix || names >= 2 else { return nil }
      (self.scheme, self.host, description) = (scheme, String(host), text)
    }

    func admits(_ origin: String) -> Bool {
      let lower = origin.lowercased()
      guard lower.hasPrefix(scheme) else { return false }
      let other = lower.dropFirst(scheme.count)
      guard isSuffix else { return other == host }
      // Something has to stand before the dot, and nothing that ends a host.
      return other.count > host.count && other.hasSuffix(host)
        && other.dropLast(host.count).utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@") }
    }
  }

  /// The origins that are let in; none by default.
  public var origins: [Rule] = []
  /// Seconds that a browser may remember a permission; 600 by default.
  public var maximumAge = 600

  /// Nobody.
  public init() {}

  /// Whether a request comes from a page that may ask.
  func admits(_ head: ServerRequest) -> Bool {
    guard head.count(of: "Origin") == 1, let origin = head.header("Origin") else { return false }
    return origins.contains { $0.admits(origin) }
  }

  /// What an answer says to a browser; nothing of this depends on who asks.
  func headers(_ head: ServerRequest) -> [ServerRequest.Field] {
    guard !origins.isEmpty else { return [] }
    let vary = ServerRequest.Field("Vary", "Origin")
    guard admits(head), let origin = head.header("Origin") else { return [vary] }
    var fields: [ServerRequest.Field] = [.init("Access-Control-Allow-Origin", origin), vary]
    if head.method == "OPTIONS", head.header("Access-Control-Request-Method") != nil {
      fields += [
        .init("Access-Control-Allow-Methods", "GET, POST, DELETE"),
        .init(
          "Access-Control-Allow-Headers",
          "authorization, content-type, x-api-key, x-b3-traceid, x-b3-spanid, traceparent, x-request-id, "
            + "mcp-protocol-version, mcp-method, mcp-name"),
        .init("Access-Control-Max-Age", String(maximumAge)),
      ]
    } else {
      fields.append(.init("Access-Control-Expose-Headers", "X-Request-Id, Retry-After"))
    }
    return fields
  }
}

/// What every answer says to browsers, unless its route says something else.
enum SecurityHeaders {
  static let all: [ServerRequest.Field] = [
    .init("X-Content-Type-Options", "nosniff"), .init("Referrer-Policy", "no-referrer"),
    .init("Cache-Control", "no-store"), .init("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    .init("Cross-Origin-Resource-Policy", "same-site"),
  ]
}
