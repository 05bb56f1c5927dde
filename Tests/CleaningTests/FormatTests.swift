import Cleaning
import Corpus
import Testing

@Suite struct FormatTests {
  private func clean(_ text: String, _ type: MediaType, charset: String? = nil) throws -> CleanDocument {
    try Cleaner().clean(
      Document(source: "t", url: "https://h.example/d/", mediaType: type, charset: charset, body: Array(text.utf8)))
  }

  @Test func `Markdown gives blocks, GitHub's slugs and its front matter`() throws {
    let text = """
      ---
      title: "The guide"
      lang: es-ES
      other: [1
      ---
      # Hola, mundo!
      Text with `code` and ~~old~~ https://x.example.
      ## Hola, mundo!

      - [x] done
      1. one

      | A | B |
      |---|---|
      | 1 | 2 |

      ```swift
      let a = 1
      ```
      <nav>kept</nav>
      """
    #expect(
      try blocks(text, main: true, type: .markdown) == [
        "h1 #hola-mundo: Hola, mundo!", "p: Text with code and old https://x.example.",
        "h2 #hola-mundo-1: Hola, mundo!",
        "li0: - done", "li0: 1. one", "row: A: 1; B: 2", "code(swift): let a = 1", "p: kept",
      ])
    let document = try clean(text, .markdown)
    #expect(document.title == "The guide" && document.language == "es")
  }

  @Test func `front matter's names and lists are kept`() throws {
    let text = """
      ---
      Product: "Pro"
      tags: [faq, 'how to', faq]
      updated: 2026-05-17
      labels:
        - one
        - "two"
      nested:
        inner: x
      empty:
      ---
      Words.
      """
    #expect(
      try clean(text, .markdown).attributes == [
        "product": ["Pro"], "tags": ["faq", "how to"], "updated": ["2026-05-17"], "labels": ["one", "two"],
      ])
  }

  @Test func `what a page says of itself is kept by name, within limits`() throws {
    let many = (0..<500).map { "<meta name=m\($0) content=x>" }.joined()
    let page = """
      <meta name="Product" content=" Pro  plan "><meta property="article:tag" content="one">\
      <meta property="article:tag" content="two"><meta name=keywords content="a, b,a"><meta charset=utf-8>\
      <meta name=long content="\(String(repeating: "x", count: 501))"><p>Words.</p>
      """
    #expect(
      try clean(page, .html).attributes == [
        "product": ["Pro plan"], "article:tag": ["one", "two"], "keywords": ["a", "b"],
      ])
    #expect(try clean(many + "<p>Words.</p>", .html).attributes.count == 200)
  }

  @Test func `front matter that never ends is text`() throws {
    #expect(try blocks("---\ntitle: x\n\nwords", type: .markdown).contains("p: words"))
  }

  @Test func `plain text has paragraphs and a title only where a short first line stands alone`() throws {
    let titled = try clean("The title\n\nFirst line\nsecond  line\n\n\n\nLast.", .plainText)
    #expect(titled.title == "The title")
    #expect(titled.text == "The title\n\nFirst line\nsecond line\n\nLast.")
    #expect(try clean("A sentence stands here.\n\nMore.", .plainText).title == "")
    #expect(try clean("Only one", .plainText).title == "")
    let latin = Document(source: "t", url: "u:x", mediaType: .plainText, charset: "latin1", body: [0x61, 0xF1, 0x6F])
    #expect(try Cleaner().clean(latin).text == "año")
  }

  @Test func `the page's own encoding is decoded`() throws {
    let page = Array("<meta charset=iso-8859-15><p>".utf8) + [0xA4, 0x20, 0xF1]
    #expect(try Cleaner().clean(Document(source: "t", url: "u:x", mediaType: .html, body: page)).text == "€ ñ")
  }

  @Test func `Markdown comes out as it means`() throws {
    let html = """
      <title>T</title><h2>Head</h2><p>A <a href="/x y">li*nk</a> <p># no heading<ul><li>a<ul><li>b</ul></ul>
      <pre class=language-c>x ``` y</pre><blockquote>q</blockquote><table><tr><th>A<th>B<tr><td>1<td>2</table>
      """
    #expect(
      try clean(html, .html).markdown == """
        # T

        ## Head

        A [li\\*nk](<https://h.example/x y>)

        \\# no heading

        - a
            - b

        ````c
        x ``` y
        ````

        > q

        - A: 1; B: 2

        """)
  }

  @Test func `JSON tells every block`() throws {
    let json = try clean("<html lang=en><h2 id=a>H</h2><p><a href=/y>l</a><pre>c</pre><ul><li>i</ul>", .html).json
    #expect(json["language"]?.string == "en" && json["text"]?.string == "H\n\nl\n\nc\n\n- i")
    #expect(
      json["blocks"]?.array?.first
        == [
          "kind": .string("heading"), "start": .integer(0), "end": .integer(1), "level": .integer(2),
          "anchor": .string("a"),
        ])
    #expect(json["blocks"]?.array?[1]["links"]?.array?.first?["target"]?.string == "https://h.example/y")
  }
}
