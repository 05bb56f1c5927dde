internal import Synchronization

/// What work gives within so many seconds; nil where it takes longer.
///
/// Work that cannot be cancelled goes on by itself and is not waited for: a deadline that waits for a computation is
/// none.
func firstResult<Value: Sendable>(
  within seconds: Double, _ work: @escaping @Sendable () async -> Value?
) async -> Value? {
  let race = Race<Value>()
  let worker = Task { race.end(with: await work()) }
  let clock = Task {
    try? await Task.sleep(for: .seconds(seconds))
    race.end(with: nil)
  }
  // A clock that nobody stops holds what it knows until it rings: at thousands of answers a second that is all memory.
  defer {
    worker.cancel()
    clock.cancel()
  }
  return await withTaskCancellationHandler {
    await withCheckedContinuation { race.wait(with: $0) }
  } onCancel: {
    worker.cancel()
    clock.cancel()
  }
}

/// The first of several results.
private final class Race<Value: Sendable>: Sendable {
  private enum State {
    case running
    case waiting(CheckedContinuation<Value?, Never>)
    case ended(Value?)
    case over
  }

  private let state = Mutex(State.running)

  func wait(with waiter: CheckedContinuation<Value?, Never>) {
    let ended = state.withLock { state -> Value?? in
      guard case .ended(let value) = state else {
        state = .waiting(waiter)
        return .none
      }
      state = .over
      return .some(value)
    }
    if let ended { waiter.resume(returning: ended) }
  }

  func end(with value: Value?) {
    let waiter = state.withLock { state -> CheckedContinuation<Value?, Never>? in
      switch state {
      case .running:
        state = .ended(value)
        return nil
      case .waiting(let waiter):
        state = .over
        return waiter
      case .ended, .over: return nil
      }
    }
    waiter?.resume(returning: value)
  }
}
