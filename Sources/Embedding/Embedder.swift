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

  /// How much is best embedded at a time.
  var portion: EmbeddingPortion { get }
  /// What a provider was asked and what that took; nil for a model on this machine.
  var spent: ProviderCounts? { get }
  /// What a million tokens cost, in US dollars; nil where nothing is asked for them, or nobody said.
  var price: Double? { get }
}

/// How much is best embedded at a time.
public struct EmbeddingPortion: Sendable, Equatable {
  /// So many texts at most.
  public var texts: Int
  /// About so many bytes of them.
  public var bytes: Int

  /// Makes a portion: 16 KiB, about 4,000 tokens of Spanish or English prose, in any number of texts.
  public init(texts: Int = .max, bytes: Int = 16 << 10) {
    self.texts = texts
    self.bytes = bytes
  }
}

extension Embedder {
  /// As much as keeps the matrix products of a model on this machine busy.
  public var portion: EmbeddingPortion { EmbeddingPortion() }
  /// Nothing.
  public var spent: ProviderCounts? { nil }
  /// Nothing.
  public var price: Double? { nil }
}
