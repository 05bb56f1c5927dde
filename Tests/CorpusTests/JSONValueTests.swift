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
