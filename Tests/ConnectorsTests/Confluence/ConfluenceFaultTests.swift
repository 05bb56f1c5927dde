import AcervoTesting
import Connectors
import Corpus
import Foundation
import Pipelines
import Testing

/// Runs on a site where anything may go wrong: whatever does, no page is lost and none is shown to more people.
@Suite struct ConfluenceFaultTests {
  /// The long form: CONFLUENCE_FAULT_RUNS=200; one round by itself: CONFLUENCE_FAULT_FROM=199 with one run.
  private static var runs: Int { number("RUNS") ?? 6 }
  private static var first: Int { number("FROM") ?? 0 }

  private static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment["CONFLUENCE_FAULT_" + name].flatMap { Int($0) }
  }

  @Test func `whatever goes wrong, pages and readers are right or the run is incomplete`() async throws {
    var incomplete = 0
    var faults = 0
    for round in Self.first..<Self.first + Self.runs {
      let outcome = try await Self.round(UInt64(round))
      incomplete += outcome.isIncomplete ? 1 : 0
      faults += outcome.faults
      if !outcome.problems.isEmpty {
        Issue.record("round \(round): \(outcome.problems.prefix(4)); \(outcome.what)")
      }
    }
    // Both kinds of end are met, and faults did hit.
    if Self.runs > 1 {
      #expect(faults > Self.runs)
      #expect(incomplete < Self.runs)
    }
    print("fault runs: \(Self.runs), incomplete: \(incomplete), faults that hit: \(faults)")
  }

  private struct Outcome {
    var isIncomplete: Bool
    var faults: Int
    var problems: [String]
    var what: String
  }

  /// One round: a first good run, changes on the site, a run with faults, and a last good run.
  private static func round(_ number: UInt64) async throws -> Outcome {
    var random = SeededGenerator(seed: 1000 + number)
    var shape = LabSite.Shape(pages: 60, seed: 50 + number)
    shape.users = 8
    let lab = try ConfluenceLab(LabSite(shape), seed: number)
    defer { lab.stop() }
    let door: ConfluenceLab.Door = Self.door(number)
    lab.configure { options in
      options.cap = [250, 20, 7][Int(number % 3)]
      options.emptyPages = number % 4 == 1
      options.shortPages = number % 5 == 2
      options.cursors = number % 2 == 0 ? .rows : .counts
      options.skipsCutRows = true
      options.hasUnknownKeys = true
    }
    let index = ConfluenceIndex()
    let talks = number % 2 == 0
    let files = number % 4 < 2
    func source() throws -> ConfluenceSource {
      try lab.source(door) {
        $0.comments = talks
        $0.attachments = files ? .text : .none
      }
    }
    /// What is wrong with the index.
    func wrong() -> [String] {
      lab.faults(of: index, door) + (talks ? lab.lostComments(of: index, door) : [])
        + (files ? lab.lostFiles(of: index, door) : [])
    }
    try await index.read(source())
    var problems = wrong().map { "first run: " + $0 }
    let before = index.pages
    let saidBefore = lab.site.comments
    let readersBefore = Set(Self.readers(index, lab, door).map { [$0.0, $0.1] })
    try lab.change { try Self.change(&$0, number) }
    var said = ""
    for _ in 0..<(1 + Int(random.next() % 3)) {
      let fault = Self.fault(&random, lab)
      said += "\(fault.kind) on \(fault.route.map(\.rawValue) ?? "all") skipping \(fault.skipping); "
      lab.fault(fault)
    }
    if number % 3 == 0 {
      lab.later(after: 1 + Int(random.next() % 3), of: .spacePages) { try Self.change(&$0, number + 7_000) }
    }
    var isIncomplete = true
    do {
      let run = try await index.read(source())
      isIncomplete = run.listing.cutShort != nil || !run.failed.isEmpty
      said += run.listing.cutShort ?? "whole"
    } catch let error as SourceError {
      said += "\(error)"
    }
    lab.mend()
    // Changes in between may come too late for the run: then they are the next one's.
    let isMoving = number % 3 == 0
    let after = wrong()
    if !isIncomplete, !isMoving { problems += after }
    // Incomplete or not: nothing that is there is lost, nobody sees what they may not now and might not before.
    let truth = lab.truth(door)
    problems += before.keys.filter { truth[$0] != nil && index.pages[$0] == nil }.map { "lost: \($0)" }
    if files {
      let lost = Set(lab.lostFiles(of: index, door).filter { $0.hasPrefix("lost: ") }.map { $0.dropFirst(6) })
      problems += before.keys.filter { lost.contains($0[...]) }.map { "lost file: \($0)" }
    }
    if talks { problems += Self.lostTalk(saidBefore, index, lab, door) }
    for (user, url) in Self.readers(index, lab, door) where !readersBefore.contains([user, url]) {
      guard let id = truth[url], !lab.site.mayRead(id, as: user) else { continue }
      if !isMoving { problems.append("widened: \(url) for \(user)") }
    }
    let faults = lab.counts.faults
    // Good runs set all right; the first may meet a change that a run with faults did not come to.
    try await index.read(source())
    let last = try await index.read(source())
    if let cut = last.listing.cutShort { problems.append("the last run: \(cut)") }
    problems += wrong().map { "last run: " + $0 }
    return Outcome(isIncomplete: isIncomplete, faults: faults, problems: problems, what: said)
  }

  /// Comments that are as they were, on pages that the index holds, and are not in it any more.
  private static func lostTalk(
    _ before: [LabSite.Comment], _ index: ConfluenceIndex, _ lab: ConfluenceLab, _ door: ConfluenceLab.Door
  ) -> [String] {
    let site = lab.site
    let truth = Set(lab.truth(door).values)
    func isOpen(_ comment: LabSite.Comment) -> Bool {
      guard let now = site.comments.first(where: { $0.id == comment.id }) else { return false }
      let root = comment.parent.flatMap { id in site.comments.first { $0.id == id } } ?? now
      return now.version == comment.version && now.resolution != "resolved" && root.resolution != "resolved"
    }
    return before.filter { truth.contains($0.content) && isOpen($0) }.filter { comment in
      guard index.pages[lab.address(comment.content, door)] != nil else { return false }
      return !lab.shownComments(of: comment.content, in: index, door).contains { $0.hasSuffix(comment.text.bare) }
    }.map { "lost comment: \($0.text)" }
  }

  private static func door(_ number: UInt64) -> ConfluenceLab.Door {
    [.site, .bearer, .site, .dataCenter][Int(number / 2 % 4)]
  }

  /// Pairs of people and pages that they may read by the index.
  private static func readers(_ index: ConfluenceIndex, _ lab: ConfluenceLab, _ door: ConfluenceLab.Door) -> [(
    String, String
  )] {
    lab.site.users.values.sorted { $0.accountID < $1.accountID }.flatMap { user in
      let principals = index.principals(of: door == .dataCenter ? user.userKey : user.accountID)
      let pages = index.pages.filter { !$0.key.contains("/download/attachments/") }
      return pages.filter { $0.value.facts.access.admits(principals) }.keys.map { (user.accountID, $0) }
    }
  }

  private static func change(_ site: inout LabSite, _ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let groups = site.groups.map(\.id)
    for _ in 0..<6 {
      let pages = site.list(kinds: [.page], statuses: [.current]).map(\.id).filter { site.contents[$0]?.parent != nil }
      guard !pages.isEmpty else { return }
      let page = pages[Int(random.next() % UInt64(pages.count))]
      switch random.next() % 7 {
      case 0: try site.edit(page)
      case 1: try site.rename(page, to: "Renamed \(page) \(seed)")
      case 2: try site.trash(page)
      case 3:
        let group = groups[Int(random.next() % UInt64(groups.count))]
        try site.restrict(page, to: LabSite.Subjects(users: [site.indexer], groups: [group]))
      case 4: try site.restrict(page, to: nil)
      case 5:
        let target = pages[Int(random.next() % UInt64(pages.count))]
        if target != page, !site.ancestors(target).contains(page) { try site.move(page, below: target) }
      default: try site.archive(page)
      }
    }
    // And upload files.
    let files = site.attachments.filter { $0.status == .current && !$0.name.hasSuffix(".pdf") }.map(\.id)
    if !files.isEmpty {
      try site.upload(file: files[Int(random.next() % UInt64(files.count))], Array("Anew \(seed)\n".utf8))
      try site.trash(file: files[Int(random.next() % UInt64(files.count))])
    }
    let home = site.list(kinds: [.page], statuses: [.current]).map(\.id)
    site.attach(
      "new \(seed).txt", Array("New \(seed)\n".utf8), type: "text/plain",
      to: home[Int(random.next() % UInt64(home.count))])
    // People talk.
    let pages = site.list(kinds: [.page], statuses: [.current]).map(\.id)
    let talked = pages[Int(random.next() % UInt64(pages.count))]
    let thread = site.comment(on: talked, "<p>Asked \(seed)?</p>", about: seed % 2 == 0 ? "the valve" : nil)
    site.comment(on: talked, "<p>Answered \(seed).</p>", answering: thread)
    let comments = site.comments.filter { $0.parent == nil }.map(\.id)
    let comment = comments[Int(random.next() % UInt64(comments.count))]
    switch random.next() % 3 {
    case 0: try site.edit(comment: comment, "<p>Written anew \(seed).</p>")
    case 1: try site.remove(comment: comment)
    default:
      let inline = site.comments.last { $0.parent == nil && $0.selection != nil }
      if let inline { try site.resolve(comment: inline.id) }
    }
    // People come and go in groups.
    let group = groups[Int(random.next() % UInt64(groups.count))]
    let people = site.users.keys.sorted()
    var members = site.groups.first { $0.id == group }?.members ?? []
    members.formSymmetricDifference([people[Int(random.next() % UInt64(people.count))]])
    members.insert(site.indexer)
    try site.members(of: group, members)
  }

  private static func fault(_ random: inout SeededGenerator, _ lab: ConfluenceLab) -> LabFault {
    let routes: [LabRoute?] = [
      nil, .spacePages, .spaceBlogPosts, .spacePermissions, .spaces, .pages, .page, .contentSearch, .restrictions,
      .groupMembers, .currentUser, .usersBulk, .node, .footerComments, .inlineComments, .commentChildren, .scan,
      .attachments, .attachment, .download,
      .content, .contentPart,
    ]
    let pages = lab.site.list(kinds: [.page], statuses: [.current]).map(\.id)
    let some = Set((0..<3).map { _ in pages[Int(random.next() % UInt64(pages.count))] })
    let kinds: [LabFault.Kind] = [
      .tooMany(.seconds(20)), .tooMany(.date(20)), .tooMany(.missing), .tooMany(.seconds(5_000)), .status(500),
      .status(502), .status(504), .maintenance(seconds: 30), .bodies(some), .cut(after: 40), .hangUp, .gzip,
      .invalidUTF8, .loginPage, .unauthorized, .forbidden, .notFound, .gone, .endless,
    ]
    let kind = kinds[Int(random.next() % UInt64(kinds.count))]
    let route = routes[Int(random.next() % UInt64(routes.count))]
    let times = [1, 2, 6, nil][Int(random.next() % 4)]
    return LabFault(
      kind, on: route, times: times, skipping: Int(random.next() % 4), perMille: times == nil ? 300 : 1_000)
  }
}
