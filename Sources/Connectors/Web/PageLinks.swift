internal import HTTPClient
internal import Markup

/// What a crawl wants to know of a page: where it leads and what it says to robots.
struct PageLinks: Equatable {
  /// Where the page leads: `http` and `https` only, without fragments, each once, in the page's order.
  var links: [WebURL] = []
  /// The address that the page calls its own.
  var canonical: WebURL?
  /// The contents of `<meta name=robots>` and of the `<meta>` with the crawler's own name.
  var robots: [String] = []

  /// More links than this on one page are a trap, not a page.
  static let maximumLinks = 20_000
  /// Longer addresses are not followed.
  static let maximumLength = 4096

  private static let a = TagScanner.code(of: "a")
  private static let area = TagScanner.code(of: "area")
  private static let frame = TagScanner.code(of: "frame")
  private static let iframe = TagScanner.code(of: "iframe")
  private static let base = TagScanner.code(of: "base")
  private static let link = TagScanner.code(of: "link")
  private static let meta = TagScanner.code(of: "meta")
  private static let body = TagScanner.code(of: "body")

  /// Reads a page.
  ///
  /// - Parameters:
  ///   - page: its bytes, in any charset.
  ///   - url: where it was found.
  ///   - charset: what the transport said, if anything.
  ///   - agent: the crawler's product token, as it may name a `<meta>`.
  init(page: [UInt8], url: WebURL, charset: String?, agent: String) {
    let bytes = Self.decoded(page, charset: charset)
    bytes.withUnsafeBufferPointer { read($0, url: url, agent: agent.lowercased()) }
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, url: WebURL, agent: String) {
    var scanner = TagScanner(bytes)
    var seen: Set<String> = []
    var found: [String] = []
    var baseText: String?
    var canonicalText: String?
    var isInBody = false
    func text(_ range: Range<Int>?) -> String? {
      guard let range, range.count <= Self.maximumLength else { return nil }
      return Self.text(bytes[range])
    }
    func add(_ range: Range<Int>?) {
      guard found.count < Self.maximumLinks, let text = text(range), seen.insert(text).inserted else { return }
      found.append(text)
    }
    while let tag = scanner.next() {
      if tag.isEnd { continue }
      switch tag.name {
      case Self.a, Self.area:
        if let rel = tag.rel, scanner.holds(rel, word: "nofollow") { continue }
        add(tag.href)
      case Self.frame, Self.iframe: add(tag.src)
      case Self.base: if baseText == nil { baseText = text(tag.href) }
      case Self.body: isInBody = true
      case Self.link:
        // In the body anybody whose text the site shows could have written it.
        guard !isInBody, canonicalText == nil, let rel = tag.rel, scanner.holds(rel, word: "canonical") else {
          continue
        }
        canonicalText = text(tag.href)
      case Self.meta:
        if let name = text(tag.nameAttribute)?.lowercased(), name == "robots" || name == agent {
          if let content = text(tag.content) { robots.append(content) }
        } else if let equivalent = tag.equivalent, scanner.equals(equivalent, "refresh"),
          let target = text(tag.content).flatMap(Self.refreshTarget), seen.insert(target).inserted
        {
          found.append(target)
        }
      default: break
      }
    }
    let base = baseText.flatMap { WebURL($0, base: url) } ?? url
    canonical = canonicalText.flatMap { Self.resolve($0, base) }
    var unique: Set<WebURL> = []
    links = found.compactMap { Self.resolve($0, base) }.filter { unique.insert($0).inserted }
  }

  private static func resolve(_ text: String, _ base: WebURL) -> WebURL? {
    guard let url = WebURL(text, base: base)?.withoutFragment, url.scheme == "http" || url.scheme == "https" else {
      return nil
    }
    return url
  }

  /// The address in the content of `<meta http-equiv=refresh>`: `5; url=next.html`.
  static func refreshTarget(_ content: String) -> String? {
    guard let separator = content.firstIndex(where: { $0 == ";" || $0 == "," }) else { return nil }
    var rest = content[content.index(after: separator)...].drop { $0.isWhitespace }
    if rest.lowercased().hasPrefix("url") {
      let after = rest.dropFirst(3).drop { $0.isWhitespace }
      if after.first == "=" { rest = after.dropFirst().drop { $0.isWhitespace } }
    }
    if let quote = rest.first, quote == "'" || quote == "\"" {
      rest = rest.dropFirst().prefix { $0 != quote }
    }
    return rest.isEmpty ? nil : String(rest)
  }

  // MARK: Text

  /// The page in UTF-8: as it is where it is that already, as nearly all are.
  private static func decoded(_ bytes: [UInt8], charset: String?) -> [UInt8] {
    let isWide = charset?.lowercased().hasPrefix("utf-16") == true
    if !isWide, String(validating: bytes, as: UTF8.self) != nil { return bytes }
    return TextDecoder.decode(bytes, transportCharset: charset).utf8
  }

  /// An attribute's value with its character references replaced.
  static func text(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    return text.utf8.contains(0x26) ? replacingReferences(text) : text
  }

  /// Replaces numeric references and the five names that URLs need: a query is full of `&name=` that are none.
  private static func replacingReferences(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let ampersand = rest.utf8.firstIndex(of: 0x26) {
      result += rest[..<ampersand]
      rest = rest[ampersand...]
      if let (replacement, length) = reference(rest.utf8.prefix(12)) {
        result.unicodeScalars.append(replacement)
        rest = rest[rest.utf8.index(rest.startIndex, offsetBy: length)...]
      } else {
        result += "&"
        rest = rest.dropFirst()
      }
    }
    return result + rest
  }

  private static func reference(_ text: Substring.UTF8View.SubSequence) -> (Unicode.Scalar, Int)? {
    let bytes = Array(text)
    if bytes.count > 2, bytes[1] == 0x23 {
      let isHexadecimal = bytes[2] | 0x20 == 0x78
      let digits = bytes.dropFirst(isHexadecimal ? 3 : 2).prefix {
        0x30...0x39 ~= $0 || (isHexadecimal && 0x61...0x66 ~= $0 | 0x20)
      }
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: isHexadecimal ? 16 : 10)
      guard !digits.isEmpty, let value, value > 0, let scalar = Unicode.Scalar(value) else { return nil }
      let hasSemicolon = digits.endIndex < bytes.count && bytes[digits.endIndex] == 0x3B
      return (scalar, digits.endIndex + (hasSemicolon ? 1 : 0))
    }
    for (name, scalar) in names where bytes.dropFirst().starts(with: name.utf8) {
      let end = name.utf8.count + 1
      guard end < bytes.count, bytes[end] != 0x3B else { return (scalar, min(end + 1, bytes.count)) }
      // Without its semicolon, a name that goes on or is followed by "=" is a query's parameter.
      let isParameter = bytes[end] == 0x3D || 0x30...0x39 ~= bytes[end] || 0x61...0x7A ~= bytes[end] | 0x20
      return isParameter || name == "apos" ? nil : (scalar, end)
    }
    return nil
  }

  private static let names: [(String, Unicode.Scalar)] = [
    ("amp", "&"), ("quot", "\""), ("apos", "'"), ("lt", "<"), ("gt", ">"),
  ]
}
