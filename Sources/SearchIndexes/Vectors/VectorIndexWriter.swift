internal import CKernels
internal import Corpus

/// Which of a snapshot's sets of vectors.
public enum VectorSet: Sendable, CaseIterable {
  /// The embedder's.
  case first
  /// The second embedder's.
  case second

  /// The section that holds the vectors.
  var section: String { self == .first ? "vectors" : "vectors.second" }
  /// The section that holds them once more, as 8-bit codes; parts as those of `section`.
  var codes: String { section + ".codes" }
}

/// The bytes of the vectors; docs/snapshot-format.md draws them.
enum VectorLayout {
  static let version = 1
  /// Stands after all blocks, so that blocks can be written before the number of rows is known.
  static let headerPart = UInt32.max
  /// A value of LMDB begins 16 bytes after a page's start: 48 more, and every row of 16 floats begins a cache line.
  static let blockHeader = 48

  /// The floats of a row: its dimensions, padded by zeros to whole cache lines.
  static func stride(dimensions: Int) -> Int { (dimensions + 15) / 16 * 16 }

  /// The bytes of a part of `codes`: the codes, then scales, norms and residuals, a float for each row.
  static func codeBytes(rows: Int, codeStride: Int) -> Int { blockHeader + rows * (codeStride + 12) }
}

/// Writes vectors in blocks, one large value each.
///
/// Memory is one block and its codes, whatever the number of vectors.
public struct VectorIndexWriter {
  /// The vectors' length.
  public let dimensions: Int
  /// How many vectors were written.
  public private(set) var count = 0
  private let set: VectorSet
  private let stride: Int
  private let rowsPerBlock: Int
  private let sink: SectionSink
  private var block: [Float] = []
  private var codes: [UInt8] = []
  private var facts: [acervo_code_facts] = []
  private var nextPart: UInt32 = 0

  /// Makes a writer.
  ///
  /// - Parameters:
  ///   - set: which vectors they are; the first embedder's by default.
  ///   - dimensions: the vectors' length, 1 to 65,536.
  ///   - blockBytes: about how long a block is; 8 MB by default. It is part of the bytes that are written.
  ///   - sink: takes the values.
  /// - Throws: `SearchIndexError` for other dimensions.
  public init(
    _ set: VectorSet = .first, dimensions: Int, blockBytes: Int = 8 << 20, sink: @escaping SectionSink
  ) throws {
    guard (1...65_536).contains(dimensions) else {
      throw SearchIndexError(section: set.section, reason: "vectors of \(dimensions) dimensions")
    }
    self.set = set
    self.dimensions = dimensions
    stride = VectorLayout.stride(dimensions: dimensions)
    rowsPerBlock = max(1, blockBytes / (4 * stride))
    self.sink = sink
    startBlock()
  }

  private mutating func startBlock() {
    block.removeAll(keepingCapacity: true)
    block.append(contentsOf: repeatElement(0, count: VectorLayout.blockHeader / 4))
    codes.removeAll(keepingCapacity: true)
    codes.append(contentsOf: repeatElement(0, count: VectorLayout.blockHeader))
    facts.removeAll(keepingCapacity: true)
  }

  /// Adds vectors: rows × dimensions, row-major, in the order of their chunks.
  ///
  /// - Throws: `SearchIndexError` where a row is cut or a number is not finite.
  public mutating func append(_ vectors: [Float]) throws {
    guard vectors.count.isMultiple(of: dimensions), count + vectors.count / dimensions < Int(UInt32.max) else {
      throw SearchIndexError(
        section: set.section, reason: "\(vectors.count) numbers are not rows of \(dimensions)")
    }
    for start in Swift.stride(from: 0, to: vectors.count, by: dimensions) {
      let row = vectors[start..<start + dimensions]
      guard row.allSatisfy(\.isFinite) else {
        throw SearchIndexError(section: set.section, reason: "vector \(count) holds a number that is none")
      }
      block.append(contentsOf: row)
      block.append(contentsOf: repeatElement(0, count: stride - dimensions))
      appendCodes(row)
      count += 1
      if count.isMultiple(of: rowsPerBlock) { try flush() }
    }
  }

  private mutating func appendCodes(_ row: ArraySlice<Float>) {
    let start = codes.count
    codes.append(contentsOf: repeatElement(0, count: acervo_code_stride(dimensions)))
    codes.withUnsafeMutableBufferPointer { codes in
      row.withUnsafeBufferPointer { row in
        guard let codes = codes.baseAddress, let row = row.baseAddress else { return }
        facts.append(acervo_code_row(row, dimensions, codes + start))
      }
    }
  }

  private mutating func flush() throws {
    for fact in [\acervo_code_facts.scale, \.norm, \.residual] {
      for row in facts { withUnsafeBytes(of: row[keyPath: fact].bitPattern.littleEndian) { codes += $0 } }
    }
    try block.withUnsafeBytes { try sink(set.section, nextPart, $0) }
    try codes.withUnsafeBytes { try sink(set.codes, nextPart, $0) }
    nextPart += 1
    startBlock()
  }

  /// Writes what is left, and the header.
  public mutating func finish() throws {
    if !count.isMultiple(of: rowsPerBlock) { try flush() }
    var header = ByteWriter()
    for number in [VectorLayout.version, dimensions, rowsPerBlock, count] { header.write(number) }
    try header.bytes.withUnsafeBytes { try sink(set.section, VectorLayout.headerPart, $0) }
  }
}
