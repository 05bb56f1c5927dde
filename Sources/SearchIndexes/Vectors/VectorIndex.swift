internal import CKernels
internal import Corpus
internal import Dispatch
internal import Synchronization

// Sendable: the pointers lead into read-only bytes that `owner` keeps.

/// Exact search over vectors in place; safe to use from any number of threads.
public final class VectorIndex: @unchecked Sendable {
  /// The vectors' length.
  public let dimensions: Int
  /// How many vectors there are; vector i is chunk i's.
  public let count: Int
  private let stride: Int
  private let rowsPerBlock: Int
  private let blocks: [UnsafePointer<Float>]
  private let owner: any Sendable

  /// Opens the vectors of an index; nil when it has none.
  ///
  /// - Parameters:
  ///   - owner: what keeps the bytes alive; held as long as this is.
  ///   - source: gives the values.
  /// - Throws: `SearchIndexError` where they are not what the writer writes.
  public init?(owner: any Sendable, source: SectionSource) throws {
    guard let bytes = try source(VectorLayout.section, VectorLayout.headerPart) else { return nil }
    var reader = ByteReader(bytes)
    let version = try reader.int()
    dimensions = try reader.int()
    rowsPerBlock = try reader.int()
    count = try reader.int()
    func fault(_ reason: String) -> SearchIndexError {
      SearchIndexError(section: VectorLayout.section, reason: reason)
    }
    guard version == VectorLayout.version else {
      throw fault("version \(version), this program reads \(VectorLayout.version); index again")
    }
    guard (1...65_536).contains(dimensions), count < Int(UInt32.max), (1...Int(UInt32.max)).contains(rowsPerBlock)
    else { throw fault("the header is damaged") }
    stride = VectorLayout.stride(dimensions: dimensions)
    self.owner = owner
    var blocks: [UnsafePointer<Float>] = []
    for first in Swift.stride(from: 0, to: count, by: rowsPerBlock) {
      let rows = min(rowsPerBlock, count - first)
      guard let block = try source(VectorLayout.section, UInt32(blocks.count)),
        block.count == VectorLayout.blockHeader + rows * stride * 4, let base = block.baseAddress,
        Int(bitPattern: base) % 4 == 0
      else { throw fault("block \(blocks.count) is missing or damaged") }
      blocks.append((base + VectorLayout.blockHeader).assumingMemoryBound(to: Float.self))
    }
    self.blocks = blocks
  }

  /// How a scan is done; results are the same to the last bit.
  public enum Kernel: Sendable, CaseIterable {
    /// Plain C: the reference.
    case scalar
    /// AVX2 and FMA.
    case avx2
    /// AVX-512.
    case avx512

    /// The fastest that this machine has.
    public static let best: Kernel = allCases[Int(acervo_scan_best().rawValue)]

    /// These instructions, or the best that this machine has.
    var usable: acervo_scan_kind { acervo_scan_kind(rawValue: min(kind.rawValue, acervo_scan_best().rawValue)) }

    var kind: acervo_scan_kind {
      switch self {
      case .scalar: ACERVO_SCAN_SCALAR
      case .avx2: ACERVO_SCAN_AVX2
      case .avx512: ACERVO_SCAN_AVX512
      }
    }
  }

  /// The bytes of rows below which one thread does the scan: starting others takes longer than it saves.
  private static let bytesPerThread = 32 << 20

  /// The chunks with the greatest dot products with a query, best first; of equal ones the lower number first.
  ///
  /// - Parameters:
  ///   - query: as long as `dimensions`.
  ///   - limit: how many at most.
  ///   - allowed: the chunks that may be found; nil for all.
  ///   - threads: how many threads at most; nil for as many as pay. The result does not depend on it.
  ///   - kernel: which instructions; the best of this machine by default, and never better than that.
  /// - Returns: `limit` chunks, or as many as may be found.
  /// - Throws: `SearchIndexError` for a query or a set of another size.
  /// - Complexity: O(chunks × dimensions), about as fast as memory is read.
  public func search(
    _ query: [Float], limit: Int, allowed: ChunkSet? = nil, threads: Int? = nil, kernel: Kernel = .best
  ) throws -> [ScoredChunk] {
    try search([VectorQuery(query, limit: limit, allowed: allowed)], threads: threads, kernel: kernel)[0]
  }

