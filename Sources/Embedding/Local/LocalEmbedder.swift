public import Corpus

/// A sentence model of this machine, run on BLAS.
public final class LocalEmbedder: Embedder {
  /// Everything that decides the numbers.
  public let fingerprint: EmbedderFingerprint

  /// Loads a model folder: `use-multilingual-v3`'s or any BERT-family sentence model's.
  ///
  /// - Throws: `EmbeddingError` that names the file, what is wrong with it and the mend.
  public init(folder: String) throws {
    preconditionFailure("under construction")
  }

  /// Embeds on the calling thread.
  public func encode(_ texts: [String], as role: EmbeddingRole) throws -> [Float] {
    preconditionFailure("under construction")
  }

  /// Embeds on the calling thread.
  public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
    try encode(texts, as: role)
  }

  /// The tokens that a text takes, special tokens included.
  public func tokenCount(_ text: Substring) -> Int {
    preconditionFailure("under construction")
  }
}
