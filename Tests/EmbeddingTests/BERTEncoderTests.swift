import Testing

@testable import Embedding

@Suite("BERTEncoder", .enabled(if: TestModels.has("all-MiniLM-L6-v2"), "scripts/models was not run"))
struct BERTEncoderTests {
  let embedder: LocalEmbedder

  init() throws { embedder = try TestModels.minilm.get() }

  @Test func `ids and vectors equal those of sentence-transformers`() throws {
    let golden = try Golden.load("all-MiniLM-L6-v2")
    #expect(golden.count == 24)
    let vectors = try embedder.encode(golden.map(\.text), as: .document)
    for (row, golden) in golden.enumerated() {
      #expect(try embedder.tokenizer.ids(golden.text) == golden.ids, "\(golden.text.prefix(60))")
      let vector = vectors[row * 384..<(row + 1) * 384]
      #expect(cosine(vector, golden.vector[...]) > 0.999_999, "\(golden.text.prefix(60))")
    }
  }

  @Test func `a text longer than the model reads is read to its end`() throws {
    let filler = String(repeating: "The printer prints pages. ", count: 100)
    let vectors = try embedder.encode([filler, filler + "Whales sing in the sea. Whales sing."], as: .document)
    let similarity = cosine(vectors[0..<384], vectors[384...])
    #expect(similarity < 0.9999)
    #expect(similarity > 0.5)
    #expect(abs(cosine(vectors[0..<384], vectors[0..<384]) - 1) < 1e-6)
  }
}
