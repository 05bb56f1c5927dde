internal import CKernels
internal import Corpus
internal import Dispatch
internal import Synchronization

// Sendable: the pointers lead into read-only bytes that `owner` keeps.

/// Exact search over vectors in place; safe to use from any number of threads.
///
/// Large indexes are read as 8-bit codes, from which bounds of each score follow; only chunks that the bounds leave in
/// question are scored from their floats. What is found is the same, to the last bit.
public final class VectorIndex: @unchecked Sendable {
  /// The vectors' length.
  public let dimensions: Int
  /// How many vectors there are; vector i is chunk i's.
  public let count: Int
  private let set: VectorSet
  private let stride: Int
  private let rowsPerBlock: Int
  private let blocks: [UnsafePointer<Float>]
  private let codes: [CodeBlock]
  private let owner: any Sendable

  /// Opens the vectors of an index; nil when it has none.
  ///
  /// - Parameters:
  ///   - set: which vectors; the first embedder's by default.
  ///   - owner: what keeps the bytes alive; held as long as this is.
  ///   - source: gives the values.
  /// - Throws: `SearchIndexError` where they are not what the writer writes.
  public init?(_ set: VectorSet = .first, owner: any Sendable, source: SectionSource) throws {
    self.set = set
    guard let bytes = try source(set.section, VectorLayout.headerPart) else { return nil }
    var reader = ByteReader(bytes)
    let version = try reader.int()
    dimensions = try reader.int()
    rowsPerBlock = try reader.int()
    count = try reader.int()
    func fault(_ reason: String) -> SearchIndexError {
      SearchIndexError(section: set.section, reason: reason)
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
      guard let block = try source(set.section, UInt32(blocks.count)),
        block.count == VectorLayout.blockHeader + rows * stride * 4, let base = block.baseAddress,
        Int(bitPattern: base) % 4 == 0
      else { throw fault("block \(blocks.count) is missing or damaged") }
      blocks.append((base + VectorLayout.blockHeader).assumingMemoryBound(to: Float.self))
    }
    self.blocks = blocks
    codes = try Self.codes(set, source, dimensions: dimensions, count: count, rowsPerBlock: rowsPerBlock)
  }

