public import Corpus

// Sendable: the pointers lead into read-only bytes that `owner` keeps.

/// The columns by which documents are filtered, read in place; safe to use from any number of threads.
public final class FieldIndex: @unchecked Sendable {
  /// How many documents there are.
  public let documents: Int
  /// The fields and what their values are.
  public let kinds: [String: FieldKind]

  private struct Column {
    var kind: FieldKind
    var values: Int
    var entries: Int
    var bytes: UnsafeRawBufferPointer
  }

  private let columns: [String: Column]
  private let owner: any Sendable

  /// Opens the columns; nil when there are none.
  ///
  /// - Parameters:
  ///   - owner: what keeps the bytes alive; held as long as this is.
  ///   - source: gives the values.
  /// - Throws: `SearchIndexError` where they are not what the writer writes.
  public init?(owner: any Sendable, source: SectionSource) throws {
    guard let bytes = try source(FieldLayout.section, 0) else { return nil }
    var fields: [(name: String, kind: FieldKind)] = []
    do {
      var reader = ByteReader(bytes)
      guard try reader.int() == FieldLayout.version else { throw Self.damaged("another version") }
      documents = try reader.int()
      fields = try reader.list { reader throws(ByteCodingError) in
        let name = try reader.text()
        let number = try reader.int()
        guard let kind = FieldKind.allCases.first(where: { $0.number == number }) else {
          throw ByteCodingError(description: "a kind of field that this version does not know")
        }
        return (name, kind)
      }
    } catch let error as ByteCodingError {
      throw Self.damaged(error.description)
    }
    var columns: [String: Column] = [:]
    for (place, field) in fields.enumerated() {
      guard let bytes = try source(FieldLayout.section, UInt32(place + 1)) else {
        throw Self.damaged("the column of “\(field.name)” is missing")
      }
      columns[field.name] = try Self.column(bytes, field.name, field.kind)
    }
    kinds = columns.mapValues(\.kind)
    self.columns = columns
    self.owner = owner
  }

  private static func damaged(_ reason: String) -> SearchIndexError {
    SearchIndexError(section: FieldLayout.section, reason: reason)
  }

  private static func column(_ bytes: UnsafeRawBufferPointer, _ name: String, _ kind: FieldKind) throws -> Column {
    guard bytes.count >= 12 else { throw damaged("the column of “\(name)” is cut off") }
    let values = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
    let entries = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    let head = 4 * (2 + values + 1 + entries)
    let isWhole =
      kind == .keyword ? bytes.count >= head + 4 * (values + 1) : bytes.count == head + 8 * values
    guard isWhole else { throw damaged("the column of “\(name)” is cut off") }
    return Column(kind: kind, values: values, entries: entries, bytes: bytes)
  }

  // MARK: Looking up

  /// Adds the documents with a value between two, both included and each optional, to a set of documents.
  ///
  /// - Throws: `SearchIndexError` where the column is damaged.
  /// - Complexity: O(log values + documents that are added).
  public func insert(
    into set: inout ChunkSet, field: String, from low: FieldValue?, through high: FieldValue?
  ) throws {
    guard let column = columns[field] else { return }
    guard [low, high].allSatisfy({ $0 == nil || $0?.kind == column.kind }) else { return }
    let first = try low.map { low in try partition(column) { try value($0, column, is: { $0 < 0 }, to: low) } } ?? 0
    let end =
      try high.map { high in try partition(column) { try value($0, column, is: { $0 <= 0 }, to: high) } }
      ?? column.values
    try insert(into: &set, column, first, end)
  }

  /// Adds the documents with a text that begins so to a set of documents.
  ///
  /// - Throws: `SearchIndexError` where the column is damaged.
  public func insert(into set: inout ChunkSet, field: String, prefix: String) throws {
    guard let column = columns[field], column.kind == .keyword else { return }
    let wanted = Array(prefix.utf8)
    let first = try partition(column) { try text($0, column).lexicographicallyPrecedes(wanted) }
    let end = try partition(column) { place in
      let text = try text(place, column)
      return text.starts(with: wanted) || text.lexicographicallyPrecedes(wanted)
    }
    try insert(into: &set, column, first, end)
  }

