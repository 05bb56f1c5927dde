import Testing

@testable import Embedding

@Suite("UniversalSentenceEncoder", .enabled(if: TestModels.has("use-multilingual-v3"), "scripts/models was not run"))
struct UniversalSentenceEncoderTests {
  let embedder: LocalEmbedder

  init() throws { embedder = try TestModels.use.get() }

  @Test func `ids and vectors equal those of the model's own package`() throws {
    let golden = try Golden.load("use-multilingual-v3")
    #expect(golden.count == 26)
    let vectors = try embedder.encode(golden.map(\.text), as: .document)
    #expect(vectors.count == golden.count * 512)
    for (row, golden) in golden.enumerated() {
      #expect(try embedder.tokenizer.ids(golden.text) == golden.ids, "\(golden.text.prefix(60))")
      let vector = vectors[row * 512..<(row + 1) * 512]
      #expect(cosine(vector, golden.vector[...]) > 0.999_99, "\(golden.text.prefix(60))")
    }
  }

  @Test func `a question finds its translation`() throws {
    let vectors = try embedder.encode(
      ["¿Cómo restablezco mi contraseña?", "How do I reset my password?", "The printer is out of paper."], as: .query)
    let similar = cosine(vectors[0..<512], vectors[512..<1024])
    let other = cosine(vectors[0..<512], vectors[1024...])
    #expect(similar > other + 0.2)
  }
}
