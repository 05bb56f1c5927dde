internal import Corpus

/// A row as its table gave it.
struct TableRow: Sendable {
  /// The value of a column.
  enum Value: Sendable, Equatable {
    /// Nothing: SQL's and JSON's null, a member that is not there, an empty text.
    case none
    /// A text as somebody wrote it.
    case text(String)
    /// A number as programs write it.
    case number(String)
    /// Several values.
    case list([String])

    /// As text; several values with commas between them.
    var text: String {
      switch self {
      case .none: ""
      case .text(let text), .number(let text): text
      case .list(let texts): texts.joined(separator: ", ")
      }
    }

    /// A JSON value; an object has no text.
    init(_ json: JSONValue) {
      switch json {
      case .string(let text): self = text.isEmpty ? .none : .text(text)
      case .bool(let flag): self = .text(flag ? "true" : "false")
      case .integer, .number: self = .number(json.text())
      case .array(let values):
        let texts = values.map { Value($0).text }.filter { !$0.isEmpty }
        self = texts.isEmpty ? .none : .list(texts)
      case .null, .object: self = .none
      }
    }
  }

  /// Its values, by their columns.
  enum Values: Sendable {
    /// In the order of the table's columns, whose places are told once for all rows.
    case ordered([Value], places: [String: Int])
    /// A JSON object's members.
    case members(JSONValue)
  }

  /// Where it stands, for people: `products.csv:12`, `row 12`.
  var place: String
  var values: Values
  /// How many bytes it took.
  var bytes: Int

  /// The value of a column; nil where the row has no such column.
  ///
  /// Of an object's members, `specs.ram` is the member `ram` of the member `specs`, unless one has that whole name.
  func value(of column: String) -> Value? {
    switch values {
    case .ordered(let values, let places):
      guard let place = places[column], values.indices.contains(place) else { return nil }
      return values[place]
    case .members(let object):
      if let value = object[column] { return Value(value) }
      guard column.contains(".") else { return nil }
      var value = object
      for name in column.split(separator: ".", omittingEmptySubsequences: false) {
        guard let next = value[String(name)] else { return nil }
        value = next
      }
      return Value(value)
    }
  }
}

/// What reading came to.
enum RowOutcome: Sendable {
  /// A row.
  case row(TableRow)
  /// A row that cannot be read, where it stands, and why.
  case fault(place: String, reason: String)
}

/// Gives a table's rows, some at a time; blocks, so it is asked off the pool.
protocol RowReader: Sendable {
  /// What the table calls its columns; nil where every row has its own.
  var columns: [String]? { get }

  /// The next rows, about a megabyte of them; none at the end.
  ///
  /// - Throws: `TableFault` when there is no way to go on.
  mutating func next() throws -> [RowOutcome]

  /// Set once the end was reached: what makes the reading worth less than a whole one; nil for nothing.
  var doubt: String? { get }
}

extension RowReader {
  /// So many bytes of rows are read at a time.
  static var batchBytes: Int { 1 << 20 }
}

/// Why a table cannot be read, or not to its end.
struct TableFault: Error, CustomStringConvertible {
  /// What happened, where and how to mend it.
  var description: String

  init(_ description: String) { self.description = description }
}
