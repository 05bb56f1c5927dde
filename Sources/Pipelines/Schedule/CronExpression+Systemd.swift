extension CronExpression {
  /// The same times as systemd's calendar events (systemd.time(7)), without a zone; two where either of two days is
  /// enough.
  public var systemdCalendars: [String] {
    let time = "\(text(hours)):\(text(minutes)):00"
    let date = "*-\(text(months))-"
    let anyDay = "\(date)* \(time)"
    let onDays = "\(date)\(text(days)) \(time)"
    let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let onWeekdays = weekdays.values.map { names[$0] }.joined(separator: ",") + " "
    switch (days.isAny, weekdays.isAny) {
    case (true, true): return [anyDay]
    case (false, true): return [onDays]
    case (true, false): return [onWeekdays + anyDay]
    case (false, false): return [onDays, onWeekdays + anyDay]
    }
  }

  private func text(_ field: CronField) -> String {
    field.isAny ? "*" : field.values.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ",")
  }
}
