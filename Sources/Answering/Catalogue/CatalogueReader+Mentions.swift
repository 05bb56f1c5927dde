/// What may name items.
extension CatalogueReader {
  /// Texts in which items may be named, parted where two things are compared.
  func mentions(in range: Range<Int>, without left: Set<Int>) -> [String] {
    var parts: [[QuestionToken]] = [[]]
    for place in range {
      let token = tokens[place]
      // “E7196” is a name, and no “e” between two.
      let isPart = token.isGlued || (place + 1 < tokens.count && tokens[place + 1].isGlued && !tokens[place + 1].isSign)
      if [",", ";", ":"].contains(token.folded) || (!isPart && Self.parting.contains(token.folded)) {
        parts.append([])
      } else if !token.isSign, !left.contains(place) {
        parts[parts.count - 1].append(token)
      }
    }
    return parts.map(trimmed).filter { !$0.isEmpty }.map { part in
      // As it was written: “X200” is one word for the index.
      part.dropFirst().reduce(into: part.first?.text ?? "") { $0 += ($1.isGlued ? "" : " ") + $1.text }
    }
  }

  /// Without words at both ends that name nothing.
  private func trimmed(_ part: [QuestionToken]) -> ArraySlice<QuestionToken> {
    var part = part[...]
    while let first = part.first, Self.namesNothing(first.folded) { part.removeFirst() }
    while let last = part.last, Self.namesNothing(last.folded) { part.removeLast() }
    return part
  }

  /// Whether a word beside an item's name is no part of it.
  static func namesNothing(_ word: String) -> Bool {
    QuestionWords.isInert(word) || QuestionWords.isOperator(word) || QuestionWords.isOfPeople(word)
      || comparing.contains(word)
  }

  private static let parting: Set<String> = [
    "que", "y", "e", "o", "u", "and", "or", "vs", "versus", "con", "with", "frente", "than", "against",
  ]
  /// Words of comparing.
  static let comparing: Set<String> = [
    "compara", "comparar", "compare", "compares", "comparing", "comparas", "diferencia", "difference", "barato",
    "barata",
    "cheaper", "caro", "cara", "expensive", "comparame", "comparacion", "comparison", "dudo", "duda", "dudando",
    "hesitating", "torn", "deciding", "side", "frente", "vs", "versus", "against",
  ]
}
