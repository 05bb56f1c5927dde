import Corpus
import Evaluation
import Settings
import Testing

@Suite struct GoldenQuestionTests {
  private func read(_ text: String) throws -> [GoldenQuestion] {
    try GoldenQuestion.parse(Array(text.utf8), path: "golden.yaml")
  }

  @Test func `a file is read with every key`() throws {
    let questions = try read(
      """
      # what must be found
      - question: "¿Cuánto tarda un reembolso?"
        expect: ["https://help.example/es/reembolsos#plazos"]
        answer: ["5 a 10 días"]
        language: es
        as: ["user:ana", "group:soporte"]
      - { question: Who won in 1930?, none: true }
      """)
    #expect(questions.count == 2)
    #expect(
      questions[0]
        == GoldenQuestion(
          question: "¿Cuánto tarda un reembolso?", expected: ["https://help.example/es/reembolsos#plazos"],
          answer: ["5 a 10 días"], language: "es",
          principals: Set(["user:ana", "group:soporte"].compactMap(Principal.init)), line: 2))
    #expect(questions[1] == GoldenQuestion(question: "Who won in 1930?", isUnanswerable: true, line: 7))
  }

  @Test func `json is read too`() throws {
    let questions = try read(#"[{"question": "Why?", "expect": ["https://a.example/"]}]"#)
    #expect(questions.map(\.expected) == [["https://a.example/"]])
  }

  @Test(arguments: [
    ("", "the file is empty", 0),
    ("question: why\n", "the file needs a list", 1),
    ("- { question: Why?, expect: [a] }\n- { question: How? }\n", "does not say what answers it", 2),
    ("- { question: Why?, expect: [a], none: true }\n", "“expect” stands beside “none: true”", 1),
    ("- { question: \"  \", none: true }\n", "needs a question", 1),
    ("- { expect: [a] }\n", "“question” is missing", 1),
    ("- { question: Why?, expect: [a], as: [ana] }\n", "needs user:ID or group:ID", 1),
    ("- { question: Why?, expect: [a], answer: [42] }\n", "needs a text in quotes, not the number 42", 1),
    ("- { question: Why?, expcet: [a] }\n", "unknown key “expcet”", 1),
  ])
  func `a faulty file is refused with the line`(text: String, message: String, line: Int) throws {
    let errors = try #require(throws: SettingsErrors.self) { try read(text) }
    #expect(errors.errors.contains { $0.message.contains(message) && $0.position.line == line }, "\(errors)")
  }
}
