/// A URL as the WHATWG URL Standard parses, resolves, normalises and writes it.
///
/// Two URLs are equal when the standard writes them the same way, so `WebURL(url.description) == url` for every
/// URL. The parser is total and linear: any text gives a URL or nil, in time proportional to its length.
/// Source: https://url.spec.whatwg.org/ .
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

  /// The longest text that is parsed and the longest URL that is made, in UTF-8 bytes: 64 KiB.
  ///
  /// The standard has no limit; servers refuse far shorter addresses, and a limit keeps a hostile page from
  /// filling the frontier with megabytes of one link.
  public static let maximumLength = 65_536

  /// Parses a URL, relative to a base where one is given; nil where the standard says failure.
  ///
  /// - Complexity: O(n) in the bytes of `text` and of `base`.
  public init?(_ text: String, base: WebURL? = nil) {
    self.init(bytes: text.utf8, base: base)
  }

  /// Parses a URL from UTF-8 bytes, relative to a base where one is given.
  init?(bytes: some Collection<UInt8>, base: WebURL? = nil) {
    guard bytes.count <= Self.maximumLength else { return nil }
    var parser = URLParser(bytes, base: base)
    guard parser.parse(), let url = parser.url, url.serialisedLength <= Self.maximumLength else { return nil }
    self = url
  }

  init(
    scheme: String, username: String, password: String, host: String?, port: Int?, path: String, query: String?,
    fragment: String?
  ) {
    self.scheme = scheme
    self.username = username
    self.password = password
    self.host = host
    self.port = port
    self.path = path
    self.query = query
    self.fragment = fragment
  }

  /// The same URL without its fragment, which never reaches the server: what tells one page from another in a crawl.
  ///
  /// Parsing has folded what the standard calls equal. Nothing else is (the order of query items, a trailing slash, the
  /// case of escapes), because some server answers differently to each.
  public var withoutFragment: WebURL {
    guard fragment != nil else { return self }
    return WebURL(
      scheme: scheme, username: username, password: password, host: host, port: port, path: path, query: query,
      fragment: nil)
  }

  /// Whether the scheme is `http` or `https`.
  public var isHTTP: Bool { scheme == "http" || scheme == "https" }

  /// The path with `?` and the query, as it goes into a request line.
  public var pathAndQuery: String {
    guard let query else { return path }
    return path + "?" + query
  }

  /// Whether the path is opaque: one text without segments, as in `mailto:someone`, that nothing resolves against.
  public var hasOpaquePath: Bool { host == nil && path.utf8.first != UInt8(ascii: "/") }
}
