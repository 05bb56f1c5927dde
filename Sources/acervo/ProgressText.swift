internal import Indexing
internal import Synchronization
internal import Terminal

/// The progress line of a run: stage, pages, chunks a second, time left.
final class ProgressText: Sendable {
  private struct State {
    var timeLeft = TimeLeft()
    var chunks = Pace()
  }

  private let progress: RunProgress
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  init(_ progress: RunProgress) {
    self.progress = progress
  }

  /// As it is now.
  var line: String {
    let view = progress.view
    let (whole, rest) = start.duration(to: .now).components
    let seconds = Double(whole) + Double(rest) * 1e-18
    let (timeLeft, chunkPace) = state.withLock { state in
      state.timeLeft.note(done: view.done, of: view.known, at: seconds)
      state.chunks.note(view.counts.chunksEmbedded, at: seconds)
      return (state.timeLeft.text, state.chunks.perSecond)
    }
    let counts = view.counts
    var parts = [view.stage, "\(counts.seen) pages"]
    if view.pending > 0 { parts.append("\(view.pending) to fetch") }
    if view.waiting > 0 { parts.append("\(view.waiting) to embed") }
    if counts.failed > 0 { parts.append("\(counts.failed) failed") }
    if counts.chunksEmbedded > 0 {
      let pace = chunkPace.map { ", \(Int($0.rounded()))/s" } ?? ""
      parts.append("\(counts.chunksEmbedded) chunks\(pace)")
    }
    if let timeLeft { parts.append(timeLeft) }
    return parts.joined(separator: " · ")
  }
}
