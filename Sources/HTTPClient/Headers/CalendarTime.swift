/// A date and a time of day in the Gregorian calendar, as headers, sitemaps and robots tags write them.
package struct CalendarTime: Sendable {
  package var year: Int
  package var month: Int
  package var day: Int
  package var hour = 0
  package var minute = 0
  package var second = 0

  package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// Seconds since 1970 in UTC; nil for a date or time that does not exist (a leap second counts as the next one).
  package var secondsSince1970: Int64? {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year),
      (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    // Counted from 1 March 0000, so that the leap day is a year's last (Hinnant, «chrono-compatible Low-Level Date
    // Algorithms», days_from_civil).
    let shifted = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    return Int64(((days * 24 + hour) * 60 + minute) * 60 + second)
  }

  private static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The year that a moment falls into, in UTC.
  package static func year(ofSecondsSince1970 seconds: Int64) -> Int {
    // 400 Gregorian years have 146,097 days; the remainder is settled by trying.
    let days = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
    var year = Int(min(max(days, -700_000), 2_900_000)) * 400 / 146_097 + 1970
    while let start = CalendarTime(year: year, month: 1, day: 1).secondsSince1970, start > seconds { year -= 1 }
    while let next = CalendarTime(year: year + 1, month: 1, day: 1).secondsSince1970, next <= seconds { year += 1 }
    return year
  }

  /// A month by the first three letters of its English name, 1 to 12; in any case.
  package static func month(named name: Substring) -> Int? {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    return months.firstIndex(of: String(decoding: name.utf8.prefix(3).map(\.asciiLowercased), as: UTF8.self))
      .map { $0 + 1 }
  }
}

extension Substring {
  /// The value of a run of ASCII digits of one of the given lengths.
  package func number(digits: ClosedRange<Int>) -> Int? {
    guard digits.contains(utf8.count), utf8.count <= 9, utf8.allSatisfy(\.isASCIIDigit) else { return nil }
    return Int(self)
  }
}
