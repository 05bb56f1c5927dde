internal import HTTPClient
internal import Synchronization

/// Spaces the requests to each host.
final class HostPacer: Sendable {
  /// The earliest moment of each host's next request, in seconds since the pacer was made.
  private let next = Mutex<[String: Double]>([:])
  private let start = ContinuousClock.now
  private let sleep: @Sendable (Double) async throws -> Void

  init(sleep: @escaping @Sendable (Double) async throws -> Void) {
    self.sleep = sleep
  }

  /// Waits for a host's turn and takes it.
  ///
  /// - Parameters:
  ///   - host: host and port.
  ///   - delay: the seconds between two requests.
  /// - Throws: `CancellationError`.
  func waitForTurn(of host: String, delay: Double) async throws {
    let now = self.now
    let turn = next.withLock { next in
      let turn = max(now, next[host] ?? now)
      next[host] = turn + delay
      return turn
    }
    if turn > now { try await sleep(turn - now) }
  }

  /// Lets no request to a host start for so many seconds: it asked for a pause.
  func hold(_ host: String, for seconds: Double) {
    let earliest = now + seconds
    next.withLock { $0[host] = max(earliest, $0[host] ?? 0) }
  }

  private var now: Double {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}
