import AcervoTesting
import Connectors
import Corpus
import Embedding
import HTTPClient
import Indexing
import Pipelines
import Retrieval
import Settings
import Snapshots
import Synchronization
import Testing

/// A lab site with an index of it.
final class IndexedLab: Sendable {
  let lab: ConfluenceLab
  private let deployment: ConfluenceSettings.Deployment
  private let folder: TemporaryFolder
  private let client: HTTPClient

  init(
    _ deployment: ConfluenceSettings.Deployment, pages: Int, spaces: Int = 3, seed: UInt64, client: HTTPClient
  ) throws {
    self.deployment = deployment
    var shape = LabSite.Shape(pages: pages, seed: seed)
    shape.spaces = spaces
    shape.restricted = 20
    lab = try ConfluenceLab(LabSite(shape))
    folder = try TemporaryFolder()
    self.client = client
  }

  private var collection: CollectionFolder {
    get throws { try CollectionFolder(snapshots: folder.path, collection: "wiki") }
  }

  /// A clock that goes on only while somebody sleeps, so that no test waits.
  private func timing(from now: Int64) -> RetryTiming {
    let clock = Clock()
    return RetryTiming(
      now: { Double(now) + clock.seconds.withLock { $0 } },
      sleep: { seconds in
        try Task.checkCancellation()
        clock.seconds.withLock { $0 += max(seconds, 0.001) }
        await Task.yield()
      }, random: { 0.5 })
  }

  private final class Clock: Sendable {
    let seconds = Mutex(0.0)
  }

  func run(at now: Int64) async throws -> RunReport {
    let settings =
      deployment == .cloud
      ? ConfluenceSettings(
        url: base, deployment: deployment, user: lab.email, token: Secret(ConfluenceLab.siteToken))
      : ConfluenceSettings(url: base, deployment: deployment, token: Secret(ConfluenceLab.personalToken))
    let pipeline = PipelineFile(
      path: "test.yaml", name: "wiki", sources: [SourceSettings(id: "wiki", kind: .confluence(settings))],
      clean: CleanSettings(), chunk: ChunkSettings(), embed: EmbedSettings(), index: IndexSettings(),
      publish: PublishSettings(to: folder.path))
    let source = ConfluenceSource(
      id: "wiki", settings: settings, client: client,
      timing: timing(from: now))
    return try await IndexingRun(
      pipeline: pipeline, sources: [source], embedders: [HashingEmbedder()], threads: 2, now: { now }
    ).run()
  }

  func current() throws -> String? { try collection.currentID() }

  func snapshot() throws -> Snapshot { try collection.openCurrent() }

  func diff() throws -> SnapshotDiff {
    let folder = try collection
    let current = try #require(try folder.currentID())
    let before = try Snapshot(folder: folder.folder(ofSnapshot: try folder.previousID()))
    return try SnapshotDiff(from: before, to: Snapshot(folder: folder.folder(ofSnapshot: current)))
  }

  private var base: String { deployment == .cloud ? lab.siteURL : lab.dataCenterURL }

  func url(_ id: Int64) -> String { "\(base)/pages/viewpage.action?pageId=\(id)" }

  /// Data Center knows people by keys and groups by names.
  func principals(_ account: String) -> Set<Principal> {
    let name = deployment == .cloud ? account : lab.site.users[account]?.userKey ?? ""
    return Set(["user:\(name)"].compactMap(Principal.init))
  }

  /// What is wrong with who may read what, against the site's own rule; `including` are pages that show others.
  func faults(including: [Int64: Int64] = [:]) throws -> [String] {
    let (site, snapshot) = (lab.site, try snapshot())
    var faults: [String] = []
    var compared = 0
    let read = site.contents.values.filter { [.page, .blogpost].contains($0.kind) && $0.status == .current }
    for content in read.sorted(by: { $0.id < $1.id }) {
      guard let number = try snapshot.documentNumber(url: url(content.id)) else {
        if site.mayRead(content.id, as: site.indexer) { faults.append("\(content.title) is not there") }
        continue
      }
      let rule = try snapshot.document(number).access
      for account in site.users.keys.sorted() {
        let principals = try snapshot.principals(of: principals(account))
        let expected = ([content.id] + [including[content.id]].compactMap { $0 })
          .allSatisfy { site.mayRead($0, as: account) }
        compared += 1
        if rule.admits(principals) != expected {
          faults.append("\(account) and “\(content.title)”: \(expected ? "wrongly hidden" : "leaked")")
        }
      }
    }
    return compared > 100 ? faults : ["only \(compared) were compared"]
  }

  /// Whether a question about a page finds it, asked by an account.
  func finds(_ id: Int64, as account: String) async throws -> Bool {
    let retriever = try Retriever(snapshot: try snapshot(), embedder: HashingEmbedder())
    let title = lab.site.contents[id]?.title ?? ""
    let hits = try await retriever.search(
      SearchRequest(query: title, topK: 1000, principals: principals(account)))
    return hits.contains { $0.url == url(id) }
  }

  /// Who may read each page that the index holds, by the site's ids.
  func readers() throws -> [Int64: Set<String>] {
    let (site, snapshot) = (lab.site, try snapshot())
    var readers: [Int64: Set<String>] = [:]
    var everybody: [String: Set<Principal>] = [:]
    for account in site.users.keys { everybody[account] = try snapshot.principals(of: principals(account)) }
    for id in site.contents.keys {
      guard let number = try snapshot.documentNumber(url: url(id)) else { continue }
      let rule = try snapshot.document(number).access
      readers[id] = Set(everybody.filter { rule.admits($0.value) }.keys)
    }
    return readers
  }
}
