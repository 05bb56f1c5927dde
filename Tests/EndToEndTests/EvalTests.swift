import AcervoTesting
import Corpus
import Foundation
import Testing

/// `acervo eval` as its users run it, on words alone: no model is needed.
@Suite struct EvalTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      """
      {"_id": "d1", "title": "Refunds", "text": "A refund takes ten working days."}
      {"_id": "d2", "title": "", "text": "The printer prints pages until the paper is out."}
      {"_id": "d3", "title": "Passwords", "text": "A password has twelve characters or more."}

      """, to: "set/corpus.jsonl")
    try folder.write(
      """
      {"_id": "q1", "text": "How many days does a refund take?"}
      {"_id": "q2", "text": "What if the paper is out?"}
      {"_id": "q3", "text": "Who sings in the opera?"}

      """, to: "set/queries.jsonl")
    try folder.write(
      "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\nq3\td3\t1\nq3\tnowhere\t1\n", to: "set/qrels.tsv")
    try folder.write(
      """
      acervo: 1
      name: words
      stages:
        - fetch: { sources: [{ id: pages, folder: { path: pages, url: "https://a.example/" } }] }
        - chunk: {}
        - embed: { provider: none }
        - index: { languages: [en] }
      publish: { to: snapshots }
      """, to: "words.yaml")
  }

  private func json(_ ended: Ended) throws -> JSONValue { try JSONValue(parsing: ended.lines.last ?? "") }

  @Test func `A benchmark is indexed as it is and scored by documents`() throws {
    let ended = try run(
      "acervo", "eval", "--beir", folder.path + "/set", "--pipeline", folder.path + "/words.yaml", "--json", "-q")
    #expect(ended.status == 0, "\(ended.errors)")
    #expect(ended.lines.count == 4)
    let summary = try json(ended)
    #expect(summary["queries"]?.int == 3)
    for measure in ["ndcg@10", "recall@10", "mrr@10", "hit@1", "hit@5"] {
      #expect(abs((summary[measure]?.double ?? 0) - 2.0 / 3) < 1e-9, "\(measure): \(summary)")
    }
    #expect(ended.errors.contains("1 judged documents are not in the corpus"))
  }

  @Test func `Two snapshots are compared by golden questions`() throws {
    try folder.write("# Refunds\n\nA refund takes ten working days.\n", to: "pages/refunds.md")
    #expect(try run("acervo", "index", "-q", folder.path + "/words.yaml").status == 0)
    let snapshots = folder.path + "/snapshots"
    let listed = try run("acervo", "snapshots", "list", "--snapshots", snapshots, "--json").output
    let before = try #require(try JSONValue(parsing: listed).array?.first?["snapshot"]?.string)
    try folder.write("# Paper\n\nThe printer prints pages until the paper is out.\n", to: "pages/paper.md")
    #expect(try run("acervo", "index", "-q", folder.path + "/words.yaml").status == 0)
    let golden = try folder.write(
      """
      - { question: "How many days does a refund take?", expect: ["https://a.example/refunds.md"], answer: ["ten"] }
      - { question: "When is the paper of the printer out?", expect: ["https://a.example/paper.md"] }
      - { question: "Who sings in the opera?", none: true }
      """, to: "golden.yaml")
    let text = try run("acervo", "eval", golden, "--snapshots", snapshots, "--compare", before)
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.contains("not found → rank 1"), "\(text.output)")
    let summary = try json(try run("acervo", "eval", golden, "--snapshots", snapshots, "--compare", before, "--json"))
    #expect(summary["hit@1"]?.double == 1)
    #expect(summary["before"]?["hit@1"]?.double == 0.5)
    #expect(summary["abstention"]?.double == 1)
    #expect(summary["changed"]?.array?.count == 1)
  }

  @Test func `Faulty files are refused with their line`() throws {
    let faulty = try folder.write("- { question: Why? }\n", to: "faulty.yaml")
    let golden = try run("acervo", "eval", faulty, "--snapshots", folder.path)
    #expect(golden.status == 65 && golden.errors.contains("faulty.yaml:1:3"), "\(golden.errors)")
    try folder.write("{\"_id\": \"q1\"}\n", to: "set/queries.jsonl")
    let queries = try run("acervo", "eval", "--beir", folder.path + "/set")
    #expect(queries.status == 65 && queries.errors.contains("queries.jsonl:1: “text” is missing"), "\(queries.errors)")
    #expect(try run("acervo", "eval", "--beir", folder.path + "/nowhere").status == 66)
    #expect(try run("acervo", "eval").status == 64)
    #expect(try run("acervo", "eval", faulty, "--measure", "best").status == 64)
  }
}
