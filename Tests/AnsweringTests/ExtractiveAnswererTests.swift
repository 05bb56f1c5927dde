import AcervoTesting
import Answering
import Corpus
import Embedding
import Retrieval
import Testing

@Suite struct ExtractiveAnswererTests {
  let words = ExtractiveAnswerer(embedder: nil)
  let concepts = ExtractiveAnswerer(embedder: ConceptEmbedder())

  @Test func `the sentence behind the question it answers is quoted`() async throws {
    let answer = try await words.answer("How do I change my password?", from: [Handbook.password])
    #expect(answer.isAnswered)
    #expect(answer.language == "en")
    #expect(answer.citations.first?.quote == "Open Settings and choose “Reset password”.")
    #expect(answer.text.hasPrefix("According to “Accounts”: Open Settings and choose “Reset password”. [1]"))
    #expect(!answer.text.contains("Sundays"))
    let citation = try #require(answer.citations.first)
    #expect(citation.url == "https://help.example/1")
    #expect(citation.heading == "Password")
    #expect(citation.anchor == "a1")
    #expect(citation.chunk == 1)
  }

  @Test func `a Spanish question is answered from the Spanish page in Spanish words`() async throws {
    let answer = try await concepts.answer(
      "¿Cómo puedo cambiar la contraseña?", from: [Handbook.password, Handbook.contraseña])
    #expect(answer.language == "es")
    #expect(answer.citations.map(\.quote) == ["Para cambiar la contraseña, abra Ajustes y elija «Restablecer»."])
    #expect(answer.text.hasPrefix("Según «Cuentas»: Para cambiar"))
    #expect(answer.sources == ["https://help.example/1", "https://help.example/2"])
  }

  @Test func `a page in the other language answers where there is no other`() async throws {
    let answer = try await concepts.answer("¿Cómo puedo descargar una factura?", from: Handbook.all)
    #expect(answer.isAnswered)
    #expect(answer.text.hasPrefix("Según «Billing» (en inglés): You can download every invoice"))
    let english = try await concepts.answer("How can I change the password?", from: [Handbook.contraseña])
    #expect(english.text.hasPrefix("According to “Cuentas” (in Spanish): Para cambiar"))
  }

  @Test(arguments: [
    ("¿Dónde está la impresora de la tercera planta?", "No lo sé", "es"),
    ("Where is the printer on the third floor?", "I don't know", "en"),
    ("Où se trouve l'imprimante du troisième étage ?", "I don't know", "en"),
  ])
  func `weak evidence is admitted in the question's language`(question: String, start: String, language: String)
    async throws
  {
    for answerer in [words, concepts] {
      let answer = try await answerer.answer(question, from: Handbook.all)
      #expect(!answer.isAnswered)
      #expect(answer.text.hasPrefix(start))
      #expect(answer.language == language)
      #expect(answer.sources.isEmpty)
      #expect(answer.citations.isEmpty)
    }
  }

  @Test func `no evidence is no answer`() async throws {
    #expect(try await words.answer("How?", from: []).isAnswered == false)
    #expect(try await concepts.answer("", from: Handbook.all).isAnswered == false)
  }

  @Test func `a row of a table is quoted whole`() async throws {
    let answer = try await words.answer("What is the price and disk of the Team plan?", from: Handbook.all)
    #expect(answer.citations.first?.quote == "Plan: Team; Disk: 200 GB; Price: 15 EUR")
    #expect(answer.text.contains("\nPlan: Team; Disk: 200 GB; Price: 15 EUR [1]"))
  }

  @Test func `code is quoted whole behind the sentence that announces it`() async throws {
    let answer = try await words.answer("Which commands restart the synchronisation daemon?", from: [Handbook.code])
    #expect(
      answer.citations.map(\.quote) == [
        "Restart the synchronisation daemon with these commands:",
        "$ systemctl stop syncd\n$ systemctl start syncd --verbose",
      ])
  }

  @Test func `at most three sentences are quoted and none twice`() async throws {
    let page =
      String(repeating: "The password can be changed in settings. ", count: 5)
      + (1...9).map { "Password change number \($0) is possible in settings. " }.joined()
    let answer = try await words.answer(
      "Can the password be changed in settings?",
      from: [hit(1, "One", language: "en", page), hit(2, "Two", language: "en", page)])
    #expect((1...3).contains(answer.citations.count))
    #expect(Set(answer.citations.map(\.quote)).count == answer.citations.count)
  }

  @Test func `every quote is a substring of its chunk whatever the chunk`() async throws {
    var generator = SeededGenerator(seed: 7)
    let pieces = [
      "password", "contraseña", "¿qué?", "change.", "3.", "- ", "\n", "\n\n", "Name: x; Size: 2", "$ ls -l\n", "…",
      "👩‍👩‍👧", "e\u{301}", "\u{200B}", "。", "settings!", "a", ":", ";", "  ", "\t", "{};", "日本語",
      String(repeating: "x", count: 900), String(repeating: "ñ ", count: 400),
    ]
    for _ in 0..<50 {
      let evidence = (0..<4).map { number in
        let text = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
          pieces.randomElement(using: &generator) ?? ""
        }.joined(separator: Bool.random(using: &generator) ? " " : "")
        return hit(number, "T", language: ["es", "en", nil].randomElement(using: &generator) ?? nil, text)
      }
      for answerer in [words, concepts] {
        let answer = try await answerer.answer("¿change contraseña settings password size?", from: evidence)
        for citation in answer.citations {
          let chunk = try #require(evidence.first { $0.chunkNumber == citation.chunk })
          #expect(contains(chunk.chunk.text, citation.quote))
          #expect(contains(answer.text, citation.quote))
          #expect(!citation.quote.isEmpty)
        }
        #expect(answer.isAnswered == !answer.citations.isEmpty)
      }
    }
  }

  /// Compares bytes: `String.contains` would also find canonical equivalents.
  private func contains(_ text: String, _ part: String) -> Bool {
    let (text, part) = (Array(text.utf8), Array(part.utf8))
    guard part.count <= text.count else { return false }
    return (0...text.count - part.count).contains { text[$0] == part.first && text[$0..<$0 + part.count] == part[...] }
  }
}
