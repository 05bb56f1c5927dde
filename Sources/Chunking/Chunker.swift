public import Corpus

/// Cuts clean documents into chunks.
public struct Chunker: Sendable {
  /// Changes whenever the same clean document would give other chunks.
  public static let version = 1

  /// The way of cutting.
  public enum Method: Sendable, Hashable {
    /// Along headings, blocks and sentences.
    case structure
    /// As LangChain's `RecursiveCharacterTextSplitter` does with its default separators.
    case recursive
  }

  /// The way of cutting.
  public let method: Method
  /// The largest chunk, in the unit of `measure`.
  public let size: Int
  /// What neighbours share at most, in the unit of `measure`; less than `size`.
  public let overlap: Int
  /// How long a text is; nil counts Unicode scalars.
  public let measure: (@Sendable (Substring) -> Int)?

  /// Makes a chunker; sizes are taken as at least 1 and `overlap` as at most `size - 1`.
  public init(method: Method, size: Int, overlap: Int, measure: (@Sendable (Substring) -> Int)? = nil) {
    self.method = method
    self.size = max(1, size)
    self.overlap = min(max(0, overlap), max(1, size) - 1)
    self.measure = measure
  }

  /// Cuts a clean document; an empty one has no chunks.
  public func chunks(of document: CleanDocument) -> [Chunk] {
    preconditionFailure("under construction")
  }
}

extension Chunk {
  /// The text that is embedded and indexed: title and heading path before the chunk's own text, where they are known.
  public func embeddingText(title: String) -> String {
    let path = ([title] + headingPath).filter { !$0.isEmpty }.joined(separator: " › ")
    return path.isEmpty ? text : path + "\n" + text
  }
}
