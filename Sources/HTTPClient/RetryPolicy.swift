internal import Glibc

/// When a request is sent again, and after how long.
///
/// Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015): the
/// wait before try *n* is uniform between 0 and `firstWait · 2ⁿ⁻¹`, so that clients which failed together do not come
/// back together. A `Retry-After` of the server is obeyed instead where it names a longer wait.
public struct RetryPolicy: Sendable, Equatable {
  /// How many times a request is sent at most, the first included.
  public var tries: Int
  /// The upper bound of the first wait, in seconds; it doubles with each further try.
  public var firstWait: Double
  /// No wait of our own is longer, in seconds.
  public var longestWait: Double
  /// A server that asks for a longer wait, in seconds, is not waited for: its response is the result.
  public var longestRetryAfter: Double
  /// All waits of one request together, in seconds.
  public var budget: Double

  /// Makes a policy: 4 tries, 0.5 s doubling up to 30 s, `Retry-After` up to 120 s, 240 s in all.
  public init(
    tries: Int = 4, firstWait: Double = 0.5, longestWait: Double = 30, longestRetryAfter: Double = 120,
    budget: Double = 240
  ) {
    self.tries = tries
    self.firstWait = firstWait
    self.longestWait = longestWait
    self.longestRetryAfter = longestRetryAfter
    self.budget = budget
  }

  /// One try, no waiting.
  public static let never = RetryPolicy(tries: 1)

  /// Whether a response asks for another try: 429, and 5xx but for "not implemented" and its like.
  public static func isTransient(status: Int) -> Bool {
    status == 429 || (500...599 ~= status && status != 501 && status != 505)
  }

  /// How long to wait before the next try.
  ///
  /// - Parameters:
  ///   - tries: how many times the request was sent so far, from 1.
  ///   - waited: how many seconds this request has waited already.
  ///   - retryAfter: the seconds that the server asked for, if it did.
  ///   - random: a number from 0 up to 1.
  /// - Returns: seconds; nil when it should not be sent again.
  public func wait(afterTries tries: Int, waited: Double, retryAfter: Double?, random: Double) -> Double? {
    guard tries < self.tries else { return nil }
    var bound = firstWait
    for _ in 1..<max(tries, 1) where bound < longestWait { bound *= 2 }
    let wait = max(min(bound, longestWait) * random, retryAfter ?? 0)
    guard retryAfter ?? 0 <= longestRetryAfter, waited + wait <= budget else { return nil }
    return wait
  }

  /// Sends a request until it succeeds, fails for good, or may not be sent again.
  ///
  /// - Parameters:
  ///   - timing: the clock, the sleep and the dice.
  ///   - send: one try.
  /// - Returns: the last response, which may still be a 429 or 5xx.
  /// - Throws: the last `HTTPError` when no try gave a response; `CancellationError`.
  public func run(
    timing: RetryTiming = .system, _ send: () async throws -> HTTPResponse
  ) async throws -> HTTPResponse {
    var tries = 0
    var waited = 0.0
    while true {
      tries += 1
      let result: Result<HTTPResponse, HTTPError>
      do {
        let response = try await send()
        guard Self.isTransient(status: response.status) else { return response }
        result = .success(response)
      } catch let error as HTTPError {
        guard error.isTransient else { throw error }
        result = .failure(error)
      }
      let retryAfter = (try? result.get())?.header("retry-after").flatMap { RetryAfter.seconds($0, now: timing.now()) }
      guard
        let wait = wait(afterTries: tries, waited: waited, retryAfter: retryAfter, random: timing.random())
      else { return try result.get() }
      waited += wait
      try await timing.sleep(wait)
    }
  }
}

/// The clock, the sleep and the dice of retries, so that tests need no time and no luck.
public struct RetryTiming: Sendable {
  /// Seconds since 1970, for `Retry-After` as a date.
  public var now: @Sendable () -> Double
  /// Waits so many seconds; throws `CancellationError`.
  public var sleep: @Sendable (Double) async throws -> Void
  /// A number from 0 up to 1.
  public var random: @Sendable () -> Double

  /// Makes a timing.
  public init(
    now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Double) async throws -> Void,
    random: @escaping @Sendable () -> Double
  ) {
    self.now = now
    self.sleep = sleep
    self.random = random
  }

  /// The system's.
  public static let system = RetryTiming(
    now: { Double(time(nil)) }, sleep: { try await Task.sleep(for: .seconds($0)) },
    random: { Double.random(in: 0..<1) })
}
