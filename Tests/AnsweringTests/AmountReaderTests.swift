import Corpus
import Testing

@testable import Answering

@Suite struct AmountReaderTests {
  private func phrases(_ text: String, _ language: String) -> [AmountPhrase] {
    AmountReader(QuestionTokens(text, language: language).tokens).phrases()
  }

  @Test(
    arguments: [
      ("laptops HP de menos de 800 €", .atMost(800, isStrict: true)), ("entre 300 y 500 euros", .between(300, 500)),
      ("hasta mil euros", .atMost(1000, isStrict: false)), ("de 1.299,99 €", .exactly(1299.99)),
      ("por no más de 1.500 euros", .atMost(1500, isStrict: false)),
      ("a partir de 2.000€", .atLeast(2000, isStrict: false)),
      ("más de mil quinientos euros", .atLeast(1500, isStrict: true)), ("unos 500 euros", .about(500)),
      ("800 € como máximo", .atMost(800, isStrict: false)), ("de 300 a 500 €", .between(300, 500)),
      ("más baratos que 99,95 €", .atMost(99.95, isStrict: true)), ("desde 50 hasta 100 euros", .between(50, 100)),
      ("por debajo de treinta y cinco euros", .atMost(35, isStrict: true)),
      ("500 euros o menos", .atMost(500, isStrict: false)),
      ("entre cincuenta y cien euros", .between(50, 100)), ("un millón de euros", .exactly(1_000_000)),
      ("con un presupuesto de 1,5k €", .atMost(1500, isStrict: false)), ("300-500 €", .between(300, 500)),
      ("no quiero gastar más de 640 euros", .atMost(640, isStrict: false)),
      ("que no cueste menos de 100 €", .atLeast(100, isStrict: false)),
      ("sin pagar más de 50 €", .atMost(50, isStrict: false)),
      ("que no sean HP de más de 500 €", .atLeast(500, isStrict: true)),
      ("cuyo precio no superase los 900 euros", .atMost(900, isStrict: false)),
      ("que pasan de 2.000 €", .atLeast(2000, isStrict: true)),
      ("que no salga más de 120 euros", .atMost(120, isStrict: false)),
      ("que no lleguen a 80 euros", .atMost(80, isStrict: true)), ("<800€", .atMost(800, isStrict: true)),

    ] as [(String, AmountPhrase.Bounds)]) func `Spanish amounts are read`(text: String, bounds: AmountPhrase.Bounds)
  {
    let found = phrases(text, "es")
    #expect(found.map(\.bounds) == [bounds])
    #expect(found.first?.isMoney == true)
  }

  @Test(
    arguments: [
      ("under $1,000", .atMost(1000, isStrict: true)), ("between $300 and $500", .between(300, 500)),
      ("up to a thousand euros", .atMost(1000, isStrict: false)), ("for €1,299.99", .exactly(1299.99)),
      ("no more than 1,500 dollars", .atMost(1500, isStrict: false)), ("at least €20", .atLeast(20, isStrict: false)),
      ("over two thousand five hundred euros", .atLeast(2500, isStrict: true)), ("around £500", .about(500)),
      ("€800 or less", .atMost(800, isStrict: false)), ("from 300 to 500 euros", .between(300, 500)),
      ("between one hundred and two hundred dollars", .between(100, 200)),
      ("eight hundred and fifty euros max", .atMost(850, isStrict: false)), ("2k euros", .exactly(2000)),
      ("I don't want to spend more than $300", .atMost(300, isStrict: false)),
      ("that do not cost over 20 euros", .atMost(20, isStrict: false)),
      ("within a budget of 500 euros", .atMost(500, isStrict: false)), (">= 20 euros", .atLeast(20, isStrict: false)),

    ] as [(String, AmountPhrase.Bounds)]) func `English amounts are read`(text: String, bounds: AmountPhrase.Bounds)
  {
    let found = phrases(text, "en")
    #expect(found.map(\.bounds) == [bounds])
    #expect(found.first?.isMoney == true)
  }

  @Test(arguments: ["Zenit X200", "un portátil", "dos o tres cosas", "€", "menos de", ""])
  func `What is no amount of money is none`(text: String) {
    #expect(phrases(text, "es").allSatisfy { !$0.isMoney && !$0.hasCue })
  }

  @Test(
    arguments: [
      ("lanzados en 2025", 1_735_689_600, 1_767_225_599), ("desde marzo de 2026", 1_772_323_200, nil),
      ("antes de 2022", nil, 1_640_995_199), ("released after 2024", 1_735_689_600, nil),
      ("entre 2023 y 2025", 1_672_531_200, 1_767_225_599), ("del 17 de mayo de 2026", 1_778_976_000, 1_779_062_399),
      ("from May 2026", 1_777_593_600, nil), ("de 2026-05-17", 1_778_976_000, 1_779_062_399),
    ] as [(String, Int64?, Int64?)]) func `Dates are read`(text: String, from: Int64?, to: Int64?)
  {
    let found = DateReader(QuestionTokens(text, language: "es").tokens, besides: [], today: 1_800_000_000).phrases()
    #expect(found.count == 1)
    #expect(found.first?.from == from)
    #expect(found.first?.to == to)
  }

  @Test(arguments: [
    ("compar*", "quiero comparar dos", true), ("^hola$", "hola", true), ("^hola$", "hola amigo", false),
    ("que * teneis", "que portatiles hp teneis", true), ("mas barat*", "el mas barato", true),
    ("precio de", "de precio", false),
    ("que * teneis", "que a b c d e f g teneis", false),
  ]) func `Patterns match words`(pattern: String, question: String, matches: Bool) throws {
    let pattern = try #require(IntentPattern(pattern))
    #expect((pattern.match(question.split(separator: " ").map(String.init)) != nil) == matches)
  }

  @Test func `limits behind a unit, lists with one unit and two limits are read`() {
    let more = phrases("portátiles con 16 GB de RAM o más", "es")
    #expect(more.map(\.bounds) == [.atLeast(16, isStrict: false)])
    let list = phrases("laptops with 8 or 16 gb", "en")
    #expect(list.map(\.bounds) == [.exactly(8), .exactly(16)])
    #expect(list.map(\.unit) == ["gb", "gb"])
    let two = phrases("under 30 euros or over 3900 euros", "en")
    #expect(two.map(\.bounds) == [.atMost(30, isStrict: true), .atLeast(3900, isStrict: true)])
  }

  @Test func `a currency is told, and an amount that no word says anything of`() {
    #expect(phrases("under 500 dollars", "en").first?.currencies.contains("EUR") == false)
    #expect(phrases("menos de 500 pavos", "es").first?.currencies == ["EUR"])
    #expect(phrases("un portátil 800 €", "es").first?.isBare == true)
    #expect(phrases("por 800 €", "es").first?.isBare == false)
  }
}
