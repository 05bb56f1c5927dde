internal import Corpus

/// What cleaning makes of a page, as the state keeps it.
struct CleanedPage: Sendable, Equatable {
  var document: CleanDocument
  /// The page's language: what the page says, else what its text shows.
  var language: String?
}

/// The forms in which stage results are kept; a change of form is a change of `StageKeys.version`.
enum StageResults {
  static func encode(_ page: CleanedPage) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(page.language) { $0.write($1) }
    writer.write(page.document.title)
    writer.write(page.document.language) { $0.write($1) }
    writer.write(page.document.canonicalURL) { $0.write($1) }
    writer.write(attributes: page.document.attributes)
    writer.write(page.document.text)
    writer.write(list: page.document.blocks) { $0.write($1) }
    writer.write(list: page.document.macros.counts.sorted { $0.key < $1.key }) { writer, macro in
      writer.write(macro.key)
      for count in [macro.value.rendered, macro.value.reduced, macro.value.dropped] { writer.write(count) }
    }
    return writer.bytes
  }

  static func decodePage(_ bytes: UnsafeRawBufferPointer) throws(ByteCodingError) -> CleanedPage {
    var reader = ByteReader(bytes)
    let language = try reader.optional { reader throws(ByteCodingError) in try reader.text() }
    let title = try reader.text()
    let declared = try reader.optional { reader throws(ByteCodingError) in try reader.text() }
    let canonical = try reader.optional { reader throws(ByteCodingError) in try reader.text() }
    let attributes = try reader.attributes()
    let text = try reader.text()
    let blocks = try reader.list { reader throws(ByteCodingError) in try reader.block() }
    let macros = try reader.list { reader throws(ByteCodingError) in
      (
        try reader.text(),
        MacroReport.Counts(rendered: try reader.int(), reduced: try reader.int(), dropped: try reader.int())
      )
    }
    return CleanedPage(
      document: CleanDocument(
        title: title, language: declared, text: text, blocks: blocks, canonicalURL: canonical,
        macros: MacroReport(counts: Dictionary(macros) { first, _ in first }), attributes: attributes),
      language: language)
  }

  /// A chunk's text is not written: it is the clean document's text at the chunk's range.
  static func encode(_ chunks: [Chunk]) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(list: chunks) { writer, chunk in
      writer.write(chunk.range)
      writer.write(list: chunk.headingPath) { $0.write($1) }
      writer.write(chunk.anchor) { $0.write($1) }
    }
    return writer.bytes
  }

  static func decodeChunks(_ bytes: UnsafeRawBufferPointer, of text: String) throws(ByteCodingError) -> [Chunk] {
    var reader = ByteReader(bytes)
    var chunks = try reader.list { reader throws(ByteCodingError) in
      Chunk(
        index: 0, range: try reader.range(), text: "",
        headingPath: try reader.list { reader throws(ByteCodingError) in try reader.text() },
        anchor: try reader.optional { reader throws(ByteCodingError) in try reader.text() })
    }
    for index in chunks.indices {
      guard let slice = text.slice(chunks[index].range) else {
        throw ByteCodingError(description: "chunk \(index) leaves its document's text")
      }
      chunks[index].index = index
      chunks[index].text = String(slice)
    }
    return chunks
  }

  static func encode(_ vector: some Collection<Float>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(vector.count * 4)
    for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    return bytes
  }

  /// Adds a vector of so many dimensions to others.
  static func decodeVector(
    _ bytes: UnsafeRawBufferPointer, dimensions: Int, into rows: inout [Float]
  ) throws(ByteCodingError) {
    guard bytes.count == dimensions * 4 else {
      throw ByteCodingError(description: "a vector of \(dimensions) numbers expected, not \(bytes.count) bytes")
    }
    let start = rows.count
    rows.append(contentsOf: repeatElement(0, count: dimensions))
    // The machines that run this are little-endian, as the kept form is.
    rows.withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[(4 * start)...]).copyMemory(from: bytes) }
  }
}

extension ByteWriter {
  /// What a page says of itself, by name.
  mutating func write(attributes: [String: [String]]) {
    write(list: attributes.sorted { $0.key < $1.key }) { writer, attribute in
      writer.write(attribute.key)
      writer.write(list: attribute.value) { $0.write($1) }
    }
  }

  fileprivate mutating func write(_ range: TextRange) {
    write(range.start)
    write(range.count)
  }

  fileprivate mutating func write(_ block: Block) {
    switch block.kind {
    case .heading(let level): write([0, level])
    case .paragraph: write(1)
    case .listItem(let depth): write([2, depth])
    case .tableRow: write(3)
    case .code(let language):
      write(4)
      write(language) { $0.write($1) }
    case .quote: write(5)
    case .term: write(6)
    case .definition: write(7)
    case .caption: write(8)
    }
    write(block.range)
    write(block.anchor) { $0.write($1) }
    write(list: block.links) {
      $0.write($1.range)
      $0.write($1.target)
    }
  }

  private mutating func write(_ numbers: [Int]) {
    for number in numbers { write(number) }
  }
}

extension ByteReader {
  /// What a page says of itself, by name.
  mutating func attributes() throws(ByteCodingError) -> [String: [String]] {
    let pairs = try list { reader throws(ByteCodingError) in
      (try reader.text(), try reader.list { reader throws(ByteCodingError) in try reader.text() })
    }
    return Dictionary(pairs) { first, _ in first }
  }

  fileprivate mutating func range() throws(ByteCodingError) -> TextRange {
    let start = try int()
    let (end, overflow) = start.addingReportingOverflow(try int())
    guard !overflow else { throw ByteCodingError(description: "a range that ends beyond all texts") }
    return TextRange(start: start, end: end)
  }

  fileprivate mutating func block() throws(ByteCodingError) -> Block {
    let kind: Block.Kind =
      switch try int() {
      case 0: .heading(level: try int())
      case 1: .paragraph
      case 2: .listItem(depth: try int())
      case 3: .tableRow
      case 4: .code(language: try optional { reader throws(ByteCodingError) in try reader.text() })
      case 5: .quote
      case 6: .term
      case 7: .definition
      case 8: .caption
      default: throw ByteCodingError(description: "no such kind of block")
      }
    return Block(
      kind: kind, range: try range(), anchor: try optional { reader throws(ByteCodingError) in try reader.text() },
      links: try list { reader throws(ByteCodingError) in Link(range: try reader.range(), target: try reader.text()) })
  }
}
