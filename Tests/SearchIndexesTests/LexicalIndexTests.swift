import AcervoTesting
import Foundation
import SearchIndexes
import Testing
import TextAnalysis

@Suite struct LexicalIndexTests {
  struct Sample {
    var text: String
    var title: String
    var headings: [String]
    var language: String?
  }

  private static let words = """
    snapshot índice fichero servidor disk backup configuración error ERR-4012 max_connections query page archivo copia
    network answer question usuario permiso group space label table column vector chunk document source crawl sitemap
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  fileprivate func samples(_ count: Int) -> [Sample] {
    var generator = SeededGenerator(seed: 7)
    return (0..<count).map { number in
      let length = Int.random(in: 0...40, using: &generator)
      // Squared: some words are common, some rare.
      let text = (0..<length).map { _ in
        let place = Double.random(in: 0..<1, using: &generator)
        return Self.words[Int(place * place * Double(Self.words.count))]
      }
      return Sample(
        text: text.joined(separator: " ") + (number % 97 == 0 ? " unique\(number)" : ""),
        title: "Title \(number / 5) page", headings: number % 3 == 0 ? ["Copia", "Error handling"] : [],
        language: ["es", "en", nil][number % 3])
    }
  }

  fileprivate func build(_ samples: [Sample], inMemory: Int = 1 << 20, folder: String? = nil) throws -> MemorySections {
    let sections = MemorySections()
    let writer = try LexicalIndexWriter(temporaryFolder: folder, postingsInMemory: inMemory) {
      sections.put($0, $1, $2)
    }
    for sample in samples {
      try writer.append(
        text: sample.text, title: sample.title, headings: sample.headings, language: sample.language)
    }
    try writer.finish()
    return sections
  }

  fileprivate func open(_ sections: MemorySections) throws -> LexicalIndex {
    try #require(try LexicalIndex(owner: sections, source: sections.get))
  }

  /// BM25 by its definition, chunk by chunk.
  private func reference(_ samples: [Sample], _ terms: [String], _ weights: LexicalWeights) -> [Double] {
    let counted = samples.map { sample in
      let analyzer = Analyzer(language: sample.language)
      var all = analyzer.terms(sample.text)
      for _ in 0..<weights.headings { all += sample.headings.flatMap(analyzer.terms) }
      for _ in 0..<weights.title { all += analyzer.terms(sample.title) }
      return all
    }
    let mean = Double(counted.reduce(0) { $0 + $1.count }) / Double(counted.count)
    var scores = [Double](repeating: 0, count: samples.count)
    for term in terms {
      let frequencies = counted.map { chunk in Double(chunk.count { $0 == term }) }
      let known = Double(frequencies.count { $0 > 0 })
      let idf = log(1 + (Double(samples.count) - known + 0.5) / (known + 0.5))
      for (chunk, frequency) in frequencies.enumerated() {
        let b = Double(weights.b)
        let norm = Double(weights.k1) * (1 - b + b * Double(counted[chunk].count) / mean)
        scores[chunk] += idf * frequency / (frequency + norm)
      }
    }
    return scores
  }

  @Test(arguments: ["configuración del servidor", "ERR-4012", "unique97", "page error backup ficheros", "the de"])
  func `scores are those of the definition`(text: String) throws {
    let samples = samples(700)
    let index = try open(try build(samples))
    let query = try index.query(text)
    let expected = reference(samples, query.terms, index.weights)
    let hits = try index.search(query, limit: 700)
    #expect(hits.count == expected.count { $0 > 0 })
    for hit in hits { #expect(abs(Double(hit.score) - expected[hit.chunk]) < 1e-5) }
    for (better, worse) in zip(hits, hits.dropFirst()) {
      #expect(better.score > worse.score || (better.score == worse.score && better.chunk < worse.chunk))
    }
    #expect(try index.search(query, limit: 10) == Array(hits.prefix(10)))
  }

  @Test func `accents do not matter, identifiers are found whole`() throws {
    let index = try open(try build(samples(300)))
    #expect(try index.query("configuracion").terms == index.query("Configuración").terms)
    #expect(try !index.search(index.query("max_connections"), limit: 3).isEmpty)
    #expect(index.languages == ["", "en", "es"])
    #expect(index.languageChunks == [100, 100, 100])
    let query = try index.query("servidor zzzyx")
    #expect(query.wanted == 2 && query.known == 1)
  }

  @Test func `only what is allowed is found`() throws {
    let index = try open(try build(samples(300)))
    let query = try index.query("page error snapshot")
    var allowed = ChunkSet(count: 300)
    allowed.insert(10..<20)
    let all = try index.search(query, limit: 300)
    #expect(try index.search(query, limit: 300, allowed: allowed) == all.filter { (10..<20).contains($0.chunk) })
    #expect(throws: SearchIndexError.self) { _ = try index.search(query, limit: 1, allowed: ChunkSet(count: 1)) }
  }

  @Test(arguments: [50, 1000, 5000])
  func `postings that waited in files give the same bytes`(inMemory: Int) throws {
    let folder = try TemporaryFolder()
    let samples = samples(600)
    #expect(try build(samples).all == build(samples, inMemory: inMemory, folder: folder.path).all)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func `an index of nothing finds nothing`() throws {
    let index = try open(try build([]))
    #expect(try index.search(index.query("page"), limit: 5).isEmpty)
    let none = MemorySections()
    #expect(try LexicalIndex(owner: none, source: none.get) == nil)
  }
}

@Suite struct SearchIndexFuzzTests {
  @Test func `damaged bytes give errors or other results, never a crash`() throws {
    let tests = LexicalIndexTests()
    let sections = try tests.build(tests.samples(400))
    let places = sections.all.flatMap { name, parts in
      parts.filter { !$0.value.isEmpty }.map { (name: name, part: $0.key, count: $0.value.count) }
    }.sorted { ($0.name, $0.part) < ($1.name, $1.part) }
    for var random in FuzzRounds(300, seed: 3) {
      let flips = try (0..<Int.random(in: 1...3, using: &random)).map { _ in
        let place = try #require(places.randomElement(using: &random))
        return (
          place, byte: Int.random(in: 0..<place.count, using: &random), mask: UInt8.random(in: 1...255, using: &random)
        )
      }
      for (place, byte, mask) in flips { sections.flip(place.name, place.part, byte: byte, mask) }
      if let index = try? LexicalIndex(owner: sections, source: sections.get),
        let query = try? index.query("page error snapshot servidor copia")
      {
        _ = try? index.search(query, limit: 10)
      }
      for (place, byte, mask) in flips { sections.flip(place.name, place.part, byte: byte, mask) }
    }
    #expect(try tests.open(sections).search(tests.open(sections).query("page"), limit: 1).count == 1)
  }
}
