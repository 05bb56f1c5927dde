import AcervoTesting
import Corpus
import Testing

@testable import Chunking

@Suite struct StructureChunkerTests {
  private func sentence(_ number: Int) -> String { "Sentence number \(number) says one thing about it." }

  private func sentences(_ range: Range<Int>) -> String { range.map(sentence).joined(separator: " ") }

  @Test func `a short page is one chunk`() {
    let page = document([(.heading(level: 1), "Manual", nil), (.paragraph, "All there is.", nil)])
    let chunks = Chunker(method: .structure, size: 200, overlap: 40).chunks(of: page)
    #expect(chunks.map(\.text) == [page.text])
    #expect(chunks.first?.headingPath == [])
  }

  @Test func `sections are chunks of their own with path and anchor`() {
    let page = document([
      (.heading(level: 1), "Manual", "top"), (.paragraph, sentences(0..<8), nil),
      (.heading(level: 2), "Install", "install"), (.paragraph, sentences(8..<16), nil),
      (.heading(level: 3), "Linux", "linux"), (.paragraph, sentences(16..<24), "p1"),
      (.heading(level: 2), "Use", nil), (.paragraph, sentences(24..<32), nil),
    ])
    let chunks = Chunker(method: .structure, size: 500, overlap: 100).chunks(of: page)
    #expect(chunks.map(\.headingPath) == [[], ["Install"], ["Install", "Linux"], ["Use"]])
    #expect(chunks.map(\.anchor) == ["top", "install", "linux", "p1"])
    #expect(chunks[1].text.hasPrefix("Install\n\n"))
    checkInvariants(chunks, of: page, size: 500)
  }

  @Test func `long paragraphs are cut between sentences and overlap by whole sentences`() {
    let page = document([(.heading(level: 2), "Long", "long"), (.paragraph, sentences(0..<60), nil)])
    let chunks = Chunker(method: .structure, size: 500, overlap: 110).chunks(of: page)
    checkInvariants(chunks, of: page, size: 500)
    #expect(chunks.count > 5)
    for (one, next) in zip(chunks, chunks.dropFirst()) {
      #expect(one.text.hasSuffix("."))
      #expect(next.text.hasPrefix("Sentence number"))
      let shared = one.range.end - next.range.start
      // Two sentences are 85 to 87 characters, three 128 to 131.
      #expect((128...131).contains(shared))
    }
    #expect(chunks.allSatisfy { $0.headingPath == ["Long"] && $0.anchor == "long" })
    // Lengths are even: no chunk is a small rest.
    #expect(chunks.allSatisfy { $0.text.utf8.count > 250 })
  }

  @Test func `neighbours share the whole sentences that come nearest to the overlap`() {
    // A sentence has 43 characters: two are nearer to 100 than three, one is nearer to 24 than none is.
    let page = document([(.paragraph, sentences(10..<70), nil)])
    for (overlap, count) in [(0, 0), (10, 0), (24, 1), (60, 1), (80, 2), (100, 2), (130, 3)] {
      let chunks = Chunker(method: .structure, size: 500, overlap: overlap).chunks(of: page)
      checkInvariants(chunks, of: page, size: 500)
      for (one, next) in zip(chunks, chunks.dropFirst()) {
        let shared = page.text.slice(TextRange(start: next.range.start, end: max(next.range.start, one.range.end)))
        #expect(shared?.split(separator: ".").count == count, "overlap \(overlap)")
      }
    }
  }

  @Test func `a long text is cut into even lengths below the size`() {
    for count in 20..<60 {
      let page = document([(.paragraph, sentences(100..<100 + count), nil)])
      let lengths = Chunker(method: .structure, size: 500, overlap: 0).chunks(of: page).map(\.text.utf8.count)
      // Sentences are 44 long: chunks differ by one sentence and the space before it at most.
      #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 45, "\(lengths)")
    }
  }

