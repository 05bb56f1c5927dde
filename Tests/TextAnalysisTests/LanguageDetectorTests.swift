import Testing

@testable import TextAnalysis

@Suite struct LanguageDetectorTests {
  private let detector = LanguageDetector()

  @Test(arguments: [
    ("es", "¿Cómo puedo cambiar mi contraseña?"), ("es", "no funciona la impresora"),
    ("es", "error al iniciar sesión en el portal"),
    ("es", "donde veo mis facturas"), ("es", "como instalar postgresql"),
    ("en", "How do I change my password?"), ("en", "the printer does not work"), ("en", "reset my password"),
    ("en", "where are my invoices"), ("en", "what is ERR-4012"),
  ])
  func `questions are told apart between Spanish and English`(language: String, question: String) {
    #expect(detector.language(ofQuestion: question, among: ["es", "en"]) == language)
  }

  @Test(arguments: [
    ("pt", "Como posso alterar a minha senha? Não consigo entrar na conta."),
    ("fr", "Comment puis-je changer mon mot de passe pour la messagerie ?"),
    ("de", "Wie kann ich mein Passwort für das Konto ändern?"),
    ("it", "Come posso cambiare la password del mio account?"),
    ("ca", "Com puc canviar la contrasenya del meu compte? No hi tinc accés amb aquest usuari."),
    ("es", "¿Cómo puedo cambiar la contraseña de mi cuenta?"),
    ("en", "How can I change the password of my account?"),
  ])
  func `questions are told apart among seven languages`(language: String, question: String) {
    #expect(detector.language(ofQuestion: question, among: []) == language)
  }

  @Test(arguments: ["ERR-4012", "max_connections", "", "1234", "postgresql", "???"])
  func `what has no language has none`(question: String) {
    #expect(detector.language(ofQuestion: question, among: ["es", "en"]) == nil)
  }

  @Test func `documents are told by their statistics`() {
    let spanish = String(
      repeating: "El servidor guarda las copias de seguridad cada noche en otro centro de datos. ", count: 5)
    let english = String(
      repeating: "The server keeps nightly backups of every database in another data centre. ", count: 5)
    let russian = String(repeating: "Сервер каждую ночь сохраняет резервные копии в другом центре. ", count: 5)
    #expect(detector.language(of: spanish) == "es")
    #expect(detector.language(of: english) == "en")
    #expect(detector.language(of: russian) == "ru")
    #expect(detector.language(of: "") == nil)
    #expect(detector.language(of: "12345 67890 -- //") == nil)
    #expect(detector.guess(of: spanish)?.isReliable == true)
  }

  @Test func `a long text is cut between characters`() {
    let text = (0..<3_000).map { "El año \($0) la señora pidió más niñez y cariño. " }.joined()
    for start in ["", "a", "ab"] { #expect(detector.guess(of: start + text)?.language == "es") }
  }
}
