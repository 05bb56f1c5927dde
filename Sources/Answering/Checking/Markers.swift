/// The numbers of sources in a sentence that a model wrote.
enum Markers {
  /// A sentence without its markers, and the numbers that they name, each once, in order.
  struct Found: Equatable {
    var text: String
    var numbers: [Int]
  }

  /// No marker is longer, in bytes: `[Sources 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]`.
  private static let longest = 64
  private static let words: Set<String> = [
    "source", "sources", "fuente", "fuentes", "doc", "document", "documento", "ref", "reference", "referencia",
  ]

  /// Takes the markers out of a sentence: `[1]`, `[1, 2]`, `[1-3]`, `[^1]`, `[Source 1]`, `[Fuente 1]`, `【1†…】`.
  ///
  /// A link's address behind a marker, `[1](https://…)`, goes with it. What stands in backticks is left alone.
  static func take(from text: String) -> Found {
    var found = Found(text: "", numbers: [])
    var rest = text[...]
    var isCode = false
    while let character = rest.first {
      if character == "`" { isCode.toggle() }
      if !isCode, character == "[" || character == "【", let marker = marker(at: rest) {
        for number in marker.numbers where !found.numbers.contains(number) { found.numbers.append(number) }
        rest = marker.rest
        // The space before a marker goes with it: ` [1].` becomes `.`.
        while let last = found.text.last, last == " " || last == "\u{A0}" { found.text.removeLast() }
        if let next = rest.first, next.isLetter || next.isNumber { found.text.append(" ") }
        continue
      }
      found.text.append(character)
      rest = rest.dropFirst()
    }
    return found
  }

  /// The bytes of leading markers and of the white space around them; all, where nothing else is there.
  static func lead(of text: Substring) -> Substring {
    var rest = text
    var end = text.startIndex
    while true {
      let trimmed = rest.drop { $0.isWhitespace }
      guard let first = trimmed.first else { return text }
      guard first == "[" || first == "【", let marker = marker(at: trimmed) else { break }
      rest = marker.rest
      end = rest.startIndex
    }
    return text[..<end]
  }

  /// Whether a text may be the beginning of a marker whose end has yet to come.
  static func mayBegin(_ text: Substring) -> Bool {
    let trimmed = text.drop { $0.isWhitespace }
    guard let first = trimmed.first else { return false }
    return (first == "[" || first == "【") && trimmed.utf8.count < longest
      && !trimmed.contains { $0 == "]" || $0 == "】" }
  }

  private static func marker(at text: Substring) -> (numbers: [Int], rest: Substring)? {
    let open = text.first
    let close: Character = open == "【" ? "】" : "]"
    let inside = text.dropFirst()
    guard let end = inside.firstIndex(of: close), inside[..<end].utf8.count <= longest else { return nil }
    guard let numbers = numbers(in: inside[..<end]), !numbers.isEmpty else { return nil }
    var rest = inside[inside.index(after: end)...]
    if rest.first == "(", let closing = rest.firstIndex(of: ")"), rest[..<closing].utf8.count <= 2_048 {
      rest = rest[rest.index(after: closing)...]
    }
    return (numbers, rest)
  }

  private static func numbers(in inside: Substring) -> [Int]? {
    // 【1†source】 names the source behind the dagger.
    let told = inside.prefix { $0 != "†" }
    var numbers: [Int] = []
    for part in told.split(whereSeparator: { $0 == "," || $0 == ";" || $0.isWhitespace }) {
      var word = part[...]
      while let first = word.first, first == "^" || first == "#" { word = word.dropFirst() }
      if words.contains(word.lowercased().trimmingColon) { continue }
      let ends = word.split(whereSeparator: { $0 == "-" || $0 == "–" }, omittingEmpty: false)
      guard ends.count <= 2, let first = number(ends[0]), let last = number(ends[ends.count - 1]) else { return nil }
      // A range of more than this names nothing.
      if first <= last, last - first <= 20 { numbers += Array(first...last) } else { numbers += [first, last] }
    }
    return numbers
  }

  private static func number(_ text: Substring) -> Int? {
    (1...3).contains(text.utf8.count) && text.utf8.allSatisfy { 0x30...0x39 ~= $0 } ? Int(text) : nil
  }
}

extension Substring {
  fileprivate func split(whereSeparator isSeparator: (Character) -> Bool, omittingEmpty: Bool) -> [Substring] {
    split(omittingEmptySubsequences: omittingEmpty, whereSeparator: isSeparator)
  }
}

extension String {
  fileprivate var trimmingColon: String { hasSuffix(":") ? String(dropLast()) : self }
}
