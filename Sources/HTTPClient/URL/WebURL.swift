/// A URL as the WHATWG URL Standard parses, resolves, normalises and writes it.
public struct WebURL: Hashable, Sendable, CustomStringConvertible {
  /// The scheme, lower case, without the colon.
  public let scheme: String
  /// The user name, percent-encoded; empty when there is none.
  public let username: String
  /// The password, percent-encoded; empty when there is none.
  public let password: String
  /// The host as serialised (ASCII domain, IPv4 in four decimals, IPv6 in brackets); nil for URLs without one.
  public let host: String?
  /// The port; nil when it is the scheme's own.
  public let port: Int?
  /// The path, percent-encoded.
  public let path: String
  /// The query without `?`; nil when there is none.
  public let query: String?
  /// The fragment without `#`; nil when there is none.
  public let fragment: String?

  /// Parses a URL, relative to a base where one is given; nil where the standard says failure.
  public init?(_ text: String, base: WebURL? = nil) {
    return nil
  }

  /// The URL as the standard serialises it.
  public var description: String { "" }

  /// The same URL without its fragment.
  public var withoutFragment: WebURL { self }

  /// Scheme, host and port, as the standard's origin is written; nil for schemes without one.
  public var origin: String? { nil }
}
