import Testing

@testable import Settings

@Suite struct VariablesTests {
  @Test(arguments: [
    ("plain", "plain"), ("${A}", "one"), ("a${A}b${B}c", "aonebtwoc"), ("${NONE:-x}", "x"), ("${EMPTY:-x}", "x"),
    ("${EMPTY}!", "!"), ("${A:-x}", "one"), ("$${A}", "${A}"), ("$$${A}", "$${A}"), ("$A $", "$A $"),
    ("${NONE:-}!", "!"),
    ("${NONE:-a b:-c}", "a b:-c"), ("a}b", "a}b"), ("$${", "${"),
  ])
  func `variables are filled in`(text: String, value: String) throws {
    let environment = ["A": "one", "B": "two", "EMPTY": ""]
    let quoted = "\"" + text + "\""
    #expect(try SettingsSample.parse("title: \(quoted)", environment).title == value)
  }

  @Test(arguments: ["${}", "${1A}", "${A-B}", "${A:=b}", "${A", "${", "${A:-${B}}", "${ A }", "${Ñ}", "${A\u{301}}"])
  func `what only looks like a variable is refused`(text: String) {
    #expect(Variables(text).pieces.contains { if case .malformed = $0 { true } else { false } })
  }

  @Test func `a value from the environment is not searched for variables`() throws {
    #expect(try SettingsSample.parse("title: ${A}", ["A": "${B}"]).title == "${B}")
  }
}

@Suite struct SuggestionTests {
  @Test(arguments: [
    ("sise", "size"), ("szie", "size"), ("Size", "size"), ("overlaps", "overlap"), ("overlp", "overlap"),
    ("ovrelap", "overlap"),
    ("wombat", nil), ("", nil), ("si", nil), (String(repeating: "size", count: 1000), nil),
  ])
  func `the nearest name is suggested when it is near`(name: String, suggestion: String?) {
    #expect(Suggestion.nearest(to: name, among: ["by", "size", "overlap", "unit"]) == suggestion)
  }

  @Test(arguments: [("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1), ("same", "same", 0)])
  func `the distance counts changes`(left: String, right: String, distance: Int) {
    #expect(Suggestion.distance(Array(left.utf8), Array(right.utf8)) == distance)
    #expect(Suggestion.distance(Array(right.utf8), Array(left.utf8)) == distance)
  }
}
