internal import Glibc

/// What each result of a ranking was worth, and what the best ranking would have been.
public struct RankedGains: Sendable, Equatable {
  /// The gain of each result, best result first; 0 for one that was not expected.
  public var gains: [Double]
  /// The gains of everything that was expected, found or not; each above 0.
  public var expected: [Double]

  /// Makes a ranking's gains.
  ///
  /// - Parameters:
  ///   - gains: of each result, best result first.
  ///   - expected: of everything that was expected; values of 0 and below are left out.
  public init(gains: [Double], expected: [Double]) {
    self.gains = gains
    self.expected = expected.filter { $0 > 0 }
  }

  /// The rank of the first expected result, from 1; nil when there is none.
  public var firstRank: Int? { gains.firstIndex { $0 > 0 }.map { $0 + 1 } }

  /// A measure of this ranking, 0 to 1; nil for measures of answers and where nothing was expected.
  public func value(_ measure: Measure) -> Double? {
    guard !expected.isEmpty else { return nil }
    return switch measure {
    case .recall(let depth): Double(gains.prefix(depth).count { $0 > 0 }) / Double(expected.count)
    case .hit(let depth): firstRank.map { $0 <= depth } == true ? 1 : 0
    case .mrr(let depth): firstRank.flatMap { $0 <= depth ? 1 / Double($0) : nil } ?? 0
    case .ndcg(let depth): Self.discounted(gains, depth) / Self.discounted(expected.sorted(by: >), depth)
    case .containment, .abstention, .refusal: nil
    }
  }

  private static func discounted(_ gains: [Double], _ depth: Int) -> Double {
    gains.prefix(depth).enumerated().reduce(0) { $0 + max(0, $1.element) / log2(Double($1.offset + 2)) }
  }
}
