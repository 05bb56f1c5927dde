/// Cuts a text into the ids that a model was trained on.
protocol Tokenizer: Sendable {
  /// The ids of a whole text, special tokens included, however long it is.
  func ids(_ text: some StringProtocol) throws(EmbeddingError) -> [Int32]
}

extension Tokenizer {
  /// How many of a text's ids are special: one before it and one behind, in both kinds of models.
  var specialTokens: Int { 2 }
}

/// Turns ids into vectors.
protocol SentenceEncoder: Sendable {
  var dimensions: Int { get }

  /// One unit vector a sequence, row-major.
  func encode(_ sequences: [[Int32]]) -> [Float]
}
