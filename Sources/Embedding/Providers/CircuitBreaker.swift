internal import Synchronization

/// Leaves a provider alone for a while that failed again and again.
///
/// After so many failures in a row it rests; then one request tries it, while the others still pass it by, and its
/// success ends the rest.
public final class CircuitBreaker: Sendable {
  /// So many failures in a row make it rest.
  public static let failuresBeforeRest = 4
  /// How long it rests.
  public static let rest = Duration.seconds(30)

  private struct State {
    var failuresInRow = 0
    var restsUntil: ContinuousClock.Instant?
    var isTried = false
  }

  private let state = Mutex(State())

  /// Begins without a failure.
  public init() {}

  /// Whether it is left alone now.
  public func isResting(at now: ContinuousClock.Instant) -> Bool {
    state.withLock { $0.restsUntil.map { $0 > now } ?? false }
  }

  /// Whether a request may go to it now; whoever is told so has to tell how that ended.
  public func mayBeAsked(at now: ContinuousClock.Instant) -> Bool {
    state.withLock { state in
      guard let end = state.restsUntil else { return true }
      guard now >= end, !state.isTried else { return false }
      state.isTried = true
      return true
    }
  }

  /// It answered.
  public func succeeded() {
    state.withLock { $0 = State() }
  }

  /// It failed.
  public func failed(_ error: ProviderError, at now: ContinuousClock.Instant) {
    state.withLock { state in
      // It answers, if not with what was wanted.
      guard error.countsAgainstProvider else {
        state = State()
        return
      }
      let wasTried = state.isTried
      state.isTried = false
      state.failuresInRow += 1
      if wasTried || state.failuresInRow >= Self.failuresBeforeRest { state.restsUntil = now.advanced(by: Self.rest) }
    }
  }

  /// The request was given up by whoever made it: nothing is known of the provider.
  public func wasAbandoned() {
    state.withLock { $0.isTried = false }
  }
}
