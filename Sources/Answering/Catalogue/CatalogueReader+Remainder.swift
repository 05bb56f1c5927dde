extension CatalogueReader {
  /// Finds the words, numbers and signs that nothing accounts for.
  func account(into reading: inout Reading, _ intentTokens: Set<Int>) {
    var left: [Int] = []
    var loose: [Int] = []
    let isDated = reading.intent.map { [.newest, .oldest].contains($0.action) } ?? false
    for place in tokens.indices where !taken.contains(place) && !intentTokens.contains(place) {
      let token = tokens[place]
      if familiar.contains(token.folded) { continue }
      if token.isSign ? Self.loudSigns.contains(token.folded) : token.number != nil {
        loose.append(place)
      } else if token.isSign {
        continue
      } else if QuestionWords.isOperator(token.folded) {
        if !isComma(place) { loose.append(place) }
      } else if isDated, QuestionWords.isOfDates(token.folded) {
        continue
      } else if isFieldName(place), !isPrice(place) {
        left.append(place)
      } else if !QuestionWords.isInert(token.folded) {
        left.append(place)
      }
    }
    let end = prefaceEnd(left, loose, intentTokens)
    reading.isSound = loose.allSatisfy { $0 < end }
    let preface = left.filter { $0 < end }
    if let first = preface.first, let last = preface.last {
      reading.preface = tokens[first...last].reduce(into: "") { $0 += ($0.isEmpty || $1.isGlued ? "" : " ") + $1.text }
    }
    reading.unknown = left.filter { $0 >= end }.map { tokens[$0] }
  }

  /// Whether a “but” stands before a negation that says it all: “but please no LG”.
  private func isComma(_ place: Int) -> Bool {
    let next = tokens[(place + 1)...].prefix(3)
    return tokens[place].folded == "but"
      && zip(next.indices, next).contains { taken.contains($0) && Self.negating.contains($1.folded) }
  }

  private static let loudSigns: Set<String> = ["€", "$", "£", "¥", "%", "<", ">", "=", "≤", "≥", "+", "~"]

  private func isPrice(_ place: Int) -> Bool {
    vocabulary.price.flatMap { vocabulary.entities[$0] }?.names.contains([tokens[place].form]) ?? false
  }

  /// Where the wish begins, when what stands before it tells how somebody came to it.
  ///
  /// “Mi hija empieza la universidad y quería saber”: nothing before it may limit anything.
  private func prefaceEnd(_ left: [Int], _ loose: [Int], _ intentTokens: Set<Int>) -> Int {
    let wish = tokens.indices.first { QuestionWords.isRequest(tokens[$0].folded) || intentTokens.contains($0) }
    let said = left + loose.filter { !tokens[$0].isSign && tokens[$0].number == nil }
    guard let wish, let first = said.min(), first < wish,
      !loose.contains(where: { $0 < wish && (tokens[$0].isSign || tokens[$0].number != nil) }),
      !taken.contains(where: { $0 < wish }), tokens[..<wish].contains(where: { QuestionWords.isOfPeople($0.folded) }),
      !tokens[..<wish].contains(where: { QuestionWords.attributing.contains($0.folded) })
    else { return 0 }
    return wish
  }

  /// Whether the question has nothing that is not understood when it names items of which these words are.
  func isWhole(_ reading: Reading, naming forms: Set<String>) -> Bool {
    // A field that is asked for is shown.
    reading.unknown.allSatisfy { token in
      forms.contains(token.form) || Self.comparing.contains(token.folded) || vocabulary.fieldForms.contains(token.form)
        || QuestionWords.isOfDates(token.folded)
    }
      && tokens.indices.allSatisfy { place in
        let token = tokens[place]
        if token.number != nil { return forms.contains(token.form) || reading.limit != nil }
        return !Self.negating.contains(token.folded) || forms.contains(token.form)
      }
  }

  private static let negating: Set<String> = [
    "no", "not", "sin", "without", "except", "excepto", "salvo", "otro", "other",
  ]
}
