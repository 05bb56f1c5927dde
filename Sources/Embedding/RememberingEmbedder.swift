public import Corpus
internal import Synchronization

/// An embedder that remembers the vectors of the texts it was asked for lately.
///
/// A text's vector does not depend on the texts beside it, so that remembering changes no bit. What a service is asked
/// for comes again: a question is embedded to search and to answer, and the sentences of a page that many ask about
/// are compared with every question.
public final class RememberingEmbedder: Embedder {
  /// Texts longer than this are not remembered: they seldom come again.
  static let longestText = 2_048

  /// How often a vector was there and how often it had to be made, and the bytes that are remembered.
  public struct Counts: Sendable, Equatable {
    /// Texts whose vector was remembered.
    public var hits = 0
    /// Texts that had to be embedded.
    public var misses = 0
    /// What is remembered takes about so many bytes.
    public var bytes = 0
  }

  /// That of the embedder behind it.
  public var fingerprint: EmbedderFingerprint { embedder.fingerprint }
  /// What happened so far.
  public var counts: Counts { memory.withLock(\.counts) }

  private let embedder: any Embedder
  private let memory: Mutex<Memory>

  /// Remembers up to about so many bytes of what an embedder makes.
  public init(_ embedder: any Embedder, bytes: Int) {
    self.embedder = embedder
    memory = Mutex(Memory(limit: bytes))
  }

  /// Embeds those texts that are not remembered.
  public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
    let known = memory.withLock { memory in texts.map { memory.vector(of: Text($0, role)) } }
    let missing = texts.indices.filter { known[$0] == nil }
    if missing.isEmpty { return known.flatMap { $0 ?? [] } }
    let dimensions = fingerprint.dimensions
    let made = try await embedder.embed(missing.map { texts[$0] }, as: role)
    // Whoever breaks the contract is not remembered, and told by the caller.
    guard made.count == missing.count * dimensions else { return made }
    var vectors: [Float] = []
    vectors.reserveCapacity(texts.count * dimensions)
    var next = 0
    memory.withLock { memory in
      for (index, text) in texts.enumerated() {
        if let vector = known[index] {
          vectors += vector
        } else {
          let vector = Array(made[next * dimensions..<(next + 1) * dimensions])
          next += 1
          vectors += vector
          memory.remember(vector, of: Text(text, role))
        }
      }
    }
    return vectors
  }

  /// That of the embedder behind it.
  public var portion: EmbeddingPortion { embedder.portion }
  /// That of the embedder behind it.
  public var spent: ProviderCounts? { embedder.spent }
  /// That of the embedder behind it.
  public var price: Double? { embedder.price }

  /// The tokens that a text takes.
  public func tokenCount(_ text: Substring) -> Int { embedder.tokenCount(text) }

  private struct Text: Hashable {
    var role: EmbeddingRole
    /// Bytes, because strings of different bytes can be equal and yet have different tokens.
    var bytes: [UInt8]

    init(_ text: String, _ role: EmbeddingRole) {
      self.role = role
      bytes = Array(text.utf8)
    }
  }

  /// Two generations: what is used moves to the young one; when that is half of the limit, the old one is forgotten.
  ///
  /// That is nearly the order of last use, without a list to keep.
  private struct Memory {
    let limit: Int
    var counts = Counts()
    private var young: [Text: [Float]] = [:]
    private var old: [Text: [Float]] = [:]
    private var youngBytes = 0
    private var oldBytes = 0

    init(limit: Int) { self.limit = limit }

    mutating func vector(of text: Text) -> [Float]? {
      if let vector = young[text] {
        counts.hits += 1
        return vector
      }
      guard let vector = old[text] else {
        counts.misses += 1
        return nil
      }
      counts.hits += 1
      remember(vector, of: text)
      return vector
    }

    mutating func remember(_ vector: [Float], of text: Text) {
      guard text.bytes.count <= RememberingEmbedder.longestText else { return }
      // Heap objects and the table's slots beside what they hold.
      let bytes = vector.count * MemoryLayout<Float>.stride + text.bytes.count + 160
      guard bytes <= limit / 2 else { return }
      if youngBytes + bytes > limit / 2 {
        (old, oldBytes) = (young, youngBytes)
        (young, youngBytes) = ([:], 0)
      }
      if young.updateValue(vector, forKey: text) == nil { youngBytes += bytes }
      counts.bytes = youngBytes + oldBytes
    }
  }
}
