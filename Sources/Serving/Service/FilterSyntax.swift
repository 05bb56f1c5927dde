internal import Corpus
internal import Retrieval

/// How conditions are written in a request; `Filter.filters` reads them for service and command line alike.
enum FilterSyntax {
  private static let value = JSONSchema.oneOf([.string(bytes: 0...500), .number])

  static let schema = JSONSchema.map(
    of: .oneOf([
      value,
      .object([.required("any", .array(of: value, count: 1...Filter.maximumCount.values), "One of these.")]),
      .object([.required("prefix", .string(bytes: 1...500), "Begins so.")]),
      .object([
        .optional(
          "from", value, "At least; a date is a year, a month, a day or a moment: 2026-05, 2026-05-17T09:30:00+02:00."),
        .optional("to", value, "At most; the whole of a year, a month or a day."),
      ]),
    ]), maximum: Filter.maximumCount.filters)

  /// The conditions of a request.
  static func filters(_ value: JSONValue?, for retriever: Retriever) throws -> [Filter] {
    guard let value else { return [] }
    do {
      return try Filter.filters(value, kinds: retriever.fields)
    } catch let error as RetrievalError where error.code == .badRequest {
      throw RequestFailure(422, "\(error.description).")
    }
  }
}
