/// When a zone's clocks are set each year, as POSIX writes it: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// Source: POSIX.1-2024, section 8.3, `TZ`; RFC 9636 lets the times run from -167 to 167 hours.
struct ClockRule: Sendable, Equatable {
  private let standard: Int
  private let summer: Int
  /// Where summer time begins and ends; nil for a zone without it.
  private let change: (start: YearlyMoment, end: YearlyMoment)?

  /// Reads a rule; nil for a text that is none.
  init?(_ text: String) {
    var rest = Substring(text)
    guard Self.takeName(&rest), let west = Self.takeTime(&rest, hours: 24) else { return nil }
    standard = -west
    guard !rest.isEmpty else {
      (summer, change) = (standard, nil)
      return
    }
    guard Self.takeName(&rest) else { return nil }
    if rest.first == "," {
      summer = standard + 3_600
    } else {
      guard let west = Self.takeTime(&rest, hours: 24) else { return nil }
      summer = -west
    }
    guard let start = YearlyMoment(&rest), let end = YearlyMoment(&rest), rest.isEmpty else { return nil }
    change = (start, end)
  }

  static func == (left: ClockRule, right: ClockRule) -> Bool {
    left.standard == right.standard && left.summer == right.summer && left.change?.start == right.change?.start
      && left.change?.end == right.change?.end
  }

  /// How far clocks are ahead of UTC at a moment in seconds since 1970, in seconds.
  func offset(at moment: Int64) -> Int {
    guard let change else { return standard }
    let year = CivilDay.year(ofDay: CivilDay.floor(moment + Int64(standard), by: 86_400))
    // Summer time may end in the year after it began: always so in the south.
    for year in year - 1...year + 1 {
      let start = change.start.seconds(in: year) - Int64(standard)
      var end = change.end.seconds(in: year) - Int64(summer)
      if end <= start { end = change.end.seconds(in: year + 1) - Int64(summer) }
      if (start..<end).contains(moment) { return summer }
    }
    return standard
  }

  /// A name of three letters or more, or of anything between angle brackets.
  private static func takeName(_ text: inout Substring) -> Bool {
    if text.first == "<" {
      guard let end = text.firstIndex(of: ">") else { return false }
      text = text[text.index(after: end)...]
      return true
    }
    let name = text.prefix { $0.isASCII && $0.isLetter }
    text = text.dropFirst(name.count)
    return name.count >= 3
  }

  /// `[+-]hh[:mm[:ss]]`, in seconds.
  fileprivate static func takeTime(_ text: inout Substring, hours limit: Int) -> Int? {
    let sign = text.first == "-" ? -1 : 1
    if text.first == "-" || text.first == "+" { text = text.dropFirst() }
    var seconds = 0
    for (unit, most) in [(3_600, limit), (60, 59), (1, 59)] {
      if unit < 3_600 {
        guard text.first == ":" else { break }
        text = text.dropFirst()
      }
      guard let number = takeNumber(&text), number <= most else { return nil }
      seconds += number * unit
    }
    return sign * seconds
  }

  fileprivate static func takeNumber(_ text: inout Substring) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard (1...3).contains(digits.count) else { return nil }
    text = text.dropFirst(digits.count)
    return Int(digits)
  }
}

/// A day of the year and a time on it: `,M3.5.0/2`, `,J60`, `,59/26`.
private struct YearlyMoment: Sendable, Equatable {
  enum Day: Equatable {
    /// The how-manieth weekday of a month; the fifth is the last.
    case weekday(month: Int, week: Int, weekday: Int)
    /// 1 to 365; 29 February is never counted.
    case withoutLeapDay(Int)
    /// 0 to 365.
    case ofYear(Int)
  }

  let day: Day
  /// Seconds since the day's midnight.
  let time: Int

  init?(_ text: inout Substring) {
    guard text.first == "," else { return nil }
    text = text.dropFirst()
    func number(in range: ClosedRange<Int>) -> Int? {
      guard let number = ClockRule.takeNumber(&text), range.contains(number) else { return nil }
      return number
    }
    func point() -> Bool {
      guard text.first == "." else { return false }
      text = text.dropFirst()
      return true
    }
    switch text.first {
    case "M":
      text = text.dropFirst()
      guard let month = number(in: 1...12), point(), let week = number(in: 1...5), point(),
        let weekday = number(in: 0...6)
      else { return nil }
      day = .weekday(month: month, week: week, weekday: weekday)
    case "J":
      text = text.dropFirst()
      guard let number = number(in: 1...365) else { return nil }
      day = .withoutLeapDay(number)
    default:
      guard let number = number(in: 0...365) else { return nil }
      day = .ofYear(number)
    }
    guard text.first == "/" else {
      time = 7_200
      return
    }
    text = text.dropFirst()
    guard let time = ClockRule.takeTime(&text, hours: 167) else { return nil }
    self.time = time
  }

  /// What a clock that shows UTC would count at this moment of a year, in seconds since 1970.
  func seconds(in year: Int) -> Int64 {
    let first = CivilDay.number(year: year, month: 1, day: 1)
    let number: Int64 =
      switch day {
      case .ofYear(let day): first + Int64(day)
      case .withoutLeapDay(let day):
        first + Int64(day - 1) + (day >= 60 && CivilDay.number(year: year + 1, month: 1, day: 1) - first == 366 ? 1 : 0)
      case .weekday(let month, let week, let weekday):
        {
          let start = CivilDay.number(year: year, month: month, day: 1)
          let next =
            month == 12
            ? CivilDay.number(year: year + 1, month: 1, day: 1)
            : CivilDay.number(year: year, month: month + 1, day: 1)
          var day = start + Int64((weekday - CivilDay.weekday(ofDay: start) + 7) % 7) + Int64(7 * (week - 1))
          while day >= next { day -= 7 }
          return day
        }()
      }
    return number * 86_400 + Int64(time)
  }
}