  /// Walks the values of a field in their order, each with its documents.
  ///
  /// - Parameters:
  ///   - field: the field.
  ///   - descending: whether the last value comes first.
  ///   - body: gets each value with its documents, ascending; false ends the walk.
  /// - Throws: `SearchIndexError` where the column is damaged; what `body` throws.
  /// - Complexity: O(values + documents with one).
  public func walk(
    _ field: String, descending: Bool = false, _ body: (FieldValue, [Int]) throws -> Bool
  ) throws {
    guard let column = columns[field] else { return }
    for step in 0..<column.values {
      let place = descending ? column.values - 1 - step : step
      let (start, stop) = (number(2 + place, column), number(3 + place, column))
      guard start <= stop, stop <= column.entries else { throw Self.damaged("documents lie outside of their column") }
      let documents = (start..<stop).map { number(3 + column.values + $0, column) }
      let value: FieldValue
      switch column.kind {
      case .keyword: value = .keyword(String(decoding: try text(place, column), as: UTF8.self))
      case .number: value = .number(Double(bitPattern: fixed(place, column)))
      case .date: value = .date(Int64(bitPattern: fixed(place, column)))
      }
      guard try body(value, documents) else { return }
    }
  }

  /// The first value for which something no longer holds.
  private func partition(_ column: Column, _ holds: (Int) throws -> Bool) rethrows -> Int {
    var (low, high) = (0, column.values)
    while low < high {
      let middle = (low + high) / 2
      if try holds(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether the order of a value and another (below 0: the value stands before it) is as wanted.
  private func value(_ place: Int, _ column: Column, is wanted: (Int) -> Bool, to other: FieldValue) throws -> Bool {
    func order<Number: Comparable>(_ first: Number, _ second: Number) -> Int {
      first < second ? -1 : (first == second ? 0 : 1)
    }
    switch other {
    case .keyword(let wantedText):
      let text = try text(place, column)
      let bytes = wantedText.utf8
      return wanted(text.elementsEqual(bytes) ? 0 : (text.lexicographicallyPrecedes(bytes) ? -1 : 1))
    case .number(let number):
      return wanted(order(Double(bitPattern: fixed(place, column)), number))
    case .date(let moment):
      return wanted(order(Int64(bitPattern: fixed(place, column)), moment))
    }
  }

  private func number(_ place: Int, _ column: Column) -> Int {
    Int(UInt32(littleEndian: column.bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self)))
  }

  private func fixed(_ place: Int, _ column: Column) -> UInt64 {
    let start = 4 * (3 + column.values + column.entries) + 8 * place
    return UInt64(littleEndian: column.bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
  }

  private func text(_ place: Int, _ column: Column) throws -> Slice<UnsafeRawBufferPointer> {
    let places = 3 + column.values + column.entries
    let texts = 4 * (places + column.values + 1)
    let (start, end) = (number(places + place, column), number(places + place + 1, column))
    guard start <= end, end <= column.bytes.count - texts else {
      throw Self.damaged("a value lies outside of its column")
    }
    return column.bytes[texts + start..<texts + end]
  }

  private func insert(into set: inout ChunkSet, _ column: Column, _ first: Int, _ end: Int) throws {
    guard first < end else { return }
    let (start, stop) = (number(2 + first, column), number(2 + end, column))
    guard start <= stop, stop <= column.entries else { throw Self.damaged("documents lie outside of their column") }
    for place in start..<stop {
      let document = number(3 + column.values + place, column)
      set.insert(document..<document + 1)
    }
  }
}

extension FieldIndex {
  /// Columns in memory, for a snapshot that was written without them.
  ///
  /// - Parameters:
  ///   - kinds: the declared fields.
  ///   - fill: adds the documents, in their order.
  /// - Returns: the columns.
  /// - Throws: what `fill` throws.
  public static func inMemory(
    kinds: [String: FieldKind], _ fill: (FieldIndexWriter) throws -> Void
  ) throws -> FieldIndex? {
    let values = FieldBytes()
    let writer = FieldIndexWriter(kinds: kinds) { values.parts[$1] = values.copy($2) }
    try fill(writer)
    try writer.finish()
    return try FieldIndex(owner: values) { values.parts[$1].map { UnsafeRawBufferPointer($0) } }
  }
}

// Sendable: filled before the index that reads it is given away, and never after.
private final class FieldBytes: @unchecked Sendable {
  var parts: [UInt32: UnsafeMutableRawBufferPointer] = [:]

  func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawBufferPointer {
    let value = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    value.copyMemory(from: bytes)
    return value
  }

  deinit {
    for value in parts.values { value.deallocate() }
  }
}
