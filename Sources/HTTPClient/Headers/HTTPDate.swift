/// Dates in HTTP headers (RFC 9110, section 5.6.7).
public enum HTTPDate {
  /// Reads a date in any of the three forms that a recipient must accept: IMF-fixdate, RFC 850, asctime.
  ///
  /// - Parameters:
  ///   - text: the field's value.
  ///   - now: seconds since 1970, to which the two-digit year of RFC 850 is the nearest: one that seems to lie more
  ///     than 50 years ahead is in the past. By default 2050, which reads 00 to 99 as 2000 to 2099.
  /// - Returns: seconds since 1970; nil for anything else.
  public static func parse(_ text: String, now: Int64 = 2_524_608_000) -> Int64? {
    guard text.utf8.count <= 64 else { return nil }
    var fields = text.split { $0 == " " || $0 == "," || $0 == "\t" }
    if let zone = fields.last, fields.count > 5 || fields.count == 4,
      ["GMT", "UTC", "Z", "+0000"].contains(zone.uppercased())
    {
      fields.removeLast()
    }
    switch fields.count {
    case 5:
      if let day = fields[1].number(digits: 1...2) {
        // Sun, 06 Nov 1994 08:49:37 GMT
        return time(fields[3].number(digits: 4...4), fields[2], day, fields[4])
      }
      // Sun Nov  6 08:49:37 1994
      return time(fields[4].number(digits: 4...4), fields[1], fields[2].number(digits: 1...2), fields[3])
    case 3:
      // Sunday, 06-Nov-94 08:49:37 GMT
      let date = fields[1].split(separator: "-", omittingEmptySubsequences: false)
      guard date.count == 3 else { return nil }
      let year = date[2].number(digits: 2...2).map { fullYear($0, now: now) } ?? date[2].number(digits: 4...4)
      return time(year, date[1], date[0].number(digits: 1...2), fields[2])
    default:
      return nil
    }
  }

  private static func fullYear(_ lastTwo: Int, now: Int64) -> Int {
    let current = CalendarTime.year(ofSecondsSince1970: now)
    let year = current - current % 100 + lastTwo
    return year > current + 50 ? year - 100 : year
  }

  private static func time(_ year: Int?, _ month: Substring, _ day: Int?, _ clock: Substring) -> Int64? {
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard let year, let day, let month = CalendarTime.month(named: month), parts.count == 3,
      let hour = parts[0].number(digits: 1...2), let minute = parts[1].number(digits: 2...2),
      let second = parts[2].number(digits: 2...2)
    else { return nil }
    return CalendarTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
      .secondsSince1970
  }
}
