public import Corpus

extension CleanDocument {
  /// The document as CommonMark, links included.
  ///
  /// The title stands first unless a heading says the same; rows of tables are items of a list, since each carries its
  /// own headers.
  public var markdown: String {
    var result = ""
    let isTitled = blocks.contains { block in
      if case .heading = block.kind { text.slice(block.range).map(String.init) == title } else { false }
    }
    if !title.isEmpty, !isTitled { result = "# " + MarkdownText.escaped(title) + "\n" }
    var previous: Block.Kind?
    let utf8 = Array(text.utf8)
    for block in blocks {
      if !result.isEmpty { result += Self.isTight(previous, block.kind) ? "" : "\n" }
      result += Self.lines(of: block, in: utf8) + "\n"
      previous = block.kind
    }
    return result
  }

  private static func isTight(_ previous: Block.Kind?, _ next: Block.Kind) -> Bool {
    switch (previous, next) {
    case (.listItem, .listItem), (.tableRow, .tableRow): true
    default: false
    }
  }

  private static func lines(of block: Block, in text: [UInt8]) -> String {
    let range = block.range
    guard range.start >= 0, range.start <= range.end, range.end <= text.count else { return "" }
    switch block.kind {
    case .heading(let level):
      return String(repeating: "#", count: min(max(level, 1), 6)) + " " + MarkdownText.inline(block, range, text)
    case .paragraph, .caption: return MarkdownText.guarded(MarkdownText.inline(block, range, text))
    case .listItem(let depth):
      // The marker is part of the text and no words of the page: everything after it is escaped.
      let marker = text[range.start..<range.end].firstIndex(of: 0x20).map { $0 + 1 } ?? range.start
      let indent = String(repeating: "    ", count: min(max(depth, 0), 20))
      let words = MarkdownText.inline(block, TextRange(start: marker, end: range.end), text)
      return indent + String(decoding: text[range.start..<marker], as: UTF8.self)
        + words.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n" + indent + "    ")
    case .tableRow: return "- " + MarkdownText.inline(block, range, text).split(separator: "\n").joined(separator: " ")
    case .code(let language):
      let code = String(decoding: text[range.start..<range.end], as: UTF8.self)
      let fence = MarkdownText.fence(for: code)
      return fence + (language ?? "") + "\n" + code + "\n" + fence
    case .quote:
      return MarkdownText.inline(block, range, text).split(separator: "\n", omittingEmptySubsequences: false)
        .map { "> " + $0 }.joined(separator: "\n")
    case .term: return "**" + MarkdownText.inline(block, range, text) + "**"
    case .definition: return ": " + MarkdownText.inline(block, range, text)
    }
  }
}

/// Words as CommonMark, so that they mean themselves.
private enum MarkdownText {
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      if "\\`*_[]<>".unicodeScalars.contains(character) { result.append("\\") }
      result.unicodeScalars.append(character)
    }
    return result
  }

  /// A block's words with its links.
  static func inline(_ block: Block, _ range: TextRange, _ text: [UInt8]) -> String {
    var result = ""
    var position = range.start
    func words(to end: Int) -> String { escaped(String(decoding: text[position..<end], as: UTF8.self)) }
    for link in block.links where link.range.start >= position && link.range.end <= range.end {
      result += words(to: link.range.start)
      position = link.range.start
      result += "[" + words(to: link.range.end) + "](<" + target(link.target) + ">)"
      position = link.range.end
    }
    return result + words(to: range.end)
  }

  private static func target(_ target: String) -> String {
    var result = ""
    for scalar in target.unicodeScalars {
      switch scalar {
      case "<": result += "%3C"
      case ">": result += "%3E"
      case "\\": result += "%5C"
      case "\n", "\r": continue
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A paragraph whose first character would begin a heading, a list or a rule.
  static func guarded(_ text: String) -> String {
    guard let first = text.first else { return text }
    if "#+-=~".contains(first) { return "\\" + text }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    if !digits.isEmpty, let mark = text.dropFirst(digits.count).first, mark == "." || mark == ")" {
      return digits + "\\" + text.dropFirst(digits.count)
    }
    return text
  }

  /// A fence longer than any run of backticks in the code.
  static func fence(for code: String) -> String {
    var longest = 2
    var run = 0
    for byte in code.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    return String(repeating: "`", count: longest + 1)
  }
}
