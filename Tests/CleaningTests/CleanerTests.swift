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
  @Test(arguments: ["main", "article", "section", "header"])
  func `a page that leaves its body's tag out is read`(tag: String) throws {
    let html = "<!doctype html><title>T</title><\(tag)><h1>Head</h1><p>Words of the page.</p></\(tag)>"
    #expect(try blocks(html).contains("p: Words of the page."))
  }

  @Test func `paragraphs collapse white space, keep inline words together and drop invisible characters`() throws {
    let html = "<p>One\n  <b>t</b>wo&nbsp;three\u{200B}\u{AD}\u{FEFF}four</p>loose <i>text</i><p> </p>e\u{301}"
    #expect(try blocks(html) == ["p: One two threefour", "p: loose text", "p: \u{E9}"])
  }

  @Test func `headings carry their level and the fragment that leads to them`() throws {
    let html = """
      <h1 id=top>Top</h1><h2><a name="old"></a>Named</h2><div class=sect1 id=SECT><div><h2 class=title>Docbook</h2></div>
      <p>Words</p></div><h3>Sphinx<a class="headerlink" href="#sphinx">¶</a></h3><div role=heading aria-level=4>Role</div>
      <p id=par>Par</p><h5>Plain</h5>
      """
    #expect(
      try blocks(html) == [
        "h1 #top: Top", "h2 #old: Named", "h2 #SECT: Docbook", "p: Words", "h3 #sphinx: Sphinx", "h4: Role",
        "p #par: Par",
        "h5: Plain",
      ])
  }

  @Test func `lists keep their nesting, numbers and markers`() throws {
    let html = """
      <ol start=3><li>three<ul><li>in<li><p>ner</p><p>more</p></ul><li value=9>nine<li>ten</ol><ul><li><ul><li>deep</ul></ul>
      """
    #expect(
      try blocks(html) == [
        "li0: 3. three", "li1: - in", "li1: - ner", "p: more", "li0: 9. nine", "li0: 10. ten", "li1: - deep",
      ])
  }

  @Test func `items of one list stand on lines below each other`() throws {
    let clean = try Cleaner().clean(
      Document(source: "t", url: "u:x", mediaType: .html, body: Array("<p>a<ul><li>b<li>c</ul><p>d".utf8)))
    #expect(clean.text == "a\n\n- b\n- c\n\nd")
  }

  @Test func `code is verbatim, knows its language and loses line numbers`() throws {
    let html = """
      <pre><code class="language-swift">let  a = 1
      	b &lt; c</code></pre><div class="highlight-python notranslate"><div class=highlight><pre>

      x<br>y</pre></div></div><pre class="brush:sql"><span class="linenos">1 </span>SELECT</pre>
      <p>Inline <code>a  b</code>.
      """
    #expect(
      try blocks(html) == [
        "code(swift): let  a = 1\n\tb < c", "code(python): x\ny", "code(sql): SELECT", "p: Inline a b.",
      ])
  }

  @Test func `quotes, definitions, captions, details and images keep their sense`() throws {
    let html = """
      <blockquote><p>One</p><p>Two</p></blockquote><dl><dt>Term</dt><dd>Def<p>More</dd></dl>
      <figure><img src=x alt="A diagram of it"><figcaption>Figure 1</figcaption></figure>
      <details><summary>Why?</summary>Because.</details><p>See <img alt="the key"> icon</p><img alt="IMG_1.jpg">
      """
    #expect(
      try blocks(html) == [
        "quote: One", "quote: Two", "term: Term", "def: Def", "p: More", "caption: A diagram of it",
        "caption: Figure 1",
        "p: Why?", "p: Because.", "p: See the key icon",
      ])
  }

  @Test func `formulas, abbreviations, ruby and quotations read as text`() throws {
    let html = """
      <p>10<sup>6</sup> H<sub>2</sub>O 1<sup>st</sup> <abbr title="as soon as possible">ASAP</abbr>
      <ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> <q>so</q> <math alttext="x^2"><mi>x</mi></math></p>
      """
    #expect(try blocks(html) == ["p: 10^6 H2O 1st ASAP (as soon as possible) 漢(kan) “so” x^2"])
  }

  @Test func `what is hidden, scripted or a form control is left out`() throws {
    let html = """
      <p>seen<script>no()</script><style>no</style><template>no</template><svg><text>no</text></svg></p>
      <div hidden>no</div><div aria-hidden="true">no</div><div style="DISPLAY : none">no</div>
      <p style="visibility:hidden">no</p><form><label>kept</label><select><option>no</select><textarea>no</textarea>
      <button>no</button></form><noscript>no</noscript><iframe>no</iframe><script>"</p>"; "</i>no"</script>
      """
    #expect(try blocks(html) == ["p: seen", "p: kept"])
  }

  @Test func `a page that only shows itself by script is read nevertheless`() throws {
    let words = String(repeating: "words and more words ", count: 20)
    #expect(try blocks("<p>x</p><noscript><p>\(words)</noscript>").count == 2)
    #expect(try blocks("<div style='visibility:hidden'><p>\(words)</div>").count == 1)
  }

  @Test func `links are absolute and cover their words`() throws {
    let html = "<base href='/b/'><p>Go <a href='../c?d#e'>to <b>ñ</b></a> or <a href='javascript:x'>not</a></p>"
    let clean = try Cleaner().clean(
      Document(source: "t", url: "https://h.example/a/", mediaType: .html, body: Array(html.utf8)))
    let links = clean.blocks.flatMap(\.links)
    #expect(links.map(\.target) == ["https://h.example/c?d#e"])
    #expect(links.compactMap { clean.text.slice($0.range).map(String.init) } == ["to ñ"])
  }

  @Test(arguments: [
    ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
    ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q#s"),
    ("..", "http://a/b/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("g:h", "g:h"),
    ("../g/./h", "http://a/b/g/h"), ("mailto:a@b", "mailto:a@b"),
  ])
  func `references resolve as RFC 3986 says`(reference: String, target: String) throws {
    let html = "<p><a href='\(reference)'>x</a>"
    let clean = try Cleaner().clean(
      Document(source: "t", url: "http://a/b/c/d;p?q", mediaType: .html, body: Array(html.utf8)))
    #expect(clean.blocks.first?.links.first?.target == target)
  }

  @Test(arguments: [
    ("<title>Install - Acme Docs</title><h1>Install</h1>", "Install"),
    ("<title>Acme | Install</title><meta property=og:site_name content=Acme>", "Install"),
    ("<title>Only</title>", "Only"), ("<h1>Head <a class=headerlink href='#x'>¶</a></h1>", "Head"),
    ("<title>Long – Site</title><meta property=og:title content='Long'><h1>Other</h1>", "Long"),
    ("<svg><title>no</title></svg><title> A \n B </title>", "A B"),
  ])
  func `the title is what the page calls itself`(head: String, title: String) throws {
    let clean = try Cleaner().clean(
      Document(source: "t", url: "u:x", mediaType: .html, body: Array((head + "<p>Text").utf8)))
    #expect(clean.title == title)
  }

  @Test(arguments: [
    ("<html lang=es-MX>", "es"), ("<html xml:lang='EN'>", "en"),
    ("<meta http-equiv=content-language content='pt-BR'>", "pt"),
    ("<html lang='{{lang}}'>", nil), ("<html>", nil),
  ])
  func `the language is the declared primary subtag`(head: String, language: String?) throws {
    let clean = try Cleaner().clean(
      Document(source: "t", url: "u:x", mediaType: .html, body: Array((head + "<p>Text").utf8)))
    #expect(clean.language == language)
  }

  @Test func `options leave out tables, code and links`() throws {
    var options = Cleaner.Options()
    options.keepsTables = false
    options.keepsCode = false
    options.keepsLinks = false
    let html = "<p><a href=/x>a</a><pre>c</pre><table><tr><th>H<th>I<tr><td>1<td>2</table>"
    let clean = try Cleaner(options: options).clean(
      Document(source: "t", url: "u:x", mediaType: .html, body: Array(html.utf8)))
    #expect(clean.text == "a" && clean.blocks.flatMap(\.links).isEmpty)
  }

  @Test func `nothing, bytes that are no text, and too much are refused`() throws {
    func clean(_ bytes: [UInt8]) throws -> CleanDocument {
      try Cleaner().clean(Document(source: "t", url: "u:x", mediaType: .html, body: bytes))
    }
    #expect(throws: CleaningError.empty(url: "u:x")) { try clean([]) }
    #expect(throws: CleaningError.empty(url: "u:x")) { try clean(Array(" \n<p> </p>".utf8)) }
    #expect(throws: CleaningError.binary(url: "u:x")) {
      try clean([0x89, 0x50, 0x4E, 0x47] + (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
    }
    #expect(throws: CleaningError.tooLong(url: "u:x", bytes: 20_000_001, limit: 20_000_000)) {
      try clean(Array(repeating: 0x61, count: 20_000_001))
    }
  }
}
