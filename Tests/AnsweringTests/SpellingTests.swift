import Testing

@testable import Answering

@Suite struct SpellingTests {
  private static let words = [
    "samsung", "sony", "philips", "canon", "nokia", "impresora", "televisor", "dell", "asus", "acer",
  ]

  @Test(
    arguments: [
      ("samsumg", "samsung"), ("sonny", "sony"), ("phillips", "philips"), ("cannon", "canon"),
      ("impresroa", "impresora"),
      ("telivisor", "televisor"), ("tilivisor", "televisor"),
    ]) func `a word that is nearly another is that one`(word: String, other: String)
  {
    #expect(Spelling.nearest(word, among: Self.words) == other)
  }

  @Test(arguments: ["nikon", "motorola", "del", "sonic", "aser", "garmin", "amsung", "x", ""])
  func `a word that is another is none of them`(word: String) {
    #expect(Spelling.nearest(word, among: Self.words) == nil)
  }

  @Test func `of two that are equally near neither is meant`() {
    #expect(Spelling.nearest("carton", among: ["carbon", "canton"]) == nil)
  }
}
