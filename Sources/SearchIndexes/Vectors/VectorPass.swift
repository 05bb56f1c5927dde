internal import CKernels

/// One search of the vectors.
public struct VectorQuery: Sendable {
  /// What to be near to: as long as the index's dimensions.
  public var vector: [Float]
  /// How many chunks at most.
  public var limit: Int
  /// The chunks that may be found; nil for all.
  public var allowed: ChunkSet?

  /// Makes a query.
  public init(_ vector: [Float], limit: Int, allowed: ChunkSet? = nil) {
    self.vector = vector
    self.limit = limit
    self.allowed = allowed
  }
}

/// A walk over rows for some queries, which keeps the best of each.
struct VectorPass: Sendable {
  private let queries: [VectorQuery]
  private let kind: acervo_scan_kind
  private var best: [[acervo_hit]]
  private var used: [Int]
  /// Rows that are scored before their scores are looked at: rows and scores stay in the nearest cache.
  private static let rowsAtOnce = 16

  init(queries: [VectorQuery], kind: acervo_scan_kind) {
    self.queries = queries
    self.kind = kind
    best = queries.map { [acervo_hit](repeating: acervo_hit(), count: $0.limit) }
    used = queries.map { _ in 0 }
  }

  /// What was found, in no order.
  var found: [[ScoredChunk]] {
    zip(best, used).map { hits, used in hits.prefix(used).map { ScoredChunk(chunk: Int($0.row), score: $0.score) } }
  }

  mutating func scan(_ rows: UnsafePointer<Float>, rows count: Int, stride: Int, first: Int) {
    // A filter lets most rows be passed over; a query alone is kept as it is scored.
    for index in queries.indices where queries.count == 1 || queries[index].allowed != nil {
      (queries[index].allowed?.words ?? []).withUnsafeBufferPointer { words in
        used[index] = acervo_scan(
          kind, rows, count, stride, queries[index].vector, UInt32(first),
          queries[index].allowed == nil ? nil : words.baseAddress, &best[index], queries[index].limit, used[index])
      }
    }
    let open = queries.indices.filter { queries.count > 1 && queries[$0].allowed == nil }
    if !open.isEmpty { scanTogether(open, rows, count, stride, first) }
  }

  private mutating func scanTogether(
    _ open: [Int], _ rows: UnsafePointer<Float>, _ count: Int, _ stride: Int, _ first: Int
  ) {
    let vectors = open.flatMap { queries[$0].vector }
    var scores = [Float](repeating: 0, count: Self.rowsAtOnce * open.count)
    vectors.withUnsafeBufferPointer { vectors in
      let pointers = open.indices.map { place in vectors.baseAddress.map { $0 + place * stride } }
      for row in Swift.stride(from: 0, to: count, by: Self.rowsAtOnce) {
        let part = min(Self.rowsAtOnce, count - row)
        acervo_dots(kind, rows + row * stride, part, stride, pointers, open.count, &scores)
        scores.withUnsafeBufferPointer { scores in
          guard let scores = scores.baseAddress else { return }
          for (place, index) in open.enumerated() {
            used[index] = acervo_keep_scores(
              &best[index], queries[index].limit, used[index], scores + place, open.count, part, UInt32(first + row))
          }
        }
      }
    }
  }
}
