public import Corpus

/// Cuts clean documents into chunks.
public struct Chunker: Sendable {
  /// Changes whenever the same clean document would give other chunks.
  public static let version = 3

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
  /// What neighbours share, in the unit of `measure`; less than `size`.
  ///
  /// `recursive` shares that much at most, `structure` the whole sentences that come nearest to it.
  public let overlap: Int
  /// How long a text is; nil counts Unicode scalars.
  public let measure: (@Sendable (Substring) -> Int)?

  /// Makes a chunker; sizes are taken as at least 1 and `overlap` as at most `size - 1`.
  ///
  /// - Parameters:
  ///   - method: the way of cutting.
  ///   - size: the largest chunk, in the unit of `measure`.
  ///   - overlap: what neighbours share, in the unit of `measure`.
  ///   - measure: how long a text is; nil counts Unicode scalars. A measure of tokens must not count the marks that a
  ///     model puts around every text: the lengths of neighbouring pieces are added.
  public init(method: Method, size: Int, overlap: Int, measure: (@Sendable (Substring) -> Int)? = nil) {
    self.method = method
    self.size = max(1, size)
    self.overlap = min(max(0, overlap), max(1, size) - 1)
    self.measure = measure
  }

  /// Cuts a clean document; an empty one has no chunks.
  public func chunks(of document: CleanDocument) -> [Chunk] {
    var text = document.text
    text.makeContiguousUTF8()
    return text.withUTF8 { bytes in
      if let measure {
        // The closure reads the document's own string: this one is being accessed.
        return cut(document, bytes, ClosureLength(text: document.text, measure: measure))
      }
      return cut(document, bytes, ScalarLength(bytes: bytes))
    }
  }

  private func cut(
    _ document: CleanDocument, _ bytes: UnsafeBufferPointer<UInt8>, _ measure: some LengthMeasure
  ) -> [Chunk] {
    let outline = Outline(document, bytes)
    let ranges: [TextRange]
    switch method {
    case .recursive:
      var cutter = RecursiveCutter(bytes: bytes, measure: measure, size: size, overlap: overlap)
      ranges = cutter.cut()
    case .structure:
      var cutter = StructureCutter(bytes: bytes, measure: measure, outline: outline, size: size, overlap: overlap)
      ranges = cutter.cut()
    }
    return chunks(ranges, bytes, outline)
  }

  /// Gives each range its text, headings and anchor.
  private func chunks(_ ranges: [TextRange], _ bytes: UnsafeBufferPointer<UInt8>, _ outline: Outline) -> [Chunk] {
    var chunks: [Chunk] = []
    chunks.reserveCapacity(ranges.count)
    var entry = 0
    var lastHeading: Int?
    var lastPath: [String] = []
    for range in ranges {
      let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[range.start..<range.end]), as: UTF8.self)
      var chunk = Chunk(index: chunks.count, range: range, text: text)
      if !outline.entries.isEmpty {
        entry = outline.entry(at: range.start, from: entry)
        let first = outline.entries[entry]
        // What holds for the whole chunk: the headings over all its blocks.
        var heading = first.heading
        var position = entry + 1
        while heading != nil, position < outline.entries.count, outline.entries[position].range.start < range.end {
          heading = outline.common(heading, outline.entries[position].heading)
          position += 1
        }
        if heading != lastHeading || chunks.isEmpty {
          lastHeading = heading
          lastPath = outline.path(of: heading)
        }
        chunk.headingPath = lastPath
        chunk.anchor = first.range.start <= range.start ? first.anchor : nil
      }
      chunks.append(chunk)
    }
    return chunks
  }
}

extension Chunk {
  /// The text that is embedded and indexed: title and heading path before the chunk's own text, where they are known.
  public func embeddingText(title: String) -> String {
    let path = ([title] + headingPath).filter { !$0.isEmpty }.joined(separator: " › ")
    return path.isEmpty ? text : path + "\n" + text
  }
}
