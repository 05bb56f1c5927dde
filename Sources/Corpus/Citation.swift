/// Where a sentence of an answer comes from.
public struct Citation: Sendable, Equatable {
  /// The document's address.
  public var url: String
  /// The document's title.
  public var title: String
  /// The heading path of the chunk, joined by ` › `; empty at the top of a page.
  public var heading: String
  /// The fragment that leads to the place (without `#`).
  public var anchor: String?
  /// The words quoted: a substring of the chunk's text, byte for byte.
  public var quote: String
  /// The score of the chunk for the question; higher is better, comparable within one answer only.
  public var score: Double
  /// The chunk's number in its snapshot, from 0.
  public var chunk: Int

  /// Makes a citation.
  public init(
    url: String, title: String, heading: String, anchor: String?, quote: String, score: Double, chunk: Int
  ) {
    self.url = url
    self.title = title
    self.heading = heading
    self.anchor = anchor
    self.quote = quote
    self.score = score
    self.chunk = chunk
  }
}

extension Citation {
  /// As every answer writes it, over HTTP and on the command line.
  public var json: JSONValue {
    [
      "url": .string(url), "title": .string(title), "heading": .string(heading),
      "anchor": anchor.map { .string($0) } ?? .null, "quote": .string(quote), "score": .number(score),
      "chunk": .integer(Int64(chunk)),
    ]
  }
}
