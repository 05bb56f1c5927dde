import AcervoTesting
import Corpus
import HTTPClient
import Testing

@Suite("The lab's Cloud listings")
struct CloudListingTests {
  @Test("a space's pages are listed once each, by id, over all cursors")
  func walk() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let site = lab.site
    let space = try #require(site.space("ENG"))
    let pages = try await client.walk("/api/v2/spaces/\(space.id)/pages?limit=7")
    let expected = site.list(space: "ENG").filter { site.mayRead($0.id, as: site.indexer) }.map { "\($0.id)" }
    #expect(pages.flatMap { $0 } == expected)
    #expect(expected.count > 30 && site.list(space: "ENG").count > expected.count - 1)
    #expect(pages.dropLast().allSatisfy { $0.count == 7 })
  }

  @Test("next begins with /wiki, base is always there, and a Link header says the same")
  func links() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let first = try await client.get("/api/v2/pages?limit=5")
    let next = try #require(first.next)
    #expect(next.hasPrefix("/wiki/api/v2/pages?"))
    #expect(first.json["_links"]?["base"]?.string == lab.siteURL)
    #expect(first.response.header("link")?.contains("<\(next)>; rel=\"next\"") == true)
    let wrong = try await client.get(lab.siteURL + next)
    #expect(wrong.status == 404)
    let last = try await client.get("/api/v2/spaces?limit=250")
    #expect(last.next == nil)
    #expect(last.json["_links"]?["base"]?.string == lab.siteURL)
  }

  @Test("a cursor that was changed, or belongs to another listing, is refused")
  func alteredCursors() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let next = try #require(try await client.get("/api/v2/pages?limit=5&status=current").next)
    let fine = try await client.get(next)
    #expect(fine.status == 200)
    // Another size of pages is no other listing.
    let other = try await client.get(next.replacing("limit=5", with: "limit=9"))
    #expect(other.ids.count == 9)
    for bad in [
      next.replacing("status=current", with: "status=archived"), next.replacing("cursor=e", with: "cursor=f"),
    ] {
      let reply = try await client.get(bad)
      #expect(reply.status == 400)
      #expect(reply.json["errors"]?.array?.first?["code"]?.string == "INVALID_REQUEST_PARAMETER")
    }
  }

  @Test("cursors die of age where the lab is told so")
  func oldCursors() async throws {
    var site = smallSite()
    site.clock = 1_780_000_000_000
    var options = ConfluenceLab.Options()
    options.cursorSeconds = 60
    let lab = try ConfluenceLab(site, options)
    let client = try LabClient(lab)
    let next = try #require(try await client.get("/api/v2/pages?limit=5").next)
    #expect(try await client.get(next).status == 200)
    lab.change { $0.clock = ($0.clock ?? 0) + 61_000 }
    #expect(try await client.get(next).status == 400)
  }

  @Test("limits above the cap are cut silently")
  func caps() async throws {
    let lab = try ConfluenceLab(smallSite(400))
    let client = try LabClient(lab)
    #expect(try await client.get("/api/v2/pages?limit=1000").ids.count == 250)
    #expect(try await client.get("/api/v2/pages").ids.count == 25)
    #expect(try await client.get("/api/v2/pages?limit=0").status == 400)
  }

  @Test("empty pages with a next, and short pages, come where asked for, and lose nothing", arguments: [true, false])
  func oddPages(isEmpty: Bool) async throws {
    var options = ConfluenceLab.Options()
    options.emptyPages = isEmpty
    options.shortPages = !isEmpty
    let lab = try ConfluenceLab(smallSite(), options)
    let pages = try await LabClient(lab).walk("/api/v2/pages?limit=20")
    let site = lab.site
    #expect(pages.flatMap { $0 }.count == site.list().count { site.mayRead($0.id, as: site.indexer) })
    #expect(pages.dropLast().contains { isEmpty ? $0.isEmpty : $0.count == 14 })
  }

  @Test("what is hidden is left out of lists, and answers 404 like what is not there")
  func hidden() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let id = try #require(lab.site.list(space: "ENG").last { lab.site.mayRead($0.id, as: lab.site.indexer) }?.id)
    #expect(try await client.get("/api/v2/pages/\(id)").status == 200)
    try lab.change { try $0.restrict(id, to: .init(users: ["557058:lab-user-0001"])) }
    let hidden = try await client.get("/api/v2/pages/\(id)")
    let missing = try await client.get("/api/v2/pages/999999999")
    #expect(hidden.status == 404 && hidden.response.body == missing.response.body)
    #expect(!(try await client.get("/api/v2/pages?limit=250").ids.contains("\(id)")))
    #expect(try await client.get("/rest/api/content/\(id)/restriction/byOperation").status == 404)
    let secret = try #require(lab.site.space("SECRET"))
    #expect(try await client.get("/api/v2/spaces/\(secret.id)/pages").status == 404)
    #expect(try await client.get("/api/v2/spaces?keys=SECRET").ids == [])
  }

  @Test("statuses: current and archived by default, the trash for those who may restore, drafts never")
  func statuses() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let archived = try #require(lab.site.list(space: "ENG", statuses: [.current]).last?.id)
    let trashed = try #require(lab.site.list(space: "ENG", statuses: [.current]).dropLast().last?.id)
    try lab.change {
      try $0.restrict(archived, to: nil)
      try $0.restrict(trashed, to: nil)
      try $0.archive(archived)
      try $0.trash(trashed)
    }
    let ids = try await client.walk("/api/v2/pages?limit=250").flatMap { $0 }
    #expect(ids.contains("\(archived)") && !ids.contains("\(trashed)"))
    #expect(try await client.get("/api/v2/pages/\(archived)").json["status"]?.string == "archived")
    #expect(try await client.get("/api/v2/pages/\(trashed)").status == 404)
    #expect(try await client.get("/api/v2/pages/\(trashed)?status=trashed").status == 404)
    lab.grant(seesTrash: true)
    #expect(try await client.get("/api/v2/pages/\(trashed)").status == 404)
    #expect(try await client.get("/api/v2/pages/\(trashed)?status=trashed").status == 200)
    #expect(try await client.get("/api/v2/pages?status=trashed&limit=250").ids.contains("\(trashed)"))
    let draft = try #require(lab.site.list(statuses: [.draft]).first?.id)
    #expect(try await client.get("/api/v2/pages?status=draft").ids == [])
    #expect(try await client.get("/api/v2/pages/\(draft)").status == 404)
    try lab.change { try $0.restore(trashed) }
    #expect(try await client.get("/api/v2/pages/\(trashed)").status == 200)
    try lab.change { try $0.purge(trashed) }
    #expect(try await client.get("/api/v2/pages/\(trashed)?status=trashed").status == 404)
  }

  @Test("bodies come for many ids at once, and only when a format is named")
  func bodies() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let ids = lab.site.list(space: "ENG").filter { lab.site.mayRead($0.id, as: lab.site.indexer) }.prefix(40).map(\.id)
    let list = ids.map { "\($0)" }.joined(separator: ",")
    let bare = try await client.get("/api/v2/pages?limit=250&id=\(list)")
    #expect(bare.json["results"]?.array?.allSatisfy { $0["body"] == [:] } == true)
    #expect(lab.counts.bodies == 0)
    let full = try await client.get("/api/v2/pages?limit=250&body-format=storage&id=\(list)")
    #expect(full.ids == ids.map { "\($0)" })
    for (row, id) in zip(full.json["results"]?.array ?? [], ids) {
      #expect(row["body"]?["storage"]?["value"]?.string == lab.site.body(id))
    }
    #expect(lab.counts.bodies == 40)
    #expect(try await client.get("/api/v2/pages?body-format=view").status == 400)
  }

  @Test("a site of 5,000 pages stands within seconds, and the same seed makes the same site")
  func large() throws {
    let start = ContinuousClock.now
    let one = LabSite(LabSite.Shape(pages: 5_000, seed: 9))
    let took = ContinuousClock.now - start
    #expect(took < Patience.seconds(30))
    let two = LabSite(LabSite.Shape(pages: 5_000, seed: 9))
    #expect(one.contents.count == two.contents.count && one.contents.count > 5_000)
    #expect(one.order.allSatisfy { one.contents[$0]?.title == two.contents[$0]?.title })
    #expect(one.order.prefix(300).allSatisfy { one.body($0) == two.body($0) })
    #expect(one.list(statuses: [.current, .archived]).count >= 5_000)
    print("5,000 pages generated in \(took)")
  }
}
