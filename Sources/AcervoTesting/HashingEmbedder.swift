public import Corpus
public import Embedding

/// A deterministic embedder without a model: each lower-case word adds one to a place chosen by its hash.
///
/// Texts that share words are near; it needs no file and takes no time.
public struct HashingEmbedder: Embedder {
  /// Everything that decides the numbers.
  public let fingerprint: EmbedderFingerprint

  /// Makes an embedder of so many dimensions.
  public init(dimensions: Int = 64) {
    fingerprint = EmbedderFingerprint(
      model: "hashing", provider: "testing", dimensions: dimensions, weights: "", tokenizer: "", pooling: "sum",
      normalized: true, codeVersion: 1)
  }

  /// Embeds texts; one without words is all zeros.
  public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
    texts.flatMap(vector)
  }

  /// One token a word.
  public func tokenCount(_ text: Substring) -> Int {
    words(String(text)).count
  }

  private func words(_ text: String) -> [Substring] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }
  }

  func vector(_ text: String) -> [Float] {
    var vector = [Float](repeating: 0, count: fingerprint.dimensions)
    for word in words(text) {
      // FNV-1a: the same on every run, unlike Swift's seeded Hasher.
      let hash = word.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
      vector[Int(hash % UInt64(fingerprint.dimensions))] += 1
    }
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? vector.map { $0 / length } : vector
  }
}
