public import Corpus
public import Embedding
internal import Synchronization

/// The models of the collections: an embedder for each that they name, however many collections use it.
public final class EmbedderPool: Sendable {
  private let make: @Sendable (EmbedderFingerprint) throws -> any Embedder
  /// Orders the best chunks of every search anew; nil for none.
  let reranker: (any Reranker)?
  private let loaded = Mutex<[ContentHash: RememberingEmbedder]>([:])

  /// The bytes of vectors that are remembered for each model: some 1,700 questions and sentences of 512 dimensions.
  private static let rememberedBytes = 4 << 20

  /// Makes a pool.
  ///
  /// - Parameters:
  ///   - reranker: orders the best chunks of every search anew; nil for none.
  ///   - make: loads the embedder that a manifest names; it may turn out to be another one than asked for, which the
  ///     retriever refuses.
  public init(reranker: (any Reranker)? = nil, _ make: @escaping @Sendable (EmbedderFingerprint) throws -> any Embedder)
  {
    self.reranker = reranker
    self.make = make
  }

  /// The embedder for a snapshot's vectors; nil for a snapshot without any.
  ///
  /// Only the collections' watcher loads, so nothing is loaded twice at a time.
  func embedder(for fingerprint: EmbedderFingerprint?) throws -> (any Embedder)? {
    guard let fingerprint else { return nil }
    if let embedder = loaded.withLock({ $0[fingerprint.digest] }) { return embedder }
    let embedder = RememberingEmbedder(try make(fingerprint), bytes: Self.rememberedBytes)
    // Under its own name: one that differs from what was asked for must be loaded anew when its folder was mended.
    loaded.withLock { $0[embedder.fingerprint.digest] = embedder }
    return embedder
  }

  /// What the models' memories did, by model.
  var counts: [(model: String, counts: RememberingEmbedder.Counts)] {
    loaded.withLock { Array($0.values) }.map { ($0.fingerprint.model, $0.counts) }.sorted { $0.0 < $1.0 }
  }

  /// Lets go of the models that no collection uses any more.
  func keep(only fingerprints: [EmbedderFingerprint]) {
    let used = Set(fingerprints.map(\.digest))
    loaded.withLock { $0 = $0.filter { used.contains($0.key) } }
  }
}
