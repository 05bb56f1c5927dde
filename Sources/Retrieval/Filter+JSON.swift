public import Corpus

/// How conditions are written, over HTTP and on the command line alike:
/// `{"field": value | {"any": […]} | {"from": …, "to": …} | {"prefix": …}}`.
extension Filter {
  /// The most conditions of one request, and the most values of one.
  public static let maximumCount = (filters: 16, values: 100)

  /// Reads conditions, all of which must hold.
  ///
  /// - Parameters:
  ///   - value: an object from field to condition; nil for no conditions.
  ///   - kinds: the fields that can be named, `Retriever.fields`.
  /// - Returns: a filter for each member.
  /// - Throws: `RetrievalError` that names the place, what it may be, and the fields there are.
  public static func filters(_ value: JSONValue?, kinds: [String: FieldKind]) throws(RetrievalError) -> [Filter] {
    guard let value else { return [] }
    guard let members = value.members, members.count <= maximumCount.filters else {
      throw RetrievalError(
        .badRequest, "“filters” has to be an object of at most \(maximumCount.filters) members",
        mend: "write {\"language\": \"es\"}, for instance")
    }
    var filters: [Filter] = []
    for member in members {
      guard let kind = kinds[member.name] else { throw .unknownField(member.name, kinds: kinds) }
      filters.append(try FilterReader(field: member.name, kind: kind).filter(member.value))
    }
    return filters
  }
}

/// Reads one condition on a field whose kind is known.
private struct FilterReader {
  let field: String
  let kind: FieldKind

  func filter(_ value: JSONValue) throws(RetrievalError) -> Filter {
    guard let members = value.members else { return Filter(field: field, test: try anyOf([value])) }
    let names = Set(members.map(\.name))
    if names == ["any"], let values = value["any"]?.array, (1...Filter.maximumCount.values).contains(values.count) {
      return Filter(field: field, test: try anyOf(values))
    }
    if names == ["prefix"], kind == .keyword, let prefix = value["prefix"]?.string, !prefix.isEmpty {
      return Filter(field: field, test: .prefix(prefix))
    }
    guard !names.isEmpty, names.isSubset(of: ["from", "to"]) else { throw refusal() }
    var (low, high): (FieldValue?, FieldValue?)
    if let from = value["from"] { low = try kind == .date ? .date(span(from).lowerBound) : single(from) }
    if let to = value["to"] { high = try kind == .date ? .date(span(to).upperBound) : single(to) }
    return Filter(field: field, test: .range(low, high))
  }

  private func anyOf(_ values: [JSONValue]) throws(RetrievalError) -> Filter.Test {
    if kind == .date {
      var spans: [ClosedRange<Int64>] = []
      for value in values { spans.append(try span(value)) }
      return .dates(spans)
    }
    var singles: [FieldValue] = []
    for value in values { singles.append(try single(value)) }
    return .anyOf(singles)
  }

  private func single(_ value: JSONValue) throws(RetrievalError) -> FieldValue {
    switch kind {
    case .keyword: if let text = value.string, text.utf8.count <= 500 { return .keyword(text) }
    case .number: if let number = value.double, number.isFinite { return .number(number) }
    case .date: break
    }
    throw refusal()
  }

  private func span(_ value: JSONValue) throws(RetrievalError) -> ClosedRange<Int64> {
    guard let span = value.string.flatMap(Moment.span) else { throw refusal() }
    return span
  }

  private func refusal() -> RetrievalError {
    let value =
      switch kind {
      case .keyword: "a text"
      case .number: "a number"
      case .date: "a date (2026, 2026-05, 2026-05-17, 2026-05-17T09:30:00+02:00)"
      }
    let prefix = kind == .keyword ? ", {\"prefix\": …}" : ""
    return RetrievalError(
      .badRequest, "“filters.\(field)” is not a condition on a \(kind.rawValue)",
      mend: "write \(value), {\"any\": […]} of 1 to \(Filter.maximumCount.values) such values\(prefix), "
        + "or {\"from\": …, \"to\": …} with one end or both")
  }
}

extension RetrievalError {
  /// A condition on a field that the collection does not have.
  static func unknownField(_ name: String, kinds: [String: FieldKind]) -> RetrievalError {
    let known = kinds.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value.rawValue))" }
    return RetrievalError(
      .badRequest, "“filters.\(name.prefix(80))” is no field of this collection",
      mend: "its fields are \(known.joined(separator: ", "))")
  }
}