  /// The codes of all blocks; none where the index was written without.
  private static func codes(
    _ set: VectorSet, _ source: SectionSource, dimensions: Int, count: Int, rowsPerBlock: Int
  ) throws -> [CodeBlock] {
    guard try source(set.codes, 0) != nil else { return [] }
    let stride = acervo_code_stride(dimensions)
    var blocks: [CodeBlock] = []
    for first in Swift.stride(from: 0, to: count, by: rowsPerBlock) {
      let rows = min(rowsPerBlock, count - first)
      guard let bytes = try source(set.codes, UInt32(blocks.count)),
        let block = CodeBlock(bytes, rows: rows, stride: stride)
      else {
        throw SearchIndexError(
          section: set.codes, reason: "block \(blocks.count) is missing or damaged")
      }
      blocks.append(block)
    }
    return blocks
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

  /// What a search reads; results are the same to the last bit.
  public enum Reading: Sendable, CaseIterable {
    /// Codes where they pay.
    case automatic
    /// Every vector that may be found: the reference.
    case floats
    /// Codes wherever there are any.
    case codes
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
  ///   - reading: what is read.
  /// - Returns: `limit` chunks, or as many as may be found.
  /// - Throws: `SearchIndexError` for a query or a set of another size.
  /// - Complexity: O(chunks × dimensions), about as fast as memory is read.
  public func search(
    _ query: [Float], limit: Int, allowed: ChunkSet? = nil, threads: Int? = nil, kernel: Kernel = .best,
    reading: Reading = .automatic
  ) throws -> [ScoredChunk] {
    let query = VectorQuery(query, limit: limit, allowed: allowed)
    return try search([query], threads: threads, kernel: kernel, reading: reading)[0]
  }

  /// Searches for several queries at once, in one pass over the memory; each finds what it would find alone.
  ///
  /// - Parameters:
  ///   - queries: what is searched for.
  ///   - threads: how many threads at most; nil for as many as pay.
  ///   - kernel: which instructions.
  ///   - reading: what is read.
  /// - Returns: what each query found, in their order.
  /// - Throws: `SearchIndexError` for a query or a set of another size; nothing is searched then.
  public func search(
    _ queries: [VectorQuery], threads: Int? = nil, kernel: Kernel = .best, reading: Reading = .automatic
  ) throws -> [[ScoredChunk]] {
    let fitting = try queries.map(checked)
    let coded = fitting.map { query in
      reading == .automatic ? codesPay(query) : reading == .codes && !codes.isEmpty
    }
    let rowBytes = coded.contains(false) ? stride * 4 : acervo_code_stride(dimensions)
    let wanted = threads ?? min(count * rowBytes / Self.bytesPerThread, 64)
    let width = max(1, min(wanted, blocks.count))
    let found = Mutex<[[ScoredChunk]]>(queries.map { _ in [] })
    @Sendable func scan(part: Int) {
      let blocks = part * blocks.count / width..<(part + 1) * blocks.count / width
      for isCoded in [false, true] {
        let places = fitting.indices.filter { coded[$0] == isCoded }
        guard !places.isEmpty else { continue }
        let queries = places.map { fitting[$0] }
        let hits =
          isCoded
          ? scanCodes(blocks, queries, kernel.usable)
          : self.scan(blocks, VectorPass(queries: queries, kind: kernel.usable))
        found.withLock { all in
          for (place, hits) in zip(places, hits) { all[place] += hits }
        }
      }
    }
    if width > 1 {
      DispatchQueue.concurrentPerform(iterations: width, execute: scan)
    } else {
      scan(part: 0)
    }
    return zip(queries, found.withLock { $0 }).map { Self.best($1, $0.limit) }
  }

  /// Whether codes make a search cheaper.
  ///
  /// Codes of all chunks are read, a quarter of the bytes of their floats, and then the floats of a few times as many
  /// chunks as are wanted; without codes, the floats of every chunk that may be found.
  private func codesPay(_ query: VectorQuery) -> Bool {
    !codes.isEmpty && 4 * (query.allowed?.members ?? count) > count + 16 * query.limit
  }

  private func scanCodes(_ range: Range<Int>, _ queries: [VectorQuery], _ kind: acervo_scan_kind) -> [[ScoredChunk]] {
    var found = queries.map { _ in [ScoredChunk]() }
    let passes = queries.enumerated().compactMap { place, query in
      CodePass(query, place: place, dimensions: dimensions, kind: kind, rowsPerBlock: min(rowsPerBlock, count))
    }
    // What no bounds can be given for is scored in full.
    let unbounded = queries.indices.filter { place in !passes.contains { $0.place == place } }
    let exact = scan(range, VectorPass(queries: unbounded.map { queries[$0] }, kind: kind))
    for (place, hits) in zip(unbounded, exact) { found[place] = hits }
    for block in range {
      codes[block].scan(passes, kind: kind, first: block * rowsPerBlock)
      blocks.withUnsafeBufferPointer { blocks in
        for pass in passes { pass.scoreIfMany(blocks, rowsPerBlock: rowsPerBlock, stride: stride) }
      }
    }
    blocks.withUnsafeBufferPointer { blocks in
      for pass in passes {
        pass.scoreCandidates(blocks, rowsPerBlock: rowsPerBlock, stride: stride)
        found[pass.place] = pass.found
      }
    }
    return found
  }

  /// A query that fits this index, padded as the rows are.
  func checked(_ query: VectorQuery) throws(SearchIndexError) -> VectorQuery {
    guard query.vector.count == dimensions, query.allowed.map({ $0.count == count }) ?? true else {
      throw SearchIndexError(
        section: set.section,
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

  /// The dot products of a query and the vectors of some chunks; the same numbers that `search` gives.
  ///
  /// - Throws: `SearchIndexError` for a chunk that is not there or a query of another length.
  public func scores(_ query: [Float], chunks: [Int]) throws -> [Float] {
    guard query.count == dimensions, chunks.allSatisfy((0..<count).contains) else {
      throw SearchIndexError(
        section: set.section,
        reason: "a query of \(query.count) dimensions or a chunk does not fit \(count) vectors of \(dimensions)")
    }
    let padded = query + [Float](repeating: 0, count: stride - dimensions)
    var hits = chunks.map { acervo_hit(score: 0, row: UInt32($0)) }
    blocks.withUnsafeBufferPointer { blocks in
      blocks.withMemoryRebound(to: UnsafePointer<Float>?.self) { blocks in
        acervo_score_rows(acervo_scan_best(), blocks.baseAddress, rowsPerBlock, stride, padded, &hits, hits.count)
      }
    }
    return hits.map(\.score)
  }

  /// The vector of a chunk.
  ///
  /// - Throws: `SearchIndexError` for a chunk that is not there.
  public func vector(chunk: Int) throws -> [Float] {
    guard (0..<count).contains(chunk) else {
      throw SearchIndexError(section: set.section, reason: "there is no vector \(chunk) among \(count)")
    }
    let row = blocks[chunk / rowsPerBlock] + chunk % rowsPerBlock * stride
    return Array(UnsafeBufferPointer(start: row, count: dimensions))
  }
}
