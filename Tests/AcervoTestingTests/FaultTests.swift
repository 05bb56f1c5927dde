import AcervoTesting
import Corpus
import HTTPClient
import Testing

@Suite("The lab's faults")
struct FaultTests {
  private func lab() throws -> (ConfluenceLab, LabClient) {
    let lab = try ConfluenceLab(smallSite(60))
    return (lab, try LabClient(lab))
  }

  @Test("429 comes with seconds, with a date, or with neither, as often as asked")
  func tooMany() async throws {
    let (lab, client) = try lab()
    lab.fault(LabFault(.tooMany(.seconds(7)), on: .spaces, times: 1))
    let first = try await client.get("/api/v2/spaces")
    #expect(first.status == 429 && first.response.header("retry-after") == "7")
    #expect(try await client.get("/api/v2/spaces").status == 200)
    lab.fault(LabFault(.tooMany(.date(7)), times: 1))
    let dated = try await client.get("/api/v2/pages")
    #expect(dated.response.header("retry-after")?.hasSuffix(" GMT") == true)
    lab.fault(LabFault(.tooMany(.missing), times: 1))
    let bare = try await client.get("/api/v2/pages")
    #expect(bare.status == 429 && bare.response.header("retry-after") == nil)
    #expect(bare.response.header("x-failure-category") == "FAILURE_CLIENT_RATE_LIMITED")
    #expect(lab.counts.faults == 3)
  }

  @Test("one page's body is a 500 wherever it would be sent, and nothing else is")
  func brokenBody() async throws {
    let (lab, client) = try lab()
    let ids = lab.site.list(space: "ENG", statuses: [.current]).filter { lab.site.mayRead($0.id, as: lab.site.indexer) }
      .map(\.id)
    lab.fault(LabFault(.bodies([ids[3]])))
    #expect(try await client.get("/api/v2/pages?body-format=storage&id=\(ids[2]),\(ids[3])").status == 500)
    #expect(try await client.get("/api/v2/pages?body-format=storage&id=\(ids[2])").status == 200)
    #expect(try await client.get("/api/v2/pages/\(ids[3])").status == 200)
    #expect(try await client.get("/api/v2/pages/\(ids[3])?body-format=storage").status == 500)
  }

  @Test("HTML comes from the edge, from a login, and from maintenance")
  func pages() async throws {
    let (lab, client) = try lab()
    lab.fault(LabFault(.status(502), times: 1), LabFault(.loginPage, times: 1, skipping: 1))
    let edge = try await client.get("/api/v2/spaces")
    #expect(edge.status == 502 && edge.response.header("content-type")?.hasPrefix("text/html") == true)
    let login = try await client.get("/api/v2/spaces")
    #expect(login.status == 200 && login.response.header("content-type")?.hasPrefix("text/html") == true)
    lab.fault(LabFault(.maintenance(seconds: 3), times: 1))
    #expect(try await client.get("/api/v2/spaces").response.header("retry-after") == "3")
  }

  @Test("connections are cut, closed, slow, compressed, and bytes go wrong")
  func bytes() async throws {
    let (lab, client) = try lab()
    lab.fault(LabFault(.cut(after: 50), times: 1))
    await #expect(throws: HTTPError.self) { try await client.get("/api/v2/spaces") }
    lab.fault(LabFault(.hangUp, times: 1))
    await #expect(throws: HTTPError.self) { try await client.get("/api/v2/spaces") }
    lab.fault(LabFault(.gzip, times: 1))
    let packed = try await client.get("/api/v2/spaces")
    #expect(packed.status == 200 && packed.ids.count == 3)
    lab.fault(LabFault(.slow(bytesPerSecond: 20_000), times: 1))
    #expect(try await client.get("/api/v2/spaces").ids.count == 3)
    let id = try #require(lab.site.space("ENG")?.home)
    lab.fault(LabFault(.invalidUTF8, times: 1))
    let broken = try await client.get("/api/v2/pages/\(id)?body-format=storage")
    #expect(broken.json == .null && String(validating: broken.response.body, as: UTF8.self) == nil)
    #expect(lab.counts.faults == 5)
  }

  @Test("removed operations are gone through the gateway")
  func gone() async throws {
    let (lab, client) = try lab()
    let id = try #require(lab.site.space("ENG")?.home)
    #expect(try await client.get("/rest/api/content/\(id)").status == 200)
    var other = client
    other.authorization = "Bearer " + ConfluenceLab.bearerToken
    #expect(try await other.get(lab.gatewayURL + "/rest/api/content/\(id)").status == 410)
    #expect(try await other.get(lab.gatewayURL + "/rest/api/content/search?cql=type%3Dpage").status == 200)
  }

