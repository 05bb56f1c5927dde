internal import Corpus

/// A time that a question names.
struct DatePhrase: Sendable, Equatable {
  /// Seconds since 1970, both ends included; nil: open.
  var from: Int64?
  var to: Int64?
  var range: Range<Int>
}

/// Finds dates: `de 2025`, `desde marzo de 2026`, `after 2024`, `between 2023 and 2025`, `2026-05-17`, `this month`,
/// `desde la semana pasada`, `in the last 30 days`.
struct DateReader: Sendable {
  private let tokens: [QuestionToken]
  private let taken: Set<Int>
  private let relative: RelativeDates

  /// - Parameters:
  ///   - tokens: the question.
  ///   - taken: tokens that mean something else already.
  ///   - today: a second of the day on which it is asked, UTC.
  init(_ tokens: [QuestionToken], besides taken: Set<Int>, today: Int64) {
    self.tokens = tokens
    self.taken = taken
    relative = RelativeDates(tokens, today: today)
  }

  private static let months: [String: Int] = [
    "enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9,
    "setiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12, "january": 1, "february": 2, "march": 3,
    "april": 4,
    "may": 5, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
  ]
  private static let afterYear: Set<String> = ["desde", "since", "from", "starting"]
  private static let after: Set<String> = ["despues", "after", "posterior", "posteriores", "tras"]
  private static let before: Set<String> = ["antes", "before", "anterior", "anteriores", "prior"]
  private static let until: Set<String> = ["hasta", "until", "till"]
  private static let within: Set<String> = ["de", "del", "en", "in", "of", "durante", "during", "ano", "year"]

  /// The dates, in their order.
  func phrases() -> [DatePhrase] {
    var phrases: [DatePhrase] = []
    var place = 0
    while place < tokens.count {
      guard !taken.contains(place), let (span, end) = date(at: place) else {
        place += 1
        continue
      }
      if let phrase = between(span, from: place, end) ?? limited(span, place..<end) { phrases.append(phrase) }
      place = max(end, phrases.last?.range.upperBound ?? 0)
    }
    return phrases
  }

  private func between(_ first: ClosedRange<Int64>, from start: Int, _ end: Int) -> DatePhrase? {
    guard end + 1 < tokens.count, ["y", "and", "a", "to", "hasta", "-"].contains(tokens[end].folded),
      let (second, stop) = date(at: tokens[end + 1].folded == "el" ? end + 2 : end + 1),
      second.upperBound >= first.lowerBound
    else { return nil }
    let opening = start > 0 && ["entre", "between", "from", "desde", "de"].contains(tokens[start - 1].folded)
    return DatePhrase(
      from: first.lowerBound, to: second.upperBound, range: (opening ? start - 1 : start)..<stop)
  }

  private func limited(_ span: ClosedRange<Int64>, _ range: Range<Int>) -> DatePhrase? {
    var start = range.lowerBound
    var word = start > 0 ? tokens[start - 1].folded : ""
    var passed: [String] = []
    while start > 0, passed.count < 4, Self.isFiller(word) {
      passed.append(word)
      start -= 1
      word = start > 0 ? tokens[start - 1].folded : ""
    }
    if let end = Self.open(tokens, range.upperBound) {
      let from = min(range.lowerBound, range.lowerBound - passed.count)
      return DatePhrase(
        from: end.isLater ? span.lowerBound : nil, to: end.isLater ? nil : span.upperBound, range: from..<end.place)
    }
    let whole = max(0, start - 1)..<range.upperBound
    if Self.afterYear.contains(word) || (word == "partir") {
      return DatePhrase(from: span.lowerBound, to: nil, range: whole)
    }
    if Self.after.contains(word) { return DatePhrase(from: span.upperBound + 1, to: nil, range: whole) }
    if Self.before.contains(word) { return DatePhrase(from: nil, to: span.lowerBound - 1, range: whole) }
    if Self.until.contains(word) { return DatePhrase(from: nil, to: span.upperBound, range: whole) }
    // A bare number is a year only behind a word that says so, or when it may be one that the rows tell of.
    let isRecent = span.lowerBound >= 946_684_800 && span.lowerBound <= relative.nextYear
    guard range.count > 1 || passed.contains(where: Self.within.contains) || isRecent else { return nil }
    return DatePhrase(
      from: span.lowerBound, to: span.upperBound, range: (range.lowerBound - passed.count)..<range.upperBound)
  }

