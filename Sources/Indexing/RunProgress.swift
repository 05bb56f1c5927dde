public import Connectors
internal import Synchronization

/// How far a run is: the stages write, a terminal reads.
public final class RunProgress: Sendable {
  /// What stands on the terminal's line.
  public struct View: Sendable, Equatable {
    /// What the run does now, in a word or two.
    public var stage = "starting"
    /// What was counted so far.
    public var counts = RunCounts()
    /// Documents fetched that wait to be cleaned or embedded.
    public var waiting = 0
    /// Addresses that sources know so far.
    public var known = 0
    /// Of these, the ones that sources have decided: documents, skipped and failed ones.
    public var decided = 0

    /// Addresses that sources know and have not fetched yet.
    public var pending: Int { max(0, known - decided) }
    /// Addresses that nothing is left to be done for.
    public var done: Int { max(0, decided - waiting) }
  }

  private struct State {
    var view = View()
    var sources: [String: SourceProgress] = [:]
  }

  private let state = Mutex(State())

  /// Nothing done yet.
  public init() {}

  /// What there is to see now.
  public var view: View { state.withLock { $0.view } }

  /// Where a source tells how far it is.
  ///
  /// - Parameter id: the source's `id`.
  /// - Returns: what is given to the source when it is made.
  public func source(_ id: String) -> @Sendable (SourceProgress) -> Void {
    { [weak self] in self?.note($0, of: id) }
  }

  private func note(_ progress: SourceProgress, of source: String) {
    state.withLock { state in
      let before = state.sources.updateValue(progress, forKey: source)
      state.view.known += progress.known - (before?.known ?? 0)
      state.view.decided += progress.done - (before?.done ?? 0)
    }
  }

  /// A source's listing is over: what it has not fetched, because of a limit, it will not fetch.
  func end(source: String) {
    guard var last = state.withLock({ $0.sources[source] }) else { return }
    last.known = last.done
    note(last, of: source)
  }

  func update(_ body: (inout View) -> Void) {
    state.withLock { body(&$0.view) }
  }

  func count(_ body: (inout RunCounts) -> Void) {
    state.withLock { body(&$0.view.counts) }
  }

  /// Runs a piece of a stage's work and adds its seconds.
  func timed<Value>(_ stage: String, _ work: () throws -> Value) rethrows -> Value {
    let start = ContinuousClock.now
    defer { add(start.duration(to: .now), to: stage) }
    return try work()
  }

  /// Runs a piece of a stage's work and adds its seconds.
  func timed<Value>(_ stage: String, _ work: () async throws -> Value) async rethrows -> Value {
    let start = ContinuousClock.now
    defer { add(start.duration(to: .now), to: stage) }
    return try await work()
  }

  private func add(_ duration: Duration, to stage: String) {
    let (seconds, attoseconds) = duration.components
    count { $0.stageSeconds[stage, default: 0] += Double(seconds) + Double(attoseconds) * 1e-18 }
  }
}
