import AcervoTesting
import Foundation
import SearchIndexes
import Testing
import TextAnalysis

/// Pruned search finds what adding up every posting finds, to the last bit.
@Suite struct LexicalPruningTests {
  /// A random index: few words in texts of few lengths, so that many chunks have equal scores.
  private struct Collection {
    let index: LexicalIndex
    /// The terms of each chunk, by their definition.
    let chunks: [[String]]
    let analyzer = Analyzer(language: "en")

    init(seed: UInt64, chunks count: Int) throws {
      var random = SeededGenerator(seed: seed)
      let sections = MemorySections()
      let writer = try LexicalIndexWriter { sections.put($0, $1, $2) }
      var chunks: [[String]] = []
      // How common words are changes along the collection, so that maxima of blocks differ.
      for number in 0..<count {
        let skew = 1 + 3 * Double(number % 1500) / 1500
        let words = (0..<Int.random(in: 0...6, using: &random)).map { _ in
          Self.vocabulary[Int(pow(Double.random(in: 0..<1, using: &random), skew) * Double(Self.vocabulary.count))]
        }
        let title = number % 7 == 0 ? Self.vocabulary[number % Self.vocabulary.count] : ""
        try writer.append(text: words.joined(separator: " "), title: title, headings: [], language: "en")
        let weights = LexicalWeights()
        chunks.append(words + (title.isEmpty ? [] : Array(repeating: title, count: weights.title)))
      }
      try writer.finish()
      index = try #require(try LexicalIndex(owner: sections, source: sections.get))
      self.chunks = chunks
    }

    static let vocabulary = (0..<60).map { "zk\($0)" }

    /// Every chunk with a score, best first, as the definition in postings.h says.
    func scores(_ query: LexicalIndex.Query) -> [ScoredChunk] {
      let weights = index.weights
      let mean = max(1, Float(chunks.reduce(0) { $0 + $1.count }) / Float(max(chunks.count, 1)))
      let idfs = zip(query.terms, query.frequencies).map { term, known in
        (term, logf(1 + (Float(chunks.count) - Float(known) + 0.5) / (Float(known) + 0.5)))
      }
      let scored = chunks.enumerated().compactMap { number, words -> ScoredChunk? in
        let norm = weights.k1 * (1 - weights.b + weights.b * (Float(words.count) / mean))
        var sum = 0.0
        for (term, idf) in idfs {
          let frequency = Float(words.count { $0 == term })
          if frequency > 0 { sum += (Double(idf * (frequency / (frequency + norm))) * 0x1p39).rounded() / 0x1p39 }
        }
        return sum > 0 ? ScoredChunk(chunk: number, score: Float(sum)) : nil
      }
      return scored.sorted { $0.score != $1.score ? $0.score > $1.score : $0.chunk < $1.chunk }
    }
  }

  @Test(arguments: zip([1, 2, 3], [130, 900, 9000]))
  func `pruning changes nothing, whatever the filter, the limit and the instructions`(
    seed: UInt64, count: Int
  ) throws {
    let collection = try Collection(seed: seed, chunks: count)
    var random = SeededGenerator(seed: seed + 100)
    var ties = 0
    for round in 0..<12 {
      let words = (0..<Int.random(in: 1...8, using: &random)).map { _ in
        Collection.vocabulary[Int.random(in: 0..<(round % 3 == 0 ? 6 : 60), using: &random)]
      }
      let query = try collection.index.query(words.joined(separator: " "))
      let expected = collection.scores(query)
      var allowed: ChunkSet?
      if round % 2 == 1 {
        var chunks = ChunkSet(count: count)
        for _ in 0..<Int.random(in: 0...6, using: &random) {
          let start = Int.random(in: 0..<count, using: &random)
          chunks.insert(start..<min(count, start + Int.random(in: 1...300, using: &random)))
        }
        allowed = chunks
      }
      let admitted = allowed.map { set in expected.filter { set.contains($0.chunk) } } ?? expected
      for limit in [1, 3, 10, 200, count] {
        for kernel in VectorIndex.Kernel.allCases {
          let found = try collection.index.search(query, limit: limit, allowed: allowed, kernel: kernel)
          try #require(found == Array(admitted.prefix(limit)), "seed \(seed), round \(round), limit \(limit)")
        }
        if limit < admitted.count, admitted[limit - 1].score == admitted[limit].score { ties += 1 }
      }
    }
    // The cut goes through chunks of equal scores, of which the lower numbers count.
    #expect(ties > 0)
  }
}
