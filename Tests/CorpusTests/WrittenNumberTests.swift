import Corpus
import Testing

@Suite struct WrittenNumberTests {
  @Test(
    arguments: [
      ("1299", 1299), ("1.299,00 €", 1299), ("1,299.00", 1299), ("$1,299.99", 1299.99), ("-12,5 %", -12.5),
      ("1.234.567", 1_234_567), ("1 299,5", 1299.5), ("1\u{A0}299,50\u{A0}€", 1299.5), ("EUR 12,50", 12.5),
      ("1.299", 1.299), ("3e2", 300), ("0,5", 0.5), ("0.500 €", 0.5), ("12.50 euros", 12.5), ("−5", -5),
      ("-$5.25", -5.25),
      ("1'299.50", 1299.5), (".5", 0.5), ("+7", 7), ("12,345,678.9", 12_345_678.9), ("US$ 20", 20),
    ] as [(String, Double)]) func `A number that can be read in one way is read`(text: String, number: Double) throws
  {
    #expect(try WrittenNumber.number(text) == number)
  }

  @Test(arguments: ["1,299", "1.299 €", "€ 12.345", "12,345"]) func `One that can be read in two is not`(text: String) {
    #expect(throws: WrittenNumber.Fault.ambiguous) { try WrittenNumber.number(text) }
  }

  @Test(
    arguments: [
      ("1.299", WrittenNumber.Style.es, 1299), ("1.299", .en, 1.299), ("1,299", .es, 1.299), ("1,299", .en, 1299),
      ("1.299 €", .es, 1299), ("12.5", .es, 12.5), ("12,5", .en, 12.5), ("0.500", .es, 0.5), ("1,299.00", .es, 1299),
      ("1.299,00", .en, 1299), ("1.000.000", .es, 1_000_000),
    ] as [(String, WrittenNumber.Style, Double)]) func `A declared style decides`(
      text: String, style: WrittenNumber.Style, number: Double
    ) throws
  {
    #expect(try WrittenNumber.number(text, style: style) == number)
  }

  @Test(arguments: [
    "", " ", "€", "consultar", "12 34", "1,2,3", "1.23.456", "12-13", "1.299.00,5.1", "abc 12", "1,299,00.5", "--5",
    "5-",
    "1e999", String(repeating: "9", count: 65), "nan", "inf", "0x10", "1..2", "12 EURX",
  ]) func `What is none is refused`(text: String) {
    #expect(throws: WrittenNumber.Fault.self) { try WrittenNumber.number(text) }
  }
}
