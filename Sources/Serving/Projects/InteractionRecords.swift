internal import Corpus
internal import Synchronization

/// What the questions to projects took and how they ended: the newest ones, as long as the process lives.
final class InteractionRecords: Sendable {
  /// One question that has been answered.
  struct Record: Sendable {
    var project: String
    /// Seconds since 1970.
    var time: Int64
    /// Milliseconds of each step.
    var retrieval = 0.0
    var models = 0.0
    var moderator = 0.0
    var total = 0.0
    /// `high`, `medium`, `low` or `failed`.
    var quality: String
    var isFallback = false
    /// How many models were asked, and the kinds of failure of those that did not answer.
    var asked = 0
    var failures: [String] = []
  }

  /// One question that is being answered.
  struct Active: Sendable {
    var id: String
    var project: String
    var time: Int64
    var since: ContinuousClock.Instant
    var step: Step
  }

  /// What is being done.
  enum Step: String, CaseIterable, Sendable {
    case retrieval = "context_retrieval"
    case orchestration = "ai_orchestration"
  }

  /// So many records are kept.
  static let most = 10_000

  private struct State {
    var records: [Record] = []
    var active: [String: Active] = [:]
  }

  private let state = Mutex(State())

  func begin(_ active: Active) { state.withLock { $0.active[active.id] = active } }

  func enter(_ step: Step, _ id: String) { state.withLock { $0.active[id]?.step = step } }

  /// The question is over; without a record it has failed before there was anything to tell.
  func end(_ id: String, _ record: Record?) {
    state.withLock { state in
      state.active[id] = nil
      guard let record else { return }
      // Half at once: moving all of them for each new one would be work for nothing.
      if state.records.count >= 2 * Self.most { state.records.removeFirst(Self.most) }
      state.records.append(record)
    }
  }

  var active: [Active] { state.withLock { Array($0.active.values) }.sorted { ($0.time, $0.id) < ($1.time, $1.id) } }

  /// The newest records from a time on, oldest first.
  func records(since time: Int64 = .min) -> [Record] {
    state.withLock { $0.records.suffix(Self.most) }.filter { $0.time >= time }
  }

  /// Forgets what is older than a time.
  ///
  /// - Returns: how many went, and how many stay.
  func remove(before time: Int64) -> (removed: Int, kept: Int) {
    state.withLock { state in
      let kept = state.records.suffix(Self.most).filter { $0.time >= time }
      let removed = min(state.records.count, Self.most) - kept.count
      state.records = kept
      return (removed, kept.count)
    }
  }
}
