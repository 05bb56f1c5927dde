import Testing

@testable import TextAnalysis

@Suite struct FoldingTests {
  @Test(arguments: [
    ("Configuración", "configuracion"), ("AÑO", "ano"), ("Straße", "strasse"), ("ﬁn", "fin"), ("ＡＢＣ１２", "abc12"),
    ("Ærøskøbing", "aeroskobing"), ("ŁÓDŹ", "lodz"), ("e\u{301}", "e"), ("ΆΘΗΝΑ", "αθηνα"), ("Ёлка", "елка"),
    ("²", "2"),
    ("1.ª", "1.a"), ("が", "が"), ("한국", "한국"), ("हिन्दी", "हिन्दी"), ("🙂 OK", "🙂 ok"), ("", ""), ("¿Qué?", "¿que?"),
  ])
  func `letters fold to what people type`(text: String, folded: String) {
    #expect(Array(Folding.fold(text).unicodeScalars) == Array(folded.unicodeScalars))
  }

  @Test func `composed and decomposed accents fold alike`() {
    #expect(Folding.fold("acci\u{F3}n") == Folding.fold("accio\u{301}n"))
  }

  @Test func `folding twice changes nothing`() {
    for value in UInt32(0x20)..<0x3000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let once = Folding.fold(String(scalar))
      #expect(Array(Folding.fold(once).utf8) == Array(once.utf8), "U+\(String(value, radix: 16))")
    }
  }
}

@Suite struct StemmerTests {
  @Test func `stems agree between spellings with and without accents`() throws {
    let spanish = try #require(Stemmer(language: "es"))
    #expect(spanish.stem("configuración") == spanish.stem("configuraciones"))
    #expect(spanish.stem("configuracion") == spanish.stem("Configuración"))
    #expect(spanish.stem("tecnologia") == spanish.stem("tecnologías"))
    let english = try #require(Stemmer(language: "en"))
    #expect(english.stem("connections") == english.stem("connected"))
  }

  @Test func `every language it names has a stemmer and others have none`() {
    for language in Stemmer.languages { #expect(Stemmer(language: language) != nil, "\(language)") }
    #expect(Stemmer(language: "xx") == nil)
    #expect(Stemmer.languages.contains("es"))
  }

  @Test func `odd words are no trouble`() throws {
    for language in Stemmer.languages {
      let stemmer = try #require(Stemmer(language: language))
      #expect(stemmer.stem("").isEmpty)
      for word in ["ion", "logia", "x", "ñ", "東京", String(repeating: "a", count: 10_000), "\u{0}"] {
        #expect(!stemmer.stem(word).isEmpty, "\(language) \(word.prefix(10))")
      }
    }
  }
}
