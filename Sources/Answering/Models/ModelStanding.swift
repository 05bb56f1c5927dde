internal import Embedding
internal import Synchronization

/// What a model was asked and what that took.
public struct ModelCounts: Sendable, Equatable {
  /// Answers that came whole.
  public var answers = 0
  /// Tries that failed, by kind (`timed_out`, `rate_limited` …).
  public var failures: [String: Int] = [:]
  /// Tokens of requests.
  public var promptTokens = 0
  /// Tokens of answers.
  public var completionTokens = 0
  /// What they cost, where a price is known.
  public var cost = 0.0
  /// Whether it is left alone for a while now.
  public var isResting = false
}

/// How a model did lately: a circuit breaker, counts, and what a token of it is worth.
final class Standing: Sendable {
  private struct State {
    var counts = ModelCounts()
    var bytesPerToken = 3.0
  }

  private let state = Mutex(State())
  private let breaker = CircuitBreaker()

  /// The bytes of text that a token stands for.
  var bytesPerToken: Double { state.withLock(\.bytesPerToken) }

  func counts(at now: ContinuousClock.Instant) -> ModelCounts {
    var counts = state.withLock(\.counts)
    counts.isResting = breaker.isResting(at: now)
    return counts
  }

  /// Whether a request may go to it now.
  func mayBeAsked(at now: ContinuousClock.Instant) -> Bool { breaker.mayBeAsked(at: now) }

  func succeeded() {
    breaker.succeeded()
    state.withLock { $0.counts.answers += 1 }
  }

  /// What a call took, whatever came of it.
  func spent(_ usage: ModelUsage, cost: Double) {
    state.withLock { state in
      state.counts.promptTokens &+= usage.promptTokens
      state.counts.completionTokens &+= usage.completionTokens
      state.counts.cost += cost
    }
  }

  func failed(_ error: ProviderError, at now: ContinuousClock.Instant) {
    state.withLock { $0.counts.failures[error.kind.rawValue, default: 0] += 1 }
    breaker.failed(error, at: now)
  }

  /// The request was given up by whoever made it: nothing is known of the model.
  func wasAbandoned() { breaker.wasAbandoned() }

  /// Learns from a request's size and the tokens that the provider counted in it.
  func learn(bytes: Int, tokens: Int) {
    // Below that, the words around the messages weigh too much; a cached prompt is counted as few tokens.
    guard bytes >= 400, tokens > 0 else { return }
    let ratio = Double(bytes) / Double(tokens)
    guard (1...8).contains(ratio) else { return }
    state.withLock { $0.bytesPerToken = 0.8 * $0.bytesPerToken + 0.2 * ratio }
  }
}
