public import Embedding
public import Snapshots

/// Searches one snapshot; safe to use from any number of threads.
public final class Retriever: Sendable {
  /// The snapshot that is searched.
  public let snapshot: Snapshot

  /// Joins a snapshot and the embedder of its vectors.
  ///
  /// - Throws: `RetrievalError` when the embedder is not the one that made the vectors, or is missing.
  public init(snapshot: Snapshot, embedder: (any Embedder)?) throws {
    preconditionFailure("under construction")
  }

  /// Finds the best chunks, best first; ties in the order of chunk numbers.
  public func search(_ request: SearchRequest) async throws -> [SearchHit] {
    preconditionFailure("under construction")
  }
}
