import AcervoTesting
import Corpus
import HTTPClient
import Indexing
import Pipelines
import Snapshots
import Testing

/// Whole runs over a lab's space: what the first one takes, what an unchanged one costs, and what a change becomes.
@Suite(.timeLimit(.minutes(5))) struct ConfluenceChangesTests {
  @Test(arguments: [ConfluenceSettings.Deployment.cloud, .dataCenter])
  func `A run costs its lists, and a snapshot shows what changed and nothing else`(
    deployment: ConfluenceSettings.Deployment
  ) async throws {
    let wiki = try IndexedLab(deployment, pages: 300, spaces: 1, seed: 5, client: HTTPClient())
    defer { wiki.lab.stop() }
    let first = try await wiki.run(at: 1_795_000_000)
    #expect(first.incomplete == [] && first.failures == [])
    #expect(try wiki.faults() == [])
    let site = wiki.lab.site
    let readable = site.contents.values.filter { site.mayRead($0.id, as: site.indexer) }
    let current = readable.filter { $0.status == .current && [.page, .blogpost].contains($0.kind) }
    #expect(first.documents == current.count && current.count > 250)

    wiki.lab.resetCounts()
    let quiet = try await wiki.run(at: 1_795_003_600)
    #expect(quiet.outcome == .unchanged(snapshot: try #require(try wiki.current())))
    #expect(wiki.lab.counts.bodies == 0)
    if deployment == .cloud {
      #expect(wiki.lab.counts.requests == Self.unchangedRun(site, readable, current.count))
    }
    #expect(quiet.sources.map(\.requests) == [wiki.lab.counts.total])

    // Pages that nothing hangs below and that stand below no restriction.
    let plain = readable.filter { content in
      content.kind == .page && content.status == .current && site.children(content.id).isEmpty
        && site.readers(of: content.id).count == 1 && content.parent != nil
    }.map(\.id).sorted()
    let home = try #require(site.space("ENG")?.home)
    let moved = Array(plain.filter { site.ancestors($0).count > 2 }.prefix(5))
    let others = plain.filter { !moved.contains($0) }
    let (edited, deleted, restricted) = (Array(others[0..<10]), Array(others[20..<23]), Array(others[30..<32]))
    let group = site.indexers
    try wiki.lab.change { site in
      for id in edited { try site.edit(id) }
      for id in moved { try site.move(id, below: home) }
      for id in deleted { try site.trash(id) }
      for id in restricted { try site.restrict(id, to: .init(groups: [group])) }
    }
    wiki.lab.resetCounts()
    let second = try await wiki.run(at: 1_795_007_200)
    #expect(second.incomplete == [] && second.failures == [])
    // Nearly all that the made-up pages include is the first page.
    let including = edited.contains { site.body($0).contains("include\"") }
    #expect(wiki.lab.counts.bodies == edited.count + (including ? 1 : 0))
    #expect(try wiki.faults() == [])
    let diff = try wiki.diff()
    func urls(_ ids: [Int64]) -> [String] { ids.map(wiki.url).sorted() }
    #expect(moved.count == 5 && diff.added == [] && diff.moved == [] && diff.groups == [])
    #expect(diff.removed.map(\.url) == urls(deleted))
    #expect(diff.changed.filter { $0.parts.contains(.content) }.map(\.page.url) == urls(edited))
    #expect(diff.changed.filter { $0.parts == [.breadcrumbs] }.map(\.page.url) == urls(moved))
    #expect(diff.changed.count == edited.count + moved.count)
    #expect(diff.access.map(\.page.url) == urls(restricted))
    #expect(diff.access.allSatisfy { $0.change == .narrowed })
  }

  /// What an unchanged run asks a site with one space for: the arithmetic of docs/decisions/0027.
  private static func unchangedRun(
    _ site: LabSite, _ readable: [LabSite.Content], _ found: Int
  ) -> [LabRoute: Int] {
    func requests(_ count: Int, by size: Int) -> Int { max(1, (count + size - 1) / size) }
    let pages = readable.filter { $0.kind == .page && [.current, .archived].contains($0.status) }
    let restrictions = readable.filter { $0.status == .current }.compactMap(\.readers)
    let groups = Set((restrictions + site.spaces.prefix(1).map(\.readers)).flatMap(\.groups))
    var expected: [LabRoute: Int] = [
      .currentUser: 1, .spaces: 1, .usersBulk: 1, .spacePages: requests(pages.count, by: 250), .spaceBlogPosts: 1,
      .spacePermissions: 1,
      // Restrictions of pages, 200 at a time, and then those of the folders above them.
      .contentSearch: requests(found, by: 200) + 1, .groupMembers: groups.count,
    ]
    // A search shows nothing that is archived, though current pages may hang below it.
    let read = readable.filter { $0.status == .current && $0.kind == .page }
    let archived = Set(read.flatMap { site.ancestors($0.id) }).filter { site.contents[$0]?.status == .archived }
    if !archived.isEmpty { expected[.restrictions] = archived.count }
    return expected
  }
}
