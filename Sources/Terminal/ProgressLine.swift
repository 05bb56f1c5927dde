internal import Synchronization

/// One line at the bottom of a terminal that says how far a long work is; plain lines, seldom, elsewhere.
public final class ProgressLine: Sendable {
  private let output: Output
  private let isDrawn: Bool
  private let isFinished = Mutex(false)

  /// Shows what `text` says, five times a second on a terminal and every half minute elsewhere, until `finish`.
  ///
  /// - Parameters:
  ///   - output: where it is shown; a terminal that knows no cursor (`TERM=dumb`) gets plain lines.
  ///   - isQuiet: whether nothing is shown at all.
  ///   - text: asked for each line.
  public init(on output: Output = .notes, isQuiet: Bool = false, text: @escaping @Sendable () -> String) {
    self.output = output
    isDrawn = output.canMoveCursor
    guard !isQuiet else { return }
    let pause: Duration = isDrawn ? .milliseconds(200) : .seconds(30)
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
      // What is left of a longer line is cleared behind the new one: clearing first makes it flicker.
      output.write(isDrawn ? "\r" + text.prefix(max(20, output.width - 1)) + "\u{1B}[K" : text + "\n")
      return true
    }
  }

  /// Ends the line and clears it from a terminal.
  public func finish() {
    isFinished.withLock {
      $0 = true
      if isDrawn { output.write("\r\u{1B}[K") }
    }
  }
}
