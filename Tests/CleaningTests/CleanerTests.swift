import Cleaning
import Corpus
import Testing

/// Cleans a page and shows its blocks, one a line: kind, anchor, text.
func blocks(
  _ html: String, main: Bool = false, url: String = "https://site.example/docs/page.html",
  type: MediaType = .html
) throws -> [String] {
  var options = Cleaner.Options()
  options.mainContentOnly = main
  let document = Document(source: "test", url: url, mediaType: type, body: Array(html.utf8))
  let clean = try Cleaner(options: options).clean(document)
  return clean.blocks.map { block in
    let anchor = block.anchor.map { " #\($0)" } ?? ""
    let text = clean.text.slice(block.range).map(String.init) ?? "range outside the text"
    return "\(name(block.kind))\(anchor): \(text)"
  }
}

private func name(_ kind: Block.Kind) -> String {
  switch kind {
  case .heading(let level): "h\(level)"
  case .paragraph: "p"
  case .listItem(let depth): "li\(depth)"
  case .tableRow: "row"
  case .code(let language): "code" + (language.map { "(\($0))" } ?? "")
  case .quote: "quote"
  case .term: "term"
  case .definition: "def"
  case .caption: "caption"
  }
}

@Suite struct CleanerTests {
  @Test func `paragraphs collapse white space, keep inline words together and drop invisible characters`() throws {
    let html = "<p>One\n  <b>t</b>wo&nbsp;three\u{200B}\u{AD}\u{FEFF}four</p>loose <i>text</i><p> </p>e\u{301}"
    #expect(try blocks(html) == ["p: One two threefour", "p: loose text", "p: \u{E9}"])
  }
}
