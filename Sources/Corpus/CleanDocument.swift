/// A page's content as text, with the structure that chunking and citations need.
///
/// `text` is the blocks' texts in order, each two neighbours joined by a separator (a blank line, or a line break
/// between the items of one list, the rows of one table and the like), normalised to NFC, without control characters.
/// Every block is a byte range of it, ranges ascend and do not overlap.
public struct CleanDocument: Sendable, Equatable {
  /// The page's title; empty when it has none.
  public var title: String
  /// The page's language (BCP 47 primary subtag, lower case: `es`, `en`), declared by the page; nil when it does not say.
  public var language: String?
  /// The whole content.
  public var text: String
  /// The content's parts, in reading order.
  public var blocks: [Block]
  /// Where the page says its canonical address is, absolute; nil when it does not say.
  public var canonicalURL: String?
  /// What became of the page's macros; empty for pages that have none.
  public var macros: MacroReport
  /// What the page says of itself, by names in small letters.
  ///
  /// HTML's `<meta>`, a Markdown file's front matter: fields that a pipeline declares are read from here.
  public var attributes: [String: [String]]

  /// Makes a clean document.
  public init(
    title: String, language: String?, text: String, blocks: [Block], canonicalURL: String? = nil,
    macros: MacroReport = MacroReport(), attributes: [String: [String]] = [:]
  ) {
    self.attributes = attributes
    self.title = title
    self.language = language
    self.text = text
    self.blocks = blocks
    self.canonicalURL = canonicalURL
    self.macros = macros
  }
}

/// One part of a clean document.
public struct Block: Sendable, Equatable {
  /// What kind of part it is.
  public enum Kind: Sendable, Equatable {
    /// A heading, level 1 to 6.
    case heading(level: Int)
    /// A paragraph.
    case paragraph
    /// An item of a list: nesting from 0, its marker (`-` or `3.`) being part of the text.
    case listItem(depth: Int)
    /// A row of a table, with the header repeated: `Name: disk; Size: 20 GB`.
    case tableRow
    /// Code, verbatim; the language when the page names it.
    case code(language: String?)
    /// A quotation.
    case quote
    /// A term of a definition list.
    case term
    /// The definition of the term before it.
    case definition
    /// The caption or alternative text of a figure or a table.
    case caption
  }

  /// What kind of part it is.
  public var kind: Kind
  /// Its bytes in the clean document's text.
  public var range: TextRange
  /// The fragment that leads to it in the page (without `#`), for headings and other blocks with an id.
  public var anchor: String?
  /// The links in it, in order.
  public var links: [Link]

  /// Makes a block.
  public init(kind: Kind, range: TextRange, anchor: String? = nil, links: [Link] = []) {
    self.kind = kind
    self.range = range
    self.anchor = anchor
    self.links = links
  }
}

/// A link in a block.
public struct Link: Sendable, Equatable {
  /// The words of the link, as bytes of the clean document's text.
  public var range: TextRange
  /// Where it leads: absolute where the page's address is known.
  public var target: String

  /// Makes a link.
  public init(range: TextRange, target: String) {
    self.range = range
    self.target = target
  }
}
