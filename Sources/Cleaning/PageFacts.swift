internal import Corpus
internal import Markup

/// What a page says of itself: its title, language and addresses.
struct PageFacts {
  private(set) var documentTitle = ""
  private(set) var socialTitle = ""
  private(set) var firstHeading = ""
  private(set) var siteName = ""
  private(set) var language: String?
  private(set) var canonical: String?
  private(set) var base: String?
  private(set) var attributes = PageAttributes()

  init(page: MarkupDocument, analysis: PageAnalysis) {
    for node in page.elements {
      switch page.tag(of: node) {
      case .html:
        language = language ?? Self.language(page.value(of: .lang, in: node) ?? page.value(of: .xmlLang, in: node))
      case .title where documentTitle.isEmpty && !Self.isInSVG(node, page):
        documentTitle = Self.words(page.text(of: node))
      case .h1 where firstHeading.isEmpty && analysis.verdicts[node] != .dropped:
        firstHeading = Self.heading(node, page, analysis)
      case .base: base = base ?? page.value(of: .href, in: node)
      case .link:
        if canonical == nil, page.value(of: .rel, in: node)?.lowercased() == "canonical" {
          canonical = page.value(of: .href, in: node)
        }
      case .meta: note(meta: node, page)
      case .body:
        language = language ?? Self.language(page.value(of: .lang, in: node))
      default: break
      }
    }
  }

  private mutating func note(meta node: MarkupNode, _ page: MarkupDocument) {
    guard let content = page.value(of: .content, in: node) else { return }
    let key =
      (page.value(of: .property, in: node) ?? page.value(of: .name, in: node)
      ?? page.value(of: .httpEquiv, in: node) ?? "").lowercased()
    // HTML's standard: the content of `keywords` is separated by commas.
    for value in key == "keywords" ? content.split(separator: ",") : [content[...]] {
      attributes.add(String(value), as: key)
    }
    switch key {
    case "og:title" where socialTitle.isEmpty: socialTitle = Self.words(content)
    case "twitter:title" where socialTitle.isEmpty: socialTitle = Self.words(content)
    case "og:site_name" where siteName.isEmpty: siteName = Self.words(content)
    case "content-language": language = language ?? Self.language(content)
    case "og:locale": language = language ?? Self.language(content)
    default: break
    }
  }

  /// The best of what the page calls itself: the document's title without the site's name, which a heading or the
  /// social title tells apart.
  var title: String {
    for candidate in [firstHeading, socialTitle] where !candidate.isEmpty && candidate.count < 200 {
      if documentTitle == candidate || Self.contains(documentTitle, candidate) { return candidate }
    }
    if !socialTitle.isEmpty { return Self.without(site: siteName, socialTitle) }
    if !documentTitle.isEmpty { return Self.without(site: siteName, documentTitle) }
    return firstHeading
  }

  /// Whether a title holds a name as a part of its own, set off by a separator.
  private static func contains(_ title: String, _ name: String) -> Bool {
    guard name.count >= 3, let range = title.firstRange(of: name) else { return false }
    let before = title[..<range.lowerBound].last { !$0.isWhitespace }
    let after = title[range.upperBound...].first { !$0.isWhitespace }
    let separators: Set<Character> = ["-", "–", "—", "|", "·", "•", ":", "»", "«", "/", ">", "<", ".", "(", ")", "\\"]
    return (before.map(separators.contains) ?? true) && (after.map(separators.contains) ?? true)
  }

  private static func without(site: String, _ title: String) -> String {
    guard !site.isEmpty, title.count > site.count else { return title }
    for separator in [" | ", " - ", " – ", " — ", " · ", " • ", ": ", " » "] {
      if title.hasSuffix(separator + site) { return String(title.dropLast(separator.count + site.count)) }
      if title.hasPrefix(site + separator) { return String(title.dropFirst(separator.count + site.count)) }
    }
    return title
  }

  private static func heading(_ node: MarkupNode, _ page: MarkupDocument, _ analysis: PageAnalysis) -> String {
    var text = InlineText()
    var inner = node + 1
    page.bytes.withUnsafeBufferPointer { bytes in
      while inner < page.end(of: node) {
        if page.isText(inner) {
          text.append(UnsafeBufferPointer(rebasing: bytes[page.textRange(of: inner)]))
          inner += 1
        } else if analysis.verdicts[inner] == .dropped || analysis.hints[inner].contains(.permalink) {
          inner = page.end(of: inner)
        } else {
          if page.tag(of: inner) == .br { text.space() }
          inner += 1
        }
      }
    }
    text.finish()
    return String(decoding: text.bytes.prefix(1000), as: UTF8.self)
  }

  private static func isInSVG(_ node: MarkupNode, _ page: MarkupDocument) -> Bool {
    page.parent(of: node).map { page.tag(of: $0) == .svg } ?? false
  }

  static func words(_ text: String) -> String { String(decoding: InlineText.of(text).bytes, as: UTF8.self) }

  /// The primary subtag of a language tag, lower case; nil for what is none.
  static func language(_ tag: String?) -> String? {
    guard let tag else { return nil }
    let primary = tag.split(whereSeparator: { $0 == "-" || $0 == "_" || $0 == "," || $0.isWhitespace }).first
    guard let primary, (2...3).contains(primary.count), primary.allSatisfy({ $0.isASCII && $0.isLetter }) else {
      return nil
    }
    return primary.lowercased()
  }
}
