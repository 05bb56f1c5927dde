import Corpus
import Foundation
import SearchIndexes
import Testing

/// What another implementation of the same formula finds in the same terms; `Tests/oracles/bm25_ranking.py` recorded it.
@Suite struct LexicalReferenceTests {
  private struct Question: Sendable {
    var text: String
    var results: [(chunk: Int, score: Double)]
  }

  private let index: LexicalIndex
  private let questions: [Question]

  init() throws {
    let path = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Golden/bm25.json"
    let golden = try JSONValue(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    let sections = MemorySections()
    let weights = LexicalWeights(
      k1: Float(try #require(golden["k1"]?.double)), b: Float(try #require(golden["b"]?.double)))
    let writer = try LexicalIndexWriter(weights: weights) { sections.put($0, $1, $2) }
    for text in try #require(golden["texts"]?.array) {
      try writer.append(text: try #require(text.string), title: "", headings: [], language: "en")
    }
    try writer.finish()
    index = try #require(try LexicalIndex(owner: sections, source: sections.get))
    questions = try #require(golden["queries"]?.array).map { query in
      let results = try #require(query["results"]?.array).map { result in
        (chunk: try #require(result.array?.first?.int), score: try #require(result.array?.last?.double))
      }
      return Question(text: try #require(query["text"]?.string), results: results)
    }
  }

  @Test func `ranking and scores are those of bm25s`() throws {
    #expect(questions.count > 10)
    for question in questions {
      let hits = try index.search(index.query(question.text, language: "en"), limit: 10)
      #expect(hits.map(\.chunk) == question.results.map(\.chunk), "\(question.text)")
      for (hit, expected) in zip(hits, question.results) {
        #expect(abs(Double(hit.score) - expected.score) < 1e-5, "\(question.text)")
      }
    }
  }
}
