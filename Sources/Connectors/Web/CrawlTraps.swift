public import HTTPClient

/// Bounds for parts of a site that never end: calendars, filters that combine, links that nest into themselves.
///
/// Ask in an order that does not depend on timing (a crawl's levels, sorted), as what is admitted depends on what
/// was admitted before.
public struct CrawlTraps: Sendable {
  /// Where the bounds lie.
  ///
  /// They are generous: a page that is left out wrongly is worse than some pages too many.
  public struct Limits: Sendable, Equatable {
    /// The longest URL, in bytes; 2,048 by default, the longest that a sitemap may hold.
    public var length = 2_048
    /// The most path segments; 32 by default.
    public var segments = 32
    /// How often one segment of three letters or more may stand in a path; 3 by default.
    public var repeats = 3
    /// The most queries of one path with up to two parameters; 10,000 by default: wikis and shops name pages so.
    public var queries = 10_000
    /// The most queries of one path with three parameters or more; 500 by default: filters that combine.
    public var combinations = 500
    /// The most addresses that differ in a date alone; 500 by default: calendars.
    public var dates = 500

    /// The defaults.
    public init() {}
  }

  private let limits: Limits
  private var counts: [String: Int] = [:]
  /// Beyond so many keys nothing new is counted, so that counting itself is bounded.
  private static let maximumKeys = 1_000_000

  /// Starts with nothing admitted.
  public init(limits: Limits = Limits()) { self.limits = limits }

  /// Admits a URL that was not admitted before, or says why it is left out.
  ///
  /// - Returns: nil when the URL may be fetched, otherwise the reason, for the list of what was left out.
  public mutating func refusal(of url: WebURL) -> String? {
    let length = url.description.utf8.count
    if length > limits.length { return "the URL has \(length) bytes, more than \(limits.length)" }
    let segments = url.path.utf8.split(separator: UInt8(ascii: "/"))
    if segments.count > limits.segments {
      return "the path has \(segments.count) segments, more than \(limits.segments)"
    }
    if let segment = repeated(segments) {
      return "«\(segment)» stands more than \(limits.repeats) times in the path: links that nest into themselves"
    }
    let place = (url.origin ?? "") + url.path
    let names = Self.parameters(url).map { $0.prefix { $0 != "=" } }
    if let key = Self.withoutDate(url), count(key) > limits.dates {
      return "more than \(limits.dates) addresses differ from this one in the date alone: a calendar"
    }
    if names.count > 2, count("+" + place) > limits.combinations {
      return "more than \(limits.combinations) queries of three parameters or more on this path"
    }
    if !names.isEmpty, count("?" + place) > limits.queries {
      return "more than \(limits.queries) queries on this path"
    }
    return nil
  }

  private mutating func count(_ key: String) -> Int {
    guard counts[key] != nil || counts.count < Self.maximumKeys else { return 0 }
    counts[key, default: 0] += 1
    return counts[key] ?? 0
  }

  private func repeated(_ segments: [Substring.UTF8View]) -> String? {
    var counts: [String: Int] = [:]
    for segment in segments where segment.filter(\.isASCIILetter).count > 2 {
      let text = String(decoding: segment, as: UTF8.self)
      counts[text, default: 0] += 1
      if counts[text] ?? 0 > limits.repeats { return text }
    }
    return nil
  }

  private static func parameters(_ url: WebURL) -> [Substring] {
    url.query?.split(separator: "&", omittingEmptySubsequences: true) ?? []
  }

  // MARK: Calendars

  /// What is left of a URL when the date at the end of its path, or in its query, is taken out; nil without one.
  private static func withoutDate(_ url: WebURL) -> String? {
    var segments = url.path.split(separator: "/", omittingEmptySubsequences: true)[...]
    var dates = 0
    // A name behind the date makes it an article, not a day.
    while let last = segments.last, isDatePart(last) {
      segments.removeLast()
      dates += 1
    }
    var hasDate = dates >= 2 || (dates == 1 && url.path.split(separator: "/").last.map(isWholeDate) == true)
    if !hasDate { segments = url.path.split(separator: "/", omittingEmptySubsequences: true)[...] }
    var query = ""
    for parameter in parameters(url) {
      let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = parts[0].lowercased()
      let value = parts.count == 2 ? parts[1] : ""
      let namesDate = ["year", "month", "day", "week", "date"].contains { name.hasSuffix($0) }
      if isWholeDate(value) || (namesDate && value.utf8.contains(where: \.isASCIIDigit)) {
        hasDate = true
        query += "&" + name + "=#"
      } else {
        query += "&" + parameter
      }
    }
    return hasDate ? "#" + (url.origin ?? "") + "/" + segments.joined(separator: "/") + "?" + query : nil
  }

  /// A number of one, two or four digits, or a whole date.
  private static func isDatePart(_ text: Substring) -> Bool {
    let count = text.utf8.count
    return (text.utf8.allSatisfy(\.isASCIIDigit) && (count == 1 || count == 2 || count == 4)) || isWholeDate(text)
  }

  /// `2026-11`, `2026-11-21`, `20261121`.
  private static func isWholeDate(_ text: Substring) -> Bool {
    let bytes = Array(text.utf8.prefix(11))
    let digits = bytes.filter(\.isASCIIDigit).count
    guard bytes.first == UInt8(ascii: "1") || bytes.first == UInt8(ascii: "2") else { return false }
    switch bytes.count {
    case 7: return digits == 6 && bytes[4] == UInt8(ascii: "-")
    case 8: return digits == 8 && (bytes[4] == 0x30 || bytes[4] == 0x31) && bytes[6] <= 0x33
    case 10: return digits == 8 && bytes[4] == UInt8(ascii: "-") && bytes[7] == UInt8(ascii: "-")
    default: return false
    }
  }
}
