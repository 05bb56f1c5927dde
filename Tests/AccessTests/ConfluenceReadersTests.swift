import AcervoTesting
import Connectors
import Corpus
import Embedding
import Foundation
import HTTPClient
import Indexing
import Pipelines
import Retrieval
import Settings
import Snapshots
import Testing

/// Readers of a Confluence site, from the site to what a question finds, while they change and no version does.
@Suite(.timeLimit(.minutes(5))) struct ConfluenceReadersTests {
  private final class Indexed: Sendable {
    let lab: ConfluenceLab
    private let folder: TemporaryFolder
    private let client: HTTPClient

    init(pages: Int, seed: UInt64) throws {
      var shape = LabSite.Shape(pages: pages, seed: seed)
      shape.restricted = 20
      lab = try ConfluenceLab(LabSite(shape))
      folder = try TemporaryFolder()
      client = try HTTPClient()
    }

    private var collection: CollectionFolder {
      get throws { try CollectionFolder(snapshots: folder.path, collection: "wiki") }
    }

    func run(at now: Int64) async throws -> RunReport {
      let settings = ConfluenceSettings(
        url: lab.siteURL, deployment: .cloud, user: lab.email, token: Secret(ConfluenceLab.siteToken))
      let pipeline = PipelineFile(
        path: "test.yaml", name: "wiki", sources: [SourceSettings(id: "wiki", kind: .confluence(settings))],
        clean: CleanSettings(), chunk: ChunkSettings(), embed: EmbedSettings(), index: IndexSettings(),
        publish: PublishSettings(to: folder.path))
      let source = ConfluenceSource(id: "wiki", settings: settings, client: client)
      return try await IndexingRun(
        pipeline: pipeline, sources: [source], embedders: [HashingEmbedder()], threads: 2, now: { now }
      ).run()
    }

    func snapshot() throws -> Snapshot { try collection.openCurrent() }

    func diff() throws -> SnapshotDiff {
      let folder = try collection
      let current = try #require(try folder.currentID())
      let before = try Snapshot(folder: folder.folder(ofSnapshot: try folder.previousID()))
      return try SnapshotDiff(from: before, to: Snapshot(folder: folder.folder(ofSnapshot: current)))
    }

    func url(_ id: Int64) -> String { "\(lab.siteURL)/pages/viewpage.action?pageId=\(id)" }

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
          let principals = try snapshot.principals(of: Set(["user:\(account)"].compactMap(Principal.init)))
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
      let asker = Set(["user:\(account)"].compactMap(Principal.init))
      let hits = try await retriever.search(SearchRequest(query: title, topK: 1000, principals: asker))
      return hits.contains { $0.url == url(id) }
    }
  }

  @Test func `Readers follow the site though no version moves`() async throws {
    let wiki = try Indexed(pages: 40, seed: 11)
    defer { wiki.lab.stop() }
    let (ana, bob) = ("557058:ana-lab", "557058:bob-lab")
    let (page, child, host) = try wiki.lab.change { site in
      site.addUser("Ana Lab", accountID: ana)
      site.addUser("Bob Lab", accountID: bob)
      site.addGroup("payroll", id: "group-payroll", members: [ana, bob, site.indexer])
      let page = try site.add(
        title: "Quixotic salaries", space: "ENG", text: "<p>Quixotic salaries are paid on the last day.</p>")
      let child = try site.add(
        title: "Quixotic bonuses", space: "ENG", below: page, text: "<p>Quixotic bonuses are paid in May.</p>")
      let host = try site.add(
        title: "Zephyr overview", space: "ENG",
        text:
          "<p>Zephyr overview of pay.</p><ac:structured-macro ac:name=\"include\"><ac:parameter ac:name=\"\"><ac:link>"
          + "<ri:page ri:content-title=\"Quixotic salaries\"/></ac:link></ac:parameter></ac:structured-macro>")
      return (page, child, host)
    }
    func noFaults() throws { #expect(try wiki.faults(including: [host: page]) == []) }

    let first = try await wiki.run(at: 1_795_000_000)
    #expect(first.incomplete == [] && first.failures == [])
    try noFaults()
    for id in [page, child, host] { #expect(try await wiki.finds(id, as: bob)) }

    // A restriction on a page hides it, what stands below it, and what shows it.
    try wiki.lab.change { site in
      try site.restrict(page, to: .init(users: [ana, site.indexer]))
    }
    let second = try await wiki.run(at: 1_795_003_600)
    #expect(second.counts.readersChanged == 3 && second.counts.cleaned == 0 && second.counts.chunksEmbedded == 0)
    try noFaults()
    let hidden = try wiki.diff()
    #expect(hidden.access.map(\.page.url).sorted() == [page, child, host].map(wiki.url).sorted())
    #expect(hidden.access.allSatisfy { $0.change == .narrowed } && hidden.changed.isEmpty && hidden.groups.isEmpty)
    for id in [page, child, host] {
      #expect(try await !wiki.finds(id, as: bob))
      #expect(try await wiki.finds(id, as: ana))
    }
    let number = try #require(try wiki.snapshot().documentNumber(url: wiki.url(host)))
    let why = try AccessExplanation(
      of: number, as: Set(["user:\(bob)"].compactMap(Principal.init)), in: wiki.snapshot())
    #expect(
      !why.isAllowed && why.parts.filter { !$0.isMet }.map(\.origin) == ["included page \(page) “Quixotic salaries”"])

    // A group's member, and then not.
    try wiki.lab.change { try $0.restrict(page, to: .init(groups: ["group-payroll"])) }
    _ = try await wiki.run(at: 1_795_007_200)
    try noFaults()
    for id in [page, host] { #expect(try await wiki.finds(id, as: bob)) }
    try wiki.lab.change { site in try site.members(of: "group-payroll", [ana, site.indexer]) }
    let fourth = try await wiki.run(at: 1_795_010_800)
    #expect(fourth.counts.groupsChanged == 1 && fourth.counts.readersChanged == 0 && fourth.counts.cleaned == 0)
    try noFaults()
    let left = try wiki.diff()
    #expect(left.groups.map(\.group.name) == ["group:group-payroll"] && left.access.isEmpty)
    #expect(left.groups.first?.removed.map(\.name) == ["user:\(bob)"])
    for id in [page, child, host] { #expect(try await !wiki.finds(id, as: bob)) }

    // The space is closed to all but a few.
    try wiki.lab.change { site in
      try site.permit(space: "ENG", to: .init(users: [bob], groups: ["group-payroll", site.indexers]))
    }
    _ = try await wiki.run(at: 1_795_014_400)
    try noFaults()
    #expect(try await wiki.finds(page, as: ana))

    // And everything is lifted again.
    try wiki.lab.change { site in
      try site.permit(space: "ENG", to: .init(groups: [site.everybody]))
      try site.restrict(page, to: nil)
    }
    _ = try await wiki.run(at: 1_795_018_000)
    try noFaults()
    #expect(try wiki.diff().access.contains { $0.page.url == wiki.url(host) })
    for id in [child, host] { #expect(try await wiki.finds(id, as: bob)) }
    #expect(try await wiki.run(at: 1_795_021_600).counts.changed == 0)
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func `A whole site is read by those who may read it`(seed: UInt64)
    async throws
  {
    let wiki = try Indexed(pages: 150, seed: seed)
    defer { wiki.lab.stop() }
    let report = try await wiki.run(at: 1_795_000_000)
    #expect(report.incomplete == [])
    #expect(try wiki.faults() == [])
  }
}
