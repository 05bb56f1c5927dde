internal import HTTPClient

/// Dates as sitemaps write them (W3C note «Date and Time Formats», a profile of ISO 8601).
enum W3CDateTime {
  /// Seconds since 1970; nil for anything else.
  ///
  /// A year, a month or a day stands for its first second; fractions of a second are cut off. A time without a zone
  /// counts as UTC, and a blank may stand for the `T`: both are frequent slips.
  static func parse(_ text: String) -> Int64? {
    guard text.utf8.count <= 64 else { return nil }
    let trimmed = text.drop { $0.isWhitespace }
    let halves = trimmed.split(maxSplits: 1) { $0 == "T" || $0 == "t" || $0 == " " }
    guard let first = halves.first else { return nil }
    let date = first.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...3).contains(date.count), let year = date[0].number(digits: 4...4),
      let month = date.count > 1 ? date[1].number(digits: 1...2) : 1,
      let day = date.count > 2 ? date[2].number(digits: 1...2) : 1
    else { return nil }
    var time = CalendarTime(year: year, month: month, day: day)
    var offset: Int64 = 0
    if halves.count == 2, let clock = clock(halves[1]) {
      (time.hour, time.minute, time.second, offset) = clock
    } else if halves.count == 2, halves[1].contains(where: { !$0.isWhitespace }) {
      return nil
    }
    return time.secondsSince1970.map { $0 - offset }
  }

  /// Hour, minute, second and the zone's seconds ahead of UTC.
  private static func clock(_ text: Substring) -> (Int, Int, Int, Int64)? {
    let time = text.prefix { $0.isNumber || $0 == ":" }
    var rest = text[time.endIndex...]
    if rest.first == "." { rest = rest.dropFirst().drop(while: \.isNumber) }
    let parts = time.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, let hour = parts[0].number(digits: 1...2),
      let minute = parts[1].number(digits: 2...2),
      let second = parts.count == 3 ? parts[2].number(digits: 2...2) : 0, let offset = zone(rest)
    else { return nil }
    return (hour, minute, second, offset)
  }

  private static func zone(_ text: Substring) -> Int64? {
    let text = text.filter { !$0.isWhitespace }[...]
    if text.isEmpty || text == "Z" || text == "z" || text == "UTC" || text == "GMT" { return 0 }
    guard text.first == "+" || text.first == "-" else { return nil }
    let digits = text.dropFirst().filter { $0 != ":" }[...]
    guard digits.utf8.count == 4, let hours = digits.prefix(2).number(digits: 2...2), hours <= 23,
      let minutes = digits.suffix(2).number(digits: 2...2), minutes <= 59
    else { return nil }
    return Int64(hours * 3600 + minutes * 60) * (text.first == "-" ? -1 : 1)
  }
}
