internal import Synchronization

/// Rings at set times, with one sleeping task for all alarms together.
///
/// A task that sleeps for each of them would do, but the runtime keeps what was called off until it would have rung:
/// 1.5 KB for every answer of the last twenty seconds, tens of megabytes at a thousand a second.
final class AlarmClock: Sendable {
  static let shared = AlarmClock()

  /// What `callOff` takes.
  struct Alarm: Sendable {
    fileprivate var tick: Int64
    fileprivate var number: UInt64
  }

  private struct State {
    /// What rings, by tick and number.
    var alarms: [Int64: [UInt64: @Sendable () -> Void]] = [:]
    var lastNumber: UInt64 = 0
    /// Until when the task sleeps.
    var sleeper: (tick: Int64, task: Task<Void, Never>)?
  }

  private let state = Mutex(State())
  private let start = ContinuousClock.now
  /// Alarms are as late as this at most, so that those of one moment ring together.
  private static let tick = Duration.milliseconds(10)

  /// Rings at a time, or right after it.
  ///
  /// - Parameters:
  ///   - time: when; at once where it is past.
  ///   - ring: what is done then; short, for others wait behind it.
  /// - Returns: what calls it off.
  func set(at time: ContinuousClock.Instant, _ ring: @escaping @Sendable () -> Void) -> Alarm {
    // Rounded up. Nobody waits for years, which is where whole numbers of ticks would end.
    let ticks = min(max((time - start) / Self.tick, 0), 1e12)
    let tick = Int64(ticks) + 1
    return state.withLock { state in
      state.lastNumber += 1
      state.alarms[tick, default: [:]][state.lastNumber] = ring
      if state.sleeper.map({ $0.tick > tick }) ?? true { sleep(until: tick, &state) }
      return Alarm(tick: tick, number: state.lastNumber)
    }
  }

  /// Does not ring; nothing happens where it has rung.
  func callOff(_ alarm: Alarm) {
    state.withLock { state in
      state.alarms[alarm.tick]?[alarm.number] = nil
      if state.alarms[alarm.tick]?.isEmpty == true { state.alarms[alarm.tick] = nil }
    }
  }

  /// How many alarms are set.
  var count: Int { state.withLock { $0.alarms.values.reduce(0) { $0 + $1.count } } }

  private func sleep(until tick: Int64, _ state: inout State) {
    state.sleeper?.task.cancel()
    let time = start + Self.tick * Double(tick)
    let task = Task.detached {
      do { try await Task.sleep(until: time, clock: .continuous) } catch { return }
      self.ring(tick)
    }
    state.sleeper = (tick, task)
  }

  /// Rings what is due, and sleeps until the next.
  private func ring(_ tick: Int64) {
    let due = state.withLock { state -> [@Sendable () -> Void] in
      // Somebody set an earlier one meanwhile, whose sleeper sees to all of this.
      guard state.sleeper?.tick == tick else { return [] }
      state.sleeper = nil
      let ticks = state.alarms.keys.filter { $0 <= tick }.sorted()
      let due = ticks.flatMap { state.alarms.removeValue(forKey: $0)?.sorted { $0.key < $1.key } ?? [] }
      if let next = state.alarms.keys.min() { sleep(until: next, &state) }
      return due.map(\.value)
    }
    for ring in due { ring() }
  }
}
