import AcervoTesting
import Corpus
import Testing

@Suite struct AccessRuleChangeTests {
  private static func rule(_ sets: [[String]]) -> AccessRule {
    .allOf(sets.map { Set($0.compactMap { Principal("user:" + $0) }) })
  }

  @Test(arguments: [
    (AccessRule.open, AccessRule.closed, AccessRule.Change?.some(.narrowed)), (.closed, .open, .widened),
    (.open, .open, nil), (.closed, .allOf([]), nil), (.closed, .allOf([[]]), nil),
    (rule([["a"]]), rule([["a", "b"]]), .widened), (rule([["a", "b"]]), rule([["a"], ["b"]]), .narrowed),
    (rule([["a"]]), rule([["b"]]), .shifted), (rule([["a"], ["b"]]), rule([["b"], ["a"]]), nil),
    (rule([["a"], ["a", "b"]]), rule([["a"]]), nil), (rule([["a"]]), .open, .widened),
  ])
  func `what a new rule does to readers`(before: AccessRule, after: AccessRule, change: AccessRule.Change?) {
    #expect(before.change(to: after) == change)
  }

  @Test func `agrees with asking every set of principals`() {
    var random = SeededGenerator(seed: 5)
    let people = ["a", "b", "c"]
    let crowds = (0..<8).map { mask in
      Set((0..<3).filter { mask >> $0 & 1 == 1 }.compactMap { Principal("user:" + people[$0]) })
    }
    for _ in 0..<2000 {
      let rules = (0..<2).map { _ in
        Self.rule(
          (0..<Int.random(in: 1...3, using: &random)).map { _ in people.filter { _ in Bool.random(using: &random) } })
      }
      let wider = crowds.contains { !rules[0].admits($0) && rules[1].admits($0) }
      let narrower = crowds.contains { rules[0].admits($0) && !rules[1].admits($0) }
      let expected: AccessRule.Change? = wider ? (narrower ? .shifted : .widened) : narrower ? .narrowed : nil
      #expect(rules[0].change(to: rules[1]) == expected, "\(rules)")
    }
  }
}
