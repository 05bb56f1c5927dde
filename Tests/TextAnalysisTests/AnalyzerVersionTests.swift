import Corpus
import Testing

@testable import TextAnalysis

/// Indexes of one `Analyzer.version` must agree on every term: a change seen here needs a new version.
@Suite struct AnalyzerVersionTests {
  private static let texts = [
    "es": """
    La configuración del servidor PostgreSQL 15.4 se guarda en postgresql.conf; el parámetro max_connections limita
    las conexiones simultáneas. Si aparece ERR-4012, reinícielo con kubectl rollout restart y vuelva a intentarlo.
    ¿Cuántas copias de seguridad habría que conservar según la política vigente? Tecnologías: C++, getUserName, v2.3.
    """,
    "en": """
    Connections are counted by max_connections; nightly backups run at 02:30 on 192.168.1.1 and don't block queries.
    HTMLParser failures (ERR-4012) were caused by generating invalid documents. The naïve café's résumé was studied.
    """,
    "fr": "Les systèmes d'exploitation étaient généralement configurés après l'installation des œuvres.",
    "de": "Die größeren Häuser wurden für die Straßenbeleuchtung geöffnet und anschließend geschlossen.",
  ]

  @Test func `a change of terms is a change of version`() {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for (language, text) in Self.texts.sorted(by: { $0.key < $1.key }) {
      for term in Analyzer(language: language).analyze(text) {
        for byte in "\(term.range.start) \(term.text)\n".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      }
    }
    #expect(Analyzer.version == 1)
    #expect(hash == 0xa321d5bc90d8bc35, "terms changed: raise Analyzer.version and record this value")
  }
}
