import AcervoTesting
import Corpus
import Testing

@Suite struct JSONValueTests {
  @Test(arguments: [
    #"{"b":1,"a":[true,false,null,-0.5,"x"]}"#, #""línea\nñ😀""#, "[]", "{}", "-9223372036854775808", "1e+20",
  ])
  func `Writing what was parsed gives the same text`(text: String) throws {
    #expect(try JSONValue(parsing: text).text() == text)
  }

  @Test func `Escapes are read, surrogate pairs joined`() throws {
    #expect(try JSONValue(parsing: #""\u00e1\ud83d\ude00\/\t""#) == .string("á😀/\t"))
  }

  @Test func `Control characters, quotes and backslashes are escaped`() {
    #expect(JSONValue.string("\u{1}\"\\\r").text() == #""\u0001\"\\\r""#)
  }

  @Test func `Indented writing puts every member on its line`() {
    let value: JSONValue = ["a": [1, 2].map { .integer($0) }.asArray, "b": [:]]
    #expect(value.text(pretty: true) == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}")
  }

  @Test(arguments: [
    ("", "the text ends where a value should stand at byte 0"),
    ("[1,]", "no value begins like this at byte 3"),
    ("{\"a\":1,\"a\":2}", "the member “a” stands twice at byte 10"),
    ("01", "something stands after the value at byte 1"),
    ("1e999", "the number does not fit a double at byte 5"),
    (#""\ud800""#, "half of a surrogate pair at byte 7"),
    ("\"\u{1}\"", "a control character must be escaped in a string at byte 1"),
    ("[1 2]", "an array needs “,” or “]” here at byte 3"),
    ("nul", "no value begins like this at byte 0"),
  ])
  func `What is not JSON is refused with its place`(text: String, message: String) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error?.description == message)
  }

  @Test func `Short decimals are read to the last bit`() throws {
    var generator = SeededGenerator(seed: 15)
    var texts = ["-0.0", "0.1", "0.3", "-123.456", "9007199254740.993", "0.00000000000001", "1.5e3"]
    for places in 1...15 {
      for _ in 0..<200 {
        let digits = String(Int64.random(in: 0..<1_000_000_000_000_000, using: &generator)).prefix(places)
        let point = digits.index(digits.startIndex, offsetBy: Int.random(in: 0..<digits.count, using: &generator))
        let whole = Int64(digits[..<point]) ?? 0
        texts.append("\(Bool.random(using: &generator) ? "-" : "")\(whole).\(digits[point...])")
      }
    }
    for text in texts {
      let read = try #require(try JSONValue(parsing: text).double)
      #expect(read.bitPattern == Double(text)?.bitPattern, "\(text)")
    }
  }

  @Test(arguments: [("4", 4), ("4.0", 4), ("4e1", 40), ("-0.0", 0), ("4.5", nil), ("1e19", nil)])
  func `A number without a fraction is an integer however it is written`(text: String, value: Int?) throws {
    #expect(try JSONValue(parsing: text).int == value)
  }

  @Test func `Nesting is bounded`() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try JSONValue(parsing: deep) }
  }

  @Test func `Invalid UTF-8 in a string is refused`() {
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
  }
}

extension Array where Element == JSONValue {
  fileprivate var asArray: JSONValue { .array(self) }
}
