import AcervoTesting
import Corpus
import Settings
import Testing

@Suite struct SettingsErrorsTests {
  @Test(arguments: [
    "login: { api_key: hunter2 }", "login:\n  api_key: hunter2", "login: { \"api_key\" : 'hunter2' }",
    "login: { api_key: |\n  hunter2", "login:\n  api_key: >\n    first\n    hunter2\n", "login: { api_kye: hunter2 }",
    "login: { api_key: \"${KEY:-hunter2}\" }", "login: { api_key: \"x${KEY}hunter2\" }", "login: { api_key: hunter2",
    "api_key: hunter2", "login: { api_key: [hunter2] }", "site: https://ana:hunter2@a.example/",
    "title: ${KEY}\ncount: ${KEY}\ncolor: ${KEY}\nsite: ${KEY}\nlimit: ${KEY}\nis_on: ${KEY}\nshare: ${KEY}\nwait: ${KEY}",
  ])
  func `a secret is not shown in what is said about it`(text: String) throws {
    let complaint = try SettingsSample.complaint(text, ["KEY": "hunter2"])
    #expect(complaint.contains("error:"))
    #expect(!complaint.contains("hunter2"))
  }

  @Test func `a secret in the file is refused`() throws {
    #expect(
      try SettingsSample.complaint("login: { user: ana, api_key: hunter2 }") == """
        /etc/acervo/s.yaml:1:30: error: “api_key” is a secret and must not stand in the file
            1 | login: { user: ana, api_key: •••
              |                              ^
            write ${NAME} and set NAME in the environment
        """)
  }

  @Test func `an empty secret is refused`() throws {
    let complaint = try SettingsSample.complaint("login: { api_key: \"${KEY:-}\" }")
    #expect(complaint.contains("error: “api_key” is empty"))
  }

  @Test(arguments: [
    // A BOM is no column; CRLF and CR end lines as LF does; a combined character is one column.
    ("\u{FEFF}count: x", "1:8"), ("title: a\r\ncount: x\r\n", "2:8"), ("title: a\rcount: x", "2:8"),
    ("{ title: e\u{301}ñ🏳️‍🌈, count: x }", "1:22"), ("{ title: \"\u{2028}\", count: x }", "1:22"),
    ("# \u{85}\ncount: x", "2:8"), ("count:\n\n\n   x\n", "4:4"),
  ])
  func `lines and columns are those of an editor`(text: String, place: String) throws {
    #expect(try SettingsSample.complaint(text).hasPrefix("/etc/acervo/s.yaml:\(place): error:"))
  }

  @Test func `the caret stands under the fault after tabs and wide characters`() throws {
    #expect(
      try SettingsSample.complaint("{ title: 漢字,\tcount: x }").split(separator: "\n").dropLast() == [
        "/etc/acervo/s.yaml:1:21: error: “count” needs a whole number from -5 to 5, not “x”",
        "    1 | { title: 漢字,\tcount: x }", "      |               \t       ^",
      ])
  }

  @Test func `a long line is shown around the fault`() throws {
    let text =
      "{ title: \(String(repeating: "a", count: 300)), count: x, model: \(String(repeating: "b", count: 300)) }"
    let lines = try SettingsSample.complaint(text).split(separator: "\n")
    #expect(lines[1].count < 140)
    #expect(lines[1].contains("count: x"))
    let caret = lines[2].distance(from: lines[2].startIndex, to: lines[2].firstIndex(of: "^") ?? lines[2].startIndex)
    #expect(lines[1].dropFirst(caret).first == "x")
  }

  @Test func `colour is only there on request`() throws {
    let error = #expect(throws: SettingsErrors.self) { try SettingsSample.parse("count: x") }
    #expect(error?.text().contains("\u{1B}") == false)
    #expect(
      error?.text(color: true) == """
        \u{1B}[1m/etc/acervo/s.yaml:1:8: \u{1B}[1;31merror:\u{1B}[0m\u{1B}[1m “count” needs a whole number from -5 to 5, \
        not “x”\u{1B}[0m
            1 | count: x
              |        \u{1B}[1;31m^\u{1B}[0m
            \u{1B}[32mwrite a whole number from -5 to 5\u{1B}[0m
        """)
  }

  @Test func `a program gets JSON`() throws {
    let error = #expect(throws: SettingsErrors.self) { try SettingsSample.parse("count: x") }
    #expect(
      error?.json.text() == """
        {"errors":[{"file":"/etc/acervo/s.yaml","line":1,"column":8,\
        "message":"“count” needs a whole number from -5 to 5, not “x”",\
        "mend":"write a whole number from -5 to 5"}],"omitted":0}
        """)
  }

  @Test func `no more than 50 faults are told`() throws {
    let text = (0..<80).map { "wrong\($0): 1" }.joined(separator: "\n")
    let error = #expect(throws: SettingsErrors.self) { try SettingsSample.parse(text) }
    #expect(error?.errors.count == 50)
    #expect(error?.omitted == 30)
    #expect(error?.text().hasSuffix("\nand 30 more like these") == true)
  }

  @Test(
    arguments: [
      ([0xFF, 0xFE, 0x61, 0], "/s.yaml: error: the file is UTF-16, not UTF-8\n    save it as UTF-8"),
      (
        Array("title: a".utf8) + [0xF1, 0x6F],
        "/s.yaml:1:9: error: a byte that is not UTF-8\n    1 | title: a\n      |         ^\n    save the file as UTF-8"
      ),
      (
        Array(repeating: 0x20, count: (1 << 20) + 1),
        "/s.yaml: error: the file is larger than 1MiB\n    settings are small; is this the right file?"
      ),
    ] as [([UInt8], String)])
  func `bytes that are no settings are refused`(bytes: [UInt8], complaint: String) throws {
    let error = #expect(throws: SettingsErrors.self) {
      try SettingsSample.definition.parse(bytes, path: "/s.yaml", environment: [:])
    }
    #expect(error?.text() == complaint)
  }

  @Test(arguments: [
    "[", "{", "- ", "? ", "{a: ", "[[a], ", "a: [", "&a ", "!", "a: ", "- - ", "\"\\", "? a\n", "'", "${", "a,",
  ])
  func `hostile repetition is refused in bounded time`(piece: String) throws {
    let text = String(repeating: piece, count: (1 << 18) / piece.utf8.count)
    let start = ContinuousClock.now
    #expect(try SettingsSample.complaint("title: " + text) != "no complaint")
    #expect(try SettingsSample.complaint(text) != "no complaint")
    #expect(ContinuousClock.now - start < Patience.seconds(60))
  }

  @Test func `a flood of faults is refused in bounded time`() throws {
    let keys = (0..<10_000).map { "coumt\($0): 1" }
    let start = ContinuousClock.now
    for text in [keys.joined(separator: "\n"), "{ " + keys.joined(separator: ", ") + " }"] {
      let error = #expect(throws: SettingsErrors.self) { try SettingsSample.parse(text) }
      #expect(error?.omitted == 9_950)
    }
    #expect(ContinuousClock.now - start < Patience.seconds(60))
  }
}
