import AcervoTesting
import Connectors
import Corpus
import HTTPClient
import Pipelines
import Testing

@Suite struct ConfluenceSourceTests {
  private static func lab(pages: Int = 160, seed: UInt64 = 3) throws -> ConfluenceLab {
    try ConfluenceLab(LabSite(LabSite.Shape(pages: pages, seed: seed)))
  }

  @Test(arguments: [ConfluenceLab.Door.site, .gateway, .bearer, .dataCenter])
  func `every page is read with its readers`(door: ConfluenceLab.Door) async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let index = ConfluenceIndex()
    let run = try await index.read(lab.source(door))
    #expect(run.listing.cutShort == nil)
    #expect(run.failed.isEmpty)
    #expect(index.pages.count > 100)
    let faults = lab.faults(of: index, door)
    #expect(faults.isEmpty, "\(faults.count): \(faults.prefix(5))")
  }

  @Test(arguments: [ConfluenceLab.Door.site, .dataCenter])
  func `an unchanged site costs no body`(door: ConfluenceLab.Door) async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(lab.source(door))
    lab.resetCounts()
    let run = try await index.read(lab.source(door))
    #expect(run.documents.isEmpty, "\(run.documents.prefix(3))")
    #expect(run.refreshed.isEmpty)
    #expect(Set(run.unchanged) == Set(index.pages.keys))
    #expect(lab.counts.bodies == 0)
    #expect(run.listing.requests == lab.counts.total)
    // The lab counts the people in restrictions, too, which only it knows.
    let points = try #require(run.listing.points)
    #expect(abs(points - lab.counts.points) * 20 < lab.counts.points)
  }

  @Test func `a space is read by those whose role reads it`() async throws {
    let lab = try Self.lab(pages: 30)
    defer { lab.stop() }
    lab.configure { $0.usesRoles = true }
    let index = ConfluenceIndex()
    let run = try await index.read(lab.source())
    #expect(run.listing.cutShort == nil && run.failed.isEmpty && !index.pages.isEmpty)
    #expect(lab.faults(of: index).isEmpty)
    // Nobody is guessed where the roles are not told.
    lab.fault(LabFault(.forbidden, on: .spaceRoles, times: nil))
    let closed = try await index.read(lab.source())
    #expect(closed.failed.count == 3 && index.pages.values.allSatisfy { $0.facts.access == .closed })
  }

  @Test func `a list of readers that goes on without end is no list of nobody`() async throws {
    let lab = try Self.lab(pages: 30)
    defer { lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(lab.source(.dataCenter))
    lab.fault(LabFault(.endless, on: .spacePermissions, times: 1))
    let run = try await index.read(lab.source(.dataCenter))
    #expect(run.listing.cutShort?.contains("who may read the space") == true)
    lab.mend()
    #expect(lab.faults(of: index, .dataCenter).isEmpty)
  }

  @Test func `pages show people by the names that they have now`() async throws {
    let lab = try Self.lab(pages: 30)
    defer { lab.stop() }
    let account = try #require(lab.site.users.keys.sorted().last)
    let page = try lab.change { site in
      try site.add(
        title: "Who to ask", space: "ENG",
        text: "<p>Ask <ac:link><ri:user ri:account-id=\"\(account)\"/></ac:link>.</p>")
    }
    let index = ConfluenceIndex()
    try await index.read(lab.source())
    try lab.change { try $0.rename(user: account, to: "Zoë New") }
    let run = try await index.read(lab.source())
    #expect(run.documents.contains(lab.address(page)))
    let body = index.pages[lab.address(page)].map { String(decoding: $0.body, as: UTF8.self) } ?? ""
    #expect(body.contains("Zoë New"))
    // Names that cannot be had change nothing.
    try lab.change { try $0.rename(user: account, to: "Zoë Newer") }
    lab.fault(LabFault(.status(500), on: .usersBulk, times: nil))
    let quiet = try await index.read(lab.source())
    #expect(quiet.documents.isEmpty && quiet.listing.cutShort == nil)
  }

  @Test func `folders are asked for together where readers are not`() async throws {
    var shape = LabSite.Shape(pages: 320, seed: 3)
    shape.spaces = 1
    let lab = try ConfluenceLab(LabSite(shape))
    defer { lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(lab.source { $0.access = .public })
    lab.resetCounts()
    let run = try await index.read(lab.source { $0.access = .public })
    #expect(run.listing.cutShort == nil && Set(run.unchanged) == Set(lab.truth().keys) && run.refreshed.isEmpty)
    #expect(lab.counts.requests[.node] == nil && lab.counts.requests[.contentSearch] == 1)
    // The titles above a page are those of its folders, whichever way they came.
    lab.fault(LabFault(.status(500), on: .contentSearch, times: nil))
    let single = try await index.read(lab.source { $0.access = .public })
    #expect(single.listing.cutShort == nil && single.refreshed.isEmpty)
    #expect(lab.counts.requests[.node] ?? 0 > 3)
  }

  @Test(arguments: [ConfluenceLab.Door.site, .dataCenter])
  func `what changed is noticed, and nothing else`(door: ConfluenceLab.Door) async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(lab.source(door))
    let site = lab.site
    // Pages that nobody includes or names, so that each change touches one page.
    let pages = lab.truth(door).values.sorted().filter { id in
      site.contents[id]?.kind == .page && site.children(id).isEmpty && site.contents[id]?.readers == nil
    }
    let (edited, moved, renamed, trashed, restricted, archived) = (
      pages[1], pages[4], pages[7], pages[10], pages[13], pages[16]
    )
    let home = try #require(site.contents[moved].flatMap { site.space($0.space)?.home })
    let target = try #require(site.children(home).first { $0.kind == .page && $0.id != site.contents[moved]?.parent })
    let group = site.indexers
    try lab.change { site in
      try site.edit(edited)
      try site.move(moved, below: target.id)
      try site.rename(renamed, to: "A name that no other page has")
      try site.trash(trashed)
      try site.restrict(restricted, to: LabSite.Subjects(groups: [group]))
      try site.archive(archived)
    }
    lab.resetCounts()
    let run = try await index.read(lab.source(door))
    #expect(run.listing.cutShort == nil)
    #expect(run.removed == [lab.address(trashed, door), lab.address(archived, door)])
    #expect(Set(run.documents).isSuperset(of: [lab.address(edited, door), lab.address(renamed, door)]))
    #expect(run.refreshed.isSuperset(of: [lab.address(moved, door), lab.address(restricted, door)]))
    let faults = lab.faults(of: index, door)
    #expect(faults.isEmpty, "\(faults.count): \(faults.prefix(5))")
    try lab.change { site in
      try site.restore(trashed)
      try site.restore(archived)
      try site.restrict(restricted, to: nil)
    }
    try await index.read(lab.source(door))
    #expect(lab.faults(of: index, door).isEmpty)
  }

  @Test func `a restricted ancestor and a moved parent change the readers of all below`() async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(lab.source())
    let site = lab.site
    let parent = try #require(
      site.list(kinds: [.page, .folder]).first { content in
        site.mayRead(content.id, as: site.indexer) && site.children(content.id).count > 2
          && content.parent != nil && content.readers == nil
      })
    let group = site.indexers
    try lab.change { try $0.restrict(parent.id, to: LabSite.Subjects(groups: [group])) }
    try await index.read(lab.source())
    #expect(lab.faults(of: index).isEmpty)
    try lab.change { try $0.move(parent.id, below: nil) }
    lab.resetCounts()
    try await index.read(lab.source())
    #expect(lab.faults(of: index).isEmpty)
    #expect(lab.counts.bodies == 0)
  }

  @Test func `a page that includes another is read by those only who may read both`() async throws {
    let lab = try Self.lab(pages: 20)
    defer { lab.stop() }
    let site = lab.site
    let group = site.indexers
    let key = "ENG"
    let (secret, open) = try lab.change { site in
      let secret = try site.add(title: "Salaries", space: key, text: "<p>Ana earns 10.</p>")
      try site.restrict(secret, to: LabSite.Subjects(groups: [group]))
      let open = try site.add(
        title: "All about us", space: key,
        text: """
          <p>Before.</p><ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link>\
          <ri:page ri:content-title="Salaries"/></ac:link></ac:parameter></ac:structured-macro>
          """)
      return (secret, open)
    }
    let index = ConfluenceIndex()
    try await index.read(lab.source())
    let user = try #require(site.users.keys.sorted().first { $0 != site.indexer })
    #expect(!index.admits(user, to: lab.address(secret)))
    #expect(!index.admits(user, to: lab.address(open)))
    #expect(index.admits(site.indexer, to: lab.address(open)))
    let page = try #require(index.pages[lab.address(open)])
    #expect(String(decoding: page.body, as: UTF8.self).contains("Ana earns 10."))
    // The included page changes: so do the bytes of the one that shows it.
    try lab.change { try $0.edit(secret, text: "<p>Ana earns 11.</p>") }
    let run = try await index.read(lab.source())
    #expect(Set(run.documents) == [lab.address(secret), lab.address(open)])
    // Its restriction is lifted: the readers change, the bytes do not.
    try lab.change { try $0.restrict(secret, to: nil) }
    let last = try await index.read(lab.source())
    #expect(last.documents.isEmpty)
    #expect(index.admits(user, to: lab.address(open)))
  }

  @Test func `a token that expires in between takes no page away`() async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    lab.configure {
      $0.allowsAnonymous = true
      $0.expiredIsAnonymous = true
    }
    let index = ConfluenceIndex()
    try await index.read(lab.source())
    let count = index.pages.count
    lab.later(after: 3, of: .spacePages) { _ in }
    lab.expire(ConfluenceLab.siteToken)
    await #expect(throws: SourceError.self) { try await index.read(lab.source()) }
    #expect(index.pages.count == count)
  }

  @Test(arguments: [ConfluenceLab.Door.site, .dataCenter])
  func `an address without a Confluence is told as one`(door: ConfluenceLab.Door) async throws {
    let lab = try Self.lab(pages: 10)
    defer { lab.stop() }
    let error = await #expect(throws: SourceError.self) {
      try await ConfluenceIndex().read(lab.source(door) { $0.url += "/wikki" })
    }
    #expect(error?.description.contains("no Confluence answers there: mend `url`") == true, "\(error as Any)")
  }

  @Test func `a space that is not there is a fault and removes nothing`() async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(lab.source(spaces: ["ENG", "SUP"]))
    let count = index.pages.count
    let run = try await index.read(lab.source(spaces: ["ENG", "NOPE"]))
    #expect(run.listing.cutShort?.contains("“NOPE”") == true)
    #expect(run.failed.count == 1)
    #expect(index.pages.count == count)
    // Without the space in the settings its pages leave, each asked for.
    let last = try await index.read(lab.source(spaces: ["ENG"]))
    #expect(last.listing.cutShort == nil)
    #expect(lab.faults(of: index, spaces: ["ENG"]).isEmpty)
  }

  @Test func `a wait beyond the limit ends the run with everything kept`() async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(lab.source())
    let count = index.pages.count
    try lab.change { site in
      let page = site.list(space: "ENG").filter { $0.parent != nil }[5]
      try site.trash(page.id)
    }
    lab.fault(LabFault(.tooMany(.seconds(3600)), on: .spacePages, times: 1))
    let run = try await index.read(lab.source())
    #expect(run.listing.cutShort?.contains("longer than `limits.wait` allows") == true)
    #expect(index.pages.count == count)
    #expect(run.removed.isEmpty)
  }

  @Test func `waits that are asked for are kept, in every form`() async throws {
    let lab = try Self.lab(pages: 30)
    defer { lab.stop() }
    for after in [LabFault.RetryAfter.seconds(30), .date(30), .missing] {
      let clock = SleepingClock()
      lab.fault(LabFault(.tooMany(after), on: .spacePages, times: 1))
      let index = ConfluenceIndex()
      let run = try await index.read(lab.source(clock: clock))
      #expect(run.listing.cutShort == nil)
      if case .missing = after { #expect(clock.total >= 1) } else { #expect(clock.total >= 28, "\(after)") }
      lab.mend()
    }
  }

  @Test func `one page's broken body costs that page alone`() async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let victim = try #require(lab.truth().values.sorted().dropFirst(20).first)
    lab.fault(LabFault(.bodies([victim]), on: .pages))
    let index = ConfluenceIndex()
    let run = try await index.read(lab.source())
    #expect(run.failed.keys.sorted() == [lab.address(victim)])
    #expect(index.pages.count == lab.truth().count - 1)
  }

  @Test func `labels decide what is read, and their changes are noticed`() async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let index = ConfluenceIndex()
    let wanted = ["kb"]
    try await index.read(lab.source { $0.labels = wanted })
    func expected() -> Set<String> {
      let site = lab.site
      return Set(
        lab.truth().filter { site.contents[$0.value]?.labels.contains("kb") == true && !site.isArchived($0.value) }.keys
      )
    }
    #expect(Set(index.pages.keys) == expected())
    let one = try #require(lab.truth().values.sorted().first { lab.site.contents[$0]?.labels.contains("kb") == true })
    try lab.change { try $0.label(one, ["faq"]) }
    let run = try await index.read(lab.source { $0.labels = wanted })
    #expect(run.removed == [lab.address(one)])
    #expect(Set(index.pages.keys) == expected())
  }

  @Test func `readers may be taken as they were for a time`() async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let index = ConfluenceIndex()
    let clock = SleepingClock()
    try await index.read(lab.source(clock: clock) { $0.recheck = 3600 })
    lab.resetCounts()
    let quiet = try await index.read(lab.source(clock: clock) { $0.recheck = 3600 })
    #expect(Set(quiet.unchanged) == Set(index.pages.keys))
    #expect(lab.counts.requests[.contentSearch] == nil)
    #expect(lab.faults(of: index).isEmpty)
    // Anything that moves, and the time, ask anew.
    let page = try #require(lab.truth().values.sorted().last)
    let group = lab.site.indexers
    try lab.change { try $0.restrict(page, to: LabSite.Subjects(groups: [group])) }
    try await clock.timing.sleep(3700)
    try await index.read(lab.source(clock: clock) { $0.recheck = 3600 })
    #expect(lab.faults(of: index).isEmpty)
    try lab.change {
      try $0.restrict(page, to: nil)
      try $0.rename(page, to: "Another name")
    }
    try await index.read(lab.source(clock: clock) { $0.recheck = 3600 })
    #expect(lab.faults(of: index).isEmpty)
  }

  @Test func `archived pages are read on request`() async throws {
    let lab = try Self.lab()
    defer { lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(lab.source { $0.archived = true })
    let expected = lab.truth(statuses: [.current, .archived])
    #expect(expected.count > lab.truth().count)
    #expect(Set(index.pages.keys) == Set(expected.keys))
    try await index.read(lab.source())
    #expect(Set(index.pages.keys) == Set(lab.truth().keys))
  }
}

extension LabSite {
  fileprivate func isArchived(_ id: Int64) -> Bool { contents[id]?.status == .archived }
}
