import AcervoTesting
import Corpus
import HTTPClient
import Testing

@Suite("The lab's Data Center")
struct DataCenterTests {
  private func client(_ lab: ConfluenceLab) throws -> LabClient {
    var client = try LabClient(lab)
    client.authorization = "Bearer " + ConfluenceLab.personalToken
    return client
  }

  private func seen(_ lab: ConfluenceLab, space: String? = nil) -> [String] {
    let site = lab.site
    return site.list(space: space, statuses: [.current]).filter { site.mayRead($0.id, as: site.indexer) }.map {
      "\($0.id)"
    }
  }

  @Test("scan walks a space once, and refuses other cursors")
  func scan() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try client(lab)
    let root = lab.dataCenterURL + "/rest/api/content/scan"
    var ids: [String] = []
    var next: String? = root + "?spaceKey=ENG&limit=9&expand=version,ancestors"
    while let address = next {
      let reply = try await client.get(address)
      #expect(reply.status == 200)
      ids += reply.ids
      next = reply.next.map { lab.dataCenterURL + $0 }
    }
    #expect(ids == seen(lab, space: "ENG"))
    #expect(try await client.get(root + "?cursor=content:false:x").status == 400)
  }

  @Test(
    "start goes on behind the rows given; where the lab has the known fault, behind those asked for",
    arguments: [false, true])
  func offsets(skips: Bool) async throws {
    var options = ConfluenceLab.Options()
    options.skipsCutRows = skips
    let lab = try ConfluenceLab(smallSite(200), options)
    let client = try client(lab)
    var ids: [String] = []
    var next: String? = lab.dataCenterURL + "/rest/api/content?type=page&limit=100&expand=body.storage"
    while let address = next {
      let reply = try await client.get(address)
      #expect(reply.ids.count <= 50)
      ids += reply.ids
      next = reply.next.map { lab.dataCenterURL + $0 }
    }
    if skips { #expect(ids.count < seen(lab).count) } else { #expect(ids == seen(lab)) }
  }

  @Test("pages may be short in the middle, and carry on by next")
  func shortPages() async throws {
    var options = ConfluenceLab.Options()
    options.shortPages = true
    var site = smallSite()
    let hidden = site.list(space: "ENG").filter { $0.parent != nil }.prefix(6).map(\.id)
    for id in hidden { try site.restrict(id, to: .init(users: ["557058:lab-user-0001"])) }
    let lab = try ConfluenceLab(site, options)
    let client = try client(lab)
    var ids: [String] = []
    var sizes: [Int] = []
    var next: String? = lab.dataCenterURL + "/rest/api/content?limit=5"
    while let address = next {
      let reply = try await client.get(address)
      ids += reply.ids
      sizes.append(reply.ids.count)
      next = reply.next.map { lab.dataCenterURL + $0 }
    }
    #expect(ids == seen(lab))
    #expect(sizes.dropLast().contains { $0 < 5 })
  }

  @Test("times carry the instance's zone, a space's id is a number, folders are unknown")
  func shapes() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try client(lab)
    let root = lab.dataCenterURL + "/rest/api"
    let id = try #require(seen(lab, space: "ENG").last)
    let page = try await client.get(root + "/content/\(id)?expand=version,space,body.storage,history,ancestors")
    #expect(page.json["version"]?["when"]?.string?.hasSuffix("+01:00") == true)
    #expect(page.json["space"]?["id"]?.int != nil)
    #expect(page.json["version"]?["by"]?["userKey"]?.string != nil)
    #expect(page.json["version"]?["by"]?["accountId"] == nil)
    #expect(page.json["ancestors"]?.array?.allSatisfy { $0["type"]?.string == "page" } == true)
    #expect(page.json["body"]?["storage"]?["value"]?.string == lab.site.body(try #require(Int64(id))))
    let folder = try #require(lab.site.list(kinds: [.folder]).first?.id)
    #expect(try await client.get(root + "/content/\(folder)").status == 404)
    #expect(try await client.get(root + "/content/\(id)/child/folder").status == 501)
    #expect(try await client.get(lab.dataCenterURL + "/api/v2/pages").status == 404)
    let space = try await client.get(root + "/space/ENG/permissions")
    #expect(space.json.array?.contains { $0["subject"]?["name"]?.string == "confluence-users" } == true)
    #expect(try await client.get(root + "/space/ENG/trash").status == 403)
    #expect(try await client.get(root + "/server-information").json["version"]?.string == "9.2.4")
  }

  @Test("search goes by start, and a broken query is a 404 here")
  func search() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try client(lab)
    let root = lab.dataCenterURL + "/rest/api"
    let first = try await client.get(root + "/content/search?cql=type%3Dpage&limit=10")
    let second = try await client.get(root + "/content/search?cql=type%3Dpage&limit=10&start=10")
    #expect(first.ids.count == 10 && Set(first.ids).isDisjoint(with: second.ids))
    #expect(first.next?.hasPrefix("/rest/api/content/search?") == true)
    #expect(try await client.get(root + "/content/search?cql=type%3D").status == 404)
    #expect(try await client.get(root + "/search?cql=type%3D").status == 400)
  }

  @Test("groups go by name, restrictions name keys")
  func people() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try client(lab)
    let root = lab.dataCenterURL + "/rest/api"
    let members = try await client.get(root + "/group/search-indexers/member")
    #expect(members.json["results"]?.array?.compactMap { $0["username"]?.string } == ["search.indexer"])
    let id = try #require(lab.site.list(space: "ENG").first { $0.parent != nil }?.id)
    try lab.change { try $0.restrict(id, to: .init(users: [$0.indexer], groups: [$0.indexers])) }
    let restrictions = try await client.get(root + "/content/\(id)/restriction/byOperation")
    let read = restrictions.json["read"]?["restrictions"]
    #expect(read?["user"]?["results"]?.array?.first?["userKey"]?.string?.isEmpty == false)
    #expect(read?["group"]?["results"]?.array?.first?["name"]?.string == "search-indexers")
    #expect(read?["group"]?["results"]?.array?.first?["id"] == nil)
  }
}
