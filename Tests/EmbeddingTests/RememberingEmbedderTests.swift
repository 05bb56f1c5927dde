import AcervoTesting
import Corpus
import Embedding
import Synchronization
import Testing

@Suite struct RememberingEmbedderTests {
  /// Counts what reaches it.
  private final class Counting: Embedder {
    let hashing = HashingEmbedder()
    let asked = Mutex<[String]>([])
    var fingerprint: EmbedderFingerprint { hashing.fingerprint }

    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
      asked.withLock { $0 += texts }
      return try await hashing.embed(texts, as: role)
    }

    func tokenCount(_ text: Substring) -> Int { hashing.tokenCount(text) }
  }

  @Test func `what is remembered is not embedded again, and stands in its place`() async throws {
    let counting = Counting()
    let embedder = RememberingEmbedder(counting, bytes: 1 << 20)
    _ = try await embedder.embed(["one", "two"], as: .document)
    let texts = ["three", "two", "four", "one"]
    #expect(try await embedder.embed(texts, as: .document) == counting.hashing.embed(texts, as: .document))
    #expect(counting.asked.withLock { $0 } == ["one", "two", "three", "four"])
    #expect(embedder.counts.hits == 2)
    #expect(embedder.counts.misses == 4)
  }

  @Test func `a question and a sentence of the same words are two texts, and so are two spellings`() async throws {
    let counting = Counting()
    let embedder = RememberingEmbedder(counting, bytes: 1 << 20)
    _ = try await embedder.embed(["caf\u{E9}"], as: .document)
    _ = try await embedder.embed(["caf\u{E9}"], as: .query)
    _ = try await embedder.embed(["cafe\u{301}"], as: .query)
    #expect(embedder.counts.hits == 0)
    #expect(embedder.counts.misses == 3)
  }

  @Test func `memory is bounded, and what is used stays`() async throws {
    let counting = Counting()
    let embedder = RememberingEmbedder(counting, bytes: 20_000)
    for number in 0..<500 {
      _ = try await embedder.embed(["number \(number)"], as: .query)
      _ = try await embedder.embed(["often"], as: .query)
      #expect(embedder.counts.bytes <= 20_000)
    }
    #expect(counting.asked.withLock { $0.count { $0 == "often" } } == 1)
    _ = try await embedder.embed(["number 0"], as: .query)
    #expect(counting.asked.withLock { $0.count { $0 == "number 0" } } == 2)
    let long = String(repeating: "long ", count: 1_000)
    _ = try await embedder.embed([long], as: .query)
    _ = try await embedder.embed([long], as: .query)
    #expect(counting.asked.withLock { $0.count { $0 == long } } == 2)
  }
}
