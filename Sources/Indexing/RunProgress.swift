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
    /// Addresses that sources know and have not fetched yet.
    public var pending = 0
  }

  private let state = Mutex(View())

  /// Nothing done yet.
  public init() {}

  /// What there is to see now.
  public var view: View { state.withLock { $0 } }

  func update(_ body: (inout View) -> Void) {
    state.withLock { body(&$0) }
  }

  func count(_ body: (inout RunCounts) -> Void) {
    state.withLock { body(&$0.counts) }
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
