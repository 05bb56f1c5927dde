import AcervoTesting
import Corpus
import HTTPClient
import Indexing
import Pipelines
import Snapshots
import Testing

/// Readers of a Confluence site, from the site to what a question finds, while they change and no version does.
@Suite(.timeLimit(.minutes(5))) struct ConfluenceReadersTests {
  @Test(arguments: [ConfluenceSettings.Deployment.cloud, .dataCenter])
  func `Readers follow the site though no version moves`(deployment: ConfluenceSettings.Deployment) async throws {
    let wiki = try IndexedLab(deployment, pages: 40, seed: 11, client: HTTPClient())
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
    let why = try AccessExplanation(of: number, as: wiki.principals(bob), in: wiki.snapshot())
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
    #expect(left.groups.map(\.group.name) == [deployment == .cloud ? "group:group-payroll" : "group:payroll"])
    #expect(left.groups.first.map { Set($0.removed) } == wiki.principals(bob) && left.access.isEmpty)
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

  @Test(arguments: [ConfluenceSettings.Deployment.cloud, .dataCenter], [1, 2] as [UInt64])
  func `A whole site is read by those who may read it`(
    deployment: ConfluenceSettings.Deployment, seed: UInt64
  ) async throws {
    let wiki = try IndexedLab(deployment, pages: 150, seed: seed, client: HTTPClient())
    defer { wiki.lab.stop() }
    let report = try await wiki.run(at: 1_795_000_000)
    #expect(report.incomplete == [])
    #expect(try wiki.faults() == [])
  }
}
