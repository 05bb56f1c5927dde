internal import Corpus
internal import Synchronization

/// What the questions to projects took and how they ended: the newest ones.
///
/// With a journal they outlive the process: it is read at the start, and told of what comes and goes. Without one they
/// live as long as the process.
final class InteractionRecords: Sendable {
  /// One question that has been answered.
  struct Record: Sendable, Equatable {
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
    var records: [Record]
    var active: [String: Active] = [:]
  }

  private let state: Mutex<State>
  private let journal: Journal?

  /// Takes over what a journal has.
  ///
  /// - Throws: `LMDBError` when it cannot be read.
  init(journal: Journal? = nil) throws {
    self.journal = journal
    let known = try journal?.interactions.newest(Self.most) ?? []
    if known.count == Self.most, let first = known.first { try journal?.interactions.remove(before: first.key) }
    state = Mutex(State(records: known.map(\.record)))
  }

  func begin(_ active: Active) { state.withLock { $0.active[active.id] = active } }

  func enter(_ step: Step, _ id: String) { state.withLock { $0.active[id]?.step = step } }

  /// The question is over; without a record it has failed before there was anything to tell.
  func end(_ id: String, _ record: Record?) {
    let oldest = state.withLock { state -> Int64? in
      state.active[id] = nil
      guard let record else { return nil }
      // Half at once: moving all of them for each new one would be work for nothing.
      let isFull = state.records.count >= 2 * Self.most
      if isFull { state.records.removeFirst(Self.most) }
      state.records.append(record)
      return isFull ? state.records.first?.time : nil
    }
    guard let record, let journal else { return }
    let key = InteractionTable.key(time: record.time, number: Int64.random(in: 0 ... .max))
    journal.soon {
      try journal.interactions.add(record, at: key)
      if let oldest { try journal.interactions.remove(before: InteractionTable.key(time: oldest)) }
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
    if let journal { journal.soon { try journal.interactions.remove(before: InteractionTable.key(time: time)) } }
    return state.withLock { state in
      let kept = state.records.suffix(Self.most).filter { $0.time >= time }
      let removed = min(state.records.count, Self.most) - kept.count
      state.records = kept
      return (removed, kept.count)
    }
  }
}
