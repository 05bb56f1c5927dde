import AcervoTesting
import Corpus
import HTTPClient
import Testing

@Suite("The lab's data set")
struct LabSiteTests {
  @Test("titles that clients stumble over are there, and come back as they are")
  func titles() async throws {
    let lab = try ConfluenceLab(smallSite())
    let client = try LabClient(lab)
    let pages = lab.site.list(statuses: [.current]).filter { lab.site.mayRead($0.id, as: lab.site.indexer) }
    let titles = pages.map(\.title)
    #expect(titles.contains { $0.count == 255 } && titles.contains { $0.contains("🚀") && $0.contains("“") })
    #expect(
      titles.contains { $0.contains("/") } && titles.contains("דף בעברית") && titles.contains { $0.contains("\"") })
    let same = pages.filter { $0.title == "Guide to pumps" }
    #expect(Set(same.map(\.space)).count == 2)
    #expect(lab.site.spaces.contains { $0.key.hasPrefix("~") })
    let shown = try await client.get("/api/v2/pages?limit=250&status=current")
    let rows = try #require(shown.json["results"]?.array)
    #expect(rows.compactMap { $0["title"]?.string } == titles)
    // A title without a letter of ASCII leaves no words in the address; a space's first page has none either.
    let korean = try #require(rows.first { $0["title"]?.string == "관리자 매뉴얼" })
    #expect(korean["_links"]?["webui"]?.string == "/spaces/ENG/pages/\(korean["id"]?.string ?? "")")
    let home = try #require(rows.first { $0["id"]?.string == lab.site.space("ENG")?.home.map(String.init) })
    #expect(home["_links"]?["webui"]?.string == "/spaces/ENG/overview")
    #expect(home["parentId"] == .null && home["labOnly"] != nil && home["subtype"] != nil)
    let single = try await client.get("/api/v2/pages/\(home["id"]?.string ?? "")")
    #expect(single.json["subtype"] == nil)
  }

  @Test("a move takes what is below along, changes no version, and can lead to another space")
  func moves() throws {
    var site = smallSite()
    let parent = try #require(
      site.list(space: "ENG", statuses: [.current]).first { $0.parent != nil && !site.children($0.id).isEmpty })
    let child = try #require(site.children(parent.id).first)
    let target = try #require(site.space("SUP")?.home)
    try site.move(parent.id, below: target)
    #expect(site.contents[child.id]?.space == site.space("SUP")?.id && site.contents[child.id]?.parent == parent.id)
    #expect(site.contents[parent.id]?.version == parent.version)
    #expect(throws: LabEditError.self) { try site.move(parent.id, below: child.id) }
    #expect(throws: LabEditError.self) { try site.move(1, below: target) }
  }

  @Test("a rename keeps the body and makes a version; an edit names it in the body")
  func edits() throws {
    var site = smallSite()
    let page = try #require(site.list(space: "ENG", statuses: [.current]).last)
    let body = site.body(page.id)
    #expect(body.contains("Record L\(page.id) revision \(page.version.number)."))
    try site.edit(page.id)
    #expect(site.body(page.id).contains("revision \(page.version.number + 1)."))
    let edited = site.body(page.id)
    try site.rename(page.id, to: "Other")
    #expect(site.body(page.id) == edited && site.contents[page.id]?.version.number == page.version.number + 2)
  }

  @Test("what is below a page in the trash moves up; a purged page is gone with its comments")
  func trash() throws {
    var site = smallSite()
    let parent = try #require(
      site.list(space: "ENG", statuses: [.current]).first { $0.parent != nil && !site.children($0.id).isEmpty })
    let child = try #require(site.children(parent.id).first { $0.status == .current })
    _ = site.comment(on: parent.id, "<p>x</p>")
    try site.trash(parent.id)
    #expect(site.contents[child.id]?.parent == parent.parent)
    try site.purge(parent.id)
    #expect(site.contents[parent.id] == nil && !site.order.contains(parent.id))
    #expect(!site.comments.contains { $0.content == parent.id })
  }

  @Test("the rule of readers: space and every restricted ancestor and the page, each by user or group")
  func readers() throws {
    var site = smallSite()
    let page = try #require(
      site.list(space: "ENG", statuses: [.current]).first {
        site.ancestors($0.id).count == 2 && site.readers(of: $0.id).count == 1
      })
    let parent = try #require(page.parent)
    let (ana, bruno) = ("557058:lab-user-0001", "557058:lab-user-0002")
    site.addGroup("two", id: "two", members: [ana, bruno])
    try site.restrict(parent, to: .init(groups: ["two"]))
    #expect(site.mayRead(page.id, as: ana) && site.mayRead(page.id, as: bruno))
    #expect(!site.mayRead(page.id, as: site.indexer))
    try site.restrict(page.id, to: .init(users: [bruno, site.indexer]))
    #expect(!site.mayRead(page.id, as: ana) && site.mayRead(page.id, as: bruno))
    #expect(!site.mayRead(page.id, as: site.indexer))
    try site.permit(space: "ENG", to: .init(users: [ana]))
    #expect(!site.mayRead(page.id, as: bruno))
    try site.members(of: "two", [])
    try site.permit(space: "ENG", to: .init(groups: [site.everybody]))
    #expect(!site.mayRead(page.id, as: bruno))
  }
}
