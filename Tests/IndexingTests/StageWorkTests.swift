import AcervoTesting
import Corpus
import Embedding
import Foundation
import Pipelines
import Testing

@testable import Indexing

/// Which stages do work, counted: a changed setting redoes the stages behind it and no other.
@Suite struct StageWorkTests {
  /// What a run worked on, page by page or chunk by chunk.
  private struct Work: Equatable {
    var cleaned = false
    var chunked = false
    var analysed = false
    var embedded = false

    init(_ cleaned: Bool, _ chunked: Bool, _ analysed: Bool, _ embedded: Bool) {
      (self.cleaned, self.chunked, self.analysed, self.embedded) = (cleaned, chunked, analysed, embedded)
    }

    init(_ counts: RunCounts) {
      self.init(counts.cleaned > 0, counts.chunked > 0, counts.analysed > 0, counts.chunksEmbedded > 0)
    }
  }

  private struct OtherEmbedder: Embedder {
    private let base = HashingEmbedder()
    var fingerprint: EmbedderFingerprint {
      var fingerprint = base.fingerprint
      fingerprint.model = "another"
      return fingerprint
    }
    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
      try await base.embed(texts, as: role)
    }
    func tokenCount(_ text: Substring) -> Int { base.tokenCount(text) }
  }

  /// Pages with a table, code and a link, so that every setting of cleaning changes what is left of them.
  private static let pages = samplePages(6).map { page in
    (
      url: page.url,
      html: page.html.replacing(
        "</main>",
        with: "<table><tr><th>Key</th><th>Value</th></tr><tr><td>a</td><td>b</td></tr></table>"
          + "<pre><code>print(1)</code></pre><p>See <a href='/other'>the other page</a> of it.</p></main>"
          + "<nav><p>Everything else that stands around an article, at some length, so that it is a text.</p></nav>")
    )
  }

  @Test func `Each setting redoes the stages behind it and no other`() async throws {
    let folder = try RunFolder()
    let source = ScriptedSource(pages: Self.pages)
    let first = try await folder.run(source)
    #expect(Work(first.counts) == Work(true, true, true, true))

    func work(_ pipeline: PipelineFile, _ embedder: any Embedder = HashingEmbedder()) async throws -> Work {
      let report = try await folder.run(source, pipeline, embedder: embedder)
      return Work(report.counts)
    }
    #expect(try await work(folder.pipeline()) == Work(false, false, false, false))

    // Fetching: neither politeness nor limits change what a page is.
    var web = WebSettings(start: ["https://help.example/"])
    (web.concurrency, web.delay, web.maximumPages, web.revisit) = (1, 1, 50, 0)
    #expect(try await work(folder.pipeline(web: web)) == Work(false, false, false, false))

    // Cleaning: all behind it, where the text changes; vectors of chunks that stay the same are found again.
    #expect(try await work(folder.pipeline(clean: CleanSettings(tables: .drop))) == Work(true, true, true, true))
    #expect(try await work(folder.pipeline(clean: CleanSettings(keepsCode: false))) == Work(true, true, true, true))
    #expect(try await work(folder.pipeline(clean: CleanSettings(content: .all))) == Work(true, true, true, true))
    let withoutLinks = try await work(folder.pipeline(clean: CleanSettings(keepsLinks: false)))
    #expect(withoutLinks == Work(true, true, true, false))

    // Chunking.
    for chunk in [
      ChunkSettings(size: 60, overlap: 0), ChunkSettings(by: .recursive, size: 75, overlap: 0),
      ChunkSettings(size: 9, overlap: 0, unit: .tokens),
    ] {
      #expect(try await work(folder.pipeline(chunk: chunk)) == Work(false, true, true, true))
    }

    // Embedding: the parts of a page name its vectors.
    #expect(try await work(folder.pipeline(), OtherEmbedder()) == Work(false, false, true, true))

    // Indexing.
    let noWords = folder.pipeline(index: IndexSettings(lexical: false))
    #expect(try await work(noWords) == Work(false, false, true, false))

    // Publishing and keeping state: nothing at all.
    #expect(try await work(folder.pipeline(failures: 0.5, shrink: 0.5)) == Work(false, false, false, false))
    #expect(try await work(folder.pipeline()) == Work(false, false, false, false))
  }

  @Test func `Results that nobody uses leave after their time, and a setting that comes back in time finds them`()
    async throws
  {
    let folder = try RunFolder()
    let source = ScriptedSource(pages: Self.pages)
    let keep = StateSettings(keep: 86_400)
    let other = ChunkSettings(size: 150, overlap: 0)
    _ = try await folder.run(source, folder.pipeline(state: keep))
    let full = try CollectionState(pipeline: folder.pipeline()).summary()
    #expect(full.results.allSatisfy { $0.1.count > 0 && $0.1.unusedCount == 0 })
    _ = try await folder.run(source, folder.pipeline(chunk: other, state: keep))
    let both = try CollectionState(pipeline: folder.pipeline()).summary()
    #expect(both.results.contains { $0.1.unusedCount > 0 })
    let back = try await folder.run(source, folder.pipeline(state: keep))
    #expect(Work(back.counts) == Work(false, false, false, false))
    folder.now += 86_400
    // A run that publishes nothing drops them too.
    let later = try await folder.run(source, folder.pipeline(state: keep))
    #expect(later.isUnchanged)
    let swept = try CollectionState(pipeline: folder.pipeline()).summary()
    #expect(swept.results.map { $0.1.count } == full.results.map { $0.1.count })
    #expect(swept.results.allSatisfy { $0.1.unusedCount == 0 })
  }

  @Test func `Beyond its limit the state drops unused results early, and its file shrinks`() async throws {
    let folder = try RunFolder()
    func pages(_ edition: Int) -> ScriptedSource {
      ScriptedSource(
        pages: samplePages(20).map { page in
          let text = (0..<400).map { "word\($0 * 31 + edition)" }.joined(separator: " ")
          return (page.url, page.html.replacing("</main>", with: "<p>\(text)</p></main>"))
        })
    }
    _ = try await folder.run(pages(0))
    let one = try CollectionState(pipeline: folder.pipeline()).summary()
    for edition in 1...8 { _ = try await folder.run(pages(edition)) }
    let many = try CollectionState(pipeline: folder.pipeline()).summary()
    #expect(many.fileBytes > 3 * one.fileBytes)
    let limited = folder.pipeline(state: StateSettings(limit: 2 * one.fileBytes))
    _ = try await folder.run(pages(9), limited)
    #expect(try CollectionState(pipeline: limited).summary().liveBytes <= 2 * one.fileBytes)
    // Where the smaller copy cannot be written, the file stays as it is.
    let copy = folder.snapshots + "/help/state.mdb.compact"
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
    #expect(try await folder.run(pages(9), limited).isUnchanged)
    #expect(try CollectionState(pipeline: limited).summary().fileBytes > 2 * one.fileBytes)
    try FileManager.default.removeItem(atPath: copy)
    let report = try await folder.run(pages(9), limited)
    #expect(report.isUnchanged)
    #expect(try CollectionState(pipeline: limited).summary().fileBytes <= 2 * one.fileBytes)
    #expect(try await folder.run(pages(0), limited).documents == 20)
  }

  @Test func `A plan says what a run then does, and touches nothing`() async throws {
    let folder = try RunFolder()
    let before = try await folder.prepared(ScriptedSource(pages: samplePages(20))).plan()
    #expect(before.new.count == 20)
    #expect(before.chunks > 20)
    #expect(before.tokens > before.chunks)
    #expect(!FileManager.default.fileExists(atPath: folder.snapshots))

    _ = try await folder.run(ScriptedSource(pages: samplePages(20)))
    let state = folder.snapshots + "/help/state.mdb"
    let hash = ContentHash.of(try Data(contentsOf: URL(filePath: state)))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.snapshots + "/help").sorted()
    let edited = ScriptedSource(pages: samplePages(19, edited: [4]))
    let plan = try await folder.prepared(edited).plan()
    #expect(plan.new.isEmpty)
    #expect(plan.changed == [samplePages(20)[4].url])
    #expect(plan.unchanged == 18)
    #expect(plan.removed == [samplePages(20)[19].url])
    #expect(plan.cost == 0)
    #expect(ContentHash.of(try Data(contentsOf: URL(filePath: state))) == hash)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.snapshots + "/help").sorted() == names)

    let report = try await folder.run(edited)
    #expect(report.counts.chunksEmbedded == plan.chunks)
    #expect(report.counts.changed == plan.changed.count)
    #expect(report.counts.removed == plan.removed.count)
    #expect(report.counts.requests == plan.requests)
  }
}
