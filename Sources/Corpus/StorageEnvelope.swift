/// A page in Confluence's storage format, with what its references stand for.
///
/// Storage format names pages by title and people by account. The source knows what they mean and writes it down in
/// front of the page, so that cleaning stays a function of the bytes alone: a renamed page or person changes the bytes.
///
/// `encoded` is XML: an element `acervo:context` and the page's own fragment behind it. Other bodies stand in the context
/// as escaped text, so that one that is not well-formed cannot swallow the page.
public struct StorageEnvelope: Sendable {
  /// A page that links may name.
  public struct Page: Sendable, Hashable {
    /// The key of its space.
    public var space: String
    /// Its title.
    public var title: String
    /// Where a person reads it.
    public var url: String

    /// Makes a page.
    public init(space: String, title: String, url: String) {
      self.space = space
      self.title = title
      self.url = url
    }
  }

  /// The page's body, a fragment of storage format.
  public var body: String
  /// The site's address without a slash at its end, `https://acme.atlassian.net/wiki`; nil when it is not known.
  public var base: String?
  /// The page's id.
  public var id: String?
  /// The key of the page's space: what a link without one means.
  public var space: String?
  /// The page's language (BCP 47), for the words that cleaning adds.
  public var language: String?
  /// Display names by account id, user key or user name.
  public var people: [String: String] = [:]
  /// The pages that the body's links name.
  public var pages: Set<Page> = []
  /// The bodies that stand in for `include` and `excerpt-include`, by page.
  public var included: [Page: String] = [:]
  /// The comments below the page, in the order in which they are read.
  public var comments: [Comment] = []

  /// What somebody wrote about the page.
  public struct Comment: Sendable, Equatable {
    /// Who wrote it; empty when that is not known.
    public var author: String
    /// The day of its newest version, `2026-02-03`.
    public var day: String?
    /// The words on the page that it is about; nil for a comment on the whole page.
    public var selection: String?
    /// Whether it answers the one before it.
    public var isAnswer: Bool
    /// Storage format.
    public var body: String

    /// Makes a comment.
    public init(author: String, day: String? = nil, selection: String? = nil, isAnswer: Bool = false, body: String) {
      self.author = author
      self.day = day
      self.selection = selection
      self.isAnswer = isAnswer
      self.body = body
    }
  }

  /// Makes an envelope around a body.
  public init(body: String) { self.body = body }

  /// The bytes that a document of media type `MediaType.confluenceStorage` carries.
  public var encoded: [UInt8] {
    var xml = "<acervo:context"
    for (name, value) in [("base", base), ("id", id), ("space", space), ("language", language)] {
      if let value { xml += " \(name)=\"\(Self.escaped(value))\"" }
    }
    xml += ">"
    for (key, name) in people.sorted(by: { $0.key < $1.key }) {
      xml += "<acervo:user key=\"\(Self.escaped(key))\" name=\"\(Self.escaped(name))\"/>"
    }
    for page in pages.sorted(by: Self.precedes) { xml += Self.element("acervo:page", page) + "/>" }
    for (page, body) in included.sorted(by: { Self.precedes($0.key, $1.key) }) {
      xml += Self.element("acervo:included", page) + ">" + Self.escaped(body) + "</acervo:included>"
    }
    for comment in comments {
      xml += "<acervo:comment author=\"\(Self.escaped(comment.author))\""
      if let day = comment.day { xml += " day=\"\(Self.escaped(day))\"" }
      if let selection = comment.selection { xml += " selection=\"\(Self.escaped(selection))\"" }
      if comment.isAnswer { xml += " answer=\"yes\"" }
      xml += ">" + Self.escaped(comment.body) + "</acervo:comment>"
    }
    return Array((xml + "</acervo:context>" + body).utf8)
  }

  private static func precedes(_ first: Page, _ second: Page) -> Bool {
    (first.space, first.title, first.url) < (second.space, second.title, second.url)
  }

  private static func element(_ name: String, _ page: Page) -> String {
    "<\(name) space=\"\(escaped(page.space))\" title=\"\(escaped(page.title))\" url=\"\(escaped(page.url))\""
  }

  /// Text as an attribute's value: markup and white space that XML would change written as numbers, and characters
  /// that XML 1.0 forbids left out.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x26: result += "&amp;"
      case 0x3C: result += "&lt;"
      case 0x3E: result += "&gt;"
      case 0x22: result += "&quot;"
      case 0x09, 0x0A, 0x0D: result += "&#\(scalar.value);"
      case 0..<0x20, 0xFFFE, 0xFFFF: break
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
