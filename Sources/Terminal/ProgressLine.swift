internal import Synchronization

/// One line at the bottom of a terminal that says how far a long work is; plain lines, seldom, elsewhere.
public final class ProgressLine: Sendable {
  private let output: Output
  private let isFinished = Mutex(false)

  /// Shows what `text` says, five times a second on a terminal and every half minute elsewhere, until `finish`.
  public init(on output: Output = .notes, isQuiet: Bool = false, text: @escaping @Sendable () -> String) {
    self.output = output
    guard !isQuiet else { return }
    let pause: Duration = output.isTerminal ? .milliseconds(200) : .seconds(30)
    Task.detached { [weak self] in
      while true {
        try? await Task.sleep(for: pause)
        guard let self, self.show(text()) else { return }
      }
    }
  }

  private func show(_ text: String) -> Bool {
    // Under the lock, so that nothing is written after `finish` has cleared the line.
    isFinished.withLock { isFinished in
      guard !isFinished else { return false }
      output.write(output.isTerminal ? "\r\u{1B}[K" + text.prefix(max(20, output.width - 1)) : text + "\n")
      return true
    }
  }

  /// Ends the line and clears it from a terminal.
  public func finish() {
    isFinished.withLock {
      $0 = true
      if output.isTerminal { output.write("\r\u{1B}[K") }
    }
  }
}
