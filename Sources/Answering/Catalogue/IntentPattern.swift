internal import TextAnalysis

/// Words that tell an intent.
///
/// A pattern matches words that follow each other anywhere in a question, upper and lower case and accents folded. `*` at
/// a word's end stands for any ending (`compar*`), by itself for up to six words; `^` before the first word and `$` behind
/// the last one tie it to the question's beginning and end.
struct IntentPattern: Sendable, Hashable {
  private enum Word: Sendable, Hashable {
    case exact(String)
    case beginning(String)
    case any
  }

  private var words: [Word] = []
  private var isAtStart = false
  private var isAtEnd = false
  private static let longestGap = 6
  /// Each gap multiplies the places to look at.
  private static let mostGaps = 3

  /// Reads a pattern; nil for one without a word, or with more than three gaps.
  init?(_ text: String) {
    var text = Folding.fold(text)
    if text.hasPrefix("^") {
      isAtStart = true
      text.removeFirst()
    }
    if text.hasSuffix("$") {
      isAtEnd = true
      text.removeLast()
    }
    for part in text.split(whereSeparator: \.isWhitespace) {
      if part == "*" {
        words.append(.any)
      } else if part.hasSuffix("*") {
        words.append(.beginning(String(part.dropLast())))
      } else {
        words.append(.exact(String(part)))
      }
    }
    let gaps = words.count { $0 == .any }
    guard gaps < words.count, gaps <= Self.mostGaps else { return nil }
  }

  /// The words that it names in full.
  var exactWords: [String] { words.compactMap { if case .exact(let text) = $0 { text } else { nil } } }

  /// The places of the words that it names, of a question's folded words, ascending; nil where it does not match.
  func match(_ question: [String]) -> [Int]? {
    for start in question.indices {
      if isAtStart, start > 0 { return nil }
      if let places = places(question, from: start, word: 0) { return places }
    }
    return nil
  }

  private func places(_ question: [String], from place: Int, word: Int) -> [Int]? {
    guard word < words.count else { return !isAtEnd || place == question.count ? [] : nil }
    switch words[word] {
    case .any:
      for next in place...min(question.count, place + Self.longestGap) {
        if let places = places(question, from: next, word: word + 1) { return places }
      }
      return nil
    case .exact(let text):
      guard place < question.count, question[place] == text else { return nil }
    case .beginning(let text):
      guard place < question.count, question[place].hasPrefix(text) else { return nil }
    }
    return places(question, from: place + 1, word: word + 1).map { [place] + $0 }
  }
}
