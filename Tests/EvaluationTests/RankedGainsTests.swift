import Evaluation
import Testing

@Suite struct RankedGainsTests {
  /// Made with `Tests/oracles/ranking_measures.py`, which asks pytrec_eval (trec_eval's own code).
  struct Case: Sendable {
    var gains: [Double]
    var expected: [Double]
    var values: [(Measure, Double)]
  }

  static let cases: [Case] = [
    Case(gains: [1, 0, 0], expected: [1], values: [(.ndcg(10), 1), (.recall(10), 1), (.mrr(10), 1), (.hit(1), 1)]),
    // 1 / log2(3 + 1)
    Case(
      gains: [0, 0, 1], expected: [1],
      values: [(.ndcg(10), 0.5), (.ndcg(2), 0), (.mrr(10), 1.0 / 3), (.mrr(2), 0), (.hit(1), 0), (.hit(5), 1)]),
    // (3 / 1 + 2 / log2(3) + 1 / log2(6)) / (3 + 3 / log2(3) + 2 / 2 + 1 / log2(5))
    Case(
      gains: [3, 2, 0, 0, 1, 0], expected: [3, 3, 2, 1],
      values: [(.ndcg(10), 0.735_152_6), (.ndcg(3), 0.723_233_0), (.recall(4), 0.5), (.recall(10), 0.75)]),
    Case(gains: [], expected: [1, 2], values: [(.ndcg(10), 0), (.recall(10), 0), (.mrr(10), 0), (.hit(5), 0)]),
  ]

  @Test(arguments: cases) func `measures are those of trec_eval`(example: Case) throws {
    let ranking = RankedGains(gains: example.gains, expected: example.expected)
    for (measure, value) in example.values {
      let found = try #require(ranking.value(measure))
      #expect(abs(found - value) < 1e-6, "\(measure): \(found), not \(value)")
    }
  }

  @Test func `where nothing is expected there is nothing to measure`() {
    #expect(RankedGains(gains: [0, 0], expected: [0]).value(.ndcg(10)) == nil)
    #expect(RankedGains(gains: [1], expected: [1]).value(.containment) == nil)
  }

  @Test(arguments: ["recall@4", "hit@1", "mrr@10", "ndcg@1000", "containment", "abstention", "refusal"])
  func `names of measures are read as they are written`(name: String) {
    #expect(Measure(name)?.description == name)
  }

  @Test(arguments: ["", "recall", "recall@", "recall@0", "recall@1001", "ndcg@-1", "containment@1", "map@10", "hit@1@"])
  func `other names are refused`(name: String) {
    #expect(Measure(name) == nil)
  }
}
