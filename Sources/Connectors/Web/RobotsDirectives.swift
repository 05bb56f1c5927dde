internal import HTTPClient

/// What a page says about itself to robots: `X-Robots-Tag` fields and `<meta name="robots">`.
///
/// Several directives add up, the strictest counting. There is no RFC; the words are those that
/// https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag describes.
public struct RobotsDirectives: Sendable, Equatable {
  /// Whether the page must not be indexed.
  public private(set) var noIndex = false
  /// Whether the page's links must not be followed.
  public private(set) var noFollow = false
  /// From when on the page must not be indexed, in seconds since 1970; nil without such a date.
  public private(set) var unavailableAfter: Int64?

  /// The crawler's product token, in lower case.
  private let agent: String

  /// Starts without any directive.
  ///
  /// - Parameter userAgent: the crawler's product token, or a `User-Agent` value that starts with it.
  public init(userAgent: String) {
    agent = String(
      decoding: RobotsRules.productToken(Array(userAgent.utf8)[...]), as: UTF8.self)
  }

  /// Whether the page must not be indexed at a moment, in seconds since 1970.
  public func forbidsIndexing(at now: Int64) -> Bool {
    noIndex || unavailableAfter.map { now >= $0 } ?? false
  }

  /// Adds one `X-Robots-Tag` field; directives behind the name of another crawler are passed over.
  public mutating func addHeader(_ value: String) { add(value, allowsAgents: true) }

  /// Adds the content of a `<meta>` that is named `robots` or as the crawler itself.
  public mutating func addMeta(_ content: String) { add(content, allowsAgents: false) }

  private mutating func add(_ value: String, allowsAgents: Bool) {
    var concernsUs = true
    var words = value.prefix(8_192).split(separator: ",", omittingEmptySubsequences: true)[...]
    while let word = words.popFirst() {
      var directive = Self.trimmed(word)
      if let colon = directive.firstIndex(of: ":") {
        let name = Self.trimmed(directive[..<colon])
        let rest = Self.trimmed(directive[directive.index(after: colon)...])
        if name == "unavailable_after" {
          if concernsUs { addUnavailableAfter(rest, &words) }
          continue
        }
        // `max-snippet: 20` has a value; any other word before a colon names a crawler.
        if name.hasPrefix("max-") { continue }
        guard allowsAgents else { continue }
        concernsUs = name == agent || name == "*" || name == "robots"
        directive = rest
        if directive.hasPrefix("unavailable_after:") {
          if concernsUs { addUnavailableAfter(directive.dropFirst(18), &words) }
          continue
        }
      }
      guard concernsUs else { continue }
      switch directive {
      case "noindex": noIndex = true
      case "nofollow": noFollow = true
      case "none": (noIndex, noFollow) = (true, true)
      default: break
      }
    }
  }

  /// Reads a date, which may itself hold a comma; one that cannot be read says nothing.
  private mutating func addUnavailableAfter(_ start: Substring, _ words: inout ArraySlice<Substring>) {
    var text = String(start)
    var date = Self.date(text)
    if date == nil, let next = words.first {
      text += "," + next.lowercased()
      date = Self.date(text)
      if date != nil { words.removeFirst() }
    }
    if let date { unavailableAfter = min(unavailableAfter ?? date, date) }
  }

  /// A date in the forms of HTTP, with any zone's name (taken as UTC: the hours do not matter here), or ISO 8601.
  private static func date(_ text: String) -> Int64? {
    if let date = W3CDateTime.parse(text.uppercased()) { return date }
    if let date = HTTPDate.parse(text) { return date }
    var fields = text.split { $0 == " " || $0 == "," }
    if let zone = fields.last, zone.first?.isNumber == false, fields.count > 2 { fields.removeLast() }
    if fields.first?.first?.isNumber == false { fields.removeFirst() }
    return HTTPDate.parse("x, " + fields.joined(separator: " ") + " GMT")
  }

  /// A word without surrounding blanks, in lower case.
  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text = text.dropLast() }
    return text.lowercased()[...]
  }
}
