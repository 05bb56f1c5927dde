import AcervoTesting
import Answering
import Corpus
import Evaluation
import Retrieval
import SearchIndexes
import Snapshots
import Testing

@Suite struct EvaluatorTests {
  private static let open = Page(
    "https://a.example/refunds", "times", "How long a refund takes: ten working days after the form was signed.")
  private static let closed = Page(
    "https://a.example/salaries", "table", "The salary of an engineer is thirty thousand.", access: "group:hr")

  private static let questions = [
    GoldenQuestion(
      question: "How long does a refund take?", expected: ["https://a.example/refunds#times"],
      answer: ["ten working  DAYS"], language: "en"),
    GoldenQuestion(
      question: "What is the salary of an engineer?", expected: ["https://a.example/salaries"], language: "en",
      principals: Set([Principal("group:hr")].compactMap { $0 })),
    GoldenQuestion(
      question: "What is the salary of an engineer?", expected: ["https://a.example/salaries"], language: "es"),
    GoldenQuestion(question: "Zarzuela xylophone?", language: "en", isUnanswerable: true),
  ]

  @Test func `questions are scored by place, asker and answer`() async throws {
    let folder = try TemporaryFolder()
    let retriever = try Retriever(snapshot: try publish([Self.open, Self.closed], in: folder), embedder: nil)
    let report = try await Evaluator(retriever, answerer: ExtractiveAnswerer(embedder: nil)).run(Self.questions)
    #expect(report.outcomes[0].ranking.firstRank == 1)
    #expect(report.outcomes[0].containsAnswer == true)
    #expect(report.outcomes[1].ranking.firstRank == 1)
    #expect(report.outcomes[2].ranking.firstRank == nil)
    #expect(report.outcomes[2].missing == ["https://a.example/salaries"])
    #expect(report.value(.recall(10)) == 2.0 / 3)
    #expect(report.value(.recall(10), language: "es") == 0)
    #expect(report.value(.containment) == 1)
    #expect(report.value(.abstention) == 1)
    #expect(report.languages == ["en", "es"])
    let json = report.json(Measure.standard)
    #expect(json["queries"]?.int == 4)
    #expect(json["hit@1"]?.double == 2.0 / 3)
    #expect(json["languages"]?["es"]?["recall@10"]?.double == 0)
  }

  @Test func `two evaluations are compared question by question`() async throws {
    let folder = try TemporaryFolder()
    let before = try Retriever(snapshot: try publish([Self.closed], in: folder), embedder: nil)
    let after = try Retriever(snapshot: try publish([Self.open, Self.closed], in: folder), embedder: nil)
    let questions = Array(Self.questions.prefix(2))
    let comparison = EvaluationComparison(
      before: try await Evaluator(before, answerer: nil).run(questions),
      after: try await Evaluator(after, answerer: nil).run(questions))
    #expect(comparison.difference(.recall(10)) == 0.5)
    #expect(comparison.difference(.containment) == nil)
    let change = try #require(comparison.changes.first)
    #expect(comparison.changes.count == 1)
    #expect(change.after.id == "How long does a refund take?")
    #expect(change.gain > 0 && change.measures.contains(.hit(1)))
    #expect(comparison.json["before"]?["hit@1"]?.double == 0.5)
    let reverse = EvaluationComparison(before: comparison.after, after: comparison.before)
    #expect(reverse.changes.first.map { $0.gain < 0 } == true)
  }

  @Test func `percent-encoded places are the places they stand for`() async throws {
    let folder = try TemporaryFolder()
    let page = Page("https://a.example/contrase%C3%B1a", "año", "Cambiar la clave cada primavera.")
    let retriever = try Retriever(snapshot: try publish([page], in: folder), embedder: nil)
    let question = GoldenQuestion(
      question: "¿Cambiar la clave?", expected: ["https://a.example/contraseña#a%C3%B1o"])
    #expect(try await Evaluator(retriever, answerer: nil).outcome(of: question).ranking.firstRank == 1)
  }

  // MARK: A collection of words

  private struct Page {
    var url: String
    var anchor: String
    var text: String
    var access: AccessRule

    init(_ url: String, _ anchor: String, _ text: String, access group: String? = nil) {
      self.url = url
      self.anchor = anchor
      self.text = text
      access = group.flatMap(Principal.init).map { .allOf([[$0]]) } ?? .open
    }
  }

  private func publish(_ pages: [Page], in folder: TemporaryFolder) throws -> Snapshot {
    let writer = try SnapshotWriter(snapshots: folder.path, collection: "sample")
    let sink: SectionSink = { try writer.put(section: $0, part: $1, $2) }
    let words = try LexicalIndexWriter(temporaryFolder: writer.temporaryFolder, sink: sink)
    for page in pages {
      let document = DocumentRecord(
        url: page.url, source: "web", title: "Page", language: "en", hash: .of(page.text), access: page.access)
      let chunk = Chunk(
        index: 0, range: TextRange(start: 0, end: page.text.utf8.count), text: page.text, anchor: page.anchor)
      try writer.append(document, chunks: [chunk])
      try words.append(text: page.text, title: "Page", headings: [], language: "en")
    }
    try words.finish()
    let description = SnapshotDescription(
      pipeline: .of("p"), embedder: nil, languages: ["en"], created: 1_800_000_000)
    let manifest = try writer.publish(description, keep: 5).0
    return try Snapshot(folder: folder.path + "/sample/" + manifest.id)
  }
}
