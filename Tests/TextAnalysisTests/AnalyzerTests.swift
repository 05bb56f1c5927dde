import Corpus
import Testing

@testable import TextAnalysis

@Suite struct AnalyzerTests {
  private let spanish = Analyzer(language: "es")
  private let english = Analyzer(language: "en")

  @Test(arguments: [
    ("configuracion", "configuración"), ("conexion", "conexiones"), ("CONFIGURACIÓN", "configuraciones"),
    ("contraseña", "contrasena"), ("pagina", "páginas"), ("tecnologia", "tecnologías"),
    ("actualizacion", "actualizaciones"),
  ])
  func `Spanish words meet whatever their accents and number`(one: String, other: String) {
    #expect(spanish.terms(one) == spanish.terms(other))
    #expect(spanish.terms(one).count == 1)
  }

  @Test func `stop words are left out`() {
    #expect(spanish.terms("¿Cómo se restablece la contraseña de usuario?") == ["restablec", "contrasen", "usuari"])
    #expect(english.terms("How do I reset the user's password?") == ["reset", "user", "password"])
    #expect(Analyzer(language: "en", stopWords: false).terms("the cat") == ["the", "cat"])
  }

  @Test func `codes and identifiers are found whole and in parts`() {
    #expect(english.terms("ERR-4012") == ["err-4012", "err", "4012"])
    #expect(english.terms("max_connections") == ["max_connections", "max", "connect"])
    #expect(english.terms("kubectl get pods") == ["kubectl", "get", "pod"])
    #expect(english.terms("HTMLParser") == ["htmlparser", "html", "parser"])
    #expect(english.terms("C++ and C#") == ["c++", "c#"])
    #expect(english.terms("192.168.1.1") == ["192.168.1.1"])
    #expect(english.terms("v2.3") == ["v2.3", "2.3"])
  }

  @Test func `terms name their bytes`() {
    let text = "Año: ERR-4012"
    let terms = spanish.analyze(text)
    #expect(terms.map(\.text) == ["ano", "err-4012", "err", "4012"])
    #expect(terms.map { text.slice($0.range).map(String.init) } == ["Año", "ERR-4012", "ERR", "4012"])
  }

  @Test func `unknown languages fold only`() {
    #expect(Analyzer(language: nil).terms("Las Conexiones") == ["las", "conexiones"])
    #expect(Analyzer(language: "xx").terms("Conexiónes") == ["conexiones"])
    #expect(Analyzer(language: "es-MX").terms("conexiones") == spanish.terms("conexiones"))
  }

  @Test func `scripts without spaces give pairs`() {
    #expect(Analyzer(language: nil).terms("東京都 a") == ["東京", "京都", "a"])
    #expect(Analyzer(language: nil).terms("東") == ["東"])
  }

  @Test func `huge words are cut and nothing is lost behind them`() {
    let terms = english.terms(String(repeating: "ñ", count: 100_000) + " end")
    #expect(terms.count == 2)
    #expect(terms.last == "end")
    #expect((terms.first?.utf8.count ?? 0) <= 64)
  }

  @Test func `many threads get the same terms`() async {
    let text = String(repeating: "Las conexiones configuradas del servidor ERR-4012 no funcionan. ", count: 50)
    let expected = spanish.terms(text)
    await withTaskGroup(of: [String].self) { group in
      for _ in 0..<8 { group.addTask { [spanish] in spanish.terms(text) } }
      for await terms in group { #expect(terms == expected) }
    }
  }
}
