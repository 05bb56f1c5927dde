public import HTTPClient

/// What a robots.txt file lets one crawler fetch (RFC 9309).
public struct RobotsRules: Sendable, Equatable {
  /// The seconds between two requests that `Crawl-delay` asks for; nil when it does not.
  ///
  /// Not part of the RFC. Bounded by `longestCrawlDelay`.
  public let crawlDelay: Double?
  /// The values of the `Sitemap` lines, in order; they belong to no group.
  public let sitemaps: [String]
  /// The rules, most specific first and, of equals, `Allow` first: the first that matches decides.
  private let rules: [Rule]

  /// So many bytes of a file are read (500 KiB, section 2.5); a line cut by the limit does not count.
  public static let maximumSize = 512_000
  /// A longer `Crawl-delay`, in seconds, counts as this one: an hour.
  public static let longestCrawlDelay: Double = 3_600

  struct Rule: Sendable, Equatable {
    let allows: Bool
    let pattern: RobotsPattern
  }

  init(rules: [Rule], crawlDelay: Double? = nil, sitemaps: [String] = []) {
    self.crawlDelay = crawlDelay
    self.sitemaps = sitemaps
    self.rules = rules.sorted {
      ($0.pattern.length, $0.allows ? 1 : 0) > ($1.pattern.length, $1.allows ? 1 : 0)
    }
  }

  /// Everything may be fetched.
  public static let allowAll = RobotsRules(rules: [])
  /// Nothing may be fetched.
  public static let disallowAll = RobotsRules(
    rules: [Rule(allows: false, pattern: RobotsPattern(Array("/".utf8)[...], .decoded))])

  /// The rules that follow from the request for robots.txt (sections 2.3.1.2 to 2.3.1.4).
  ///
  /// - Parameters:
  ///   - status: the status at the end of the redirects, of which at least five are followed; nil when the server
  ///     was not reached.
  ///   - body: the response's body.
  ///   - userAgent: the crawler's product token, or a `User-Agent` value that starts with it.
  /// - Returns: the file's rules for 2xx; nothing allowed for 5xx and for servers not reached; everything allowed
  ///   for the rest.
  public static func outcome(status: Int?, body: [UInt8], userAgent: String) -> RobotsRules {
    switch status {
    case .some(200...299): RobotsRules(parsing: body, userAgent: userAgent)
    case nil, .some(500...): disallowAll
    default: allowAll
    }
  }

  /// Whether the crawler may fetch a URL of the site that the file belongs to.
  ///
  /// Where a rule and a path are equal only after escapes of plain letters are decoded, the cautious reading wins:
  /// such a `Disallow` counts and such an `Allow` does not (docs/decisions/0003-urls-and-international-names.md).
  ///
  /// - Complexity: O(rules · path).
  public func allows(_ url: WebURL) -> Bool {
    if rules.isEmpty || url.path == "/robots.txt" { return true }
    let written = RobotsEncoding.asWritten.normalised(url.pathAndQuery.utf8)
    let decoded = RobotsEncoding.decoded.normalised(url.pathAndQuery.utf8)
    return rules.first { $0.pattern.matches($0.allows ? written : decoded) }?.allows ?? true
  }
}
