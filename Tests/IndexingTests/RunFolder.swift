import AcervoTesting
import Connectors
import Corpus
import Embedding
import Foundation
import HTTPClient
import Pipelines
import Snapshots

@testable import Indexing

/// A folder in which runs publish, and the means to look at what they left.
final class RunFolder {
  let folder: TemporaryFolder
  var snapshots: String { folder.path + "/snapshots" }
  /// The time of the next run.
  var now: Int64 = 1_795_000_000

  init() throws { folder = try TemporaryFolder() }

  func pipeline(
    clean: CleanSettings = CleanSettings(), chunk: ChunkSettings = ChunkSettings(size: 200, overlap: 40),
    index: IndexSettings = IndexSettings(), web: WebSettings = WebSettings(start: ["https://help.example/"]),
    failures: Double = 0.02, shrink: Double = 0.2, state: StateSettings = StateSettings()
  ) -> PipelineFile {
    PipelineFile(
      path: "test.yaml", name: "help", sources: [SourceSettings(id: "site", kind: .web(web))], clean: clean,
      chunk: chunk, embed: EmbedSettings(), index: index,
      publish: PublishSettings(to: snapshots, toleratedFailures: failures, toleratedShrink: shrink), state: state)
  }

  func run(
    _ source: any Source, _ pipeline: PipelineFile? = nil, embedder: (any Embedder)? = HashingEmbedder(),
    acceptsShrink: Bool = false, onlyFailed: IndexingRun.FailureFilter? = nil
  ) async throws -> RunReport {
    now += 3600
    return try await prepared(
      source, pipeline, embedder: embedder, acceptsShrink: acceptsShrink, onlyFailed: onlyFailed
    ).run()
  }

  func prepared(
    _ source: any Source, _ pipeline: PipelineFile? = nil, embedder: (any Embedder)? = HashingEmbedder(),
    acceptsShrink: Bool = false, onlyFailed: IndexingRun.FailureFilter? = nil
  ) -> IndexingRun {
    let now = self.now
    return IndexingRun(
      pipeline: pipeline ?? self.pipeline(), sources: [source], embedders: embedder.map { [$0] } ?? [], threads: 2,
      acceptsShrink: acceptsShrink, onlyFailed: onlyFailed, now: { now })
  }

  /// A crawl of a loopback site, without waiting between tries.
  func crawl(_ site: LoopbackSite, _ change: (inout WebSettings) -> Void = { _ in }) throws -> (
    WebSource, WebSettings
  ) {
    var settings = WebSettings(start: [site.url()])
    change(&settings)
    let timing = RetryTiming(
      now: { 1_795_000_000 }, sleep: { _ in try Task.checkCancellation() }, random: { 0.5 })
    let source = WebSource(
      id: "site", settings: settings, client: try HTTPClient(), policy: RetryPolicy(tries: 2), timing: timing)
    return (source, settings)
  }

  var collection: CollectionFolder {
    get throws { try CollectionFolder(snapshots: snapshots, collection: "help") }
  }

  /// The addresses of the current snapshot's documents.
  func urls() throws -> [String] {
    let snapshot = try collection.openCurrent()
    return try (0..<snapshot.manifest.documents).map { try snapshot.document($0).url }
  }

  /// The texts of the current snapshot's chunks, joined.
  func text() throws -> String {
    let snapshot = try collection.openCurrent()
    return try (0..<snapshot.manifest.chunks).map { try snapshot.chunk($0).text }.joined(separator: "\n")
  }
}

extension RunReport {
  var isPublished: Bool { if case .published = outcome { true } else { false } }
  var isUnchanged: Bool { if case .unchanged = outcome { true } else { false } }
  var refusal: String? { if case .refused(let reason) = outcome { reason } else { nil } }
}
