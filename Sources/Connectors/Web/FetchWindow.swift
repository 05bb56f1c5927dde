/// Decides which candidates are fetched next, so that results can be taken in order and little is held back.
///
/// Candidates start in order as far as their hosts have room. Results that come before their turn are kept here: at
/// most `lookahead` of them and, but for the next in turn, none beyond `maximumHeld` bytes.
struct FetchWindow {
  private let hosts: [Int]
  private let concurrency: Int
  private let lookahead: Int
  private var running: [Int: Int] = [:]
  private var started: [Bool]
  private var results: [Int: PageFetcher.Result] = [:]
  private var held = 0
  private var next = 0
  private var totalRunning = 0

  /// Bytes of bodies that may wait for their turn.
  static let maximumHeld = 32 << 20
  /// Requests under way to all hosts together.
  static let maximumRunning = 64

  /// Prepares a window over candidates.
  ///
  /// - Parameters:
  ///   - hosts: each candidate's host, as a number.
  ///   - concurrency: requests under way to one host.
  init(hosts: [Int], concurrency: Int) {
    self.hosts = hosts
    self.concurrency = max(1, concurrency)
    lookahead = max(16, 4 * self.concurrency)
    started = Array(repeating: false, count: hosts.count)
  }

  /// The candidate whose result is taken next; nil at the end.
  var head: Int? { next < hosts.count ? next : nil }

  /// Marks the candidates that may start now.
  ///
  /// - Parameter count: how many results are wanted at most: nothing beyond them is started.
  /// - Returns: their places, in order.
  mutating func start(atMost count: Int) -> [Int] {
    let end = min(hosts.count, next + min(lookahead, max(1, count)))
    var indexes: [Int] = []
    for index in next..<end where !started[index] {
      guard totalRunning < Self.maximumRunning else { break }
      guard index == next || held < Self.maximumHeld else { break }
      guard running[hosts[index], default: 0] < concurrency else { continue }
      started[index] = true
      running[hosts[index], default: 0] += 1
      totalRunning += 1
      indexes.append(index)
    }
    return indexes
  }

  /// Keeps a result until its turn.
  mutating func finish(_ index: Int, _ result: PageFetcher.Result) {
    running[hosts[index], default: 1] -= 1
    totalRunning -= 1
    held += Self.size(result)
    results[index] = result
  }

  /// Takes the result whose turn it is, if it has come.
  mutating func takeHead() -> PageFetcher.Result? {
    guard let result = results.removeValue(forKey: next) else { return nil }
    next += 1
    held -= Self.size(result)
    return result
  }

  private static func size(_ result: PageFetcher.Result) -> Int {
    if case .page(let page) = result { page.content?.body.count ?? 0 } else { 0 }
  }
}
