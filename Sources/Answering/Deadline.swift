internal import Synchronization

/// Does something, but not for longer than a deadline allows: whoever waits goes on without it, even where the work
/// itself cannot be interrupted.
///
/// - Returns: nil when the deadline passed first; the work is cancelled then.
/// - Throws: what the work throws; `CancellationError` when the caller is cancelled.
public func inTime<Value: Sendable>(
  _ deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
  let race = Race<Value>()
  let worker = Task {
    do { race.end(.success(try await work())) } catch { race.end(.failure(error)) }
  }
  let alarm = AlarmClock.shared.set(at: deadline) { race.end(.success(nil)) }
  defer {
    worker.cancel()
    AlarmClock.shared.callOff(alarm)
  }
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { race.wait($0) }
  } onCancel: {
    race.end(.failure(CancellationError()))
  }
}

/// The first of several ends.
private final class Race<Value: Sendable>: Sendable {
  private enum State {
    case open
    case waiting(CheckedContinuation<Value?, any Error>)
    case over(Result<Value?, any Error>)
    case told
  }

  private let state = Mutex(State.open)

  func wait(_ continuation: CheckedContinuation<Value?, any Error>) {
    let result = state.withLock { state -> Result<Value?, any Error>? in
      if case .over(let result) = state {
        state = .told
        return result
      }
      state = .waiting(continuation)
      return nil
    }
    if let result { continuation.resume(with: result) }
  }

  func end(_ result: Result<Value?, any Error>) {
    let waiting = state.withLock { state -> CheckedContinuation<Value?, any Error>? in
      switch state {
      case .open:
        state = .over(result)
        return nil
      case .waiting(let continuation):
        state = .told
        return continuation
      case .over, .told: return nil
      }
    }
    waiting?.resume(with: result)
  }
}
