import AcervoTesting
import Corpus
import HTTPClient
import Testing

@Suite("The lab's tokens, restrictions and trees")
struct CloudAccessTests {
  @Test("each root takes its own kinds of token alone")
  func tokens() async throws {
    let lab = try ConfluenceLab(smallSite(40))
    var client = try LabClient(lab)
    let roots = [lab.siteURL, lab.gatewayURL].map { $0 + "/api/v2/spaces" } + [lab.dataCenterURL + "/rest/api/space"]
    let tokens = [
      LabClient.basic(lab.email, ConfluenceLab.siteToken), LabClient.basic(lab.email, ConfluenceLab.scopedToken),
      "Bearer " + ConfluenceLab.bearerToken, "Bearer " + ConfluenceLab.personalToken,
      LabClient.basic(lab.username, ConfluenceLab.password),
    ]
    var taken: [[Bool]] = []
    for root in roots {
      var row: [Bool] = []
      for token in tokens {
        client.authorization = token
        let status = try await client.get(root).status
        #expect(status == 200 || status == 401)
        row.append(status == 200)
      }
      taken.append(row)
    }
    #expect(
      taken == [
        [true, false, false, false, false], [false, true, true, false, false], [false, false, false, true, true],
      ])
    client.authorization = nil
    #expect(try await client.get(roots[0]).status == 401)
  }

  @Test("an expired token is refused, or counts as nobody where anybody may read")
  func expiry() async throws {
    let lab = try ConfluenceLab(smallSite(40))
    let client = try LabClient(lab)
    lab.expire(ConfluenceLab.siteToken)
    #expect(try await client.get("/api/v2/pages").status == 401)
    lab.configure {
      $0.allowsAnonymous = true
      $0.expiredIsAnonymous = true
    }
    let reply = try await client.get("/api/v2/pages")
    #expect(reply.status == 200 && reply.ids == [])
    #expect(try await client.get("/rest/api/user/current").json["type"]?.string == "anonymous")
    lab.expire(nil)
    #expect(try await client.get("/rest/api/user/current").json["accountId"]?.string == lab.site.indexer)
  }

  @Test("a scope that does not cover an operation is a 401 with its reason")
  func scopes() async throws {
    let lab = try ConfluenceLab(smallSite(40))
    var client = try LabClient(lab)
    client.authorization = "Bearer " + ConfluenceLab.bearerToken
    lab.scopes(["read:space:confluence"])
    #expect(try await client.get(lab.gatewayURL + "/api/v2/spaces").status == 200)
    let refused = try await client.get(lab.gatewayURL + "/api/v2/pages")
    #expect(refused.status == 401)
    #expect(refused.json["message"]?.string == "Unauthorized; scope does not match")
  }

  @Test("a refresh token rotates, and the one before may be used again for ten minutes")
  func refresh() async throws {
    var site = smallSite(40)
    site.clock = 1_780_000_000_000
    let lab = try ConfluenceLab(site)
    let client = try LabClient(lab)
    func use(_ token: String) async throws -> LabClient.Reply {
      try await client.get(lab.origin + "/oauth/token", method: "POST", body: #"{"refresh_token":"\#(token)"}"#)
    }
    let first = try await use("lab-refresh-1")
    let second = try #require(first.json["refresh_token"]?.string)
    #expect(second != "lab-refresh-1")
    #expect(try await use("lab-refresh-1").status == 200)
    lab.change { $0.clock = ($0.clock ?? 0) + 700_000 }
    #expect(try await use("lab-refresh-1").status == 403)
  }

  @Test("restrictions tell a page's own, never an ancestor's; readers cumulate")
  func restrictions() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let site = lab.site
    let child = try #require(
      site.list(space: "ENG", statuses: [.current]).first {
        site.ancestors($0.id).count == 2 && site.readers(of: $0.id).count == 1
      })
    let parent = try #require(child.parent)
    try lab.change {
      try $0.restrict(parent, to: .init(users: [$0.indexer], groups: ["f3c10000-0000-4000-8000-000000000001"]))
    }
    let own = try await client.get("/rest/api/content/\(child.id)/restriction/byOperation")
    #expect(own.json["read"]?["restrictions"]?["user"]?["results"]?.array == [])
    let above = try await client.get("/rest/api/content/\(parent)/restriction/byOperation")
    #expect(
      above.json["read"]?["restrictions"]?["user"]?["results"]?.array?.first?["accountId"]?.string == site.indexer)
    #expect(lab.site.readers(of: child.id).count == 2)
    let other = "557058:lab-user-0002"
    let isInGroup = lab.site.groups(of: other).contains("f3c10000-0000-4000-8000-000000000001")
    #expect(lab.site.mayRead(child.id, as: other) == isInGroup)
    let check = try await client.get(
      "/rest/api/content/\(child.id)/permission/check", method: "POST",
      body: #"{"subject":{"type":"user","identifier":"\#(other)"},"operation":"read"}"#)
    #expect(check.json["hasPermission"]?.bool == isInGroup)
  }

  @Test("one ancestor in the archive makes a batch with ancestors' restrictions a 404")
  func expandedBatch() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let path =
      "/rest/api/content/search?cql=space%3DENG%20and%20type%3Dpage&limit=200&expand=ancestors.restrictions.read.restrictions.user"
    let site = lab.site
    let child = try #require(
      site.list(space: "ENG", statuses: [.current]).first {
        site.ancestors($0.id).count == 2 && site.mayRead($0.id, as: site.indexer)
      })
    for page in site.list(space: "ENG", statuses: [.archived]) { try lab.change { try $0.restore(page.id) } }
    #expect(try await client.get(path).status == 200)
    try lab.change {
      let parent = try #require(child.parent)
      try $0.archive(parent)
      try $0.restore(child.id)
      try $0.move(child.id, below: parent)
    }
    #expect(try await client.get(path).status == 404)
    #expect(try await client.get("/rest/api/content/search?cql=space%3DENG&expand=ancestors").status == 200)
  }

  @Test("groups are told by id, 200 members at most in one answer")
  func groups() async throws {
    var site = smallSite(40)
    site.addGroup("crowd", id: "crowd-1")
    for number in 0..<230 { site.addUser("Member \(number)", accountID: "557058:crowd-\("\(number)")") }
    try site.members(of: "crowd-1", Set((0..<230).map { "557058:crowd-\($0)" }))
    let lab = try ConfluenceLab(site)
    let client = try LabClient(lab)
    let path = "/rest/api/group/crowd-1/membersByGroupId"
    let first = try await client.get(path)
    #expect(first.json["results"]?.array?.count == 200)
    #expect(first.json["totalSize"]?.int == 230)
    let rest = try await client.get(lab.siteURL + (try #require(first.next)))
    #expect(rest.json["results"]?.array?.count == 30 && rest.next == nil)
    #expect(try await client.get(path + "?limit=201").status == 400)
    let users = try await client.get(
      "/api/v2/users-bulk", method: "POST", body: #"{"accountIds":["557058:crowd-7","nobody"]}"#)
    #expect(users.json["results"]?.array?.compactMap { $0["displayName"]?.string } == ["Member 7"])
  }

  @Test("a page below a folder says so, and folders are in no list of pages")
  func folders() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let site = lab.site
    let folders = Set(site.list(kinds: [.folder]).map(\.id))
    let child = try #require(
      site.list(space: "ENG", statuses: [.current]).first {
        $0.parent.map(folders.contains) == true && site.mayRead($0.id, as: site.indexer)
      })
    let folder = try #require(child.parent)
    let page = try await client.get("/api/v2/pages/\(child.id)")
    #expect(page.json["parentType"]?.string == "folder")
    #expect(try await client.get("/api/v2/pages/\(folder)").status == 404)
    let read = try await client.get("/api/v2/folders/\(folder)")
    #expect(read.json["title"]?.string == site.contents[folder]?.title)
    let ancestors = try await client.get("/api/v2/pages/\(child.id)/ancestors")
    #expect(ancestors.ids == site.ancestors(child.id).map { "\($0)" })
    let below = try await client.walk("/api/v2/folders/\(folder)/direct-children?limit=2")
    #expect(below.flatMap { $0 }.contains("\(child.id)"))
    let home = try #require(site.space("ENG")?.home)
    let deep = try await client.walk("/api/v2/pages/\(home)/descendants?depth=10&limit=100").flatMap { $0 }
    #expect(deep.contains("\(child.id)") && deep.contains("\(folder)"))
  }

  @Test(
    "changes between two pages of a listing: rows are skipped where places are counted, and not where rows are kept",
    arguments: [true, false])
  func changesInAWalk(counts: Bool) async throws {
    var options = ConfluenceLab.Options()
    options.cursors = counts ? .counts : .rows
    let lab = try ConfluenceLab(smallSite(), options)
    let client = try LabClient(lab)
    let before = lab.site.list().filter { lab.site.mayRead($0.id, as: lab.site.indexer) }.map(\.id)
    let leaf = try #require(before.prefix(20).first { lab.site.children($0).isEmpty })
    lab.later(after: 1, of: .pages) { try $0.trash(leaf) }
    let walked = try await client.walk("/api/v2/pages?limit=20").flatMap { $0 }
    let missing = Set(before.map { "\($0)" }).subtracting(walked)
    #expect(missing == (counts ? ["\(before[20])"] : []))
  }
}
