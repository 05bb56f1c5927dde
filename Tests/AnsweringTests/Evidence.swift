import Corpus
import Embedding
import Retrieval

/// A page's chunk as retrieval would hand it over.
func hit(
  _ number: Int, _ title: String, language: String?, heading: [String] = [], score: Double = 1, cosine: Double? = nil,
  _ text: String
) -> SearchHit {
  SearchHit(
    chunkNumber: number, documentNumber: number, score: score, cosine: cosine, url: "https://help.example/\(number)",
    title: title, language: language,
    chunk: Chunk(
      index: 0, range: TextRange(start: 0, end: text.utf8.count), text: text, headingPath: heading, anchor: "a\(number)"
    ))
}

/// An embedder that knows a few words in two languages: what means the same has the same place.
struct ConceptEmbedder: Embedder {
  static let concepts: [[String]] = [
    ["contraseña", "password", "clave"], ["cambiar", "cambio", "cambia", "change", "reset", "restablecer"],
    ["factura", "facturas", "invoice", "invoices"], ["descargar", "download", "descarga"],
    ["impresora", "printer"], ["papel", "paper"], ["vacaciones", "holidays"], ["ajustes", "settings"],
    ["abra", "abre", "open"], ["días", "days"],
  ]
  let fingerprint = EmbedderFingerprint(
    model: "concepts", provider: "testing", dimensions: ConceptEmbedder.concepts.count + 16, weights: "", tokenizer: "",
    pooling: "sum", normalized: true, codeVersion: 1)

  func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
    texts.flatMap { text in
      let words = Set(text.lowercased().split { !$0.isLetter }.map(String.init))
      var vector = Self.concepts.map { concept in concept.contains { words.contains($0) } ? 1 as Float : 0 }
      // What it does not know points somewhere, so that two texts without a known word are not alike.
      vector += (0..<16).map { text.utf8.reduce(0) { $0 &+ Int($1) } % 16 == $0 ? 0.3 : 0 }
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return vector.map { $0 / length }
    }
  }

  func tokenCount(_ text: Substring) -> Int { text.utf8.count / 4 }
}

/// A small handbook in two languages.
enum Handbook {
  static let password = hit(
    1, "Accounts", language: "en", heading: ["Password"],
    """
    How do I change my password?

    Open Settings and choose “Reset password”. A new password needs at least 12 characters. The office is closed on \
    Sundays.
    """)
  static let contraseña = hit(
    2, "Cuentas", language: "es", heading: ["Contraseña"], score: 0.9,
    """
    Para cambiar la contraseña, abra Ajustes y elija «Restablecer». El comedor sirve paella los jueves.
    """)
  static let invoices = hit(
    3, "Billing", language: "en", score: 0.8,
    """
    You can download every invoice from the billing page. Invoices stay there for ten years.
    """)
  static let table = hit(
    4, "Plans", language: "en", score: 0.7,
    """
    Plan: Basic; Disk: 20 GB; Price: 5 EUR
    Plan: Team; Disk: 200 GB; Price: 15 EUR
    """)
  static let code = hit(
    5, "Command line", language: "en", score: 0.6,
    """
    Restart the synchronisation daemon with these commands:

    $ systemctl stop syncd
    $ systemctl start syncd --verbose

    It takes a minute.
    """)
  static let all = [password, contraseña, invoices, table, code]
}