  @Test func `a heading stays with what follows it`() {
    for fill in 1..<30 {
      let page = document([
        (.heading(level: 2), "First", nil), (.paragraph, sentences(0..<fill), nil), (.heading(level: 2), "Second", nil),
        (.heading(level: 3), "Third", nil), (.paragraph, sentences(0..<12), nil),
        (.term, "A term", nil), (.definition, sentences(0..<3), nil),
      ])
      let chunks = Chunker(method: .structure, size: 400, overlap: 60).chunks(of: page)
      checkInvariants(chunks, of: page, size: 400)
      for chunk in chunks {
        #expect(!chunk.text.hasSuffix("First") && !chunk.text.hasSuffix("Second") && !chunk.text.hasSuffix("Third"))
        #expect(!chunk.text.hasSuffix("A term"))
      }
    }
  }

  @Test func `a long heading stays with its text though an even share would end after it`() {
    let heading = String(repeating: "Heading ", count: 22) + "end"
    let paragraph = (Block.Kind.paragraph, String(repeating: "word ", count: 40) + "end.", String?.none)
    let page = document([(.heading(level: 2), heading, nil), paragraph, paragraph, paragraph])
    let chunks = Chunker(method: .structure, size: 400, overlap: 60).chunks(of: page)
    checkInvariants(chunks, of: page, size: 400)
    #expect(chunks.first?.text == heading + "\n\n" + paragraph.1)
  }

  @Test func `small neighbouring sections are joined under what they share`() {
    let page = document(
      [(.heading(level: 2), "Codes", "codes")]
        + (0..<4).flatMap { [(Block.Kind.heading(level: 3), "ERR-\($0)", "e\($0)"), (.paragraph, "Call us.", nil)] }
        + [(.heading(level: 1), "Other", "other"), (.paragraph, sentences(0..<4), nil)])
    let chunks = Chunker(method: .structure, size: 800, overlap: 50).chunks(of: page)
    #expect(chunks.count == 2)
    #expect(chunks[0].headingPath == ["Codes"])
    #expect(chunks[0].text.contains("ERR-3"))
    #expect(chunks[1].headingPath == ["Other"])
    #expect(chunks[1].text.hasPrefix("Other"))
  }

  @Test func `rows and code that fit are not cut`() {
    let rows = (0..<30).map {
      (Block.Kind.tableRow, "Name: disk \($0); Size: \($0) GB; Place: rack \($0)", String?.none)
    }
    let code = (0..<6).map { "command --number \($0) --verbose" }.joined(separator: "\n")
    let page = document(
      [(.heading(level: 2), "Disks", nil)] + rows + [
        (.paragraph, sentences(0..<5), nil), (.code(language: "sh"), code, nil),
      ]
        + [(.paragraph, sentences(0..<9), nil)])
    let chunks = Chunker(method: .structure, size: 400, overlap: 80).chunks(of: page)
    checkInvariants(chunks, of: page, size: 400)
    for row in rows { #expect(chunks.contains { $0.text.contains(row.1) }) }
    #expect(chunks.contains { $0.text.contains(code) })
    #expect(
      chunks.allSatisfy {
        !$0.text.contains("Name: disk") || $0.text.hasSuffix("rack 29") || !$0.text.hasSuffix("rack")
      })
  }

  @Test func `what has no sentence is cut at words and at last between characters`() {
    let words = (0..<200).map { "palabra\($0)" }.joined(separator: " ")
    let solid = String(repeating: "ñ", count: 700)
    for text in [words, solid, words + " " + solid] {
      let page = document([(.paragraph, text, nil)])
      let chunks = Chunker(method: .structure, size: 100, overlap: 20).chunks(of: page)
      checkInvariants(chunks, of: page, size: 100)
    }
    let chunks = Chunker(method: .structure, size: 100, overlap: 0).chunks(of: document([(.paragraph, words, nil)]))
    for chunk in chunks {
      #expect(chunk.text.split(separator: " ").allSatisfy { words.contains($0 + " ") || words.hasSuffix($0) })
    }
  }

