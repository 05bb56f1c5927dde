import Corpus
import Foundation
import Testing

@testable import Cleaning

@Suite struct BlockModelTests {
  private func document(_ html: String) -> Document {
    Document(source: "test", url: "https://site.example/page.html", mediaType: .html, body: Array(html.utf8))
  }

  private func text(_ html: String) throws -> String { try Cleaner().clean(document(html)).text }

  @Test func `nothing of the handbook is lost`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    for language in ["es", "en"] {
      let folder = root.appending(path: "fixtures/handbook/\(language)")
      let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "html" }
      #expect(files.count > 10)
      for file in files {
        let document = document(try String(contentsOf: file, encoding: .utf8))
        let clean = try Cleaner().clean(document)
        let ruled = try Cleaner().measuredBlocks(of: document).map(\.text)
        #expect(clean.blocks.map { clean.text.slice($0.range).map(String.init) } == ruled, "\(file.lastPathComponent)")
      }
    }
  }

  @Test func `every row has as many measures as the trees may ask for`() throws {
    let html = "<body><h1>A title</h1><p>One sentence, and <a href='/x'>a link</a>.</p><ul><li>$5</ul></body>"
    let rows = try Cleaner().measuredBlocks(of: document(html))
    #expect(rows.count == 3)
    #expect(rows.allSatisfy { $0.measures.count == BlockFeatures.count })
    #expect(BlockModelTable.features.allSatisfy { Int($0) < BlockFeatures.count })
    let splits = BlockModelTable.features.count
    for reference in BlockModelTable.left + BlockModelTable.right + BlockModelTable.roots {
      #expect(Int(reference) < splits && ~Int(reference) < BlockModelTable.leaves.count)
    }
  }

  private static let sentences = [
    "A good grinding stone takes a dull edge and makes it cut again, and it does so for many years if it is kept wet.",
    "We cut our stones in a quarry that has been open since 1890, and each of them is checked by hand before it leaves.",
    "Coarse stones take metal away quickly, fine stones polish what the coarse ones left, so most people need two.",
    "If you are not sure which grain fits your knives, write to us with their steel and we will tell you.",
  ]

  private static let cards = (1...24).map { number in
    """
    <li class="grid__item"><div class="card product-card"><a href="/products/\(number)"><img src="/\(number).jpg"></a>
    <h3 class="card__heading"><a href="/products/\(number)">Whetstone number \(number), grain \(number)00</a></h3>
    <span class="price">Regular price $\(number * 3).00</span><span class="rating">4.5 (\(number) reviews)</span>
    <form action="/cart"><a href="/cart/\(number)">Quick add</a></form></div></li>
    """
  }.joined()

  @Test func `what a shop says of its goods stays and what its cards repeat goes`() throws {
    let prose = (Self.sentences + Self.sentences).map { "<p>\($0)</p>" }.joined()
    let text = try text(
      """
      <body><main><h1>Grinding stones</h1><div class="collection-description">\(prose)</div>
      <ul class="product-grid">\(Self.cards)</ul></main></body>
      """)
    for sentence in Self.sentences { #expect(text.contains(sentence)) }
    #expect(!text.contains("Quick add"))
  }

  @Test func `code and tables stay whole beside a grid of cards`() throws {
    let prose = Self.sentences.map { "<p>\($0)</p>" }.joined()
    let rows = (1...6).map { "<tr><td>Grain \($0)</td><td>Keeps an edge for \($0) weeks of daily use.</td></tr>" }
    let text = try text(
      """
      <body><main><h1>Stones</h1>\(prose)<pre>stone --grain 3000</pre>
      <table><tr><th>Grain</th><th>What it does</th></tr>\(rows.joined())</table>
      <ul class="product-grid">\(Self.cards)</ul></main></body>
      """)
    #expect(text.contains("stone --grain 3000"))
    for number in 1...6 { #expect(text.contains("What it does: Keeps an edge for \(number) weeks")) }
  }

  @Test func `blocks that stay keep their places, links and separators`() {
    var writer = BlockWriter(capacity: 0)
    func append(_ kind: Block.Kind, _ words: String, _ group: Int, link: Bool = false) {
      var inline = InlineText.of(words)
      if link { inline.links.append(.init(start: 0, end: inline.bytes.count, target: "https://site.example/")) }
      writer.append(kind, inline, group: group, anchor: words, origin: 0)
    }
    append(.paragraph, "first", 0)
    append(.listItem(depth: 0), "- one", 1)
    append(.listItem(depth: 0), "- two", 1)
    append(.listItem(depth: 0), "- three", 1, link: true)
    append(.paragraph, "last", 0)
    let kept = writer.keeping([false, true, false, true, true])
    #expect(String(decoding: kept.text, as: UTF8.self) == "- one\n- three\n\nlast")
    #expect(kept.blocks.map(\.anchor) == ["- one", "- three", "last"])
    #expect(kept.blocks.map(\.range.start) == [0, 6, 15])
    #expect(kept.blocks[1].links.map(\.range) == [TextRange(start: 6, end: 13)])
  }
}

@Suite struct HiddenPanelsTests {
  private static let prose = "Plans can be changed at any time; what you have paid is counted against the next bill."

  @Test(arguments: [
    (#"<div role="tabpanel" hidden>"#, true),
    (#"<div id="q1" hidden>"#, true),
    (#"<div class="accordion__body" style="display: none">"#, true),
    (#"<div id="S:1" hidden>"#, true),
    (#"<div hidden>"#, false),
    (#"<div class="tab" role="dialog" hidden>"#, false),
    (#"<div class="modal collapse" style="display:none">"#, false),
    (#"<div class="cookie-panel" style="display:none">"#, false),
  ])
  func `a hidden panel is read when a reader can open it`(_ start: String, _ isRead: Bool) throws {
    let html = """
      <body><main><h1>Plans</h1><p>What the plans hold.</p><button aria-controls="q1">Can I change it?</button>
      \(start)<p>\(Self.prose)</p></div></main></body>
      """
    let document = Document(source: "t", url: "https://site.example/", mediaType: .html, body: Array(html.utf8))
    #expect(try Cleaner().clean(document).text.contains(Self.prose) == isRead)
  }

  @Test func `a hidden menu stays hidden`() throws {
    let links = (1...20).map { "<a href='/\($0)'>A page of the site \($0)</a> " }.joined()
    let html = "<body><main><p>Words.</p><div role='tabpanel' hidden>\(links)</div></main></body>"
    let document = Document(source: "t", url: "https://site.example/", mediaType: .html, body: Array(html.utf8))
    #expect(try Cleaner().clean(document).text == "Words.")
  }
}
