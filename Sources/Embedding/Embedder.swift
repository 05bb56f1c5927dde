public import Corpus

/// What a text is to be compared with: some models want another prefix for each.
public enum EmbeddingRole: Sendable, Hashable {
  /// A chunk that is to be found.
  case document
  /// A question.
  case query
}

/// Makes vectors of texts.
public protocol Embedder: Sendable {
  /// Everything that decides the numbers.
  var fingerprint: EmbedderFingerprint { get }

  /// Embeds texts.
  ///
  /// - Returns: one vector a text, in order: `texts.count × fingerprint.dimensions` floats, row-major, unit length.
  ///   The numbers of a text do not depend on the texts beside it.
  func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float]

  /// The tokens that a text takes of this model, without special ones: counts of parts can be added.
  func tokenCount(_ text: Substring) -> Int
}