  @Test func `text outside blocks and broken blocks lose nothing`() {
    let text = "Uno ñ dos.\n\nTres cuatro.\n\nCinco."
    let blocks = [
      Block(kind: .paragraph, range: TextRange(start: 0, end: 5)),  // ends within ñ
      Block(kind: .paragraph, range: TextRange(start: 13, end: 25)),
      Block(kind: .heading(level: 2), range: TextRange(start: 2, end: 9)),  // goes back
      Block(kind: .paragraph, range: TextRange(start: 30, end: 4_000)),  // leaves the text
      Block(kind: .paragraph, range: TextRange(start: -5, end: 3)),
    ]
    let page = CleanDocument(title: "", language: nil, text: text, blocks: blocks)
    for size in [1, 5, 12, 500] {
      checkInvariants(Chunker(method: .structure, size: size, overlap: 2).chunks(of: page), of: page, size: size)
    }
    checkInvariants(
      Chunker(method: .structure, size: 12, overlap: 2).chunks(of: plain(text)), of: plain(text), size: 12)
    #expect(Chunker(method: .structure, size: 12, overlap: 2).chunks(of: plain(" \n ")).isEmpty)
  }

  @Test func `sizes may be counted by a measure of tokens`() throws {
    let words = try #require(units["words"])
    let page = document([
      (.heading(level: 2), "Long", nil), (.paragraph, sentences(0..<40), nil), (.paragraph, sentences(40..<50), nil),
    ])
    let chunks = Chunker(method: .structure, size: 50, overlap: 10, measure: words).chunks(of: page)
    checkInvariants(chunks, of: page, size: 50, length: words)
    #expect(chunks.count >= 8)
    #expect(zip(chunks, chunks.dropFirst()).contains { $0.range.end > $1.range.start })
  }

  @Test func `random documents keep the invariants and give the same chunks twice`() {
    var generator = SeededGenerator(seed: 23)
    let kinds: [Block.Kind] = [
      .heading(level: 1), .heading(level: 2), .heading(level: 3), .heading(level: 6), .paragraph, .paragraph,
      .paragraph,
      .listItem(depth: 0), .listItem(depth: 3), .tableRow, .code(language: nil), .quote, .term, .definition, .caption,
    ]
    let pieces = [
      "word", " ", " ", ". ", "Ñu", "¿qué? ", "\n", "東京。", "e.g. ", "!", "1.5", "\u{A0}", "longlonglonglong", "🙂",
      "\n\n",
    ]
    for _ in 0..<800 {
      let parts = (0..<Int.random(in: 0...14, using: &generator)).map { index in
        (
          kinds.randomElement(using: &generator) ?? .paragraph, generator.text(from: pieces, upTo: 40),
          index % 3 == 0 ? "a\(index)" : nil
        )
      }
      let page = document(parts)
      let size = Int.random(in: 1...200, using: &generator)
      let chunker = Chunker(method: .structure, size: size, overlap: Int.random(in: 0...size, using: &generator))
      let chunks = chunker.chunks(of: page)
      checkInvariants(chunks, of: page, size: size)
      #expect(chunks == chunker.chunks(of: page))
    }
  }

  @Test(.timeLimit(.minutes(1))) func `hostile documents take bounded time`() {
    let headings = document((0..<5_000).map { (.heading(level: $0 % 6 + 1), "H", nil) })
    checkInvariants(Chunker(method: .structure, size: 50, overlap: 10).chunks(of: headings), of: headings, size: 50)
    for text in [
      String(repeating: "a", count: 200_000), String(repeating: "a ", count: 100_000),
      String(repeating: ". ", count: 100_000),
    ] {
      let page = document([(.paragraph, text, nil)])
      #expect(!Chunker(method: .structure, size: 500, overlap: 100).chunks(of: page).isEmpty)
    }
  }

  @Test func `the text to embed names title and headings`() {
    let chunk = Chunk(index: 0, range: TextRange(start: 0, end: 4), text: "Text", headingPath: ["A", "B"])
    #expect(chunk.embeddingText(title: "T") == "T › A › B\nText")
    #expect(Chunk(index: 0, range: TextRange(start: 0, end: 4), text: "Text").embeddingText(title: "") == "Text")
  }
}
