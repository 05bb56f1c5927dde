public import Embedding
public import Retrieval

/// Answers with sentences quoted from the evidence: needs no language model.
public struct ExtractiveAnswerer: Sendable {
  /// Takes the embedder that compares a question with sentences; nil compares words only.
  public init(embedder: (any Embedder)?) {}

  /// Answers from evidence.
  ///
  /// - Parameters:
  ///   - question: as the person wrote it.
  ///   - evidence: what retrieval found, best first.
  /// - Returns: the answer, whose quotes are verified substrings of the evidence.
  /// - Throws: what the embedder throws.
  public func answer(_ question: String, from evidence: [SearchHit]) async throws -> Answer {
    preconditionFailure("under construction")
  }
}
