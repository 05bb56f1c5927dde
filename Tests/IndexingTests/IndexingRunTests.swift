import AcervoTesting
import Connectors
import Corpus
import Embedding
import Foundation
import Pipelines
import Retrieval
import Snapshots
import Synchronization
import Testing

@testable import Indexing

@Suite struct IndexingRunTests {
  private let folder: TemporaryFolder
  private var snapshots: String { folder.path + "/snapshots" }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func pipeline(
    to path: String? = nil, chunk: ChunkSettings = ChunkSettings(size: 200, overlap: 40), sources: [String] = ["site"],
    failures: Double = 0.02
  ) -> PipelineFile {
    PipelineFile(
      path: "test.yaml", name: "help",
      sources: sources.map { SourceSettings(id: $0, kind: .web(WebSettings(start: ["https://help.example/"]))) },
      clean: CleanSettings(), chunk: chunk, embed: EmbedSettings(), index: IndexSettings(),
      publish: PublishSettings(to: path ?? snapshots, toleratedFailures: failures))
  }

  private func run(
    _ source: ScriptedSource, _ pipeline: PipelineFile? = nil, threads: Int = 2, acceptsShrink: Bool = false,
    progress: RunProgress = RunProgress(), embedders: [HashingEmbedder] = [HashingEmbedder()]
  ) async throws -> RunReport {
    try await IndexingRun(
      pipeline: pipeline ?? self.pipeline(), sources: [source], embedders: embedders, threads: threads,
      acceptsShrink: acceptsShrink, progress: progress, now: { 1_795_000_000 }
    ).run()
  }

  private func currentIndex(in snapshots: String) throws -> Data {
    let link = snapshots + "/help/current/index.mdb"
    return try Data(contentsOf: URL(filePath: link))
  }

  private func isPublished(_ report: RunReport) -> Bool {
    if case .published = report.outcome { true } else { false }
  }

  private func isUnchanged(_ report: RunReport) -> Bool {
    if case .unchanged = report.outcome { true } else { false }
  }

  private func refusal(_ report: RunReport) -> String? {
    if case .refused(let reason) = report.outcome { reason } else { nil }
  }

  @Test func `A first run publishes every page, and what it holds can be found`() async throws {
    let report = try await run(ScriptedSource(pages: samplePages(20)))
    #expect(isPublished(report))
    #expect(report.counts.new == 20)
    #expect(report.documents == 20)
    #expect(report.chunks == report.counts.chunksEmbedded + report.counts.chunksReused)

    let snapshot = try CollectionFolder(snapshots: snapshots, collection: "help").openCurrent()
    let hits = try await Retriever(snapshot: snapshot, embedder: HashingEmbedder())
      .search(SearchRequest(query: "button that says printer 3", topK: 1))
    #expect(hits.first?.url == "https://help.example/3/page-3.html")
    #expect(hits.first?.chunk.headingPath.last == "Steps for the printer")
  }

