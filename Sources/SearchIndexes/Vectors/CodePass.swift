internal import CKernels
internal import Corpus

/// The codes of a block of vectors, in place.
struct CodeBlock {
  private let codes: UnsafePointer<UInt8>
  private let facts: UnsafePointer<Float>
  private let rows: Int
  private let stride: Int

  /// Nil where the bytes are not as long as they have to be.
  init?(_ bytes: UnsafeRawBufferPointer, rows: Int, stride: Int) {
    guard bytes.count == VectorLayout.codeBytes(rows: rows, codeStride: stride), let base = bytes.baseAddress,
      Int(bitPattern: base) % 4 == 0
    else { return nil }
    codes = (base + VectorLayout.blockHeader).assumingMemoryBound(to: UInt8.self)
    facts = (base + VectorLayout.blockHeader + rows * stride).assumingMemoryBound(to: Float.self)
    self.rows = rows
    self.stride = stride
  }

  func scan(_ passes: [CodePass], kind: acervo_scan_kind, first: Int) {
    let queries = passes.map { Optional($0.query) }
    guard !queries.isEmpty else { return }
    acervo_code_scan(
      kind, codes, facts, facts + rows, facts + 2 * rows, rows, stride, UInt32(first), queries, queries.count)
  }
}

/// One query's walk over codes: what its bounds leave in question, and the best of what was scored.
final class CodePass {
  /// Which of the queries this is.
  let place: Int
  let query: UnsafeMutablePointer<acervo_code_query>
  private let vector: [Float]
  private let limit: Int
  private let kind: acervo_scan_kind
  private let codes: UnsafeMutablePointer<Int8>
  private let words: UnsafeMutableBufferPointer<UInt64>?
  private let lower: UnsafeMutablePointer<Int32>
  private let candidates: UnsafeMutablePointer<acervo_hit>
  private let best: UnsafeMutablePointer<acervo_hit>
  private var used = 0
  /// Candidates that are left for later, when the bound that they must reach is higher: 64 KB.
  private static let keptCandidates = 8_192

  /// Nil for a query that no bounds can be given for; `query` is padded as rows of floats are.
  init?(_ query: VectorQuery, place: Int, dimensions: Int, kind: acervo_scan_kind, rowsPerBlock: Int) {
    self.place = place
    self.kind = kind
    vector = query.vector
    limit = query.limit
    codes = .allocate(capacity: acervo_code_stride(dimensions))
    lower = .allocate(capacity: acervo_code_room(limit))
    candidates = .allocate(capacity: Self.keptCandidates + rowsPerBlock)
    best = .allocate(capacity: limit + Self.keptCandidates + rowsPerBlock)
    words = query.allowed.map { allowed in
      let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: allowed.words.count)
      _ = words.initialize(from: allowed.words)
      return words
    }
    self.query = .allocate(capacity: 1)
    self.query.initialize(to: acervo_code_query())
    guard acervo_code_query_make(self.query, vector, dimensions, vector.count, codes) != 0 else { return nil }
    self.query.pointee.allowed = words.flatMap { UnsafePointer($0.baseAddress) }
    self.query.pointee.lower = lower
    self.query.pointee.k = limit
    self.query.pointee.candidates = candidates
  }

  deinit {
    codes.deallocate()
    lower.deallocate()
    candidates.deallocate()
    best.deallocate()
    words?.deallocate()
    query.deallocate()
  }

  /// Makes room for another block's candidates.
  func scoreIfMany(_ blocks: UnsafeBufferPointer<UnsafePointer<Float>>, rowsPerBlock: Int, stride: Int) {
    guard query.pointee.candidate_count > Self.keptCandidates else { return }
    scoreCandidates(blocks, rowsPerBlock: rowsPerBlock, stride: stride)
  }

  /// Scores the candidates whose upper bound reaches the best lower bounds.
  func scoreCandidates(_ blocks: UnsafeBufferPointer<UnsafePointer<Float>>, rowsPerBlock: Int, stride: Int) {
    let least = acervo_code_least(query)
    blocks.withMemoryRebound(to: UnsafePointer<Float>?.self) { blocks in
      used = acervo_rescore(
        kind, blocks.baseAddress, rowsPerBlock, stride, vector, candidates, query.pointee.candidate_count, least,
        best, limit, used)
    }
    query.pointee.candidate_count = 0
  }

  /// What was found, best first.
  var found: [ScoredChunk] {
    UnsafeBufferPointer(start: best, count: used).map { ScoredChunk(chunk: Int($0.row), score: $0.score) }
  }
}
