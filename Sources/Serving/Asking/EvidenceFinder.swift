internal import Answering
internal import Corpus
internal import Retrieval
internal import Snapshots

/// What was found for a question.
struct Evidence: Sendable {
  /// The chunks, best first.
  var hits: [SearchHit]
  /// Whether the meaning of the question could not be looked for, only its words.
  var isByWordsAlone = false
}

/// The one way from a question to chunks.
///
/// Every route finds what it needs here and nowhere else, so that none can forget who asks: the caller's principals are
/// put into each search, whatever the request says of them.
final class EvidenceFinder: Sendable {
  private struct Key: Hashable, Sendable {
    var collection: String
    var snapshot: String
    /// Who may read the same pages shares what was found; nobody else does.
    var audience: ContentHash
    /// Bytes, because strings of different bytes can be equal.
    var query: [UInt8]
    var request: SearchRequest
    var vector: [Float]?
  }

  private let memory: BoundedCache<Key, [SearchHit]>

  /// Makes a finder that remembers up to so many bytes of what it found.
  init(rememberedBytes: Int) {
    memory = BoundedCache(bytes: rememberedBytes)
  }

  /// What its memory did.
  var counts: (hits: Int, misses: Int, bytes: Int) {
    let counts = memory.counts
    return (counts.hits, counts.misses, counts.bytes)
  }

  /// Finds the chunks that fit a question best and that the caller may read.
  ///
  /// Where the question's vector cannot be had, because its provider fails or is late, the words alone are searched.
  ///
  /// - Parameters:
  ///   - request: what is searched for; its principals are replaced by the caller's.
  ///   - vector: a ready embedding; nil: the question is embedded.
  ///   - served: the snapshot that is searched.
  ///   - caller: who asks.
  ///   - deadline: when the question's vector is waited for no longer.
  /// - Returns: the chunks, and whether they were found by words alone.
  /// - Throws: `RetrievalError` for a bad request, `SnapshotError` for a damaged snapshot, `CancellationError`.
  func find(
    _ request: SearchRequest, vector: [Float]? = nil, in served: ServedSnapshot, for caller: Caller,
    before deadline: ContinuousClock.Instant
  ) async throws -> Evidence {
    var request = request
    request.principals = caller.principals
    let key = Key(
      collection: served.manifest.collection, snapshot: served.manifest.id,
      audience: try served.retriever.audience(of: caller.principals).key, query: Array(request.query.utf8),
      request: request.ofNobody, vector: vector)
    if let hits = memory.value(of: key) { return Evidence(hits: hits) }
    let asked = request
    let found = try await step(.retrieve) {
      try await orByWords {
        try await inTime(deadline) {
          // Without words only the vectors find anything.
          vector != nil
            ? try await served.retriever.search(asked, vector: vector) : try await served.retriever.search(asked)
        }
      }
    }
    guard let found else {
      return Evidence(hits: try await served.retriever.search(asked, vector: nil), isByWordsAlone: true)
    }
    let bytes = found.reduce(request.query.utf8.count) { sum, hit in
      sum + hit.chunk.text.utf8.count + hit.before.utf8.count + hit.after.utf8.count + hit.url.utf8.count
        + hit.title.utf8.count + 300
    }
    memory.remember(found, of: key, bytes: bytes + (vector?.count ?? 0) * 4)
    return Evidence(hits: found)
  }

  /// Nil for what only an embedder can have thrown: bad requests, damaged snapshots and cancellations are passed on.
  private func orByWords(_ search: () async throws -> [SearchHit]?) async throws -> [SearchHit]? {
    do { return try await search() } catch {
      if error is RetrievalError || error is SnapshotError || error is CancellationError { throw error }
      return nil
    }
  }
}

extension SearchRequest {
  /// The same request without who asks.
  fileprivate var ofNobody: SearchRequest {
    var request = self
    request.principals = []
    return request
  }
}