  @Test func `declared fields are read from pages and filter what is found`() async throws {
    func page(_ number: Int, _ head: String) -> (url: String, html: String) {
      (
        "https://help.example/\(number)",
        "<html lang=en><head><title>Page \(number)</title>\(head)</head><body><main><p>The printer of page \(number) "
          + "is described here in a sentence.</p></main></body></html>"
      )
    }
    let pages = [
      page(
        1, #"<meta name=price content="12.5"><meta name=author content="Ana"><meta name=changed content="2026-05-17">"#),
      page(2, #"<meta name=price content="on request"><meta property="article:tag" content="faq">"#),
      page(3, #"<meta name=price content="99"><meta name=changed content="2026-06-01T00:30:00+02:00">"#),
    ]
    var pipeline = self.pipeline()
    let first = try await run(ScriptedSource(pages: pages), pipeline)
    #expect(isPublished(first))
    pipeline.index.fields = [
      "price": FieldSettings(kind: .number), "updated": FieldSettings(kind: .date, attribute: "changed"),
    ]
    // Only the snapshot is made anew: what pages say of themselves is kept with their text.
    let report = try await run(ScriptedSource(pages: pages), pipeline)
    #expect(isPublished(report) && report.counts.cleaned == 0 && report.counts.chunksEmbedded == 0)
    #expect(report.counts.unreadableValues == 1)

    let snapshot = try CollectionFolder(snapshots: snapshots, collection: "help").openCurrent()
    let retriever = try Retriever(snapshot: snapshot, embedder: HashingEmbedder())
    #expect(try retriever.fields["price"] == .number && retriever.fields["updated"] == .date)
    let conditions: [(String, [String])] = [
      (#"{"price": {"from": 12.5, "to": 50}}"#, ["1"]), (#"{"price": {"any": [99, 12.5]}}"#, ["1", "3"]),
      // Half past midnight in Madrid is still May in UTC.
      (#"{"updated": "2026-05"}"#, ["1", "3"]), (#"{"updated": {"to": "2026-05-30"}}"#, ["1"]),
      (#"{"author": "Ana"}"#, ["1"]), (#"{"label": {"prefix": "fa"}}"#, ["2"]),
      (#"{"label": "faq", "source": "site"}"#, ["2"]), (#"{"label": "faq", "source": "wiki"}"#, []),
      (#"{"url": {"prefix": "https://help.example/3"}}"#, ["3"]), (#"{"language": "en"}"#, ["1", "2", "3"]),
    ]
    for (text, expected) in conditions {
      let filters = try Filter.filters(try JSONValue(parsing: text), kinds: retriever.fields)
      let hits = try await retriever.search(SearchRequest(query: "printer", topK: 10, filters: filters))
      #expect(hits.map { String($0.url.suffix(1)) }.sorted() == expected, "\(text)")
    }
  }

  @Test func `A second run over the same pages does no stage work and publishes nothing`() async throws {
    let first = try await run(ScriptedSource(pages: samplePages(20)))
    let second = try await run(ScriptedSource(pages: samplePages(20).reversed()))
    #expect(isUnchanged(second))
    #expect(second.counts.unchanged == 20)
    #expect(second.counts.cleaned == 0)
    #expect(second.counts.chunksEmbedded == 0)
    #expect(second.documents == first.documents)
  }

  @Test func `One edited page is cleaned again, and only its changed chunks are embedded`() async throws {
    let first = try await run(ScriptedSource(pages: samplePages(20)))
    let report = try await run(ScriptedSource(pages: samplePages(20, edited: [4])))
    #expect(isPublished(report))
    #expect(report.counts.changed == 1)
    #expect(report.counts.unchanged == 19)
    #expect(report.counts.cleaned == 1)
    #expect((1..<3).contains(report.counts.chunksEmbedded))
    #expect(report.documents == first.documents)
  }

  @Test func `One changed setting redoes the stages behind it and no other`() async throws {
    _ = try await run(ScriptedSource(pages: samplePages(20)))
    let report = try await run(
      ScriptedSource(pages: samplePages(20)), pipeline(chunk: ChunkSettings(by: .recursive, size: 90, overlap: 0)))
    #expect(isPublished(report))
    #expect(report.counts.cleaned == 0)
    #expect(report.counts.chunksEmbedded > 0)
  }

  @Test func `A second embedder reads what the first has read, and nothing is embedded twice`() async throws {
    let pages = samplePages(20)
    let (first, second) = (HashingEmbedder(), HashingEmbedder(dimensions: 32))
    let one = try await run(ScriptedSource(pages: pages))
    let two = try await run(ScriptedSource(pages: pages), embedders: [first, second])
    #expect(isPublished(two))
    #expect(two.counts.cleaned == 0 && two.counts.chunksEmbedded == one.counts.chunksEmbedded)
    let snapshot = try CollectionFolder(snapshots: snapshots, collection: "help").openCurrent()
    #expect(snapshot.manifest.embedder == first.fingerprint)
    #expect(snapshot.manifest.secondEmbedder == second.fingerprint)
    let hits = try await Retriever(snapshot: snapshot, embedder: first, second: second)
      .search(SearchRequest(query: "button that says printer 3", topK: 1))
    #expect(hits.first?.url == "https://help.example/3/page-3.html")
    // Back to one: everything is known, and the snapshot is the first one's but for its time.
    let back = try await run(ScriptedSource(pages: pages))
    #expect(isPublished(back) && back.counts.chunksEmbedded == 0)
    #expect(try CollectionFolder(snapshots: snapshots, collection: "help").openCurrent().manifest.secondEmbedder == nil)
  }

  @Test(arguments: [1, 4]) func `Bytes with two embedders do not depend on threads`(threads: Int) async throws {
    let embedders = [HashingEmbedder(), HashingEmbedder(dimensions: 32)]
    let reference = folder.path + "/reference"
    _ = try await run(ScriptedSource(pages: samplePages(40)), pipeline(to: reference), threads: 1, embedders: embedders)
    let other = folder.path + "/other-\(threads)"
    _ = try await run(
      ScriptedSource(pages: samplePages(40).shuffled()), pipeline(to: other), threads: threads, embedders: embedders)
    #expect(try currentIndex(in: reference) == currentIndex(in: other))
  }

  @Test(arguments: [1, 3, 8])
  func `The bytes do not depend on threads, folders or the order of pages`(threads: Int) async throws {
    let reference = folder.path + "/reference"
    _ = try await run(ScriptedSource(pages: samplePages(60)), pipeline(to: reference), threads: 1)
    let other = folder.path + "/elsewhere/deeper-\(threads)"
    _ = try await run(ScriptedSource(pages: samplePages(60).shuffled()), pipeline(to: other), threads: threads)
    #expect(try currentIndex(in: reference) == currentIndex(in: other))
  }

  @Test func `Reaching a state by edits gives the same bytes as building it from nothing`() async throws {
    _ = try await run(ScriptedSource(pages: samplePages(30, edited: [1, 2])))
    _ = try await run(ScriptedSource(pages: samplePages(32)))
    _ = try await run(ScriptedSource(pages: samplePages(30, edited: [7])), acceptsShrink: true)
    let fresh = folder.path + "/fresh"
    _ = try await run(ScriptedSource(pages: samplePages(30, edited: [7])), pipeline(to: fresh))
    #expect(try currentIndex(in: snapshots) == currentIndex(in: fresh))
  }

  @Test func `A page leaves with proof and a whole listing, and stays when the listing was cut short`()
    async throws
  {
    _ = try await run(ScriptedSource(pages: samplePages(20)))
    let cut = try await run(ScriptedSource(pages: samplePages(19), cutShort: "the connection was lost"))
    #expect(isUnchanged(cut))
    #expect(cut.incomplete == [.init(source: "site", reason: "the connection was lost")])
    let whole = try await run(ScriptedSource(pages: samplePages(19)))
    #expect(isPublished(whole))
    #expect(whole.counts.removed == 1)
    #expect(whole.documents == 19)
  }

  @Test func `A source that shrinks too far stops the run, once unless it is accepted`() async throws {
    _ = try await run(ScriptedSource(pages: samplePages(20)))
    let report = try await run(ScriptedSource(pages: samplePages(10)))
    #expect(
      refusal(report)
        == "source “site” would lose 10 of its 20 documents (50 %), more than publish.tolerate.shrink allows (20 %)\n"
        + "  mend: look why they are missing; if it is right, run once with --accept-shrink")
    let again = try await run(ScriptedSource(pages: samplePages(20)))
    #expect(isUnchanged(again))
    let accepted = try await run(ScriptedSource(pages: samplePages(10)), acceptsShrink: true)
    #expect(accepted.documents == 10)
  }

  @Test func `A page that fails keeps its last good version and is named`() async throws {
    _ = try await run(ScriptedSource(pages: samplePages(20)))
    let failing = SourceFailure(url: samplePages(20)[19].url, reason: "503 after 4 tries")
    let source = ScriptedSource(pages: samplePages(19), failures: [failing])
    let report = try await run(source, pipeline(failures: 0.1))
    #expect(isUnchanged(report))
    #expect(
      report.failures == [
        FailureRecord(
          source: "site", url: failing.url, stage: "fetch", reason: "503 after 4 tries", attempts: 1,
          since: 1_795_000_000, last: 1_795_000_000)
      ])
    #expect(report.documents == 20)
  }

  @Test func `Too many failures publish nothing`() async throws {
    let failures = (0..<3).map { SourceFailure(url: "https://help.example/lost/\($0)", reason: "500") }
    let report = try await run(ScriptedSource(pages: samplePages(20), failures: failures))
    #expect(refusal(report)?.hasPrefix("3 of 23 documents failed (13 %)") == true)
    #expect(try CollectionFolder(snapshots: snapshots, collection: "help").currentID() == nil)
  }

  @Test func `The share of failures is of all that failed, also beyond what a report lists`() async throws {
    let failures = (0..<150).map { SourceFailure(url: "https://help.example/lost/\($0)", reason: "500") }
    let report = try await run(
      ScriptedSource(pages: samplePages(100), failures: failures), pipeline(failures: 0.5))
    #expect(refusal(report)?.hasPrefix("150 of 250 documents failed (60 %)") == true)
    #expect(report.failures.count == 100)
  }

  @Test func `A page whose new bytes cannot be cleaned stays, cut by the present settings`() async throws {
    var pages = samplePages(20)
    _ = try await run(ScriptedSource(pages: pages))
    pages[4].html = ""
    let report = try await run(
      ScriptedSource(pages: pages), pipeline(chunk: ChunkSettings(size: 90, overlap: 0), failures: 1))
    #expect(isPublished(report))
    #expect(report.failures.map(\.url) == [pages[4].url])
    let snapshot = try CollectionFolder(snapshots: snapshots, collection: "help").openCurrent()
    #expect(snapshot.manifest.documents == 20)
    for number in 0..<snapshot.manifest.chunks { #expect(try snapshot.chunk(number).text.count <= 90) }
  }

  @Test func `Pages behind those of another source are there when that one goes`() async throws {
    let second = samplePages(20).map { (url: $0.url, html: $0.html.replacing("Everything", with: "All of it")) }
    let scripts = [ScriptedSource(id: "first", pages: samplePages(20)), ScriptedSource(id: "second", pages: second)]
    func run(_ count: Int, day: Int64) async throws -> RunReport {
      let used = Array(scripts.suffix(count))
      return try await IndexingRun(
        pipeline: pipeline(sources: used.map(\.id)), sources: used, embedders: [HashingEmbedder()], threads: 2,
        now: { 1_795_000_000 + day * 86_400 }
      ).run()
    }
    #expect(isPublished(try await run(2, day: 0)))
    // Longer than unused results are kept.
    #expect(isUnchanged(try await run(2, day: 40)))
    #expect(isUnchanged(try await run(2, day: 80)))
    let report = try await run(1, day: 81)
    #expect(isPublished(report))
    #expect(report.documents == 20)
    #expect(report.counts.cleaned == 0)
    let snapshot = try CollectionFolder(snapshots: snapshots, collection: "help").openCurrent()
    #expect(try snapshot.document(0).source == "second")
    #expect(try snapshot.chunk(0).text.contains("All of it"))
  }

  @Test func `Results that have left the state are made again, and nothing counts as changed`() async throws {
    let source = ScriptedSource(pages: samplePages(20))
    _ = try await run(source)
    do {
      let state = try StateFile(collectionFolder: snapshots + "/help")
      try state.retire(keeping: [], at: 1_795_000_000, after: 0, limit: .max)
    }
    let report = try await run(source)
    #expect(isUnchanged(report))
    #expect(report.counts.unchanged == 20)
    #expect(report.counts.cleaned == 20)
    #expect(isPublished(try await run(source, pipeline(chunk: ChunkSettings(size: 90, overlap: 0)))))
  }

  @Test func `A run that is stopped leaves a state from which the next one goes on`() async throws {
    let whole = ScriptedSource(pages: samplePages(40))
    let progress = RunProgress()
    var stopping = whole
    stopping.beforePage = { number in
      guard number == 30 else { return }
      while progress.view.waiting > 0 { try await Task.sleep(for: .milliseconds(1)) }
      throw CancellationError()
    }
    await #expect(throws: CancellationError.self) { try await run(stopping, progress: progress) }
    #expect(try CollectionFolder(snapshots: snapshots, collection: "help").currentID() == nil)
    let report = try await run(whole)
    #expect(isPublished(report))
    #expect(report.counts.unchanged == 30)
    #expect(report.counts.cleaned == 10)
  }

  @Test func `A second run of the same pipeline is turned away while the first is at work`() async throws {
    let (started, gate) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
    var slow = ScriptedSource(pages: samplePages(1))
    slow.beforePage = { _ in
      started.continuation.finish()
      for await _ in gate.stream {}
    }
    let first = Task { [slow] in try await run(slow) }
    for await _ in started.stream {}
    let error = await #expect(throws: IndexingError.self) { try await run(ScriptedSource(pages: samplePages(1))) }
    #expect(error?.kind == .locked)
    gate.continuation.finish()
    #expect(isPublished(try await first.value))
  }

  @Test func `An empty page is a failure that names its stage`() async throws {
    var pages = samplePages(3)
    pages.append(("https://help.example/empty.html", ""))
    let report = try await run(ScriptedSource(pages: pages), pipeline(failures: 0.5))
    #expect(report.failures.map(\.url) == ["https://help.example/empty.html"])
    #expect(report.failures.map(\.stage) == ["clean"])
    #expect(report.documents == 3)
  }

  @Test func `Progress tells what is known and what is done, and forgets what a limit left over`() async throws {
    let progress = RunProgress()
    let views = Mutex<[RunProgress.View]>([])
    var source = ScriptedSource(pages: samplePages(12))
    source.unfetched = 5
    source.progress = progress.source("site")
    source.beforePage = { _ in views.withLock { $0.append(progress.view) } }
    _ = try await run(source, progress: progress)
    let seen = views.withLock { $0 }
    // Before page 7 six are decided; none of them counts as done while it waits for its vectors.
    #expect(seen[6].known == 17)
    #expect(seen[6].decided == 6)
    #expect(seen[6].pending == 11)
    #expect(seen[6].done + seen[6].waiting == 6)
    #expect(progress.view.pending == 0)
    #expect(progress.view.done == 12)
  }
}
