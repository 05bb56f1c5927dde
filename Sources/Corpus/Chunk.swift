/// A piece of a clean document: what is embedded, found and cited.
public struct Chunk: Sendable, Equatable {
  /// Its position among the chunks of its document, from 0.
  public var index: Int
  /// Its bytes in the clean document's text; `text` is exactly those bytes.
  public var range: TextRange
  /// Its text.
  public var text: String
  /// The headings it stands under, outermost first, without the document's title.
  public var headingPath: [String]
  /// The fragment of the nearest heading or block with an id at or before its start (without `#`).
  public var anchor: String?

  /// Makes a chunk.
  public init(index: Int, range: TextRange, text: String, headingPath: [String] = [], anchor: String? = nil) {
    self.index = index
    self.range = range
    self.text = text
    self.headingPath = headingPath
    self.anchor = anchor
  }
}
