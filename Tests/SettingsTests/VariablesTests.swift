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
