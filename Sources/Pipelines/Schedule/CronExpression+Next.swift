extension CronExpression {
  /// The first time after a moment.
  ///
  /// Where clocks are set forward, what falls into the hour that is left out comes at the end of the gap; where they are
  /// set back, what falls into the hour that comes twice comes once, the first time. Not so where the hour field is `*`:
  /// those times go by the hours that pass, so nothing is moved and both hours count. (As Vixie's cron does it.)
  ///
  /// - Parameters:
  ///   - moment: seconds since 1970.
  ///   - zone: whose clocks the fields mean.
  /// - Returns: seconds since 1970; nil beyond the year 9000.
  public func next(after moment: Int64, in zone: ClockZone) -> Int64? {
    guard (-60_000_000_000...221_000_000_000).contains(moment) else { return nil }
    // The day before, too: at its end clocks may be set back over midnight.
    let today = CivilDay.floor(moment + Int64(zone.offset(at: moment)), by: 86_400) - 1
    // 29 February may be eight years away.
    for day in today...(today + 9 * 366) {
      let date = CivilDay.date(ofDay: day)
      guard includes(month: date.month, day: date.day, weekday: CivilDay.weekday(ofDay: day)) else { continue }
      if let found = first(after: moment, on: day, in: zone) { return found }
    }
    return nil
  }

  private func first(after moment: Int64, on day: Int64, in zone: ClockZone) -> Int64? {
    var best: Int64?
    for hour in hours.values {
      for minute in minutes.values {
        let wall = day * 86_400 + Int64(hour * 3_600 + minute * 60)
        // No zone is a day away from UTC.
        guard wall + 86_400 > moment else { continue }
        if let best, wall - 86_400 > best { return best }
        for time in times(of: wall, in: zone) where time > moment && time < best ?? .max { best = time }
      }
    }
    return best
  }

  /// When a clock on the wall shows a time, as far as it counts.
  private func times(of wall: Int64, in zone: ClockZone) -> [Int64] {
    let shown = zone.moments(showing: wall)
    if hours.isAny { return shown }
    return [shown.first ?? zone.endOfGap(around: wall)]
  }
}

extension ClockZone {
  /// The moments at which this zone's clocks show a time: none in a gap, two where they were set back.
  ///
  /// The time is what a clock would count that shows UTC, in seconds since 1970.
  func moments(showing wall: Int64) -> [Int64] {
    let candidates = [wall - Int64(offset(at: wall - 86_400)), wall - Int64(offset(at: wall + 86_400))]
    let valid = candidates.filter { $0 + Int64(offset(at: $0)) == wall }
    return valid.count == 2 && valid[0] == valid[1] ? [valid[0]] : valid.sorted()
  }

  /// The moment at which clocks that never showed a time were set past it.
  func endOfGap(around wall: Int64) -> Int64 {
    let before = offset(at: wall - 86_400)
    var (low, high) = (wall - 86_400, wall + 86_400)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if offset(at: middle) == before { low = middle } else { high = middle }
    }
    return high
  }
}
