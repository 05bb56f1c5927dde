internal import Pipelines

/// Comma-separated values by RFC 4180: quoted values may hold delimiters, line breaks and doubled quotes.
///
/// More than the RFC: any line break, other delimiters, empty lines, and quotes inside of values that do not begin with
/// one (`27" screen`).
struct CSVReader: RowReader {
  private(set) var columns: [String]?
  var doubt: String? { file.doubt }
  private var file: TableFile
  private let settings: CSVSettings
  private let maximumSize: Int
  private var places: [String: Int] = [:]
  /// Of the next byte, from 1; columns count bytes.
  private var line = 1
  private var column = 1

  private struct Fault: Error {
    var line: Int
    var column: Int
    var reason: String
  }

  /// Opens a file and reads its header.
  ///
  /// - Throws: `TableFault` for a file that cannot be read or has no usable header.
  init(_ settings: CSVSettings, maximumSize: Int) throws {
    self.settings = settings
    self.maximumSize = maximumSize
    file = try TableFile(path: settings.path)
    try skipMark()
    let header: [String]
    do {
      guard let first = try record() else {
        throw TableFault("\(file.name) is empty\n  mend: its first line has to name the columns")
      }
      header = first.values.map {
        String($0.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
      }
    } catch let fault as Fault {
      throw TableFault("\(file.name):\(fault.line):\(fault.column): \(fault.reason)")
    }
    for (place, name) in header.enumerated() {
      guard places.updateValue(place, forKey: name) == nil else {
        throw TableFault("\(file.name):1: two columns are called “\(name)”\n  mend: give each its own name")
      }
    }
    columns = header
  }

  mutating func next() throws -> [RowOutcome] {
    var rows: [RowOutcome] = []
    var bytes = 0
    while bytes < Self.batchBytes {
      let start = line
      do {
        guard let record = try record() else { break }
        bytes += record.bytes + 64
        let place = "\(file.name):\(record.line)"
        guard record.values.count == places.count else {
          let reason = "it has \(record.values.count) values, and the header names \(places.count) columns"
          rows.append(.fault(place: place, reason: reason))
          continue
        }
        let values = record.values.map { $0.isEmpty ? TableRow.Value.none : .text($0) }
        rows.append(.row(TableRow(place: place, values: .ordered(values, places: places), bytes: record.bytes)))
      } catch let fault as Fault {
        bytes += 64
        let place = "\(file.name):\(fault.line):\(fault.column)"
        rows.append(.fault(place: place, reason: fault.reason))
        // Nothing was taken: the end.
        if line == start, try file.peek() == nil { break }
      }
    }
    return rows
  }

  // MARK: Records

  private mutating func skipMark() throws {
    var mark: [UInt8] = []
    guard settings.encoding == .utf8, try file.peek() == 0xEF else { return }
    for expected: UInt8 in [0xEF, 0xBB, 0xBF] {
      guard let byte = try file.peek(), byte == expected else { break }
      mark.append(byte)
      file.skip()
    }
  }

  /// The next record that is no empty line; nil at the end.
  ///
  /// What is wrong with one is thrown when all of it was taken.
  private mutating func record() throws -> (values: [String], line: Int, bytes: Int)? {
    while true {
      guard try file.peek() != nil else { return nil }
      let first = line
      var values: [[UInt8]] = []
      var starts: [(line: Int, column: Int)] = []
      var fault: Fault?
      var bytes = 0
      repeat {
        let start = (line, column)
        let room = maximumSize - bytes
        let (value, taken) = try field(keeping: max(0, room) + 1, &fault)
        bytes += taken
        // A row of nothing but delimiters is long, too.
        if values.count <= maximumSize {
          starts.append(start)
          values.append(value)
        }
      } while try takeDelimiter()
      let isEmptyLine = try takeLineBreak() && values.count == 1 && bytes == 0
      if isEmptyLine { continue }
      if max(bytes, values.count) > maximumSize {
        throw Fault(line: first, column: 1, reason: "the row has more than \(maximumSize) bytes (limits.row_size)")
      }
      if let fault { throw fault }
      let texts = try zip(values, starts).map { bytes, start in
        guard let text = text(bytes) else {
          let reason = "the value is no UTF-8\n  mend: write encoding: windows-1252, if that is what the file is"
          throw Fault(line: start.line, column: start.column, reason: reason)
        }
        return text
      }
      return (texts, first, bytes)
    }
  }

  private mutating func field(keeping limit: Int, _ fault: inout Fault?) throws -> (value: [UInt8], taken: Int) {
    let delimiter = settings.delimiter.byte
    var value: [UInt8] = []
    guard try file.peek() == 0x22 else {
      let taken = try file.take(into: &value, limit: limit) { $0 == delimiter || $0 == 0x0A || $0 == 0x0D }
      column += taken
      return (value, taken)
    }
    let start = (line, column)
    var taken = 1
    advance()
    while true {
      let count = try file.take(into: &value, limit: limit) { $0 == 0x22 || $0 == 0x0A }
      taken += count
      column += count
      guard let byte = try file.peek() else {
        fault = fault ?? Fault(line: start.0, column: start.1, reason: "the quote that begins here is not closed")
        return (value, taken)
      }
      advance()
      taken += 1
      if byte == 0x0A {
        if value.count < limit { value.append(byte) }
        (line, column) = (line + 1, 1)
        continue
      }
      guard try file.peek() == 0x22 else { break }
      advance()
      taken += 1
      if value.count < limit { value.append(0x22) }
    }
    guard let next = try file.peek(), next != delimiter, next != 0x0A, next != 0x0D else { return (value, taken) }
    fault = fault ?? Fault(line: line, column: column, reason: "something stands behind a closing quote")
    var rest: [UInt8] = []
    let count = try file.take(into: &rest, limit: 0) { $0 == delimiter || $0 == 0x0A || $0 == 0x0D }
    column += count
    return (value, taken + count)
  }

  private mutating func advance() {
    file.skip()
    column += 1
  }

  private mutating func takeDelimiter() throws -> Bool {
    guard try file.peek() == settings.delimiter.byte else { return false }
    advance()
    return true
  }

  private mutating func takeLineBreak() throws -> Bool {
    var found = false
    if try file.peek() == 0x0D {
      file.skip()
      found = true
    }
    if try file.peek() == 0x0A {
      file.skip()
      found = true
    }
    if found { (line, column) = (line + 1, 1) }
    return found
  }

  // MARK: Encoding

  private func text(_ bytes: [UInt8]) -> String? {
    switch settings.encoding {
    case .utf8: return String(validating: bytes, as: UTF8.self)
    case .windows1252:
      var scalars = String.UnicodeScalarView()
      for byte in bytes {
        let code = 0x80...0x9F ~= byte ? Self.windows1252[Int(byte) - 0x80] : UInt16(byte)
        scalars.append(Unicode.Scalar(code) ?? "\u{FFFD}")
      }
      return String(scalars)
    }
  }

  /// What 80 to 9F stand for (WHATWG Encoding, index-windows-1252); the rest is Latin 1.
  private static let windows1252: [UInt16] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D,
    0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
    0x017E, 0x0178,
  ]
}
