import HTTPClient
import Synchronization
import Testing

@Suite struct RetryPolicyTests {
  /// Records the waits instead of waiting.
  private final class Waits: Sendable {
    let all = Mutex<[Double]>([])

    func timing(now: Double = 0, random: Double = 0.5) -> RetryTiming {
      RetryTiming(now: { now }, sleep: { wait in self.all.withLock { $0.append(wait) } }, random: { random })
    }
  }

  /// Gives the statuses in turn, a zero as a lost connection.
  private func replay(
    _ statuses: [Int], headers: [(name: String, value: String)] = [], timing: RetryTiming,
    policy: RetryPolicy = RetryPolicy()
  ) async throws -> (status: Int, tries: Int) {
    var tries = 0
    let response = try await policy.run(timing: timing) {
      defer { tries += 1 }
      let status = statuses[min(tries, statuses.count - 1)]
      guard status > 0 else { throw HTTPError(kind: .connectionLost, url: "http://x/", message: "lost") }
      return HTTPResponse(status: status, headers: headers)
    }
    return (response.status, tries)
  }

  @Test func `A success is returned at once`() async throws {
    let waits = Waits()
    #expect(try await replay([200], timing: waits.timing()) == (200, 1))
    #expect(waits.all.withLock { $0 } == [])
  }

  @Test(arguments: [429, 500, 502, 503, 504, 0]) func `Transient trouble is tried again`(status: Int) async throws {
    let waits = Waits()
    #expect(try await replay([status, status, 200], timing: waits.timing()) == (200, 3))
    #expect(waits.all.withLock { $0 } == [0.25, 0.5])
  }

  @Test(arguments: [400, 401, 403, 404, 410, 501]) func `A lasting answer is not tried again`(
    status: Int
  ) async throws {
    #expect(try await replay([status, 200], timing: Waits().timing()) == (status, 1))
  }

  @Test func `The last answer is returned when the tries are used up`() async throws {
    #expect(try await replay([503], timing: Waits().timing()) == (503, 4))
  }

  @Test func `The last error is thrown when the tries are used up`() async throws {
    await #expect(throws: HTTPError.self) { try await replay([0], timing: Waits().timing()) }
  }

  @Test func `An error that will not pass is thrown at once`() async throws {
    var tries = 0
    await #expect(throws: HTTPError.self) {
      _ = try await RetryPolicy().run(timing: Waits().timing()) {
        tries += 1
        throw HTTPError(kind: .tls, url: "https://x/", message: "bad certificate")
      }
    }
    #expect(tries == 1)
  }

  @Test func `The wait is uniform below a bound that doubles up to the longest`() {
    let policy = RetryPolicy(tries: 100, firstWait: 1, longestWait: 8)
    let bounds = (1...6).map { policy.wait(afterTries: $0, waited: 0, retryAfter: nil, random: 1) }
    #expect(bounds == [1, 2, 4, 8, 8, 8])
    #expect(policy.wait(afterTries: 3, waited: 0, retryAfter: nil, random: 0) == 0)
  }

  @Test func `Retry-After in seconds is obeyed`() async throws {
    let waits = Waits()
    let result = try await replay([429, 200], headers: [("retry-after", "7")], timing: waits.timing())
    #expect(result == (200, 2))
    #expect(waits.all.withLock { $0 } == [7])
  }

  @Test func `Retry-After as a date is obeyed`() async throws {
    let waits = Waits()
    // 1994-11-06T08:49:37Z is 784111777.
    let headers = [(name: "retry-after", value: "Sun, 06 Nov 1994 08:49:37 GMT")]
    _ = try await replay([503, 200], headers: headers, timing: waits.timing(now: 784_111_767))
    #expect(waits.all.withLock { $0 } == [10])
  }

  @Test func `A Retry-After beyond the limit ends the tries`() async throws {
    let result = try await replay([503, 200], headers: [("retry-after", "3600")], timing: Waits().timing())
    #expect(result == (503, 1))
  }

  @Test func `The budget of all waits is kept`() async throws {
    let waits = Waits()
    let policy = RetryPolicy(tries: 100, firstWait: 4, longestWait: 4, budget: 10)
    #expect(try await replay([503], timing: waits.timing(random: 1), policy: policy) == (503, 3))
    #expect(waits.all.withLock { $0 } == [4, 4])
  }

  @Test func `A cancelled wait ends the request`() async throws {
    let timing = RetryTiming(now: { 0 }, sleep: { _ in throw CancellationError() }, random: { 1 })
    await #expect(throws: CancellationError.self) { try await replay([503], timing: timing) }
  }
}
