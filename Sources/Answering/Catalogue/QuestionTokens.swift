internal import Corpus
internal import TextAnalysis

/// A word, a number or a sign of a question.
struct QuestionToken: Sendable, Equatable {
  /// As it was written.
  var text: String
  /// Folded: lower case, without accents.
  var folded: String
  /// Folded and without a plural's ending: what values are compared by.
  var form: String
  /// Its number, for a run of digits that may have separators.
  var number: Double?
  /// Whether it follows the token before it without a space: `16GB` is two tokens.
  var isGlued: Bool
  /// Whether it is a sign: neither letters nor digits.
  var isSign: Bool
}

/// The tokens of a text.
struct QuestionTokens: Sendable {
  let tokens: [QuestionToken]

  /// The longest text that is looked at, in characters.
  static let longest = 1_000

  /// Cuts a text.
  ///
  /// - Parameters:
  ///   - text: as it was written.
  ///   - language: how its numbers are written: `es`, else as in English.
  init(_ text: String, language: String) {
    var tokens: [QuestionToken] = []
    let characters = Array(text.prefix(Self.longest))
    var place = 0
    var isGlued = false
    while place < characters.count {
      let character = characters[place]
      if character.isWhitespace {
        isGlued = false
        place += 1
        continue
      }
      let start = place
      if Self.isDigit(character) {
        place = Self.endOfNumber(characters, place)
      } else if character.isLetter {
        while place < characters.count, characters[place].isLetter { place += 1 }
      } else {
        place += 1
      }
      let text = String(characters[start..<place])
      tokens.append(Self.token(text, isGlued: isGlued, language: language))
      isGlued = true
    }
    self.tokens = tokens
  }

  /// The forms of a value's or title's words.
  static func forms(_ text: String) -> [String] {
    QuestionTokens(text, language: "en").tokens.filter { !$0.isSign }.map(\.form)
  }

  private static func token(_ text: String, isGlued: Bool, language: String) -> QuestionToken {
    // “TVs”, “PCs”: too short for a plural by its ending alone.
    let isAcronyms =
      text.count > 2 && text.hasSuffix("s") && text.dropLast().allSatisfy { $0.isLetter && $0.isUppercase }
    let folded = Folding.fold(isAcronyms ? String(text.dropLast()) : text)
    guard let first = text.first, isDigit(first) else {
      let isWord = text.contains(where: \.isLetter)
      return QuestionToken(
        text: text, folded: folded, form: isWord ? singular(folded) : folded, number: nil, isGlued: isGlued,
        isSign: !isWord)
    }
    let style: WrittenNumber.Style = language == "es" ? .es : .en
    let number = try? WrittenNumber.number(text.filter { !$0.isWhitespace }, style: style)
    return QuestionToken(text: text, folded: folded, form: folded, number: number, isGlued: isGlued, isSign: false)
  }

  private static func isDigit(_ character: Character) -> Bool {
    character.isASCII && character.isNumber
  }

  /// The end of a run of digits with separators, each of which has a digit behind it; a space only before three digits.
  private static func endOfNumber(_ characters: [Character], _ start: Int) -> Int {
    var place = start
    while place < characters.count {
      if isDigit(characters[place]) {
        place += 1
        continue
      }
      let digits = characters[(place + 1)...].prefix(4).prefix(while: isDigit).count
      let isSeparator = ".,'".contains(characters[place]) && digits > 0
      let isSpace = characters[place].isWhitespace && digits == 3 && place - start <= 3
      guard isSeparator || isSpace else { break }
      place += 1
    }
    return place
  }

  /// A word without a plural's ending, in Spanish and in English alike; the same is done to both sides of a comparison.
  static func singular(_ word: String) -> String {
    guard word.utf8.count > 3 else { return word }
    if word.hasSuffix("ces") { return word.dropLast(3) + "z" }
    if word.hasSuffix("ies") { return word.dropLast(3) + "y" }
    if word.hasSuffix("es"), let before = word.dropLast(2).last, !"aeiou".contains(before) {
      return String(word.dropLast(2))
    }
    if word.hasSuffix("s"), !word.hasSuffix("ss") { return String(word.dropLast()) }
    return word.hasSuffix("e") && word.utf8.count > 4 ? String(word.dropLast()) : word
  }
}
