import AcervoTesting
import Connectors
import Corpus
import HTTPClient
import Pipelines
import Testing

@Suite struct ConfluenceCommentsTests {
  /// A site with one page that is talked about.
  private struct Talk {
    let lab: ConfluenceLab
    let page: Int64
    let question: Int64
    let inline: Int64

    init(listsAnswers: Bool = true) throws {
      var shape = LabSite.Shape(pages: 30, seed: 9)
      shape.spaces = 1
      lab = try ConfluenceLab(LabSite(shape))
      lab.configure { $0.listsAnswers = listsAnswers }
      (page, question, inline) = try lab.change { site in
        let page = try site.add(title: "About levers", space: "ENG", text: "<p>Pull the lever before noon.</p>")
        let ana = site.users.keys.sorted()[3]
        let question = site.comment(on: page, "<p>Which lever?</p>", by: ana, at: 1_770_000_000_000)
        let answer = site.comment(on: page, "<p>The blue one.</p>", answering: question, at: 1_770_100_000_000)
        site.comment(on: page, "<p>Thank you.</p>", answering: answer, by: ana, at: 1_770_200_000_000)
        let inline = site.comment(on: page, "<p>Still so?</p>", about: "before noon", by: ana, at: 1_770_300_000_000)
        site.comment(on: page, "<p>Yes.</p>", answering: inline, by: ana, at: 1_770_400_000_000)
        return (page, question, inline)
      }
    }

    func source(_ door: ConfluenceLab.Door, clock: SleepingClock = SleepingClock()) throws -> ConfluenceSource {
      try lab.source(door, clock: clock) { $0.comments = true }
    }

    func words(_ index: ConfluenceIndex, _ door: ConfluenceLab.Door) -> [String] {
      lab.shownComments(of: page, in: index, door)
    }
  }

  @Test(arguments: [ConfluenceLab.Door.site, .bearer, .dataCenter])
  func `comments stand below their page, and a change of one is noticed though the page did not move`(
    door: ConfluenceLab.Door
  ) async throws {
    let talk = try Talk()
    defer { talk.lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(talk.source(door))
    #expect(talk.lab.faults(of: index, door).isEmpty)
    #expect(talk.lab.lostComments(of: index, door) == [])
    let ana = talk.lab.site.users.sorted { $0.key < $1.key }[3].value.displayName
    #expect(
      talk.words(index, door) == [
        "author=\"\(ana)\" day=\"2026-02-02\" | <p>Which lever?</p>",
        "author=\"Search Indexer\" day=\"2026-02-03\" answer=\"yes\" | <p>The blue one.</p>",
        "author=\"\(ana)\" day=\"2026-02-04\" answer=\"yes\" | <p>Thank you.</p>",
        "author=\"\(ana)\" day=\"2026-02-05\" selection=\"before noon\" | <p>Still so?</p>",
        "author=\"\(ana)\" day=\"2026-02-06\" answer=\"yes\" | <p>Yes.</p>",
      ])

    talk.lab.resetCounts()
    let quiet = try await index.read(talk.source(door))
    #expect(quiet.documents.isEmpty && quiet.refreshed.isEmpty && talk.lab.counts.bodies == 0)
    #expect(talk.lab.counts.requests[.contentPart] == nil && talk.lab.counts.requests[.commentChildren] == nil)

    let url = talk.lab.address(talk.page, door)
    let (question, inline, page) = (talk.question, talk.inline, talk.page)
    try talk.lab.change { try $0.edit(comment: question, "<p>Which of the levers?</p>") }
    #expect(try await index.read(talk.source(door)).documents == [url])
    #expect(talk.words(index, door).count == 5 && talk.words(index, door)[0].contains("Which of the levers?"))
    try talk.lab.change { try $0.resolve(comment: inline) }
    #expect(try await index.read(talk.source(door)).documents == [url])
    #expect(talk.words(index, door).count == 3)
    talk.lab.change { site in _ = site.comment(on: page, "<p>And the red one?</p>", answering: question) }
    #expect(try await index.read(talk.source(door)).documents == [url])
    #expect(talk.words(index, door).count == 4)
    try talk.lab.change { try $0.remove(comment: question) }
    #expect(try await index.read(talk.source(door)).documents == [url])
    #expect(talk.words(index, door).isEmpty)
    #expect(try await index.read(talk.source(door)).documents.isEmpty)
  }

