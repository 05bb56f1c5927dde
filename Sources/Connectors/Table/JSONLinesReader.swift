internal import Corpus

/// A JSON object on each line; empty lines are passed over.
struct JSONLinesReader: RowReader {
  var columns: [String]? { nil }
  var doubt: String? { file.doubt }
  private var file: TableFile
  private let maximumSize: Int
  private var line = 0
  /// How deep values may nest.
  private static let depth = 16

  /// Opens a file.
  ///
  /// - Throws: `TableFault` for one that cannot be read.
  init(path: String, maximumSize: Int) throws {
    self.maximumSize = maximumSize
    file = try TableFile(path: path)
  }

  mutating func next() throws -> [RowOutcome] {
    var rows: [RowOutcome] = []
    var bytes = 0
    while bytes < Self.batchBytes, try file.peek() != nil {
      var text: [UInt8] = []
      let taken = try file.take(into: &text, limit: maximumSize) { $0 == 0x0A }
      if try file.peek() != nil { file.skip() }
      line += 1
      bytes += taken + 64
      if line == 1, text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
      guard text.contains(where: { $0 > 0x20 }) else { continue }
      rows.append(row(text, taken))
    }
    return rows
  }

  private func row(_ text: [UInt8], _ taken: Int) -> RowOutcome {
    let place = "\(file.name):\(line)"
    guard taken <= maximumSize else {
      return .fault(place: place, reason: "the row has \(taken) bytes, more than \(maximumSize) (limits.row_size)")
    }
    do {
      let value = try JSONValue(parsing: text, maximumDepth: Self.depth)
      guard value.members != nil else { return .fault(place: place + ":1", reason: "this is no object") }
      return .row(TableRow(place: place, values: .members(value), bytes: taken))
    } catch {
      return .fault(place: "\(place):\(error.offset + 1)", reason: "not JSON: \(error.reason)")
    }
  }
}
