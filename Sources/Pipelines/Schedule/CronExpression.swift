/// A time of day, week, month and year that comes again, in the five fields of cron: minute, hour, day of the month,
/// month, day of the week.
///
/// Each field is `*`, or a list of numbers, ranges `1-5` and steps `*/10`, `8-18/2`; months and days of the week have
/// their English names too; 0 and 7 are Sunday. Where both days are restricted, either is enough
/// (POSIX, crontab). `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` stand for what they say.
/// What schedulers read differently is refused, because the same text is written into their units.
public struct CronExpression: Sendable, Equatable, CustomStringConvertible {
  /// The expression in five fields, as it was written but for white space and `@` names.
  public let description: String
  let minutes: CronField
  let hours: CronField
  let days: CronField
  let months: CronField
  let weekdays: CronField

  /// Reads an expression.
  ///
  /// - Throws: `CronError`: what is wrong in which field, and the mend.
  public init(_ text: String) throws(CronError) {
    let names = [
      "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
      "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
    guard text.utf8.count <= 1_000 else { throw CronError("it is longer than 1,000 bytes", mend: "write it shorter") }
    let lowered = text.lowercased()
    let fields = (names[lowered] ?? lowered).split { $0 == " " || $0 == "\t" }
    guard fields.count == 5 else {
      throw CronError(
        "it has \(fields.count) fields, not five",
        mend: "write minute, hour, day of the month, month and day of the week, such as 0 */6 * * *")
    }
    minutes = try CronField(fields[0], of: .minute)
    hours = try CronField(fields[1], of: .hour)
    days = try CronField(fields[2], of: .day)
    months = try CronField(fields[3], of: .month)
    weekdays = try CronField(fields[4], of: .weekday)
    description = (names[lowered] ?? text).split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    try check()
  }

  private func check() throws(CronError) {
    if !days.isAny, !weekdays.isAny, days.beginsWithStar || weekdays.beginsWithStar {
      throw CronError(
        "schedulers do not agree what a step from * means beside the other day: either day, or both at once",
        mend: "write a range, such as 1-31/2: then either day is enough")
    }
    let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    let comes = months.values.contains { month in days.values.contains { $0 <= longest[month - 1] } }
    if weekdays.isAny, !comes {
      throw CronError("no such day ever comes", mend: "write a day of the month that its months have")
    }
  }

  /// How many times it names on each of its days.
  public var timesADay: Int { minutes.values.count * hours.values.count }

  /// Whether a date is one of this expression's days.
  ///
  /// - Parameters:
  ///   - month: 1 to 12.
  ///   - day: 1 to 31.
  ///   - weekday: 0 to 6, from Sunday.
  /// - Returns: whether it is.
  func includes(month: Int, day: Int, weekday: Int) -> Bool {
    guard months.values.contains(month) else { return false }
    let (isDay, isWeekday) = (days.values.contains(day), weekdays.values.contains(weekday))
    return days.isAny || weekdays.isAny ? isDay && isWeekday : isDay || isWeekday
  }

  /// Two are equal when they come at the same times.
  public static func == (left: CronExpression, right: CronExpression) -> Bool {
    [\CronExpression.minutes, \.hours, \.days, \.months, \.weekdays].allSatisfy { field in
      left[keyPath: field].values == right[keyPath: field].values
    } && left.hours.isAny == right.hours.isAny && left.days.isAny == right.days.isAny
      && left.weekdays.isAny == right.weekdays.isAny
  }
}

/// Why a text is no cron expression.
public struct CronError: Error, Equatable {
  /// What is wrong.
  public let message: String
  /// What to write instead.
  public let mend: String

  init(_ message: String, mend: String) {
    self.message = message
    self.mend = mend
  }
}

/// One field: the values that it names.
struct CronField: Sendable {
  enum Kind: String {
    case minute
    case hour
    case day = "day of the month"
    case month
    case weekday = "day of the week"

    var range: ClosedRange<Int> {
      switch self {
      case .minute: 0...59
      case .hour: 0...23
      case .day: 1...31
      case .month: 1...12
      case .weekday: 0...7
      }
    }

    var names: [String] {
      switch self {
      case .minute, .hour, .day: []
      case .month: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
      case .weekday: ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]
      }
    }
  }

  /// In ascending order; Sunday is 0.
  let values: [Int]
  /// Whether it is `*`.
  let isAny: Bool
  let beginsWithStar: Bool

  init(_ text: Substring, of kind: Kind) throws(CronError) {
    isAny = text == "*"
    beginsWithStar = text.hasPrefix("*")
    var found: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      for value in try Self.values(part, kind) { found.insert(kind == .weekday ? value % 7 : value) }
    }
    values = found.sorted()
  }

  private static func values(_ part: Substring, _ kind: Kind) throws(CronError) -> [Int] {
    let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let base = pieces.first, !base.isEmpty else {
      throw CronError("the \(kind.rawValue) “\(part)” names nothing", mend: "write *, or \(example(kind))")
    }
    var range = kind.range
    if base == "*" {
      if kind == .weekday { range = 0...6 }
    } else {
      let ends = base.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      let first = try number(ends[0], kind)
      let last = ends.count == 2 ? try number(ends[1], kind, isEnd: true) : first
      guard first <= last else {
        throw CronError(
          "the \(kind.rawValue) “\(base)” runs backwards",
          mend: "write two ranges: \(ends[0])-\(kind.range.upperBound),\(kind.range.lowerBound)-\(ends[1])")
      }
      if pieces.count == 2, ends.count == 1 {
        throw CronError(
          "the \(kind.rawValue) “\(part)” has a step and no range",
          mend: "write \(base)-\(kind.range.upperBound)/\(pieces[1])")
      }
      range = first...last
    }
    guard pieces.count == 2 else { return Array(range) }
    // Of `0-0` the last value is 0, which is no step.
    let longest = max(1, range.upperBound)
    guard let step = Int(pieces[1]), isDigits(pieces[1]), (1...longest).contains(step) else {
      throw CronError(
        "the \(kind.rawValue) “\(part)” has no step from 1 to \(longest)", mend: "write \(example(kind))")
    }
    return Array(stride(from: range.lowerBound, through: range.upperBound, by: step))
  }

  private static func number(_ text: Substring, _ kind: Kind, isEnd: Bool = false) throws(CronError) -> Int {
    // `fri-sun` ends on day 7.
    let named = isEnd ? kind.names.lastIndex(of: String(text)) : kind.names.firstIndex(of: String(text))
    if !text.isEmpty, let named { return named }
    guard isDigits(text), let number = Int(text), kind.range.contains(number) else {
      throw CronError(
        "the \(kind.rawValue) “\(text)” is none from \(kind.range.lowerBound) to \(kind.range.upperBound)",
        mend: "write \(example(kind))")
    }
    return number
  }

  private static func isDigits(_ text: Substring) -> Bool {
    (1...2).contains(text.utf8.count) && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  private static func example(_ kind: Kind) -> String {
    switch kind {
    case .minute: "a list such as 0,30 or a step such as */15"
    case .hour: "a list such as 6,18 or a step such as */6"
    case .day: "a list such as 1,15 or a range such as 1-7"
    case .month: "a list such as 1,7 or a range such as jan-mar"
    case .weekday: "a list such as 1,4 or a range such as mon-fri"
    }
  }
}
