import Answering
import Corpus
import Embedding
import Retrieval
import Synchronization
import Testing

/// What answers cost: which texts are embedded.
@Suite struct EmbeddingThriftTests {
  private let embedder = RecordingEmbedder()
  private var answerer: ExtractiveAnswerer { ExtractiveAnswerer(embedder: embedder) }
  private let page = (1...20).map { "Sentence \($0) speaks of invoices and of the number \($0 * 37)." }
    .joined(separator: " ")

  @Test func `a question that is not answered embeds nothing`() async throws {
    let evidence = [hit(1, "Billing", language: "en", cosine: 0.2, page)]
    let answer = try await answerer.answer("Where does the printer on the third floor stand?", from: evidence)
    #expect(!answer.isAnswered)
    #expect(embedder.texts.isEmpty)
  }

  @Test func `words that decide need no embedding`() async throws {
    let evidence = [hit(1, "Billing", language: "en", cosine: 0.4, page)]
    let answer = try await answerer.answer("What speaks of invoices and the number 259?", from: evidence)
    #expect(answer.citations.contains { $0.quote == "Sentence 7 speaks of invoices and of the number 259." })
    #expect(embedder.texts.isEmpty)
  }

  @Test func `of a question in other words six sentences are embedded`() async throws {
    let evidence = [hit(1, "Billing", language: "en", cosine: 0.7, page)]
    let answer = try await answerer.answer("Which bills are listed together with their cost in euros?", from: evidence)
    #expect(answer.isAnswered)
    #expect(embedder.texts.count == 1 + 6)
  }

  @Test func `evidence in another language alone is compared further`() async throws {
    let evidence = [hit(1, "Billing", language: "en", cosine: 0.35, page)]
    let answer = try await answerer.answer("¿Qué dice la página sobre las facturas de la empresa?", from: evidence)
    #expect(answer.isAnswered)
    #expect(embedder.texts.count == 1 + 16)
  }

  @Test(arguments: [(0.49, true), (0.46, false)])
  func `confidence adds the cosine of the chunk and the words of the sentence`(cosine: Double, isAnswered: Bool)
    async throws
  {
    let evidence = [hit(1, "Billing", language: "en", cosine: cosine, page)]
    let answer = try await answerer.answer("Where does the printer on the third floor stand?", from: evidence)
    #expect(answer.isAnswered == isAnswered)
  }

  @Test func `steps answer how something is done though other sentences have its words`() async throws {
    var evidence = [
      hit(
        1, "Reset your password", language: "en", cosine: 0.6,
        "A forgotten password can be reset by every user. Passwords expire after a year."),
      hit(
        2, "Reset your password", language: "en", heading: ["Steps"], cosine: 0.5,
        "1. Open the sign-in screen.\n2. Press the link below the form.\n3. Choose a new one."),
    ]
    evidence[1].documentNumber = evidence[0].documentNumber
    for question in ["How do I reset a forgotten password?", "How can I reset a password I have forgotten?"] {
      let answer = try await answerer.answer(question, from: evidence)
      #expect(answer.citations.contains { $0.quote.hasPrefix("1. Open") && $0.quote.hasSuffix("new one.") })
    }
  }

  @Test func `an amount is looked for where the question asks for one`() async throws {
    let evidence = [
      hit(
        1, "Refunds", language: "en", cosine: 0.6,
        """
        A refund takes the way that was paid with. A refund takes nothing away from you. Money is refunded to the payer \
        alone. Every refund has a number.

        Method: Card; Time: 5 to 10 working days
        Method: Transfer; Time: 3 working days
        """)
    ]
    for question in ["How long does a refund take?", "When do I get a refund?"] {
      let answer = try await answerer.answer(question, from: evidence)
      #expect(answer.citations.contains { $0.quote.contains("5 to 10 working days") }, "\(answer.text)")
    }
  }
}

/// Gives texts of other lengths other vectors and remembers the texts.
private final class RecordingEmbedder: Embedder {
  private let seen = Mutex<[String]>([])
  let fingerprint = EmbedderFingerprint(
    model: "recording", provider: "testing", dimensions: 64, weights: "", tokenizer: "", pooling: "none",
    normalized: true, codeVersion: 1)

  var texts: [String] { seen.withLock { $0 } }

  func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
    seen.withLock { $0 += texts }
    return texts.flatMap { text in (0..<64).map { $0 == text.utf8.count % 64 ? 1 as Float : 0 } }
  }

  func tokenCount(_ text: Substring) -> Int { text.utf8.count / 4 }
}
