internal import CPQ
internal import Corpus

/// What a query gives, through a cursor of the server: as many rows are in memory as one batch has.
struct PostgreSQLReader: RowReader {
  private(set) var columns: [String]?
  /// A transaction sees one state of the database, whatever happens meanwhile.
  var doubt: String? { nil }
  private let link: PostgreSQLLink
  private let maximumSize: Int
  private let types: [Oid]
  private let places: [String: Int]
  private var rows = 0
  /// How many rows are asked for at a time; as many as make up about a megabyte.
  private var batch = 100
  private var isAtEnd = false

  private static let cursor = "acervo_rows"
  private static let declaration = "DECLARE \(cursor) NO SCROLL CURSOR FOR "

  /// Connects and begins the query.
  ///
  /// - Throws: `TableFault`; `CancellationError`.
  init(_ link: PostgreSQLLink, maximumSize: Int) throws {
    self.link = link
    self.maximumSize = maximumSize
    try link.begin()
    try link.run(Self.declaration + link.query, prefix: Self.declaration.unicodeScalars.count)
    let result = try link.describe(cursor: Self.cursor)
    let count = PQnfields(result.result)
    var names: [String] = []
    var places: [String: Int] = [:]
    for place in 0..<count {
      let name = PQfname(result.result, place).map { String(cString: $0) } ?? ""
      guard places.updateValue(names.count, forKey: name) == nil else {
        throw TableFault("the query gives two columns “\(name)”\n  mend: name one of them: SELECT … AS other")
      }
      names.append(name)
    }
    self.places = places
    types = (0..<count).map { PQftype(result.result, $0) }
    columns = names
    withExtendedLifetime(result) {}
  }

  mutating func next() throws -> [RowOutcome] {
    guard !isAtEnd else { return [] }
    let answer = try link.run("FETCH FORWARD \(batch) FROM \(Self.cursor)")
    let count = PQntuples(answer.result)
    isAtEnd = count < batch
    var outcomes: [RowOutcome] = []
    outcomes.reserveCapacity(Int(count))
    var bytes = 0
    for row in 0..<count {
      let outcome = self.outcome(of: row, in: answer.result, &bytes)
      outcomes.append(outcome)
    }
    withExtendedLifetime(answer) {}
    if count > 0 { batch = min(max(Self.batchBytes / max(1, bytes / Int(count)), 1), 1000) }
    return outcomes
  }

  private mutating func outcome(of row: Int32, in result: OpaquePointer, _ bytes: inout Int) -> RowOutcome {
    rows += 1
    let size = types.indices.reduce(0) { $0 + Int(PQgetlength(result, row, Int32($1))) }
    bytes += size + 64
    guard size <= maximumSize else {
      return .fault(
        place: "row \(rows)", reason: "the row has \(size) bytes, more than \(maximumSize) (limits.row_size)")
    }
    let values = types.indices.map { column -> TableRow.Value in
      guard PQgetisnull(result, row, Int32(column)) == 0, let value = PQgetvalue(result, row, Int32(column)) else {
        return .none
      }
      return Self.value(String(cString: value), type: types[column])
    }
    return .row(TableRow(place: "row \(rows)", values: .ordered(values, places: places), bytes: size))
  }

  // MARK: Types (pg_type.dat)

  private static let numbers: Set<Oid> = [20, 21, 23, 26, 700, 701, 1700]
  private static let arrays: Set<Oid> = [
    1000, 1002, 1003, 1005, 1007, 1009, 1014, 1015, 1016, 1021, 1022, 1115, 1182, 1185, 1231, 2951,
  ]
  private static let json: Set<Oid> = [114, 3802]

  /// A value as the server writes it.
  private static func value(_ text: String, type: Oid) -> TableRow.Value {
    if text.isEmpty { return .none }
    if numbers.contains(type) { return .number(text) }
    if type == 16 { return .text(text == "t" ? "true" : "false") }
    if arrays.contains(type) {
      let values = ArrayText.values(text)
      return values.isEmpty ? .none : .list(values)
    }
    if json.contains(type), let value = try? JSONValue(parsing: text, maximumDepth: 16) { return .init(value) }
    return .text(text)
  }
}

/// PostgreSQL's text form of arrays: `{a,"b, c",NULL}`.
enum ArrayText {
  /// The values that are not null, of inner arrays too.
  static func values(_ text: String) -> [String] {
    var values: [String] = []
    var value = ""
    var (isQuoted, wasQuoted, isEscaped) = (false, false, false)
    func end() {
      if wasQuoted || (!value.isEmpty && value.uppercased() != "NULL") { values.append(value) }
      (value, wasQuoted) = ("", false)
    }
    for character in text {
      if isEscaped {
        value.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
        wasQuoted = true
      } else if isQuoted {
        value.append(character)
      } else if character == "," || character == "}" {
        end()
      } else if character != "{" {
        value.append(character)
      }
    }
    return values
  }
}
