internal import Corpus
internal import Synchronization

/// Remembers which tokens were shown, until they are over, so that one that comes again is noticed.
///
/// What is remembered is bounded: where more tokens are alive than there is room for, further ones are not remembered.
final class SeenTokens: Sendable {
  static let room = 20_000

  private struct State {
    var ends: [ContentHash: Int64] = [:]
    /// When those that are over were forgotten last: once a second is enough.
    var cleaned = Int64.min
  }

  private let state = Mutex(State())

  /// Notes a token, and tells whether it was shown before.
  ///
  /// - Parameters:
  ///   - id: what tells it from others.
  ///   - end: when it is over, in seconds since 1970.
  ///   - now: the time.
  /// - Returns: whether it was.
  func isRepeated(_ id: ContentHash, until end: Int64, now: Int64) -> Bool {
    state.withLock { state in
      if let known = state.ends[id], known > now { return true }
      if state.ends.count >= Self.room, state.cleaned < now {
        state.cleaned = now
        state.ends = state.ends.filter { $0.value > now }
      }
      if state.ends.count < Self.room { state.ends[id] = end }
      return false
    }
  }
}
