import AcervoTesting
import Connectors
import Corpus
import Foundation
import Snapshots
import Synchronization
import Testing

@testable import Indexing

/// A source with readers: tells pages by their bytes once and by what it knows of them afterwards, and groups.
private struct WikiSource: Source {
  var id = "site"
  var pages: [String: DocumentFacts]
  var bodies: [String: String] = [:]
  var groups: [Principal: Set<Principal>] = [:]
  /// Tells groups behind the pages whose rules name them.
  var groupsLast = false
  var cutShort: String?
  /// Tells pages with their bytes, known or not.
  var tellsBodies = false
  var onMemory: @Sendable (SourceMemory) throws -> Void = { _ in }
  /// Ends the run there.
  var failsAfterPages = false

  private struct Stopped: Error {}

  func fetch(
    _ memory: SourceMemory, _ emit: @escaping @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing {
    try onMemory(memory)
    func tellGroups() async throws {
      for (group, members) in groups { try await emit(.group(group, members: members)) }
    }
    if !groupsLast { try await tellGroups() }
    let known = Set(try memory.pages())
    for (url, facts) in pages {
      if known.contains(url), !tellsBodies {
        try await emit(.unchanged(url: url, facts))
      } else {
        let body =
          bodies[url] ?? "<main><p>Words of \(url), which nobody else has.</p><p>And a second paragraph.</p></main>"
        try await emit(
          .document(Document(source: id, url: url, mediaType: .html, body: Array(body.utf8), facts: facts), nil))
      }
    }
    if failsAfterPages {
      // Long enough for the pages to reach the state.
      try await Task.sleep(for: .milliseconds(300))
      throw Stopped()
    }
    if groupsLast { try await tellGroups() }
    for url in known where pages[url] == nil { try await emit(.skipped(url: url, reason: "gone", .gone)) }
    return SourceListing(cutShort: cutShort)
  }
}

@Suite struct ReadersTests {
  private static func principals(_ names: String...) -> Set<Principal> { Set(names.compactMap(Principal.init)) }

  private static func rule(_ sets: [String]...) -> AccessRule {
    .allOf(sets.map { Set($0.compactMap(Principal.init)) })
  }

  private static func groups(_ members: [String: [String]]) -> [Principal: Set<Principal>] {
    members.reduce(into: [:]) { groups, entry in
      guard let group = Principal(entry.key) else { return }
      groups[group] = Set(entry.value.compactMap(Principal.init))
    }
  }

  private static let url = "https://wiki.example/1"

  private static func page(_ rule: AccessRule, title: String = "One") -> [String: DocumentFacts] {
    [
      url: DocumentFacts(title: title, access: rule),
      "https://wiki.example/2": DocumentFacts(title: "Two", access: .open),
    ]
  }

  /// Whether somebody may read the restricted page of the current snapshot.
  private func reads(_ name: String, _ folder: RunFolder, _ url: String = url) throws -> Bool {
    let snapshot = try folder.collection.openCurrent()
    let number = try #require(try snapshot.documentNumber(url: url))
    return try snapshot.document(number).access.admits(try snapshot.principals(of: Self.principals(name)))
  }

