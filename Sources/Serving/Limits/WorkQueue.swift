internal import Synchronization

/// Lets so many requests be worked on at a time, and the callers among those that wait take turns.
///
/// - A caller with a hundred requests and one with a single one wait in queues of their own, of which the next in turn
///   goes on: the single one waits for one of the hundred, not for all.
/// - So many wait at most. When one more comes, the longest queue loses its last, if it is longer than the newcomer's
///   own would be; otherwise the newcomer is refused.
final class WorkQueue: Sendable {
  private struct Waiter {
    var number: UInt64
    var since: Double
    var continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var running = 0
    var runningOf: [String: Int] = [:]
    var waiting: [String: [Waiter]] = [:]
    /// The callers that wait, the next one first.
    var turns: [String] = []
    var count = 0
    var number: UInt64 = 0
    /// Those that were cancelled before they began to wait.
    var cancelled: Set<UInt64> = []
  }

  private let limit: Int
  private let perCaller: Int
  private let room: Int
  private let clock: @Sendable () -> Double
  private let state = Mutex(State())

  init(
    limit: Int, perCaller: Int?, room: Int, clock: @escaping @Sendable () -> Double = KeySetCache.seconds
  ) {
    self.limit = max(1, limit)
    self.perCaller = max(1, perCaller ?? limit)
    self.room = max(0, room)
    self.clock = clock
  }

  /// How many are worked on, and how many wait.
  var counts: (running: Int, waiting: Int) { state.withLock { ($0.running, $0.count) } }

  /// Waits for a turn.
  ///
  /// - Returns: whether it came; then `leave` has to follow. False when too many wait, it took too long, or the task
  ///   was cancelled.
  func enter(_ caller: String) async -> Bool {
    let number = state.withLock { state -> UInt64? in
      if mayRun(caller, state), !others(wait: state) {
        start(caller, &state)
        return nil
      }
      state.number += 1
      return state.number
    }
    guard let number else { return true }
    // Cancelling is over, or does not begin any more, when the handler has been left.
    defer { _ = state.withLock { $0.cancelled.remove(number) } }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (mine, evicted) = wait(caller, number, continuation)
        evicted?.resume(returning: false)
        if let mine { continuation.resume(returning: mine) }
      }
    } onCancel: {
      cancel(caller, number)
    }
  }

  /// Whether somebody waits who could go on now.
  private func others(wait state: State) -> Bool { state.turns.contains { mayRun($0, state) } }

  private func mayRun(_ caller: String, _ state: State) -> Bool {
    state.running < limit && state.runningOf[caller, default: 0] < perCaller
  }

  private func start(_ caller: String, _ state: inout State) {
    state.running += 1
    state.runningOf[caller, default: 0] += 1
  }

  /// Puts a waiter down; an answer at once where it does not have to wait or cannot.
  private func wait(
    _ caller: String, _ number: UInt64, _ continuation: CheckedContinuation<Bool, Never>
  ) -> (mine: Bool?, evicted: CheckedContinuation<Bool, Never>?) {
    state.withLock { state in
      if state.cancelled.contains(number) { return (false, nil) }
      // Somebody may have left since.
      if mayRun(caller, state), !others(wait: state) {
        start(caller, &state)
        return (true, nil)
      }
      var evicted: CheckedContinuation<Bool, Never>?
      if state.count >= room {
        let own = state.waiting[caller]?.count ?? 0
        guard let longest = state.waiting.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }),
          longest.value.count > own + 1
        else { return (false, nil) }
        evicted = take(longest.key, at: longest.value.count - 1, &state)
      }
      if state.waiting[caller] == nil { state.turns.append(caller) }
      state.waiting[caller, default: []].append(
        Waiter(number: number, since: clock(), continuation: continuation))
      state.count += 1
      return (nil, evicted)
    }
  }

  private func take(_ caller: String, at index: Int, _ state: inout State) -> CheckedContinuation<Bool, Never>? {
    guard let waiter = state.waiting[caller]?.remove(at: index) else { return nil }
    state.count -= 1
    if state.waiting[caller]?.isEmpty == true {
      state.waiting[caller] = nil
      state.turns.removeAll { $0 == caller }
    }
    return waiter.continuation
  }

  private func cancel(_ caller: String, _ number: UInt64) {
    let continuation = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      guard let index = state.waiting[caller]?.firstIndex(where: { $0.number == number }) else {
        // It has not begun to wait, or has its turn already; then the note is without effect.
        state.cancelled.insert(number)
        return nil
      }
      return take(caller, at: index, &state)
    }
    continuation?.resume(returning: false)
  }

  /// Ends a turn: the next caller's first goes on.
  func leave(_ caller: String) {
    let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      state.running -= 1
      let left = state.runningOf[caller, default: 1] - 1
      state.runningOf[caller] = left > 0 ? left : nil
      guard let index = state.turns.firstIndex(where: { mayRun($0, state) }) else { return nil }
      let next = state.turns.remove(at: index)
      // At the end of the turns, if it has more.
      state.turns.append(next)
      start(next, &state)
      return take(next, at: 0, &state)
    }
    next?.resume(returning: true)
  }

  /// Refuses those that have waited longer than a time, in seconds.
  func expire(after seconds: Double) {
    let now = clock()
    let late = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
      guard state.count > 0 else { return [] }
      var late: [CheckedContinuation<Bool, Never>] = []
      for caller in Array(state.waiting.keys) {
        // The oldest stand first.
        while let first = state.waiting[caller]?.first, now - first.since > seconds {
          if let continuation = take(caller, at: 0, &state) { late.append(continuation) }
        }
      }
      return late
    }
    for continuation in late { continuation.resume(returning: false) }
  }
}
