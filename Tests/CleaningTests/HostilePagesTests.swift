import AcervoTesting
import Cleaning
import Corpus
import Testing

@Suite struct HostilePagesTests {
  private func clean(_ html: String) throws -> CleanDocument {
    try Cleaner().clean(Document(source: "t", url: "https://h.example/", mediaType: .html, body: Array(html.utf8)))
  }

  @Test(arguments: [
    "<div>", "<b>", "<table><tr><td>", "<ul><li>", "<blockquote>", "<a href=x>", "<dl><dd>", "<section><h2>",
    "<span style='display:none'>", "<main>", "<svg>", "<x>", "<td rowspan=65534>",
  ])
  func `a hundred thousand open tags take bounded time and keep the words`(tag: String) {
    let depth = 100_000 / tag.split(separator: "<").count
    let taken = ContinuousClock().measure {
      let clean = try? clean("<p>first</p>" + String(repeating: tag, count: depth) + "last words")
      if let clean {
        #expect(fault(of: clean) == nil)
        if !tag.contains("none"), tag != "<svg>" { #expect(clean.text.contains("last words")) }
      }
    }
    #expect(taken < Patience.seconds(60))
  }

  @Test(
    arguments: [
      ("one text of 10 MB", "words and ", 1_000_000, ""), ("one word", "x", 1_000_000, ""),
      ("entities", "&amp;&bogus;&#x41;&", 30_000, ""),
      ("comments that never end", "<!-- ", 100_000, ""), ("attributes that never end", "<a b=\"", 50_000, ""),
      ("one attribute of 5 MB", "y", 5_000_000, "<p title=\""), ("wrong end tags", "</i></b>", 50_000, "<b>"),
      ("tables in tables", "<table><tr><td>a<td>b<tr><td>", 5_000, ""), ("cells", "<td>c", 50_000, "<table><tr>"),
      ("rows", "<tr><th>h<td>c", 10_000, "<table>"), ("line breaks", "<br>", 50_000, "x"),
      ("processing", "<?x ", 50_000, ""),
      ("ids", "<a id=x>", 50_000, "<h1>"), ("combining marks", "\u{301}", 100_000, "<p><a href=x>e"),
      ("doctypes", "<!DOCTYPE a>", 50_000, ""),
      ("headings", "<h2><a href=#>", 10_000, ""), ("hidden", "<p hidden>x", 30_000, "seen"),
    ] as [(String, String, Int, String)])
  func `a page of one thing alone takes bounded time`(what: String, piece: String, count: Int, start: String) throws {
    let taken = ContinuousClock().measure {
      if let clean = try? clean(start + String(repeating: piece, count: count)) { #expect(fault(of: clean) == nil) }
    }
    #expect(taken < Patience.seconds(60), "\(what)")
  }
}

@Suite struct CleanerFuzzTests {
  @Test func `broken pages give sound documents`() throws {
    let kinds: [MediaType] = [.html, .html, .html, .markdown, .plainText, .confluenceStorage]
    for var random in FuzzRounds(400, seed: 1) {
      let kind = kinds.randomElement(using: &random) ?? .html
      let isMain = Bool.random(using: &random)
      var mutator = PageMutator(random)
      let page = mutator.next()
      var options = Cleaner.Options()
      options.mainContentOnly = isMain
      do {
        let clean = try Cleaner(options: options).clean(
          Document(source: "t", url: "https://h.example/a", mediaType: kind, body: page))
        if let fault = fault(of: clean) {
          Issue.record("seed \(random.seed): \(fault)\n\(String(decoding: page, as: UTF8.self))")
          return
        }
        _ = clean.markdown
        _ = clean.json.bytes
      } catch is CleaningError {
        continue
      }
    }
  }
}
