extension Moment {
  /// The seconds since 1970 that a date covers, the first and the last included; nil for what is no date.
  ///
  /// A year, a month, a day, a minute or a second of ISO 8601: `2026`, `2026-05`, `2026-05-17`, `2026-05-17T09:30+02:00`,
  /// `2026-05-17T09:30:15Z`. Without a zone it is UTC; fractions of a second are cut off.
  public static func span(_ text: String) -> ClosedRange<Int64>? {
    guard text.utf8.count <= 40 else { return nil }
    var reader = DateReader(rest: Array(text.utf8)[...])
    guard let year = reader.number(4) else { return nil }
    if reader.isAtEnd { return seconds(from: day(year, 1, 1), to: day(year + 1, 1, 1)) }
    guard reader.take("-"), let month = reader.number(2), (1...12).contains(month) else { return nil }
    let next = month == 12 ? day(year + 1, 1, 1) : day(year, month + 1, 1)
    if reader.isAtEnd { return seconds(from: day(year, month, 1), to: next) }
    guard reader.take("-"), let number = reader.number(2), number >= 1, day(year, month, number) < next else {
      return nil
    }
    let start = day(year, month, number)
    if reader.isAtEnd { return seconds(from: start, to: start + 1) }
    guard reader.take("T") || reader.take("t") || reader.take(" "), let clock = reader.clock(),
      let offset = reader.zone()
    else { return nil }
    let first = start * 86_400 + clock.seconds - offset
    return first...(first + (clock.isMinute ? 59 : 0))
  }

  private static func seconds(from first: Int64, to next: Int64) -> ClosedRange<Int64> {
    first * 86_400...(next * 86_400 - 1)
  }

  /// Days since 1970-01-01 in the Gregorian calendar: the 400-year cycle of 146,097 days, counted from March.
  private static func day(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return Int64(era * 146_097 + dayOfEra - 719_468)
  }
}

/// Takes the parts of a date off its beginning.
private struct DateReader {
  var rest: ArraySlice<UInt8>

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let first = rest.first, UInt32(first) == character.value else { return false }
    rest.removeFirst()
    return true
  }

  /// Exactly so many digits.
  mutating func number(_ digits: Int) -> Int? {
    let head = rest.prefix(digits)
    guard head.count == digits, head.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest.removeFirst(digits)
    return head.reduce(0) { 10 * $0 + Int($1 - 0x30) }
  }

  /// Hour and minute, perhaps a second.
  mutating func clock() -> (seconds: Int64, isMinute: Bool)? {
    guard let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60 else { return nil }
    let start = Int64(hour * 3600 + minute * 60)
    guard take(":") else { return (start, true) }
    guard let second = number(2), second < 60 else { return nil }
    if take(".") || take(",") {
      let fraction = rest.prefix { (0x30...0x39).contains($0) }
      guard !fraction.isEmpty else { return nil }
      rest.removeFirst(fraction.count)
    }
    return (start + Int64(second), false)
  }

  /// The zone's seconds ahead of UTC, up to the end.
  mutating func zone() -> Int64? {
    if isAtEnd { return 0 }
    if take("Z") || take("z") { return isAtEnd ? 0 : nil }
    let isBehind = take("-")
    guard isBehind || take("+"), let hours = number(2), hours < 24 else { return nil }
    var minutes = 0
    if !isAtEnd {
      _ = take(":")
      guard let number = number(2), number < 60, isAtEnd else { return nil }
      minutes = number
    }
    return Int64(hours * 3600 + minutes * 60) * (isBehind ? -1 : 1)
  }
}
