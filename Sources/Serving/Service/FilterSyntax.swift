internal import Corpus
internal import Retrieval

/// How conditions are written in a request: `{"field": value | {"any": […]} | {"from": …, "to": …} | {"prefix": …}}`.
enum FilterSyntax {
  private static let value = JSONSchema.oneOf([.string(bytes: 0...500), .number])

  static let schema = JSONSchema.map(
    of: .oneOf([
      value,
      .object([.required("any", .array(of: value, count: 1...100), "One of these.")]),
      .object([.required("prefix", .string(bytes: 1...500), "Begins so.")]),
      .object([
        .optional("from", value, "At least; a date is written YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ."),
        .optional("to", value, "At most; a day counts whole."),
      ]),
    ]), maximum: 16)

  /// The conditions of a value that `schema` admits.
  static func filters(_ value: JSONValue?) throws(RequestFailure) -> [Filter] {
    var filters: [Filter] = []
    for member in value?.members ?? [] {
      let field = member.name
      if let any = member.value["any"]?.array {
        var values: [FieldValue] = []
        for value in any { values.append(try single(value, of: field)) }
        filters.append(Filter(field: field, test: .anyOf(values)))
      } else if let prefix = member.value["prefix"]?.string {
        filters.append(Filter(field: field, test: .prefix(prefix)))
      } else if case .object = member.value {
        filters.append(Filter(field: field, test: try range(member.value, of: field)))
      } else if field == "date" {
        // A day means any moment of it.
        filters.append(Filter(field: field, test: try range(["from": member.value, "to": member.value], of: field)))
      } else {
        filters.append(Filter(field: field, test: .anyOf([try single(member.value, of: field)])))
      }
    }
    return filters
  }

  private static func range(_ value: JSONValue, of field: String) throws(RequestFailure) -> Filter.Test {
    let from = try value["from"].map { (end) throws(RequestFailure) in try bound(end, of: field, endsDay: false) }
    let to = try value["to"].map { (end) throws(RequestFailure) in try bound(end, of: field, endsDay: true) }
    guard from != nil || to != nil else {
      throw RequestFailure(422, "“filters.\(field)” has to name “from”, “to” or both.")
    }
    return .range(from, to)
  }

  private static func bound(_ value: JSONValue, of field: String, endsDay: Bool) throws(RequestFailure) -> FieldValue {
    if let text = value.string, let seconds = seconds(text, endsDay: endsDay) { return .date(seconds) }
    return try single(value, of: field)
  }

  private static func single(_ value: JSONValue, of field: String) throws(RequestFailure) -> FieldValue {
    if let number = value.double { return .number(number) }
    let text = value.string ?? ""
    guard field == "date" else { return .keyword(text) }
    guard let seconds = seconds(text, endsDay: false) else {
      throw RequestFailure(422, "“filters.date” takes dates as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ.")
    }
    return .date(seconds)
  }

  /// Seconds since 1970 of a day's start or end, or of a moment in UTC; nil for anything else.
  static func seconds(_ text: String, endsDay: Bool) -> Int64? {
    let isDay = text.utf8.count == 10
    return Moment.seconds(isDay ? text + (endsDay ? "T23:59:59Z" : "T00:00:00Z") : text)
  }
}