  /// Where “or later”, “en adelante” and the like end.
  private static func open(_ tokens: [QuestionToken], _ place: Int) -> (isLater: Bool, place: Int)? {
    let rest = tokens[min(place, tokens.count)...].prefix(2).map(\.folded)
    let later: [[String]] = [
      ["or", "later"], ["or", "newer"], ["or", "after"], ["and", "later"], ["o", "posterior"], ["o", "posteriores"],
      ["o", "despues"], ["en", "adelante"], ["o", "mas"], ["onwards"], ["onward"],
    ]
    let earlier: [[String]] = [
      ["or", "earlier"], ["or", "older"], ["or", "before"], ["and", "earlier"], ["o", "anterior"], ["o", "anteriores"],
      ["o", "antes"],
    ]
    if let words = later.first(where: rest.starts) { return (true, place + words.count) }
    if let words = earlier.first(where: rest.starts) { return (false, place + words.count) }
    return nil
  }

  private static func isFiller(_ word: String) -> Bool {
    within.contains(word) || ["el", "la", "los", "las", "the", "a"].contains(word)
  }

  /// A date: `2026-05-17`, `17 de mayo de 2026`, `May 2026`, `2026`.
  private func date(at start: Int) -> (ClosedRange<Int64>, Int)? {
    guard start < tokens.count, !taken.contains(start) else { return nil }
    if let found = relative.span(at: start) { return found }
    if let year = year(at: start) {
      let rest = tokens[start...].prefix(5).map(\.text)
      if rest.count == 5, rest[1] == "-", rest[3] == "-", let span = Moment.span(rest.joined()) {
        return (span, start + 5)
      }
      if rest.count >= 3, rest[1] == "-", let span = Moment.span(rest.prefix(3).joined()) { return (span, start + 3) }
      return Moment.span(String(year)).map { ($0, start + 1) }
    }
    var place = start
    var day: Int?
    if let number = tokens[place].number, number == number.rounded(), (1...31).contains(number) {
      day = Int(number)
      place = skip("de", place + 1)
    }
    guard place < tokens.count, let month = Self.months[tokens[place].folded] else { return nil }
    place += 1
    if day == nil, place + 1 < tokens.count, let number = tokens[place].number, (1...31).contains(number),
      year(at: skip(",", place + 1)) != nil
    {
      day = Int(number)
      place = skip(",", place + 1)
    }
    place = skip("of", skip("del", skip("de", place)))
    guard let (year, end) = year(at: place).map({ ($0, place + 1) }) ?? sharedYear(from: place) else { return nil }
    let monthText = month < 10 ? "0\(month)" : "\(month)"
    let dayText = day.map { $0 < 10 ? "-0\($0)" : "-\($0)" } ?? ""
    return Moment.span("\(year)-\(monthText)\(dayText)").map { ($0, end) }
  }

  /// “Between March and June 2025”: the year of the second month is the first one's.
  private func sharedYear(from place: Int) -> (year: Int, end: Int)? {
    guard place + 1 < tokens.count, ["y", "and", "a", "to", "hasta", "-"].contains(tokens[place].folded) else {
      return nil
    }
    var next = place + 1
    while next < tokens.count, tokens[next].number.map({ $0 <= 31 }) ?? ["de", "el"].contains(tokens[next].folded) {
      next += 1
    }
    guard next < tokens.count, Self.months[tokens[next].folded] != nil else { return nil }
    return year(at: skip("of", skip("del", skip("de", next + 1)))).map { ($0, place) }
  }

  private func skip(_ word: String, _ place: Int) -> Int {
    place < tokens.count && tokens[place].folded == word ? place + 1 : place
  }

  private func isMoney(_ place: Int) -> Bool {
    [place - 1, place + 1].contains { tokens.indices.contains($0) && AmountReader.currencies[tokens[$0].folded] != nil }
  }

  private func year(at place: Int) -> Int? {
    guard place < tokens.count, tokens[place].text.count == 4, let number = tokens[place].number,
      (1900...2100).contains(number), number == number.rounded(), !isMoney(place)
    else { return nil }
    return Int(number)
  }
}
