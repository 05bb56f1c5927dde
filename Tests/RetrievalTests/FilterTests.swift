import Corpus
import Retrieval
import Testing

@Suite struct FilterTests {
  private static let kinds: [String: FieldKind] = [
    "language": .keyword, "label": .keyword, "url": .keyword, "size": .number, "date": .date,
  ]

  private func filters(_ text: String) throws -> [Filter] {
    try Filter.filters(try JSONValue(parsing: text), kinds: Self.kinds)
  }

  @Test(arguments: [
    (#"{"language": "es"}"#, Filter(field: "language", test: .anyOf([.keyword("es")]))),
    (#"{"label": {"any": ["a", "b"]}}"#, Filter(field: "label", test: .anyOf([.keyword("a"), .keyword("b")]))),
    (#"{"label": {"from": "a"}}"#, Filter(field: "label", test: .range(.keyword("a"), nil))),
    (#"{"url": {"prefix": "https://"}}"#, Filter(field: "url", test: .prefix("https://"))),
    (#"{"size": 3}"#, Filter(field: "size", test: .anyOf([.number(3)]))),
    (#"{"size": {"from": 1.5}}"#, Filter(field: "size", test: .range(.number(1.5), nil))),
    (#"{"date": {"to": "1970-01-02"}}"#, Filter(field: "date", test: .range(nil, .date(172_799)))),
    (#"{"date": "1970-01-02"}"#, Filter(field: "date", test: .dates([86_400...172_799]))),
    (
      #"{"date": {"any": ["1970", "1970-01-01T00:00:07Z"]}}"#,
      Filter(field: "date", test: .dates([0...31_535_999, 7...7]))
    ),
    (
      #"{"date": {"from": "1970-02", "to": "1970-02"}}"#,
      Filter(field: "date", test: .range(.date(2_678_400), .date(5_097_599)))
    ),
    (#"{"date": {"from": "1970-01-01T02:00:07+02:00"}}"#, Filter(field: "date", test: .range(.date(7), nil))),
  ])
  func `a condition is read`(text: String, filter: Filter) throws {
    #expect(try filters(text) == [filter])
  }

  @Test(arguments: [
    #"{"label": true}"#, #"{"label": 3}"#, #"{"label": {"any": []}}"#, #"{"label": {"any": ["a"], "prefix": "b"}}"#,
    #"{"label": {"prefix": ""}}"#, #"{"label": {"other": 1}}"#, #"{"label": {}}"#, #"{"label": {"any": ["a", 2]}}"#,
    #"{"size": "3"}"#, #"{"size": {"prefix": "3"}}"#, #"{"size": {"from": "2026"}}"#, #"{"date": 3}"#,
    #"{"date": "soon"}"#,
    #"{"date": "1970-02-30"}"#, #"{"date": {"prefix": "1970"}}"#, #"["label"]"#, "3",
  ])
  func `what is no condition is refused`(text: String) {
    let error = #expect(throws: RetrievalError.self) { try filters(text) }
    #expect(error?.code == .badRequest)
  }

  @Test(arguments: [
    (
      #"{"colour": "red"}"#,
      "“filters.colour” is no field of this collection; its fields are date (date), label (keyword), language (keyword), "
        + "size (number), url (keyword)"
    ),
    (
      #"{"size": "3"}"#,
      "“filters.size” is not a condition on a number; write a number, {\"any\": […]} of 1 to 100 such values, "
        + "or {\"from\": …, \"to\": …} with one end or both"
    ),
    (
      #"{"date": "soon"}"#,
      "“filters.date” is not a condition on a date; write a date (2026, 2026-05, 2026-05-17, 2026-05-17T09:30:00+02:00), "
        + "{\"any\": […]} of 1 to 100 such values, or {\"from\": …, \"to\": …} with one end or both"
    ),
  ])
  func `a refusal says what may be written`(text: String, message: String) {
    #expect(#expect(throws: RetrievalError.self) { try filters(text) }?.description == message)
  }
}
