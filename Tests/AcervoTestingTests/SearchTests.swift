import AcervoTesting
import Corpus
import HTTPClient
import Testing

@Suite("The lab's search")
struct SearchTests {
  private func search(_ client: LabClient, _ cql: String, _ more: String = "&limit=1000") async throws
    -> LabClient.Reply
  {
    let encoded = cql.utf8.map { byte -> String in
      let isPlain = byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter
      return isPlain ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return try await client.get("/rest/api/content/search?cql=\(encoded.joined())\(more)")
  }

  @Test("fields, lists, and, or, not, and personal spaces in quotes")
  func fields() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let site = lab.site
    let shown = site.list(kinds: [.page, .blogpost], statuses: [.current]).filter {
      site.mayRead($0.id, as: site.indexer)
    }
    func ids(_ cql: String) async throws -> Set<String> { Set(try await search(client, cql).ids) }
    func expected(_ fits: (LabSite.Content) -> Bool) -> Set<String> { Set(shown.filter(fits).map { "\($0.id)" }) }
    let eng = try #require(site.space("ENG"))
    let personal = try #require(site.spaces.first { $0.key.hasPrefix("~") })
    #expect(try await ids("type=page") == expected { $0.kind == .page })
    #expect(try await ids("type in (page, blogpost) and space = ENG") == expected { $0.space == eng.id })
    #expect(
      try await ids("type=page and space in (ENG, \"\(personal.key)\")")
        == expected { $0.kind == .page && ($0.space == eng.id || $0.space == personal.id) })
    #expect(try await ids("type=page and not space=ENG") == expected { $0.kind == .page && $0.space != eng.id })
    #expect(
      try await ids("label = \"runbook\" and type=page")
        == expected { $0.kind == .page && $0.labels.contains("runbook") })
    let home = try #require(eng.home)
    #expect(
      try await ids("ancestor = \(home) and type = page")
        == expected { $0.kind == .page && site.ancestors($0.id).contains(home) })
    #expect(try await ids("id in (\(home), 1)") == ["\(home)"])
    #expect(
      try await ids("type = page and (space = ENG or label = kb) and space != SUP")
        == expected {
          $0.kind == .page && ($0.space == eng.id || $0.labels.contains("kb")) && site.space($0.space)?.key != "SUP"
        })
    for bad in [
      "type =", "space = ~abc", "type page", "color = red", "type = page and", "lastmodified > \"2026-02-03T04:05\"",
      "lastmodified >= \"yesterday\"",
    ] {
      #expect(try await search(client, bad).status == 400, "\(bad)")
    }
  }

  @Test("dates are read in the instance's zone, to the minute; now() counts from the site's clock")
  func dates() async throws {
    var site = smallSite(40)
    // 3 February 2026, 04:05:06.789 UTC.
    site.clock = 1_770_091_506_789
    let id = try site.add(title: "Dated", space: "ENG", below: site.space("ENG")?.home)
    let lab = try ConfluenceLab(site)
    let client = try LabClient(lab)
    func finds(_ cql: String) async throws -> Bool { try await search(client, cql).ids.contains("\(id)") }
    // The default zone is an hour east: 05:05 there.
    #expect(try await finds("lastmodified >= \"2026-02-03 05:05\""))
    #expect(try await finds("lastmodified = \"2026/02/03 05:05\""))
    #expect(!(try await finds("lastmodified > \"2026-02-03 05:05\"")))
    #expect(!(try await finds("lastmodified >= \"2026-02-03 05:06\"")))
    lab.configure { $0.zoneMinutes = -720 }
    #expect(try await finds("lastmodified >= \"2026-02-02 16:05\""))
    #expect(!(try await finds("lastmodified >= \"2026-02-02 16:06\"")))
    #expect(try await finds("lastmodified >= now(\"-4h\")"))
    lab.change { $0.clock = ($0.clock ?? 0) + 5 * 3_600_000 }
    #expect(!(try await finds("lastmodified >= now(\"-4h\")")))
  }

  @Test("the index sees changes late, and shows what is found as it is now")
  func lag() async throws {
    var site = smallSite(40)
    site.clock = 1_780_000_000_000
    site.indexLag = 60_000
    let lab = try ConfluenceLab(site)
    let client = try LabClient(lab)
    let id = try #require(
      site.list(space: "ENG", statuses: [.current]).first { $0.parent != nil && site.mayRead($0.id, as: site.indexer) }?
        .id)
    try lab.change {
      $0.clock = ($0.clock ?? 0) + 1
      try $0.edit(id, title: "New name")
      _ = try $0.add(title: "Brand new", space: "ENG")
    }
    #expect(try await search(client, "title = \"New name\"").ids == [])
    #expect(try await search(client, "title = \"Brand new\"").ids == [])
    let found = try await search(client, "id = \(id)", "&expand=version")
    #expect(found.json["results"]?.array?.first?["title"]?.string == "New name")
    lab.change { $0.clock = ($0.clock ?? 0) + 61_000 }
    #expect(try await search(client, "title = \"New name\"").ids == ["\(id)"])
    #expect(try await search(client, "title = \"Brand new\"").ids.count == 1)
  }

  @Test("start is not looked at on Cloud; next leads on, without the context")
  func paging() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let first = try await search(client, "type=page", "&limit=10")
    let again = try await search(client, "type=page", "&limit=10&start=10")
    #expect(first.ids == again.ids)
    let next = try #require(first.next)
    #expect(next.hasPrefix("/rest/api/content/search?"))
    let pages = try await client.walk("/rest/api/content/search?cql=type%3Dpage&limit=10")
    #expect(Set(pages.flatMap { $0 }).count == pages.flatMap { $0 }.count && pages.count > 5)
  }

  @Test(
    "what is expanded decides how many come",
    arguments: [("", 200), ("&expand=version", 200), ("&expand=body.storage", 50), ("&expand=body.export_view", 25)])
  func caps(expand: String, count: Int) async throws {
    let lab = try ConfluenceLab(smallSite(260))
    let reply = try await search(try LabClient(lab), "type=page", "&limit=\(expand.isEmpty ? 200 : 1000)" + expand)
    #expect(reply.ids.count == count)
  }
}
