internal import Glibc

/// How fast a count grows: what happened lately weighs more than what happened long ago.
///
/// A step of `Δt` seconds takes `e^(-Δt / memory)` off the weight of everything before it, so the pace depends neither
/// on how often it is asked nor on the first, slow seconds.
public struct Pace: Sendable {
  /// After so many seconds a step has a third of its first weight.
  public let memory: Double

  private var last: (count: Int, seconds: Double)?
  private var weighedCount = 0.0
  private var weighedSeconds = 0.0

  /// Nothing seen yet.
  ///
  /// - Parameter memory: in seconds; 15 by default.
  public init(memory: Double = 15) {
    self.memory = memory
  }

  /// Takes note of a count at a moment; a count that falls is taken as one that stands.
  ///
  /// - Parameters:
  ///   - count: what was counted so far.
  ///   - seconds: the moment, on a clock that never runs back.
  public mutating func note(_ count: Int, at seconds: Double) {
    defer { last = (count, seconds) }
    guard let last, seconds > last.seconds else { return }
    let elapsed = seconds - last.seconds
    let weight = exp(-elapsed / memory)
    weighedCount = weighedCount * weight + Double(max(0, count - last.count))
    weighedSeconds = weighedSeconds * weight + elapsed
  }

  /// So many a second; nil before three seconds were seen.
  public var perSecond: Double? {
    // Decayed, the seconds seen never come to more than `memory`: a fifth of it is a start.
    weighedSeconds >= min(3, memory / 5) ? weighedCount / weighedSeconds : nil
  }
}

/// How long a work will take that may still find more to do.
public struct TimeLeft: Sendable {
  private var done = Pace()
  private var known = Pace()
  private var remaining = 0

  /// Nothing seen yet.
  public init() {}

  /// Takes note of how far the work is at a moment.
  ///
  /// - Parameters:
  ///   - done: the pieces that are done.
  ///   - known: all pieces that are known so far, the done ones included.
  ///   - seconds: the moment, on a clock that never runs back.
  public mutating func note(done: Int, of known: Int, at seconds: Double) {
    self.done.note(done, at: seconds)
    self.known.note(known, at: seconds)
    remaining = max(0, known - done)
  }

  /// The seconds to go at the present pace; nil while there is none, and when nothing is left.
  public var seconds: Double? {
    guard remaining > 0, let pace = done.perSecond, pace > 0 else { return nil }
    return Double(remaining) / pace
  }

  /// Whether so much more is being found that it will take longer than `seconds`.
  public var isGrowing: Bool {
    guard let found = known.perSecond, let pace = done.perSecond else { return true }
    return found > pace / 10
  }

  /// As a progress line says it: `about 3 min left`, `at least 20 s left`; nil while nobody knows.
  public var text: String? {
    guard let seconds, seconds < 100 * 86_400 else { return nil }
    return (isGrowing ? "at least " : "about ") + Self.rounded(seconds) + " left"
  }

  /// Rounded as far as an estimate may be trusted, so that the line does not flicker.
  static func rounded(_ seconds: Double) -> String {
    // Coarser steps for longer times; the larger unit, the smaller one, the step, all in seconds.
    let (large, small, step): ((Int, String), (Int, String), Double) =
      switch seconds {
      case ..<10: ((60, "min"), (1, "s"), 1)
      case ..<60: ((60, "min"), (1, "s"), 5)
      case ..<600: ((60, "min"), (1, "s"), 10)
      case ..<3_600: ((3_600, "h"), (60, "min"), 60)
      case ..<86_250: ((3_600, "h"), (60, "min"), 300)
      default: ((86_400, "d"), (3_600, "h"), 3_600)
      }
    let total = max(1, Int((seconds / step).rounded())) * Int(step)
    let parts = [(total / large.0, large.1), (total % large.0 / small.0, small.1)]
    return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }
}
