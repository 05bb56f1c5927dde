internal import Corpus
internal import Glibc

/// Times that are told from today: `this month`, `la semana pasada`, `in the last 30 days`, `hace dos meses`.
///
/// Weeks begin on Monday. `last month` is the month before this one, `the last month` the time since today a month ago.
struct RelativeDates: Sendable {
  private let tokens: [QuestionToken]
  private let today: Day

  /// - Parameters:
  ///   - tokens: the question.
  ///   - today: a second of the day on which it is asked, UTC.
  init(_ tokens: [QuestionToken], today: Int64) {
    self.tokens = tokens
    self.today = Day(containing: today)
  }

  /// The first second of the year after this one.
  var nextYear: Int64 { Day(year: today.year + 1, month: 1, day: 1).seconds }

  private enum Unit { case day, week, month, year }

  private static let units: [String: Unit] = [
    "dia": .day, "dias": .day, "day": .day, "days": .day, "semana": .week, "semanas": .week, "week": .week,
    "weeks": .week,
    "mes": .month, "meses": .month, "month": .month, "months": .month, "ano": .year, "anos": .year, "year": .year,
    "years": .year,
  ]

  /// The time that is told from a place on, and where that ends.
  func span(at place: Int) -> (ClosedRange<Int64>, Int)? {
    let word = tokens[place].folded
    if ["hoy", "today"].contains(word), isDated(place) { return (period(.day, 0), place + 1) }
    if ["ayer", "yesterday"].contains(word) { return (period(.day, -1), place + 1) }
    return this(place) ?? rolling(place) ?? before(place) ?? ago(place)
  }

  /// “Today” is a date beside a word that says so: “what do you have today?” is none.
  private func isDated(_ place: Int) -> Bool {
    tokens[..<place].suffix(3).contains {
      QuestionWords.isOfDates($0.folded) || ["desde", "since"].contains($0.folded)
    }
  }

  /// `este mes`, `this week`.
  private func this(_ place: Int) -> (ClosedRange<Int64>, Int)? {
    guard ["este", "esta", "this"].contains(tokens[place].folded) else { return nil }
    let next = ["mismo", "misma", "very", "same"].contains(folded(place + 1)) ? place + 2 : place + 1
    guard let unit = Self.units[folded(next)] else { return nil }
    return (period(unit, 0), next + 1)
  }

  /// `los últimos 30 días`, `the past three months`, `el último mes`.
  private func rolling(_ place: Int) -> (ClosedRange<Int64>, Int)? {
    let word = tokens[place].folded
    let isSpanish = word.hasPrefix("ultim")
    guard isSpanish || ["last", "past", "previous"].contains(word) else { return nil }
    if let (value, end) = number(place + 1), let unit = Self.units[folded(end)] {
      return (back(unit, value)...(today.seconds + 86_399), end + 1)
    }
    // “Last month” is one of the calendar, “the last month” is not.
    guard let unit = Self.units[folded(place + 1)], isSpanish || (place > 0 && tokens[place - 1].folded == "the") else {
      return nil
    }
    return (back(unit, 1)...(today.seconds + 86_399), place + 2)
  }

  /// `el mes pasado`, `last month`.
  private func before(_ place: Int) -> (ClosedRange<Int64>, Int)? {
    if ["last", "previous"].contains(tokens[place].folded), let unit = Self.units[folded(place + 1)] {
      return (period(unit, -1), place + 2)
    }
    guard let unit = Self.units[tokens[place].folded], ["pasado", "pasada", "anterior"].contains(folded(place + 1))
    else {
      return nil
    }
    return (period(unit, -1), place + 2)
  }

  /// `hace dos meses`, `two months ago`, with `menos de`: from then to today.
  private func ago(_ place: Int) -> (ClosedRange<Int64>, Int)? {
    let isSpanish = tokens[place].folded == "hace"
    var next = isSpanish ? place + 1 : place
    let less: [[String]] = [["menos", "de"], ["less", "than"]]
    let more: [[String]] = [["mas", "de"], ["more", "than"]]
    let words = tokens[min(next, tokens.count)...].prefix(2).map(\.folded)
    let (isLess, isMore) = (less.contains(words), more.contains(words))
    if isLess || isMore { next += 2 }
    guard let (value, end) = number(next) ?? one(next), let unit = Self.units[folded(end)],
      isSpanish || folded(end + 1) == "ago"
    else { return nil }
    let start = back(unit, value)
    let stop = isSpanish ? end + 1 : end + 2
    if isLess { return (start...(today.seconds + 86_399), stop) }
    if isMore { return (Self.ever...(start - 1), stop) }
    return (start...(start + 86_399), stop)
  }

  private static let ever: Int64 = -30_610_224_000

  // MARK: Words

  private func folded(_ place: Int) -> String { tokens.indices.contains(place) ? tokens[place].folded : "" }

  private func number(_ place: Int) -> (Int, Int)? {
    guard let (value, end) = NumberWords.number(in: tokens, at: place), let whole = Int(exactly: value),
      (1...10_000).contains(whole)
    else { return nil }
    return (whole, end)
  }

  private func one(_ place: Int) -> (Int, Int)? {
    ["un", "una", "a", "one"].contains(folded(place)) ? (1, place + 1) : nil
  }

  // MARK: Calendar

  /// A whole day, week, month or year, so many from this one.
  private func period(_ unit: Unit, _ offset: Int) -> ClosedRange<Int64> {
    let first: Day
    let next: Day
    switch unit {
    case .day: (first, next) = (today.adding(days: offset), today.adding(days: offset + 1))
    case .week:
      let monday = today.adding(days: -today.weekday)
      (first, next) = (monday.adding(days: 7 * offset), monday.adding(days: 7 * (offset + 1)))
    case .month: (first, next) = (today.month(offset), today.month(offset + 1))
    case .year:
      first = Day(year: today.year + offset, month: 1, day: 1)
      next = Day(year: today.year + offset + 1, month: 1, day: 1)
    }
    return first.seconds...(next.seconds - 1)
  }

  /// The first second of the day that lies so long before today.
  private func back(_ unit: Unit, _ count: Int) -> Int64 {
    switch unit {
    case .day: today.adding(days: -count).seconds
    case .week: today.adding(days: -7 * count).seconds
    case .month: today.sameDay(monthsBefore: count).seconds
    case .year: today.sameDay(monthsBefore: 12 * count).seconds
    }
  }
}

/// A day of the calendar.
private struct Day: Sendable {
  var seconds: Int64
  var year: Int
  var month: Int
  var day: Int
  /// Days since Monday.
  var weekday: Int

  init(containing seconds: Int64) {
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    self.seconds = days * 86_400
    var time = time_t(self.seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    (year, month, day) = (Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday))
    weekday = (Int(parts.tm_wday) + 6) % 7
  }

  /// Months and days beyond their ends go on in the next ones.
  init(year: Int, month: Int, day: Int) {
    var parts = tm()
    parts.tm_year = Int32(clamping: year - 1900)
    parts.tm_mon = Int32(clamping: month - 1)
    parts.tm_mday = Int32(clamping: day)
    self.init(containing: Int64(timegm(&parts)))
  }

  func adding(days: Int) -> Day { Day(containing: seconds + Int64(days) * 86_400) }

  /// The first day of a month, so many from this one.
  func month(_ offset: Int) -> Day { Day(year: year, month: month + offset, day: 1) }

  /// The same day of an earlier month, or that month's last.
  func sameDay(monthsBefore count: Int) -> Day {
    let last = month(1 - count).adding(days: -1)
    return Day(year: last.year, month: last.month, day: min(day, last.day))
  }
}
