/// Collects changes and commits them together: a commit waits for the disk, a page is worth a few milliseconds.
actor StateWriter {
  private let state: StateFile
  private let executor = WriterExecutor()
  private var pending: [StateFile.Change] = []
  private var weight = 0
  private var last = ContinuousClock.now

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(state: StateFile) {
    self.state = state
  }

  /// Remembers these together; at most a second of work is lost when the process dies.
  func record(_ changes: [StateFile.Change]) throws {
    pending += changes
    weight += changes.reduce(0) { $0 + $1.weight }
    if weight > 8 << 20 || last.duration(to: .now) > .seconds(1) { try flush() }
  }

  /// Commits what waits.
  func flush() throws {
    defer { last = .now }
    guard !pending.isEmpty else { return }
    try state.commit(pending)
    pending.removeAll(keepingCapacity: true)
    weight = 0
  }
}
