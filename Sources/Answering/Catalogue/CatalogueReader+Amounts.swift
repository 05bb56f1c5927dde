internal import Corpus
internal import Retrieval

extension CatalogueReader {
  /// Reads numbers with what bounds them.
  mutating func readAmounts() {
    for phrase in AmountReader(tokens).phrases() {
      guard !phrase.range.contains(where: { taken.contains($0) && tokens[$0].number != nil }),
        let field = field(of: phrase)
      else { continue }
      let test: Filter.Test
      switch phrase.bounds {
      case .atMost(let value, let isStrict): test = .range(nil, .number(isStrict ? value.nextDown : value))
      case .atLeast(let value, let isStrict): test = .range(.number(isStrict ? value.nextUp : value), nil)
      case .between(let low, let high): test = .range(.number(low), .number(high))
      case .about(let value): test = .range(.number(value * 0.9), .number(value * 1.1))
      case .exactly(let value): test = .range(.number(value), .number(value))
      }
      let isStrict =
        switch phrase.bounds {
        case .atMost(_, true), .atLeast(_, true): true
        default: false
        }
      var range = phrase.range
      if let unit = phrase.unit, vocabulary.entities[field]?.units.contains(unit) == true,
        range.upperBound < tokens.count, tokens[range.upperBound].folded == unit
      {
        range = range.lowerBound..<range.upperBound + 1
      }
      pieces.append(Piece(range: range, condition: .init(field: field, test: test, isStrict: isStrict)))
      taken.formUnion(range)
    }
  }

  /// Which number is meant: by its currency, its unit, a name beside it, or, behind a limit, the price.
  private func field(of phrase: AmountPhrase) -> String? {
    let numbers = vocabulary.entities.values.filter { $0.kind == .number }.sorted { $0.field < $1.field }
    if phrase.isMoney {
      // “500 euros” alone may be anything about 500 euros; dollars are none.
      let isOwn = phrase.currencies.isEmpty || phrase.currencies.contains(vocabulary.settings.currency)
      return isOwn && !phrase.isBare ? vocabulary.price : nil
    }
    if let unit = phrase.unit {
      let fitting = numbers.filter { $0.units.contains(unit) }
      let called = fitting.first { isNamed($0, near: phrase) } ?? fitting.first
      if let called { return called.field }
    }
    if let called = numbers.first(where: { isNamed($0, near: phrase) }) { return called.field }
    guard phrase.hasCue, let price = vocabulary.price, !isYear(phrase) else { return nil }
    // “menos de 30 días”: a word behind the number says what is counted.
    guard let unit = phrase.unit, !QuestionWords.isInert(unit), !QuestionWords.isOperator(unit),
      vocabulary.names[QuestionTokens.singular(unit)] == nil
    else { return price }
    return nil
  }

  private func isYear(_ phrase: AmountPhrase) -> Bool {
    guard let last = phrase.range.last(where: { tokens[$0].number != nil }), tokens[last].text.count == 4,
      let number = tokens[last].number
    else { return false }
    return (1990...2100).contains(number) && vocabulary.date != nil
  }

  private func isNamed(_ entity: CatalogueVocabulary.Entity, near phrase: AmountPhrase) -> Bool {
    let before = tokens[max(0, phrase.range.lowerBound - 3)..<phrase.range.lowerBound].map(\.form)
    let behind = tokens[phrase.range.upperBound..<min(tokens.count, phrase.range.upperBound + 3)].map(\.form)
    let inside = tokens[phrase.range].map(\.form)
    return entity.names.contains { name in
      [before, behind, inside].contains { words in
        words.indices.contains { words[$0...].starts(with: name) }
      }
    }
  }

  // MARK: Dates

  /// Reads days and spans of days.
  mutating func readDates() {
    guard let field = vocabulary.date else { return }
    let phrases = DateReader(tokens, besides: taken, today: today).phrases()
    for phrase in phrases {
      let test = Filter.Test.range(phrase.from.map { .date($0) }, phrase.to.map { .date($0) })
      pieces.append(Piece(range: phrase.range, condition: .init(field: field, test: test)))
      taken.formUnion(phrase.range)
    }
    guard !phrases.isEmpty else { return }
    for place in tokens.indices where !taken.contains(place) && QuestionWords.isOfDates(tokens[place].folded) {
      taken.insert(place)
    }
  }
}
