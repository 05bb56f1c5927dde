/// Words that are written nearly as others.
enum Spelling {
  private static let shortest = 5
  private static let long = 9

  /// The one of some words that a word is most likely to be, if it is none of them: a doubled letter, one letter added,
  /// left out, changed or exchanged with its neighbour, two in words of nine letters and more; nil where none is near, or
  /// two are equally near.
  ///
  /// The first letter has to be right: people rarely miss it, and most other words differ in it.
  static func nearest(_ word: String, among words: [String]) -> String? {
    guard word.utf8.count >= shortest, word.allSatisfy(\.isLetter) else { return nil }
    let typed = Array(word)
    var best: (word: String, distance: Int)?
    var isTied = false
    for other in words where other.first == word.first {
      let wanted = Array(other)
      guard abs(wanted.count - typed.count) <= 2, let distance = distance(typed, wanted) else { continue }
      if distance == best?.distance, other != best?.word { isTied = true }
      if distance < best?.distance ?? .max { (best, isTied) = ((other, distance), false) }
    }
    return isTied ? nil : best?.word
  }

  /// Whether two words are as near as `nearest` asks.
  static func isNear(_ word: String, _ other: String) -> Bool { nearest(word, among: [other]) != nil }

  /// How far two words are apart; nil where they are too far.
  private static func distance(_ typed: [Character], _ wanted: [Character]) -> Int? {
    if undoubled(typed) == undoubled(wanted), wanted.count > 3 { return 0 }
    guard min(typed.count, wanted.count) >= shortest else { return nil }
    let found = edits(typed, wanted)
    return found <= (min(typed.count, wanted.count) >= long ? 2 : 1) ? found : nil
  }

  private static func undoubled(_ word: [Character]) -> [Character] {
    word.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// Letters added, left out, changed, or exchanged with their neighbour.
  private static func edits(_ from: [Character], _ to: [Character]) -> Int {
    var before: [Int] = []
    var last = Array(0...to.count)
    for row in 1...from.count {
      var current = [row] + Array(repeating: 0, count: to.count)
      for column in 1...to.count {
        let isSame = from[row - 1] == to[column - 1]
        var least = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
        if row > 1, column > 1, from[row - 1] == to[column - 2], from[row - 2] == to[column - 1] {
          least = min(least, before[column - 2] + 1)
        }
        current[column] = least
      }
      (before, last) = (last, current)
    }
    return last[to.count]
  }
}
