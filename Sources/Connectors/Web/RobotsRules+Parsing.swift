internal import HTTPClient

extension RobotsRules {
  /// Reads a robots.txt file for one crawler.
  ///
  /// Never fails: lines that say nothing known are passed over.
  ///
  /// - Parameters:
  ///   - bytes: the file; a byte order mark is passed over, lines end with LF, CR or CRLF.
  ///   - userAgent: the crawler's product token, or a `User-Agent` value that starts with it.
  public init(parsing bytes: [UInt8], userAgent: String) {
    var reader = Reader(token: Self.productToken(Array(userAgent.utf8)[...]))
    var content = bytes.prefix(Self.maximumSize)
    if bytes.count > content.count, !Self.endsLine(bytes[content.endIndex]) {
      while let last = content.last, !Self.endsLine(last) { content = content.dropLast() }
    }
    if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
    for line in content.split(whereSeparator: Self.endsLine) { reader.read(line) }
    let group = reader.namesCrawler ? reader.own : reader.everybody
    self.init(rules: group.rules, crawlDelay: group.crawlDelay, sitemaps: reader.sitemaps)
  }

  private static func endsLine(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  /// The leading letters, `-` and `_`, in lower case (section 2.2.1).
  static func productToken(_ text: ArraySlice<UInt8>) -> [UInt8] {
    text.prefix { $0.isASCIILetter || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }.map(\.asciiLowercased)
  }

  /// The rules of all groups that name one crawler.
  private struct Group {
    var rules: [Rule] = []
    var crawlDelay: Double?
  }

  /// Sorts lines into the groups that name the crawler and those for everybody.
  private struct Reader {
    let token: [UInt8]
    var own = Group()
    var everybody = Group()
    var sitemaps: [String] = []
    /// Whether any group names the crawler; then the groups for everybody do not count.
    var namesCrawler = false

    private var isOwn = false
    private var isEverybody = false
    /// Whether a rule has come since the last user agent: then the next user agent starts a new group.
    private var hasRule = false

    init(token: [UInt8]) { self.token = token }

    mutating func read(_ line: ArraySlice<UInt8>) {
      guard let (key, value) = Self.keyAndValue(line.prefix { $0 != UInt8(ascii: "#") }) else { return }
      switch String(decoding: key.map(\.asciiLowercased), as: UTF8.self) {
      case "user-agent": readUserAgent(value)
      case "allow": addRule(allows: true, value)
      case "disallow": addRule(allows: false, value)
      case "crawl-delay": readCrawlDelay(value)
      case "sitemap": if !value.isEmpty { sitemaps.append(String(decoding: value, as: UTF8.self)) }
      default: break
      }
    }

    private mutating func readUserAgent(_ value: ArraySlice<UInt8>) {
      if hasRule {
        (isOwn, isEverybody, hasRule) = (false, false, false)
      }
      if value.first == UInt8(ascii: "*"), value.count == 1 || Self.isBlank(value[value.startIndex + 1]) {
        isEverybody = true
      } else if !token.isEmpty, RobotsRules.productToken(value) == token {
        isOwn = true
        namesCrawler = true
      }
    }

    private mutating func addRule(allows: Bool, _ value: ArraySlice<UInt8>) {
      hasRule = true
      guard isOwn || isEverybody, !value.isEmpty else { return }
      let rule = Rule(allows: allows, pattern: RobotsPattern(value, allows ? .asWritten : .decoded))
      if isOwn { own.rules.append(rule) }
      if isEverybody { everybody.rules.append(rule) }
    }

    /// Applies to the agents named so far; being no rule of the RFC it must not end their list.
    private mutating func readCrawlDelay(_ value: ArraySlice<UInt8>) {
      guard let seconds = Double(String(decoding: value.prefix(32), as: UTF8.self)), seconds >= 0 else { return }
      let delay = min(seconds, RobotsRules.longestCrawlDelay)
      if isOwn { own.crawlDelay = own.crawlDelay ?? delay }
      if isEverybody { everybody.crawlDelay = everybody.crawlDelay ?? delay }
    }

    /// `key: value`; also `key value`, a slip so frequent that other readers take it too.
    private static func keyAndValue(_ line: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
      let line = trimmed(line)
      if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
        return (trimmed(line[..<colon]), trimmed(line[(colon + 1)...]))
      }
      let words = line.split(maxSplits: 2, whereSeparator: isBlank)
      return words.count == 2 ? (words[0], words[1]) : nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
      var text = text.drop(while: isBlank)
      while let last = text.last, isBlank(last) { text = text.dropLast() }
      return text
    }
  }
}
