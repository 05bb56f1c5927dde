import Corpus
import Retrieval
import Testing

@testable import Serving

@Suite struct FilterSyntaxTests {
  func filters(_ text: String) throws -> [Filter] {
    let value = try JSONValue(parsing: text)
    try FilterSyntax.schema.check(value, at: "filters")
    return try FilterSyntax.filters(value)
  }

  @Test(arguments: [
    (#"{"language": "es"}"#, Filter(field: "language", test: .anyOf([.keyword("es")]))),
    (#"{"label": {"any": ["a", 2]}}"#, Filter(field: "label", test: .anyOf([.keyword("a"), .number(2)]))),
    (#"{"url": {"prefix": "https://"}}"#, Filter(field: "url", test: .prefix("https://"))),
    (#"{"size": {"from": 1.5}}"#, Filter(field: "size", test: .range(.number(1.5), nil))),
    (#"{"date": {"to": "1970-01-02"}}"#, Filter(field: "date", test: .range(nil, .date(172_799)))),
    (#"{"date": "1970-01-02"}"#, Filter(field: "date", test: .range(.date(86_400), .date(172_799)))),
    (#"{"date": {"from": "1970-01-01T00:00:07Z"}}"#, Filter(field: "date", test: .range(.date(7), nil))),
  ])
  func `a condition is read`(text: String, filter: Filter) throws {
    #expect(try filters(text) == [filter])
  }

  @Test(arguments: [
    #"{"x": true}"#, #"{"x": {"any": []}}"#, #"{"x": {"any": ["a"], "prefix": "b"}}"#, #"{"x": {"prefix": ""}}"#,
    #"{"x": {"other": 1}}"#, #"{"date": "1970-02-30"}"#, #"{"x": {}}"#, #"["x"]"#,
  ])
  func `what is no condition is refused`(text: String) {
    #expect(throws: RequestFailure.self) { try filters(text) }
  }
}
