import Cleaning
import Corpus
import Testing

@Suite struct SiteTemplatesTests {
  /// A page of so many paragraphs and headings (`# …`), blocks apart.
  private func page(_ lines: [String]) -> CleanDocument {
    var text = ""
    var blocks: [Block] = []
    for line in lines {
      if !text.isEmpty { text += "\n\n" }
      let start = text.utf8.count
      let level = line.prefix { $0 == "#" }.count
      text += line.drop { $0 == "#" }
      let range = TextRange(start: start, end: text.utf8.count)
      blocks.append(Block(kind: level > 0 ? .heading(level: level) : .paragraph, range: range))
    }
    return CleanDocument(title: "", language: nil, text: text, blocks: blocks)
  }

  private func lines(_ document: CleanDocument) -> [String] {
    document.blocks.compactMap { document.text.slice($0.range).map(String.init) }
  }

  private func url(_ number: Int) -> String { "https://help.example/\(number)" }

  private func site(_ count: Int, _ lines: (Int) -> [String]) -> ([CleanDocument], SiteTemplates) {
    let pages = (0..<count).map { page(lines($0)) }
    var learner = SiteTemplates.Learner()
    for (number, page) in pages.enumerated() { learner.add(page, url: url(number)) }
    return (pages, learner.templates())
  }

  @Test func `what most pages share goes before and behind the content, and as whole sections`() throws {
    let (pages, templates) = site(10) { number in
      [
        "We use cookies.", "#Page \(number)", "Words of page \(number).", "##Steps", "Step of \(number).", "##Related",
        "Other pages.", "###Even more", "Of them.", "##Notes", "Note of \(number).", "Was this helpful?",
      ]
    }
    let rest = try #require(templates.remaining(of: pages[3], url: url(3)))
    #expect(lines(rest) == ["Page 3", "Words of page 3.", "Steps", "Step of 3.", "Notes", "Note of 3."])
    #expect(rest.text == "Page 3\n\nWords of page 3.\n\nSteps\n\nStep of 3.\n\nNotes\n\nNote of 3.")
  }

  @Test func `within a section that has something of its own nothing goes`() {
    let (pages, templates) = site(10) { ["#Page \($0)", "You need to be an administrator.", "Words of page \($0)."] }
    #expect(templates.remaining(of: pages[0], url: url(0)) == nil)
    #expect(!templates.isEmpty)
  }

  @Test func `few pages, half of the pages, and other hosts teach nothing`() {
    let few = site(SiteTemplates.leastPages - 1) { ["#Page \($0)", "Words of \($0).", "The same."] }
    #expect(few.1.isEmpty)
    let half = site(10) { ["#Page \($0)", "Words of \($0).", $0 < 5 ? "The same." : "Another end of \($0)."] }
    #expect(half.1.isEmpty)
    let (pages, templates) = site(10) { ["#Page \($0)", "Words of \($0).", "The same."] }
    #expect(templates.remaining(of: pages[0], url: url(0)) != nil)
    #expect(templates.remaining(of: pages[0], url: "https://other.example/0") == nil)
  }

  @Test func `a page of nothing but shared blocks stays`() {
    let (_, templates) = site(10) { ["#Page \($0)", "Words of \($0).", "The same."] }
    #expect(templates.remaining(of: page(["The same."]), url: url(99)) == nil)
  }

  @Test func `the order of pages does not matter`() {
    let pages = (0..<20).map { page(["#Page \($0)", "Words of \($0).", "The same."]) }
    var (forwards, backwards) = (SiteTemplates.Learner(), SiteTemplates.Learner())
    for number in 0..<20 { forwards.add(pages[number], url: url(number)) }
    for number in (0..<20).reversed() { backwards.add(pages[number], url: url(number)) }
    #expect(forwards.templates() == backwards.templates())
  }
}
