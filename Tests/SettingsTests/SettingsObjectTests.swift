import Corpus
import Settings
import Testing

@Suite struct SettingsObjectTests {
  @Test func `every type is read`() throws {
    let text = """
      title: 'it''s'
      is_on: false
      count: -5
      limit: 5MB
      wait: 250ms
      share: 12.5%
      color: green
      site: https://a.example/b?c#d
      folder: ../x/./y//z
      model: ./models/m
      words: [a, "1", null-ish]
      scores: { recall@4: 90%, mrr: 0.5 }
      login: { user: ana, api_key: "${KEY}" }
      """
    var expected = SettingsSample()
    expected.title = "it's"
    expected.isOn = false
    expected.count = -5
    expected.limit = 5_000_000
    expected.wait = 0.25
    expected.share = 0.125
    expected.color = .green
    expected.site = "https://a.example/b?c#d"
    expected.folder = "/etc/x/y/z"
    expected.model = "/etc/acervo/models/m"
    expected.words = ["a", "1", "null-ish"]
    expected.scores = ["recall@4": 0.9, "mrr": 0.5]
    expected.user = "ana"
    expected.key = Secret("s3cret")
    #expect(try SettingsSample.parse(text, ["KEY": "s3cret"]) == expected)
  }

  @Test func `an empty mapping is the defaults`() throws {
    #expect(try SettingsSample.parse("{}") == SettingsSample())
  }

  @Test(arguments: [
    ("count: 0", 0), ("count: +5", 5), ("count: -0", 0),
  ])
  func `whole numbers may have a sign`(text: String, count: Int) throws {
    #expect(try SettingsSample.parse(text).count == count)
  }

  @Test(arguments: [
    "count: 1.0", "count: 0x1", "count: 1_0", "is_on: 1", "is_on: \"true\"", "wait: .inf", "share: -1%", "share: nan",
    "limit: -1", "scores: [1]", "scores: { a: 1, b: 1, c: 1 }", "words: [a, b, c, d]", "words: [[a]]",
    "folder: \"a\\0b\"",
    "site: \"http://a b/\"", "title: \"\"", "title: 1", "title: null", "color: Green", "color: blue",
  ])
  func `values of another type or size are refused`(text: String) throws {
    #expect(throws: SettingsErrors.self) { try SettingsSample.parse(text) }
  }

  @Test func `canonical JSON leaves out paths, secrets and what shapes no result`() throws {
    let value = try SettingsSample.parse(
      "{ folder: /x, model: /y/m, wait: 1s, scores: { b: 1%, a: 0.005 }, login: { api_key: \"${KEY}\" } }", ["KEY": "k"]
    )
    #expect(
      SettingsSample.definition.canonicalJSON(value).text() == """
        {"title":"untitled","is_on":true,"count":3,"limit":"1MB","share":"2%","color":"red","model":"m","words":[],\
        "scores":{"a":"0.5%","b":"1%"},"login":{"user":"nobody"}}
        """)
  }

  @Test func `the schema tells types, bounds, words and defaults`() {
    let schema = SettingsSample.definition.jsonSchema(title: "Sample", description: "A sample.")
    #expect(schema["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema["additionalProperties"]?.bool == false)
    #expect(
      schema["properties"]?["count"]?.text()
        == #"{"description":"How many.","type":"integer","minimum":-5,"maximum":5,"default":3}"#)
    #expect(
      schema["properties"]?["color"]?.text()
        == #"{"description":"Which color.","type":"string","enum":["red","green"],"default":"red"}"#)
    #expect(schema["properties"]?["login"]?["properties"]?["api_key"]?["default"] == nil)
  }

  @Test func `a secret never shows`() throws {
    let value = try SettingsSample.parse("login: { api_key: \"${KEY}\" }", ["KEY": "s3cret"])
    #expect(value.key?.reveal == "s3cret")
    var dumped = ""
    dump(value, to: &dumped)
    for text in ["\(value)", String(reflecting: value), dumped] { #expect(!text.contains("s3cret")) }
  }
}
