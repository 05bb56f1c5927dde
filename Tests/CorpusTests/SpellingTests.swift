import Testing

@testable import Corpus

@Suite struct SpellingTests {
  @Test(arguments: [
    ("sise", "size"), ("szie", "size"), ("Size", "size"), ("overlaps", "overlap"), ("overlp", "overlap"),
    ("ovrelap", "overlap"), ("over", "overlap"),
    ("wombat", nil), ("", nil), ("si", nil), (String(repeating: "size", count: 1000), nil),
  ])
  func `the nearest name is suggested when it is near`(name: String, suggestion: String?) {
    #expect(Spelling.nearest(to: name, among: ["by", "size", "overlap", "unit"]) == suggestion)
  }

  @Test(arguments: [("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1), ("same", "same", 0)])
  func `the distance counts changes`(left: String, right: String, distance: Int) {
    #expect(Spelling.distance(Array(left.utf8), Array(right.utf8)) == distance)
    #expect(Spelling.distance(Array(right.utf8), Array(left.utf8)) == distance)
  }
}
