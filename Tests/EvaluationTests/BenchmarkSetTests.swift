import Evaluation
import Testing

@Suite struct BenchmarkSetTests {
  @Test func `lines of the three files make a set`() throws {
    var set = BenchmarkSet()
    try set.takeQuery(#"{"_id": "q1", "text": "What?", "metadata": {}}"#, file: "queries.jsonl", number: 1)
    try set.takeQuery(#"{"_id": 2, "text": "Why?"}"#, file: "queries.jsonl", number: 2)
    try set.takeJudgement("query-id\tcorpus-id\tscore", file: "qrels.tsv", number: 1)
    try set.takeJudgement("q1\td1\t2", file: "qrels.tsv", number: 2)
    try set.takeJudgement("q1\td2\t0", file: "qrels.tsv", number: 3)
    let document = try set.takeDocument(#"{"_id": "d9", "text": "So."}"#, file: "corpus.jsonl", number: 1)
    #expect([document.id, document.title, document.text] == ["d9", "", "So."])
    #expect(set.queries.map(\.id) == ["q1", "2"])
    #expect(set.queries.map(\.text) == ["What?", "Why?"])
    #expect(set.judgements == ["q1": ["d1": 2]])
    #expect(set.notes.count == 2, "\(set.notes)")
  }

  @Test func `faulty lines are refused by file, line and mend`() throws {
    var set = BenchmarkSet()
    try set.takeQuery(#"{"_id": "q", "text": "What?"}"#, file: "q", number: 1)
    _ = try set.takeDocument(#"{"_id": "d", "text": ""}"#, file: "c", number: 1)
    let faults: [(String, (inout BenchmarkSet) throws -> Void)] = [
      ("q:7: not JSON", { try $0.takeQuery("{", file: "q", number: 7) }),
      ("q:7: not an object", { try $0.takeQuery("[]", file: "q", number: 7) }),
      ("q:7: “_id” is missing", { try $0.takeQuery(#"{"text": "x"}"#, file: "q", number: 7) }),
      ("q:7: “text” is missing", { try $0.takeQuery(#"{"_id": "x", "text": " "}"#, file: "q", number: 7) }),
      ("q:7: a second query", { try $0.takeQuery(#"{"_id": "q", "text": "x"}"#, file: "q", number: 7) }),
      ("c:7: a second document", { _ = try $0.takeDocument(#"{"_id": "d", "text": "x"}"#, file: "c", number: 7) }),
      ("c:7: “text” is missing", { _ = try $0.takeDocument(#"{"_id": "e"}"#, file: "c", number: 7) }),
      ("r:7: 2 columns", { try $0.takeJudgement("q\td", file: "r", number: 7) }),
      ("r:7: “many” is no grade", { try $0.takeJudgement("q\td\tmany", file: "r", number: 7) }),
      ("r:7: no query has the id “z”", { try $0.takeJudgement("z\td\t1", file: "r", number: 7) }),
    ]
    for (message, take) in faults {
      let error = try #require(throws: EvaluationError.self) { try take(&set) }
      #expect(error.description.hasPrefix(message) && error.description.contains("mend: "), "\(error)")
    }
  }
}
