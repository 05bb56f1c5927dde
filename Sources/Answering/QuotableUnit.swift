internal import Corpus
internal import TextAnalysis

/// A part of a chunk that can be quoted by itself: a sentence, a row of a table or a block of code.
struct QuotableUnit: Sendable {
  /// What it is.
  enum Kind: Sendable, Equatable {
    /// A sentence of running text or of a list's item.
    case sentence
    /// A row of a table: `Name: disk; Size: 20 GB`.
    case row
    /// Lines of code, whole.
    case code
    /// A heading, a caption or a question: says what follows, but answers nothing.
    case lead
  }

  var kind: Kind
  /// Its bytes in the chunk's text.
  var range: TextRange
  /// Those bytes.
  var text: String

  /// The longest quote, in bytes: what is longer is cut at a word's end.
  static let longest = 700

  /// The units of a chunk's text, in order.
  static func units(of text: String) -> [QuotableUnit] {
    let bytes = Array(text.utf8)
    var units: [QuotableUnit] = []
    for paragraph in paragraphs(bytes) {
      let lines = Self.lines(bytes, paragraph)
      if isCode(lines.map { bytes[$0.start..<$0.end] }) {
        units.append(make(.code, bytes, paragraph))
      } else if lines.count > 0, lines.allSatisfy({ isRow(bytes[$0.start..<$0.end]) }) {
        units += lines.map { make(.row, bytes, trimmed(bytes, $0)) }
      } else {
        units += sentences(bytes, paragraph)
      }
    }
    return units.filter { !$0.range.isEmpty }
  }

  /// Whether it asks: what follows answers it, or nothing does.
  var isQuestion: Bool { kind == .lead && text.last { !"\")*".contains($0) } == "?" }

  // MARK: Cutting

  /// What blank lines part.
  private static func paragraphs(_ bytes: [UInt8]) -> [TextRange] {
    var paragraphs: [TextRange] = []
    var start: Int?
    var end = 0
    for line in lines(bytes, TextRange(start: 0, end: bytes.count)) {
      if trimmed(bytes, line).isEmpty {
        if let first = start { paragraphs.append(TextRange(start: first, end: end)) }
        start = nil
      } else {
        start = start ?? line.start
        end = line.end
      }
    }
    if let start { paragraphs.append(TextRange(start: start, end: end)) }
    return paragraphs
  }

  private static func lines(_ bytes: [UInt8], _ range: TextRange) -> [TextRange] {
    var lines: [TextRange] = []
    var start = range.start
    for position in range.start..<range.end where bytes[position] == UInt8(ascii: "\n") {
      lines.append(TextRange(start: start, end: position))
      start = position + 1
    }
    lines.append(TextRange(start: start, end: range.end))
    return lines
  }

  private static func sentences(_ bytes: [UInt8], _ range: TextRange) -> [QuotableUnit] {
    var found = bytes.withUnsafeBufferPointer { SentenceSplitter.sentences(in: $0, from: range.start, to: range.end) }
    // A list's marker (`3.`) is no sentence: it belongs to what it counts.
    var index = 0
    while index + 1 < found.count {
      if hasLetters(bytes[found[index].start..<found[index].end]) {
        index += 1
      } else {
        found[index].end = found[index + 1].end
        found.remove(at: index + 1)
      }
    }
    return found.map { make(kind(of: bytes[$0.start..<$0.end]), bytes, $0) }
  }

  private static func make(_ kind: Kind, _ bytes: [UInt8], _ range: TextRange) -> QuotableUnit {
    var range = range
    if range.count > longest {
      let limit = range.start + longest
      // Always at white space, so never within a character; without any, nothing of it is quoted.
      let cut = bytes[range.start..<limit].lastIndex { $0 == 0x20 || $0 == 0x0A } ?? range.start
      range = trimmed(bytes, TextRange(start: range.start, end: cut))
    }
    return QuotableUnit(kind: kind, range: range, text: String(decoding: bytes[range.start..<range.end], as: UTF8.self))
  }

  private static func trimmed(_ bytes: [UInt8], _ range: TextRange) -> TextRange {
    var range = range
    while !range.isEmpty, bytes[range.start] <= 0x20 { range.start += 1 }
    while !range.isEmpty, bytes[range.end - 1] <= 0x20 { range.end -= 1 }
    return range
  }

  // MARK: Judging

  private static func hasLetters(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.contains { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") || $0 >= 0x80 }
  }

  private static func kind(of bytes: ArraySlice<UInt8>) -> Kind {
    var rest = bytes
    while let last = rest.last, [UInt8(ascii: "\""), UInt8(ascii: ")"), UInt8(ascii: "*")].contains(last) {
      rest = rest.dropLast()
    }
    guard let last = rest.last else { return .lead }
    // Steps of a list often end without a stop, or in the question on a button; headings begin with a letter.
    let isItem = bytes.first == UInt8(ascii: "-") || bytes.first.map { $0 >= 0x30 && $0 <= 0x39 } == true
    if isItem { return .sentence }
    if last == UInt8(ascii: "?") { return .lead }
    if [UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: ":"), UInt8(ascii: ";")].contains(last) { return .sentence }
    return bytes.count { $0 == 0x20 } >= 7 ? .sentence : .lead
  }

  /// At least two cells of the form `Header: value`.
  private static func isRow(_ line: ArraySlice<UInt8>) -> Bool {
    let cells = line.split(separator: UInt8(ascii: ";"))
    return cells.count > 1
      && cells.count { $0.firstIndex(of: UInt8(ascii: ":")).map { $0 - line.startIndex < 400 } == true } * 2
        > cells.count
  }

  /// Whether most lines carry the marks of code or commands.
  private static func isCode(_ lines: [ArraySlice<UInt8>]) -> Bool {
    let marked = lines.count { line in
      guard let first = line.first, let last = line.last(where: { $0 > 0x20 }) else { return false }
      if first == UInt8(ascii: "$") || first == UInt8(ascii: "\t") || line.starts(with: [0x20, 0x20]) { return true }
      if [UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ";"), UInt8(ascii: "\\")].contains(last) { return true }
      let signs = line.count { "={}<>|$[]_/\\#\"".utf8.contains($0) }
      return signs * 6 > line.count && last != UInt8(ascii: ".")
    }
    return marked * 2 > lines.count
  }
}