  @Test func `Readers that change cost no stage's work`() async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: Self.page(Self.rule(["user:ana"])))
    _ = try await folder.run(source)
    #expect(try reads("user:ana", folder))
    source.pages = Self.page(Self.rule(["user:bo"], ["user:bo", "user:ana"]))
    let report = try await folder.run(source)
    #expect(report.isPublished)
    #expect(try !reads("user:ana", folder) && reads("user:bo", folder))
    let counts = report.counts
    #expect((counts.changed, counts.readersChanged, counts.unchanged) == (1, 1, 1))
    #expect((counts.cleaned, counts.chunked, counts.analysed, counts.chunksEmbedded) == (0, 0, 0, 0))
    #expect(try await folder.run(source).isUnchanged)
  }

  @Test func `Another title is embedded anew, and nothing is cleaned or cut`() async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: Self.page(.open))
    _ = try await folder.run(source)
    source.pages = Self.page(.open, title: "Renamed")
    let counts = try await folder.run(source).counts
    #expect((counts.changed, counts.readersChanged, counts.cleaned, counts.chunked) == (1, 0, 0, 0))
    #expect(counts.chunksEmbedded == 1 && counts.analysed == 1)
    let snapshot = try folder.collection.openCurrent()
    #expect(try snapshot.document(0).title == "Renamed")
    // As if the page had always had that title.
    let fresh = try RunFolder()
    _ = try await fresh.run(source)
    #expect(try fresh.collection.openCurrent().manifest.indexHash == snapshot.manifest.indexHash)
  }

  @Test func `Another language is known without the page's bytes`() async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: Self.page(.open))
    _ = try await folder.run(source)
    source.pages[Self.url]?.language = "es"
    let counts = try await folder.run(source).counts
    #expect((counts.changed, counts.cleaned, counts.chunked, counts.chunksEmbedded) == (1, 0, 0, 0))
    #expect(try folder.collection.openCurrent().document(0).language == "es")
    let fresh = try RunFolder()
    _ = try await fresh.run(source)
    #expect(
      try fresh.collection.openCurrent().manifest.indexHash == folder.collection.openCurrent().manifest.indexHash)
  }

  @Test func `Members of a group read, and no longer when they leave it`() async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: Self.page(Self.rule(["group:ops"])))
    source.groups = Self.groups(["group:ops": ["user:ana", "user:bo"], "group:unnamed": ["user:c"]])
    _ = try await folder.run(source)
    #expect(try reads("user:ana", folder) && reads("user:bo", folder) && !reads("user:c", folder))
    // A group that no rule names is no business of the snapshot.
    #expect(try folder.collection.openCurrent().groups().keys.map(\.name) == ["group:ops"])
    #expect(try await folder.run(source).isUnchanged)
    source.groups = Self.groups(["group:ops": ["user:bo"], "group:unnamed": ["user:d"]])
    let report = try await folder.run(source)
    #expect(report.isPublished && report.counts.groupsChanged == 2 && report.counts.changed == 0)
    #expect(try !reads("user:ana", folder) && reads("user:bo", folder))
    // A group of which a whole listing does not tell is not known any more.
    source.groups = [:]
    #expect(try await folder.run(source).isPublished)
    #expect(try !reads("user:bo", folder))
  }

  @Test func `Groups within groups take in their members, circles too`() async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: Self.page(Self.rule(["group:all"])))
    source.groups = Self.groups([
      "group:all": ["group:a", "user:x"], "group:a": ["group:b", "user:ana"], "group:b": ["group:a", "user:bo"],
      "group:unknown-within": ["group:nowhere"],
    ])
    _ = try await folder.run(source)
    for name in ["user:x", "user:ana", "user:bo", "group:b", "group:all"] { #expect(try reads(name, folder)) }
    #expect(try !reads("user:c", folder))
  }

  @Test(arguments: [false, true])
  func `A listing cut short keeps what it was not told, and opens nothing`(groupsLast: Bool) async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: Self.page(Self.rule(["group:ops"])), groupsLast: groupsLast)
    source.groups = Self.groups(["group:ops": ["user:ana"], "group:hr": ["user:bo"]])
    source.pages["https://wiki.example/hr"] = DocumentFacts(access: Self.rule(["group:hr"]))
    _ = try await folder.run(source)
    let hr = "https://wiki.example/hr"
    // Neither page nor group was reached: both are as they were.
    source.cutShort = "an outage"
    source.pages = [:]
    source.groups = [:]
    _ = try await folder.run(source)
    #expect(try reads("user:ana", folder) && reads("user:bo", folder, hr))
    // A group that was reached is as it was told, an addition no less than a removal.
    source.groups = Self.groups(["group:hr": ["user:c"]])
    _ = try await folder.run(source)
    #expect(try reads("user:c", folder, hr) && !reads("user:bo", folder, hr) && reads("user:ana", folder))
    // A page came with a rule whose group was not reached: who was in it in another run does not count.
    source.groups = [:]
    source.pages = [Self.url: DocumentFacts(title: "One", access: Self.rule(["group:hr"]))]
    _ = try await folder.run(source)
    #expect(try !reads("user:c", folder) && !reads("user:ana", folder) && !reads("user:c", folder, hr))
    // The next whole listing knows again.
    source.cutShort = nil
    source.groups = Self.groups(["group:hr": ["user:c"]])
    source.pages[hr] = DocumentFacts(access: Self.rule(["group:hr"]))
    source.pages["https://wiki.example/2"] = DocumentFacts(title: "Two", access: .open)
    _ = try await folder.run(source)
    #expect(try reads("user:c", folder) && reads("user:c", folder, hr))
  }

  @Test func `A run that dies between a page and its group leaves nothing open`() async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: Self.page(Self.rule(["user:nobody"])), groupsLast: true)
    source.groups = Self.groups(["group:ops": ["user:ana"]])
    source.pages["https://wiki.example/ops"] = DocumentFacts(access: Self.rule(["group:ops"]))
    _ = try await folder.run(source)
    source.pages[Self.url]?.access = Self.rule(["group:ops"])
    source.failsAfterPages = true
    await #expect(throws: (any Error).self) { _ = try await folder.run(source) }
    // The next one reaches neither of them.
    let silent = WikiSource(pages: [:], cutShort: "an outage")
    _ = try await folder.run(silent)
    #expect(try !reads("user:ana", folder) && !reads("user:ana", folder, "https://wiki.example/ops"))
  }

  @Test func `A version that cannot be cleaned leaves the old one, for the new readers`() async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: Self.page(Self.rule(["user:ana", "user:bo"])))
    _ = try await folder.run(source)
    source.pages = Self.page(Self.rule(["user:bo"]))
    // Nothing that could be read.
    source.bodies[Self.url] = ""
    source.tellsBodies = true
    let report = try await folder.run(source, folder.pipeline(failures: 1))
    #expect(report.failures.map(\.url) == [Self.url])
    #expect(try folder.text().contains("Words of \(Self.url)"))
    #expect(try !reads("user:ana", folder) && reads("user:bo", folder))
  }

  @Test func `A version that is not believed leaves the old one, for the new readers`() async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: [:])
    let urls = (0..<4).map { "https://wiki.example/page-\($0)" }
    for url in urls { source.pages[url] = DocumentFacts(title: url, access: Self.rule(["user:ana", "user:bo"])) }
    _ = try await folder.run(source)
    for url in urls {
      source.pages[url]?.access = Self.rule(["user:bo"])
      source.bodies[url] = "<main><p>Please log in to see this page, as everybody has to.</p></main>"
    }
    source.tellsBodies = true
    let report = try await folder.run(source, folder.pipeline(failures: 1))
    #expect(report.failures.count == 4)
    #expect(try !folder.text().contains("log in"))
    for url in urls { #expect(try !reads("user:ana", folder, url) && reads("user:bo", folder, url)) }
  }

  @Test func `A source is told which groups its pages' rules name`() async throws {
    let folder = try RunFolder()
    let asked = Mutex<Set<Principal>?>(nil)
    var source = WikiSource(pages: Self.page(Self.rule(["group:ops", "user:ana"], ["group:hr"])))
    _ = try await folder.run(source)
    source.onMemory = { memory in
      let groups = try memory.groups()
      asked.withLock { $0 = groups }
    }
    _ = try await folder.run(source)
    #expect(asked.withLock { $0 } == Self.principals("group:ops", "group:hr"))
  }

  @Test func `Of two sources that speak of one group only those count whom both tell`() throws {
    let group = try #require(Principal("group:staff"))
    func page(_ source: String) throws -> PageRecord {
      PageRecord(
        source: source, url: "https://\(source).example/", contentHash: .of(""), mediaType: .html, charset: nil,
        cleanKey: .of(""), cleanHash: .of(""), chunkKey: .of(""), embedder: nil,
        facts: DocumentFacts(access: .allOf([[group]])))
    }
    func record(_ source: String, _ members: String...) -> GroupRecord {
      GroupRecord(source: source, group: group, members: Set(members.compactMap(Principal.init)))
    }
    let pages = [try page("a"), try page("b")]
    func members(_ records: GroupRecord..., pages: [PageRecord]) -> Set<Principal>? {
      Memberships(records, pages: pages).members[group]
    }
    let (a, b) = (record("a", "user:ana", "user:bo"), record("b", "user:bo", "user:c"))
    #expect(members(a, b, pages: pages) == Self.principals("user:bo"))
    #expect(members(a, pages: [pages[0]]) == Self.principals("user:ana", "user:bo"))
    // One names it in a rule and cannot tell its members.
    #expect(members(a, pages: pages) == nil)
    #expect(members(a, pages: []) == nil)
  }

  @Test func `A plan tells whose readers would change, and changes nothing`() async throws {
    let folder = try RunFolder()
    var source = WikiSource(pages: Self.page(Self.rule(["group:ops"])))
    source.groups = Self.groups(["group:ops": ["user:ana"]])
    _ = try await folder.run(source)
    source.pages = Self.page(Self.rule(["group:ops"], ["user:bo"]))
    source.groups = Self.groups(["group:ops": ["user:ana", "user:bo"]])
    let plan = try await folder.prepared(source).plan()
    #expect(plan.changed == [Self.url] && plan.readers == [.init(url: Self.url, change: .narrowed)])
    #expect(plan.groups == 1 && plan.unchanged == 1 && plan.chunks == 0)
    #expect(plan.json["readers"]?.text() == #"[{"url":"https://wiki.example/1","change":"narrowed"}]"#)
    #expect(try reads("user:ana", folder))
  }
}