  @Test("a quota counts points, warns near its end and refuses beyond it")
  func quota() async throws {
    let (lab, client) = try lab()
    lab.configure { $0.quota = 100 }
    let first = try await client.get("/api/v2/pages?limit=20")
    #expect(lab.counts.points == 21)
    #expect(first.response.header("x-ratelimit-remaining") == "79")
    _ = try await client.get("/rest/api/group/\(lab.site.indexers)/membersByGroupId")
    #expect(lab.counts.points == 24)
    let near = try await client.get("/api/v2/pages?limit=60")
    #expect(near.response.header("x-ratelimit-nearlimit") == "true")
    while try await client.get("/api/v2/pages").status == 200 {}
    let refused = try await client.get("/api/v2/pages")
    #expect(refused.status == 429)
    #expect(refused.response.header("ratelimit-reason") == "confluence-quota-tenant-based")
  }

  @Test("attachments lead to another host, which opens for its own token alone")
  func attachments() async throws {
    let (lab, client) = try lab()
    let page = try #require(
      lab.site.list(space: "ENG", statuses: [.current]).first { lab.site.mayRead($0.id, as: lab.site.indexer) }?.id)
    lab.change { _ = $0.attach("sp+ace 100%.txt", Array("file text".utf8), type: "text/plain", to: page) }
    let list = try await client.get("/api/v2/pages/\(page)/attachments")
    let row = try #require(list.json["results"]?.array?.last)
    let link = try #require(row["downloadLink"]?.string)
    let redirect = try await client.get(lab.siteURL + link)
    #expect(redirect.status == 302)
    let target = try #require(redirect.response.header("location"))
    #expect(target.hasPrefix("http://127.0.0.2:"))
    var nobody = client
    nobody.authorization = nil
    #expect(try await nobody.get(target).response.body == Array("file text".utf8))
    #expect(lab.leakedTokens == [])
    _ = try await client.get(target)
    #expect(lab.leakedTokens.count == 1)
    let id = try #require(row["id"]?.string)
    #expect(try await client.get("/rest/api/content/\(page)/child/attachment/\(id)/download").status == 302)
  }

  @Test("a fault as a command line writes it")
  func parsing() throws {
    let fault = try #require(LabFault("429=2@space-pages+1*3%50"))
    guard case .tooMany(.seconds(2)) = fault.kind else { return #expect(Bool(false)) }
    #expect(fault.route == .spacePages && fault.skipping == 1 && fault.times == 3 && fault.perMille == 500)
    for bad in ["", "429=2@nowhere", "nonsense", "500*0", "500*x", "500%%"] { #expect(LabFault(bad) == nil, "\(bad)") }
  }
}

@Suite("The lab's misleading answers")
struct MisleadingAnswerTests {
  @Test("a page of a listing can lead back to itself, and a base can name another host")
  func links() async throws {
    var options = ConfluenceLab.Options()
    options.base = "http://wiki.internal.example:8090/wiki"
    let lab = try ConfluenceLab(smallSite(60), options)
    let client = try LabClient(lab)
    let next = try #require(try await client.get("/api/v2/pages?limit=5").next)
    lab.fault(LabFault(.endless, on: .pages))
    let reply = try await client.get(next)
    #expect(reply.ids == [] && reply.json["_links"]?["base"]?.string == "http://wiki.internal.example:8090/wiki")
    let again = try await client.get(try #require(reply.next))
    #expect(again.next == reply.next)
    lab.mend()
    #expect(try await client.get(next).ids.count == 5)
  }

  @Test("links on the gateway may begin with its own path")
  func gatewayLinks() async throws {
    var options = ConfluenceLab.Options()
    options.prefixesGatewayLinks = true
    let lab = try ConfluenceLab(smallSite(60), options)
    var client = try LabClient(lab)
    client.authorization = "Bearer " + ConfluenceLab.bearerToken
    let first = try await client.get(lab.gatewayURL + "/api/v2/pages?limit=5")
    let next = try #require(first.next)
    #expect(next.hasPrefix("/ex/confluence/\(ConfluenceLab.cloudID)/wiki/api/v2/pages?"))
    #expect(try await client.get(lab.origin + next).ids.count == 5)
  }
}
