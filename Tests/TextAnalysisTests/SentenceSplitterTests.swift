import AcervoTesting
import Corpus
import Testing

@testable import TextAnalysis

@Suite struct SentenceSplitterTests {
  /// The bar marks where a new sentence is expected.
  @Test(arguments: [
    "Hello world. |This is it.",
    "El Sr. Pérez llegó a las 10.30 h. |Después habló con la Dra. Gómez.",
    "Use a shell, e.g. Bash, or similar. |It works (see Fig. 3). |Done.",
    "Véase p. ej. Madrid. |La versión 2.3.1 corrige el error núm. 45.",
    "¿Cómo estás? |¡Muy bien! |Gracias.",
    "¡Hola! dijo ella. |Y se fue…",
    "Wait... what? |OK.",
    "Espera… |Ahora sí.",
    "He said “Stop.” |Then he left.",
    "\"¿Vienes?\" |\"No puedo.\" |Así fue.",
    "J. R. Smith wrote it. |It sold well.",
    "Visit https://docs.example/a.b?c=d. |Then log in.",
    "1. Open the file. |2. Close it.",
    "- Primero\n|- Segundo\n|3. Tercero",
    "A line that\nwraps here. |Next.",
    "Un título\n\n|Un párrafo.",
    "今日は晴れ。|明日は雨！|本当？",
    "Node.js and .NET run. |See No. 5 and etc. and more.",
    "Los EE.UU. firmaron. |Fin.",
    "The text ends here.[1] |Another one.[23] |Last.",
    "No stop at all",
    "Really?! |Yes.",
    "\"Sí.\" |(Lo dijo él.) |Bien.",
  ])
  func `sentences end where a reader would end them`(marked: String) {
    let expected = marked.split(separator: "|").map { trimmed(String($0)) }
    let text = String(marked.filter { $0 != "|" })
    let found = SentenceSplitter.sentences(in: text).map { text.slice($0).map(String.init) ?? "?" }
    #expect(found == expected)
  }

  @Test func `random texts keep every character that is not white space`() {
    let pieces = [
      ".", "!", "?", "…", " ", "\n", "\u{A0}", "a", "Sr", "É", "¿", "。", "\"", "”", "1", "[", "]", "e.g", "\u{3000}",
      "🙂",
    ]
    for var generator in FuzzRounds(2_000, seed: 7) {
      let text = generator.text(from: pieces, upTo: 40)
      var kept = ""
      var last = 0
      for range in SentenceSplitter.sentences(in: text) {
        #expect(range.start >= last && range.end > range.start)
        last = range.end
        kept += text.slice(range).map(String.init) ?? "?"
      }
      #expect(solid(kept) == solid(text))
    }
  }

  @Test(.timeLimit(.minutes(1))) func `hostile texts take linear time`() {
    for piece in [".", " .", "\n", "a", "¿", "\"", "a. ", "1", "e.g", "[", ".["] {
      let text = String(repeating: piece, count: 200_000 / piece.utf8.count)
      #expect(SentenceSplitter.sentences(in: text).count <= 200_000)
    }
  }

  private func trimmed(_ text: String) -> String {
    var scalars = Substring(text).unicodeScalars
    while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
    return String(scalars)
  }

  private func solid(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { !$0.properties.isWhitespace }))
  }
}
