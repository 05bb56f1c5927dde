/// Days counted from 1 January 1970 and their dates in the Gregorian calendar.
///
/// Source: Hinnant, «chrono-compatible Low-Level Date Algorithms», `days_from_civil` and `civil_from_days`.
enum CivilDay {
  /// The number of a date.
  static func number(year: Int, month: Int, day: Int) -> Int64 {
    let shifted = Int64(month > 2 ? year : year - 1)
    let era = floor(shifted, by: 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The date of a number.
  static func date(ofDay number: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = number + 719_468
    let era = floor(shifted, by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = Int(dayOfYear - (153 * month + 2) / 5 + 1)
    let isNextYear = month >= 10
    return (Int(yearOfEra + era * 400) + (isNextYear ? 1 : 0), Int(month) + (isNextYear ? -9 : 3), day)
  }

  static func year(ofDay number: Int64) -> Int { date(ofDay: number).year }

  /// 0 to 6, from Sunday.
  static func weekday(ofDay number: Int64) -> Int { Int(((number + 4) % 7 + 7) % 7) }

  /// A quotient rounded down, also below zero.
  static func floor(_ number: Int64, by divisor: Int64) -> Int64 {
    number >= 0 ? number / divisor : -((-number + divisor - 1) / divisor)
  }
}
