import Corpus
import Testing

@Suite struct TextRangeTests {
  @Test func `A slice is the text at the bytes`() {
    #expect("año nuevo".slice(TextRange(start: 0, end: 4)) == "año")
    #expect("año".slice(TextRange(start: 4, end: 4)) == "")
  }

  @Test(arguments: [(0, 2), (2, 4), (0, 9), (-1, 1), (3, 1)])
  func `A range that cuts a character or leaves the text has no slice`(start: Int, end: Int) {
    #expect("año".slice(TextRange(start: start, end: end)) == nil)
  }
}