  /// Searches for several queries at once, in one pass over the memory; each finds what it would find alone.
  ///
  /// - Parameters:
  ///   - queries: what is searched for.
  ///   - threads: how many threads at most; nil for as many as pay.
  ///   - kernel: which instructions.
  /// - Returns: what each query found, in their order.
  /// - Throws: `SearchIndexError` for a query or a set of another size; nothing is searched then.
  public func search(
    _ queries: [VectorQuery], threads: Int? = nil, kernel: Kernel = .best
  ) throws -> [[ScoredChunk]] {
    let pass = VectorPass(queries: try queries.map(checked), kind: kernel.usable)
    let wanted = threads ?? min(count * stride * 4 / Self.bytesPerThread, 64)
    let width = max(1, min(wanted, blocks.count))
    guard width > 1 else {
      return zip(queries, scan(0..<blocks.count, pass)).map { Self.best($1, $0.limit) }
    }
    let found = Mutex<[[ScoredChunk]]>(queries.map { _ in [] })
    DispatchQueue.concurrentPerform(iterations: width) { [self] part in
      let hits = scan(part * blocks.count / width..<(part + 1) * blocks.count / width, pass)
      found.withLock { all in
        for (query, hits) in hits.enumerated() { all[query] += hits }
      }
    }
    return zip(queries, found.withLock { $0 }).map { Self.best($1, $0.limit) }
  }

  /// A query that fits this index, padded as the rows are.
  func checked(_ query: VectorQuery) throws(SearchIndexError) -> VectorQuery {
    guard query.vector.count == dimensions, query.allowed.map({ $0.count == count }) ?? true else {
      throw SearchIndexError(
        section: VectorLayout.section,
        reason: "a query of \(query.vector.count) dimensions or a filter of \(query.allowed?.count ?? count) chunks "
          + "does not fit \(count) vectors of \(dimensions)")
    }
    var padded = query
    padded.vector += [Float](repeating: 0, count: stride - dimensions)
    padded.limit = max(0, min(query.limit, count))
    return padded
  }

  private func scan(_ range: Range<Int>, _ pass: VectorPass) -> [[ScoredChunk]] {
    var pass = pass
    for block in range {
      let first = block * rowsPerBlock
      pass.scan(blocks[block], rows: min(rowsPerBlock, count - first), stride: stride, first: first)
    }
    return pass.found
  }

  private static func best(_ hits: [ScoredChunk], _ limit: Int) -> [ScoredChunk] {
    Array(sorted(hits).prefix(max(0, limit)))
  }

  static func sorted(_ hits: [ScoredChunk]) -> [ScoredChunk] {
    hits.sorted { $0.score != $1.score ? $0.score > $1.score : $0.chunk < $1.chunk }
  }

  /// The dot product of a query and one chunk's vector; the same number that `search` gives.
  ///
  /// - Throws: `SearchIndexError` for a chunk that is not there or a query of another length.
  public func score(_ query: [Float], chunk: Int) throws -> Float {
    guard query.count == dimensions, (0..<count).contains(chunk) else {
      throw SearchIndexError(section: VectorLayout.section, reason: "there is no vector \(chunk) among \(count)")
    }
    let padded = query + [Float](repeating: 0, count: stride - dimensions)
    return acervo_dot(
      acervo_scan_best(), blocks[chunk / rowsPerBlock] + chunk % rowsPerBlock * stride, padded, stride)
  }

  /// The vector of a chunk.
  ///
  /// - Throws: `SearchIndexError` for a chunk that is not there.
  public func vector(chunk: Int) throws -> [Float] {
    guard (0..<count).contains(chunk) else {
      throw SearchIndexError(section: VectorLayout.section, reason: "there is no vector \(chunk) among \(count)")
    }
    let row = blocks[chunk / rowsPerBlock] + chunk % rowsPerBlock * stride
    return Array(UnsafeBufferPointer(start: row, count: dimensions))
  }
}
