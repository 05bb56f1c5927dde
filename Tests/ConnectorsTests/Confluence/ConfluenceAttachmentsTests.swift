import AcervoTesting
import Corpus
import HTTPClient
import Pipelines
import Testing

@testable import Connectors

@Suite struct ConfluenceAttachmentsTests {
  /// A site with one page that has files.
  private struct Shelf {
    let lab: ConfluenceLab
    let page: Int64
    let notes: Int64
    let photo: Int64

    init() throws {
      var shape = LabSite.Shape(pages: 30, seed: 12)
      shape.spaces = 1
      lab = try ConfluenceLab(LabSite(shape))
      (page, notes, photo) = try lab.change { site in
        let page = try site.add(title: "Orders", space: "ENG", text: "<p>See the files.</p>")
        let notes = site.attach("notes 1+1.txt", Array("Seals are ordered.\n".utf8), type: "text/plain", to: page)
        site.attach("página.html", Array("<p>Valves are ordered.</p>".utf8), type: "text/html", to: page)
        site.attach("plan.pdf", FileTextTests.pdf("Pumps are ordered."), type: "application/pdf", to: page)
        site.attach("broken.pdf", Array("%PDF-1.4 not really\n".utf8), type: "application/pdf", to: page)
        let photo = site.attach("photo.png", [0x89, 0x50], type: "image/png", to: page)
        return (page, notes, photo)
      }
    }

    func source(_ door: ConfluenceLab.Door) throws -> ConfluenceSource {
      try lab.source(door) { $0.attachments = .text }
    }

    func url(_ name: String, _ door: ConfluenceLab.Door) -> String {
      let base = door == .dataCenter ? lab.dataCenterURL : lab.siteURL
      return "\(base)/download/attachments/\(page)/\(name)"
    }
  }

  @Test(
    .enabled(if: ChildProgram.find("pdftotext") != nil, "pdftotext is not installed"),
    arguments: [ConfluenceLab.Door.site, .gateway, .dataCenter])
  func `files with a text are documents of their own, read by whoever reads their page`(
    door: ConfluenceLab.Door
  ) async throws {
    let shelf = try Shelf()
    let lab = shelf.lab
    defer { lab.stop() }
    let index = ConfluenceIndex()
    let first = try await index.read(shelf.source(door))
    #expect(first.listing.cutShort == nil && first.failed.isEmpty, "\(first.failed)")
    #expect(lab.faults(of: index, door).isEmpty && lab.leakedTokens.isEmpty)
    let notes = try #require(index.pages[shelf.url("notes%201%2B1.txt", door)])
    #expect(String(decoding: notes.body, as: UTF8.self) == "Seals are ordered.\n")
    #expect(notes.facts.title == "notes 1+1.txt" && notes.facts.breadcrumbs == ["Engineering", "Orders"])
    #expect(notes.facts.fields["type"] == [.keyword("attachment")])
    #expect(notes.facts.access == index.pages[lab.address(shelf.page, door)]?.facts.access)
    let plan = try #require(index.pages[shelf.url("plan.pdf", door)])
    #expect(String(decoding: plan.body, as: UTF8.self).hasPrefix("Pumps are ordered."))
    #expect(index.pages[shelf.url("p%C3%A1gina.html", door)] != nil)
    #expect(first.skipped[shelf.url("broken.pdf", door)] == "pdftotext cannot read it (code 1)")
    #expect(first.skipped[shelf.url("photo.png", door)] == "it is of type image/png, of which no text is read")
    #expect(first.listing.notes.contains { $0.contains("attachments that are not read") })

    // Unchanged: no byte of any file.
    lab.resetCounts()
    let quiet = try await index.read(shelf.source(door))
    #expect(quiet.documents.isEmpty && quiet.refreshed.isEmpty && quiet.removed.isEmpty)
    #expect(lab.counts.requests[.download] == nil && lab.counts.requests[.media] == nil)
    #expect(quiet.skipped[shelf.url("broken.pdf", door)] == "pdftotext cannot read it (code 1)")

    // A new version, a file that is gone, a page that is restricted.
    let (page, file, photo, group) = (shelf.page, shelf.notes, shelf.photo, lab.site.indexers)
    let user = try #require(lab.site.users.keys.sorted().first { $0 != lab.site.indexer })
    let principal = door == .dataCenter ? lab.site.users[user]?.userKey ?? "" : user
    #expect(index.admits(principal, to: shelf.url("plan.pdf", door)))
    try lab.change { site in
      try site.upload(file: file, Array("Seals have come.\n".utf8))
      try site.restrict(page, to: LabSite.Subjects(groups: [group]))
    }
    let second = try await index.read(shelf.source(door))
    #expect(second.documents == [shelf.url("notes%201%2B1.txt", door)])
    #expect(second.refreshed.contains(shelf.url("plan.pdf", door)))
    #expect(!index.admits(principal, to: shelf.url("plan.pdf", door)))
    #expect(!index.admits(principal, to: shelf.url("notes%201%2B1.txt", door)))
    try lab.change { site in
      try site.trash(file: file)
      try site.trash(file: photo)
    }
    #expect(try await index.read(shelf.source(door)).removed == [shelf.url("notes%201%2B1.txt", door)])
    // With its page all go; and with the setting.
    let kept = lab.lostFiles(of: index, door)
    #expect(kept.isEmpty, "\(kept)")
    try lab.change { try $0.trash(page) }
    let third = try await index.read(shelf.source(door))
    #expect(third.listing.cutShort == nil && third.removed.contains(shelf.url("plan.pdf", door)))
    #expect(lab.lostFiles(of: index, door).isEmpty && lab.faults(of: index, door).isEmpty)
    let off = try await index.read(lab.source(door))
    #expect(off.listing.cutShort == nil && !index.pages.keys.contains { $0.contains("/download/") })
    #expect(lab.leakedTokens.isEmpty)
  }

