internal import TextAnalysis

/// The words that a sentence puts into quotation marks.
enum QuotedSpans {
  /// Fewer words than this are the name of a button or a page, not a quote.
  private static let fewestWords = 4
  private static let marks: [(open: Character, close: Character)] = [
    ("“", "”"), ("«", "»"), ("„", "“"), ("\"", "\""),
  ]

  /// Takes the quotation marks off words that stand nowhere.
  ///
  /// - Parameters:
  ///   - text: a sentence.
  ///   - stands: whether words stand in the evidence, or in the question.
  /// - Returns: the sentence, and from how many quotes the marks were taken.
  static func check(_ text: String, stands: (Substring) -> Bool) -> (text: String, dropped: Int) {
    var checked = ""
    var dropped = 0
    var rest = text[...]
    while let character = rest.first {
      if let pair = marks.first(where: { $0.open == character }),
        let end = rest.dropFirst().firstIndex(of: pair.close)
      {
        let inside = rest[rest.index(after: rest.startIndex)..<end]
        if inside.split(whereSeparator: \.isWhitespace).count >= fewestWords, !stands(inside) {
          checked += inside
          dropped += 1
        } else {
          checked += rest[...end]
        }
        rest = rest[rest.index(after: end)...]
        continue
      }
      checked.append(character)
      rest = rest.dropFirst()
    }
    return (checked, dropped)
  }

  /// A text as quotes are compared: folded, its white space and its marks of quotation alike, no stop at its end.
  static func comparable(_ text: some StringProtocol) -> String {
    var folded = Folding.fold(text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    while let last = folded.last, last.isPunctuation || last == " " { folded.removeLast() }
    return folded
  }
}
