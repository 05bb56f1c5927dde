public import Corpus
public import Retrieval

/// What was understood of a question about a catalogue.
public struct CatalogueQuery: Sendable, Equatable {
  /// The intent's name.
  public var intent: String
  /// What is done about it.
  public var action: CatalogueAction
  /// The conditions of the question that all hold, in its order.
  public var conditions: [Condition] = []
  /// Groups of conditions, of which one holds beside these: “portátiles HP o monitores LG”; none: nothing else is asked.
  public var alternatives: [[Condition]] = []

  /// A condition as it was understood.
  public struct Condition: Sendable, Equatable {
    /// The field.
    public var field: String
    /// What its values have to be.
    public var test: Filter.Test
    /// Whether the end of a range is itself left out: “menos de 800” is not 800.
    public var isStrict = false
    /// Whether items that meet it are left out: “que no sea HP”.
    public var isNegated = false
  }
}

extension CatalogueQuery.Condition {
  /// As answers tell it: `{"field", "any" | "from", "to", "exclusive"?, "not"?}`; dates as text.
  public var json: JSONValue {
    var members: [JSONValue.Member] = [.init("field", .string(field))]
    switch test {
    case .anyOf(let values): members.append(.init("any", .array(values.map(\.json))))
    case .range(let low, let high):
      if let low { members.append(.init("from", (isStrict ? low.previous : low).json)) }
      if let high { members.append(.init("to", (isStrict ? high.next : high).json)) }
    case .prefix(let text): members.append(.init("prefix", .string(text)))
    case .dates: break
    }
    if isStrict { members.append(.init("exclusive", .bool(true))) }
    if isNegated { members.append(.init("not", .bool(true))) }
    return .object(members)
  }
}

extension FieldValue {
  /// As JSON: a text, a number, or a moment as text.
  public var json: JSONValue {
    switch self {
    case .keyword(let text): .string(text)
    case .number(let number): Int64(exactly: number).map { .integer($0) } ?? .number(number)
    case .date(let moment): .string(Moment.text(moment))
    }
  }

  fileprivate var next: FieldValue { if case .number(let number) = self { .number(number.nextUp) } else { self } }

  fileprivate var previous: FieldValue { if case .number(let number) = self { .number(number.nextDown) } else { self } }
}