  @Test func `answers are read where the list of all comments leaves them out`() async throws {
    let talk = try Talk(listsAnswers: false)
    defer { talk.lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(talk.source(.site))
    #expect(talk.words(index, .site).count == 5 && talk.lab.lostComments(of: index, .site) == [])
    #expect(talk.lab.faults(of: index).isEmpty)
    talk.lab.resetCounts()
    #expect(try await index.read(talk.source(.site)).documents.isEmpty)
    #expect(talk.lab.counts.bodies == 0)
  }

  @Test(arguments: [ConfluenceLab.Door.site, .dataCenter])
  func `comments that cannot be listed or read stay as they were`(door: ConfluenceLab.Door) async throws {
    let talk = try Talk()
    defer { talk.lab.stop() }
    let index = ConfluenceIndex()
    try await index.read(talk.source(door))
    let before = talk.words(index, door)
    let (page, url) = (talk.page, talk.lab.address(talk.page, door))
    let group = talk.lab.site.indexers

    // The list of all comments breaks off: nothing is fetched, and the listing does not count as whole.
    talk.lab.fault(LabFault(.status(503), on: door == .site ? .inlineComments : .scan, times: nil))
    if door == .site {
      let cut = try await index.read(talk.source(door))
      #expect(cut.documents.isEmpty && cut.listing.cutShort?.contains("comments cannot be listed") == true)
      // A page that changed meanwhile is fetched with its comments, and so not taken without them.
      try talk.lab.change { try $0.edit(page) }
      let failed = try await index.read(talk.source(door))
      #expect(failed.failed[url]?.contains("comments cannot be had") == true && talk.words(index, door) == before)
    }
    talk.lab.mend()

    // The comments of one page cannot be had: the page stays as it was, with the readers that it has now.
    try talk.lab.change { site in
      try site.edit(page)
      try site.restrict(page, to: LabSite.Subjects(groups: [group]))
    }
    talk.lab.fault(
      LabFault(
        .status(500), on: door == .site ? .footerComments : .contentPart, times: nil, skipping: door == .site ? 1 : 0))
    let run = try await index.read(talk.source(door))
    #expect(run.failed[url]?.contains("comments cannot be had") == true)
    #expect(talk.words(index, door) == before)
    #expect(talk.lab.faults(of: index, door).isEmpty)
    talk.lab.mend()
    #expect(try await index.read(talk.source(door)).documents == [url])
    #expect(talk.words(index, door) == before && talk.lab.faults(of: index, door).isEmpty)
  }
}

extension ConfluenceLab {
  /// The comments in a page's bytes: the attributes of each, and its words.
  func shownComments(of page: Int64, in index: ConfluenceIndex, _ door: Door) -> [String] {
    let text = index.pages[address(page, door)].map { String(decoding: $0.body, as: UTF8.self) } ?? ""
    return text.split(separator: "<acervo:comment ").dropFirst().map { piece in
      let parts = piece.split(separator: ">", maxSplits: 1).map(String.init)
      let words = parts[1].prefix { $0 != "<" }
      return parts[0] + " | " + words.replacing("&lt;", with: "<").replacing("&gt;", with: ">")
    }
  }

  /// Comments of the site's pages that an index does not show, and those that it shows too many.
  func lostComments(of index: ConfluenceIndex, _ door: Door) -> [String] {
    let site = site
    var faults: [String] = []
    for (url, id) in truth(door) where index.pages[url] != nil {
      let shown = shownComments(of: id, in: index, door)
      let all = site.comments.filter { $0.content == id }
      let settled = Set(all.filter { $0.resolution == "resolved" }.map(\.id))
      let open = all.filter { comment in
        !settled.contains(comment.id) && comment.parent.map { !settled.contains($0) } ?? true
      }
      if shown.count != open.count { faults.append("\(url): \(shown.count) comments of \(open.count)") }
      for comment in open where !shown.contains(where: { $0.hasSuffix("| " + comment.text.bare) }) {
        faults.append("\(url): lost: \(comment.text)")
      }
    }
    return faults.sorted()
  }
}

extension String {
  /// As `shownComments` gives it back.
  var bare: String { replacing("&", with: "&amp;").replacing("\"", with: "&quot;") }
}
