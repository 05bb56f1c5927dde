import AcervoTesting
import Corpus
import Embedding
import Evaluation
import Foundation
import Settings
import Snapshots
import Testing

@testable import Indexing
@testable import Pipelines

@Suite struct PublishGateTests {
  private let folder: TemporaryFolder
  private var collection: CollectionFolder {
    get throws { try CollectionFolder(snapshots: folder.path + "/snapshots", collection: "help") }
  }

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      """
      - { question: "button that says printer 3", expect: ["https://help.example/3/page-3.html"] }
      - { question: "everything about webhook 4", expect: ["https://help.example/4/page-4.html"] }
      """, to: "golden.yaml")
  }

  private func run(
    _ pages: [(url: String, html: String)], at now: Int64, _ gate: GateSettings?, key: FileOrSecret? = nil,
    embedder: HashingEmbedder = HashingEmbedder(), other: HashingEmbedder? = nil
  ) async throws -> RunReport {
    let pipeline = PipelineFile(
      path: "test.yaml", name: "help",
      sources: [SourceSettings(id: "site", kind: .web(WebSettings(start: ["https://help.example/"])))],
      clean: CleanSettings(), chunk: ChunkSettings(size: 200, overlap: 40), embed: EmbedSettings(),
      index: IndexSettings(),
      publish: PublishSettings(to: folder.path + "/snapshots", gate: gate, signingKey: key))
    return try await IndexingRun(
      pipeline: pipeline, sources: [ScriptedSource(pages: pages)], embedders: [embedder], threads: 2,
      otherEmbedder: other.map { other in { @Sendable _ in other } }, now: { 1_795_000_000 + now }
    ).run()
  }

  private func gate(_ atLeast: [String: Double] = [:], worse: [String: Double] = [:]) -> GateSettings {
    GateSettings(questions: folder.path + "/golden.yaml", atLeast: atLeast, worseByAtMost: worse)
  }

  /// The pages, the third of which says something else.
  private var worsePages: [(url: String, html: String)] {
    samplePages(20).map { page in
      page.url.hasSuffix("/page-3.html")
        ? (page.url, "<html><head><title>Gone</title></head><body><main><p>Nothing here.</p></main></body></html>")
        : page
    }
  }

  @Test func `a candidate that answers worse is held back, kept and named`() async throws {
    let first = try await run(samplePages(20), at: 0, gate(["hit@1": 1], worse: ["hit@1": 0]))
    guard case .published(let good) = first.outcome else {
      Issue.record("\(first.outcome)")
      return
    }
    #expect(first.gate?.passes == true && first.gate?.current == nil)
    #expect(try collection.gate(ofSnapshot: good)?["passed"]?.bool == true)

    let second = try await run(worsePages, at: 10, gate(worse: ["hit@1": 0.2, "recall@4": 0.5]))
    guard case .gateRefused(let candidate) = second.outcome else {
      Issue.record("\(second.outcome)")
      return
    }
    #expect(try collection.currentID() == good)
    #expect(try collection.isRefused(candidate))
    let report = try #require(second.gate)
    #expect(report.current == good && report.questions == 2)
    #expect(report.rows.map(\.measure) == ["hit@1", "recall@4"])
    // Half of the questions fell; half is what recall@4 may fall by.
    #expect(report.rows.map(\.passes) == [false, true])
    #expect(report.worse.map(\.question) == ["button that says printer 3"])
    #expect(report.worse.first?.before.first?.value == 1 && report.worse.first?.after.first?.value == 0)
    // Counted is what answers, not what was refused.
    #expect(second.chunks == first.chunks && second.documents == first.documents)
    #expect(second.json["outcome"]?.string == "gate_refused")
    #expect(second.json["gate"]?["passed"]?.bool == false)

    // Asked again it is refused again, and the earlier candidate makes room.
    let third = try await run(worsePages, at: 20, gate(worse: ["hit@1": 0.2]))
    guard case .gateRefused(let again) = third.outcome else {
      Issue.record("\(third.outcome)")
      return
    }
    #expect(try collection.snapshotIDs() == [again, good])
    // Mended pages are what the current snapshot was made of.
    let mended = try await run(samplePages(20), at: 30, gate(worse: ["hit@1": 0.2]))
    #expect(mended.outcome == .unchanged(snapshot: good))
    // Without a gate the same pages go through.
    let open = try await run(worsePages, at: 40, nil)
    #expect(open.outcome != third.outcome && open.gate == nil)
    #expect(try collection.currentID() != good)
  }

  @Test func `the first snapshot has to reach what is asked, too`() async throws {
    let report = try await run(worsePages, at: 0, gate(["hit@1": 0.6]))
    guard case .gateRefused = report.outcome else {
      Issue.record("\(report.outcome)")
      return
    }
    #expect(try collection.currentID() == nil)
    #expect(report.gate?.worse.map(\.question) == ["button that says printer 3"])
    #expect(try await run(samplePages(20), at: 1, gate(["hit@1": 1])).gate?.passes == true)
  }

  @Test func `a measure that no question has lets nothing through`() async throws {
    let report = try await run(samplePages(5), at: 0, gate(["abstention": 0.5]))
    #expect(report.gate?.rows.map(\.passes) == [false])
    #expect(report.gate?.rows.first?.candidate == nil)
  }

  @Test func `a current snapshot of another model is asked with its own`() async throws {
    let other = HashingEmbedder(dimensions: 32)
    _ = try await run(samplePages(20), at: 0, nil, embedder: other)
    let settings = gate(worse: ["hit@5": 1])
    let error = await #expect(throws: IndexingError.self) { _ = try await run(samplePages(20), at: 1, settings) }
    #expect(error?.kind == .settings && error?.description.contains("cannot ask the current snapshot") == true)
    // The model of that name may be another one by now.
    let changed = await #expect(throws: IndexingError.self) {
      _ = try await run(samplePages(20), at: 1, settings, other: HashingEmbedder(dimensions: 16))
    }
    #expect(changed?.description.contains("leave worse_by_at_most out") == true)
    let report = try await run(samplePages(20), at: 2, settings, other: other)
    #expect(report.gate?.passes == true && report.gate?.rows.first?.current != nil)
  }

  @Test func `a current snapshot that cannot be opened holds nothing up`() async throws {
    _ = try await run(samplePages(20), at: 0, nil)
    let id = try #require(try collection.currentID())
    let index = folder.path + "/snapshots/help/\(id)/index.mdb"
    try FileManager.default.removeItem(atPath: index)
    try Data("damaged".utf8).write(to: URL(filePath: index))
    let report = try await run(samplePages(21), at: 1, gate(["hit@1": 1], worse: ["hit@1": 0]))
    #expect(report.gate?.passes == true && report.gate?.current == nil)
    #expect(try collection.openCurrent().manifest.documents == 21)
  }

  @Test func `a key that is no path is not shown`() async throws {
    let error = await #expect(throws: IndexingError.self) {
      _ = try await run(samplePages(1), at: 0, nil, key: .file(folder.path + "/MC4CAQAwBQYDK2VwBCIEIA"))
    }
    #expect(error?.description.contains("publish.sign.key") == true)
    #expect(error?.description.contains("MC4CAQ") == false)
  }

  @Test func `questions that cannot be read stop the run before anything is fetched`() async throws {
    var settings = gate(["hit@1": 1])
    settings.questions = folder.path + "/none.yaml"
    await #expect(throws: SettingsErrors.self) { _ = try await run(samplePages(1), at: 0, settings) }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/snapshots/help/last-run.json"))
  }

  @Test func `what is published is signed, what is refused is not`() async throws {
    let key = try SigningKey.generate()
    let secret = FileOrSecret.content(Secret(String(decoding: key.privatePEM, as: UTF8.self)))
    _ = try await run(samplePages(20), at: 0, gate(["hit@1": 1]), key: secret)
    let own = try VerifyingKey(pem: key.publicPEM, name: "own")
    _ = try collection.openCurrent(verifiesContent: true, signedBy: [own])
    guard case .gateRefused(let id) = try await run(worsePages, at: 1, gate(["hit@1": 1]), key: secret).outcome else {
      Issue.record("not refused")
      return
    }
    let error = #expect(throws: SnapshotError.self) {
      _ = try Snapshot(folder: collection.folder(ofSnapshot: id), signedBy: [own])
    }
    #expect(error?.code == .untrusted)
  }

  @Test func `an unchanged collection is signed when the key comes or changes`() async throws {
    _ = try await run(samplePages(3), at: 0, nil)
    for now in [1, 3] as [Int64] {
      let key = try SigningKey.generate()
      let secret = FileOrSecret.content(Secret(String(decoding: key.privatePEM, as: UTF8.self)))
      guard case .published = try await run(samplePages(3), at: now, nil, key: secret).outcome else {
        Issue.record("not published")
        return
      }
      _ = try collection.openCurrent(signedBy: [try VerifyingKey(pem: key.publicPEM, name: "own")])
      guard case .unchanged = try await run(samplePages(3), at: now + 1, nil, key: secret).outcome else {
        Issue.record("published again")
        return
      }
    }
  }

  @Test(arguments: [
    "recall@4", "hit@1", "mrr@1000", "ndcg@1001", "recall@0", "recall@", "recall", "recall@4@4", "recall@+4",
    "recall@-4", "recall@04",
    "recall@ 4", "recall@99999999999999999999", "precision@4", "containment", "abstention", "refusal", "refusal@4", "",
    "@",
  ])
  func `the pipeline file and the gate know the same measures`(name: String) {
    #expect(GateSettings.isMeasure(name) == (Measure(name) != nil))
  }

  @Test(arguments: [
    (0.5, 0.6, false, 0.1, true), (0.5, 0.61, false, 0.1, false), (0.5, 0.4, true, 0.1, true),
    (0.6, 0.4, true, 0.1, false),
    (0.3, 0.2, true, 0, false), (0.1, 0.9, true, 0, true), (0.7 + 0.1, 0.8 + 1e-12, false, 0, true),
  ])
  func `worse by at most`(candidate: Double, current: Double, isBetterLow: Bool, limit: Double, passes: Bool) {
    let row = GateReport.Row(
      measure: "m", candidate: candidate, current: current, isBetterLow: isBetterLow, atLeast: nil,
      worseByAtMost: limit)
    #expect(row.passes == passes)
  }
}