  @Test func `files that cannot be listed or had stay as they were`() async throws {
    let shelf = try Shelf()
    let lab = shelf.lab
    defer { lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(shelf.source(.site))
    let before = Set(index.pages.keys)
    lab.fault(LabFault(.status(503), on: .attachments, times: nil))
    let cut = try await index.read(shelf.source(.site))
    #expect(cut.listing.cutShort?.contains("attachments cannot be listed") == true && Set(index.pages.keys) == before)
    lab.mend()
    let file = shelf.notes
    try lab.change { try $0.upload(file: file, Array("Seals have come.\n".utf8)) }
    lab.fault(LabFault(.loginPage, on: .download, times: nil))
    let failed = try await index.read(shelf.source(.site))
    #expect(failed.failed.keys.sorted() == [shelf.url("notes%201%2B1.txt", .site)])
    #expect(Set(index.pages.keys) == before && failed.listing.cutShort == nil)
    lab.mend()
    #expect(try await index.read(shelf.source(.site)).documents == [shelf.url("notes%201%2B1.txt", .site)])
    #expect(lab.leakedTokens.isEmpty)
  }
}

extension ConfluenceLab {
  /// Files of the site's pages that an index lacks, holds in another version or too many.
  func lostFiles(of index: ConfluenceIndex, _ door: Door) -> [String] {
    let site = site
    let pages = truth(door)
    let base = door == .dataCenter ? dataCenterURL : siteURL
    var faults: [String] = []
    var expected: Set<String> = []
    for file in site.attachments where file.status == .current {
      let page = address(file.content, door)
      let url = "\(base)/download/attachments/\(file.content)/\(ConfluenceClient.encoded(file.name))"
      guard pages[page] != nil, let form = FileText(name: file.name, type: file.mediaType) else { continue }
      // Made-up PDF files are none.
      guard form.form != .pdf || file.bytes.count > 100 else { continue }
      expected.insert(url)
      guard let held = index.pages[url] else {
        faults.append("lost: \(url)")
        continue
      }
      if form.form != .pdf, held.body != file.bytes { faults.append("old: \(url)") }
      if held.facts.access != index.pages[page]?.facts.access { faults.append("other readers than its page: \(url)") }
    }
    let held = index.pages.keys.filter { $0.contains("/download/attachments/") }
    return (faults + held.filter { !expected.contains($0) }.map { "kept: \($0)" }).sorted()
  }
}
