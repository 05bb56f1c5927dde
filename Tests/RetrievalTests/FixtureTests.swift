import AcervoTesting
import Corpus
import Embedding
import Foundation
import Retrieval
import SearchIndexes
import Snapshots
import Testing

/// The samples of formats 1 and 2 in `fixtures/snapshots`, opened for ever.
///
/// `ACERVO_RECORD=1 swift test --filter FixtureTests` writes it anew: only for a format that was never released.
@Suite(.serialized) struct FixtureTests {
  private static let snapshots =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path + "/fixtures/snapshots/v"
  private static let isRecording = ProcessInfo.processInfo.environment["ACERVO_RECORD"] == "1"

  private static let pages = [
    SamplePage(
      url: "https://help.example/backups",
      texts: ["Backups run every night at two.", "A backup is kept for thirty days, then removed."],
      modified: 1_790_000_000, fields: ["label": [.keyword("operations")], "days": [.number(30)]]),
    SamplePage(
      url: "https://help.example/es/copias", texts: ["Las copias de seguridad se hacen cada noche a las dos."],
      language: "es", fields: ["label": [.keyword("operaciones")]]),
    SamplePage(
      url: "https://help.example/passwords", texts: ["Error ERR-4012 means that a password has expired."],
      source: "wiki",
      access: .allOf([Set(["group:support", "user:ana"].compactMap(Principal.init))]), accessOrigins: ["space OPS"]),
    SamplePage(url: "https://help.example/unknown", texts: ["Who may read this page is not known."], access: .closed),
  ]

  private static let groups: [Principal: Set<Principal>] = ["group:support": ["user:bo"], "group:empty": []]
    .reduce(into: [:]) { groups, entry in
      guard let group = Principal(entry.key) else { return }
      groups[group] = Set(entry.value.compactMap(Principal.init))
    }

  private func sample(_ format: Int) throws -> Snapshot {
    try CollectionFolder(snapshots: Self.snapshots + "\(format)", collection: "sample")
      .openCurrent(verifiesContent: true)
  }

  @Test(.enabled(if: isRecording)) func `the sample is written anew`() async throws {
    let made = try await SampleSnapshot(Self.pages, groups: Self.groups)
    let folder = Self.snapshots + "\(SnapshotManifest.formatVersion)"
    let target = folder + "/sample"
    try? FileManager.default.removeItem(atPath: target)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: made.folder.path + "/sample", toPath: target)
  }

  @Test(arguments: SnapshotManifest.readableVersions)
  func `a snapshot of every format opens and reads`(format: Int) throws {
    let snapshot = try sample(format)
    #expect(snapshot.manifest.format == format)
    try Snapshot.verify(folder: snapshot.folder)
    #expect(snapshot.manifest.documents == 4 && snapshot.manifest.chunks == 5)
    #expect(snapshot.sources == ["web", "wiki"] && snapshot.languages == ["en", "es"])
    for (number, page) in Self.pages.enumerated() {
      let document = try snapshot.document(number)
      #expect(document.url == page.url && document.access == page.access && document.fields == page.fields)
      #expect(document.language == page.language && document.modified == page.modified)
      #expect(document.accessOrigins == (format == 1 ? [] : page.accessOrigins))
      #expect(try snapshot.chunkNumbers(ofDocument: number).map { try snapshot.chunk($0).text } == page.texts)
      #expect(try snapshot.documentNumber(url: page.url) == number)
    }
  }

  @Test(arguments: SnapshotManifest.readableVersions)
  func `its groups are known from format 2 on`(format: Int) throws {
    let snapshot = try sample(format)
    let principals = try snapshot.principals(of: Set(["user:bo"].compactMap(Principal.init)))
    #expect(principals.map(\.name).sorted() == (format == 1 ? ["user:bo"] : ["group:support", "user:bo"]))
    #expect(try snapshot.groups() == (format == 1 ? [:] : Self.groups))
  }

  @Test(arguments: SnapshotManifest.readableVersions) func `its indexes answer`(format: Int) async throws {
    let retriever = try Retriever(snapshot: sample(format), embedder: HashingEmbedder())
    let hits = try await retriever.search(SearchRequest(query: "When do backups run?", topK: 1))
    #expect(hits.first?.chunk.text == "Backups run every night at two.")
    let principals = Set(["user:ana"].compactMap(Principal.init))
    let code = SearchRequest(query: "ERR-4012", topK: 1, principals: principals)
    #expect(try await retriever.search(code).first?.url == "https://help.example/passwords")
  }

  @Test func `the same pages still give the same bytes`() async throws {
    let made = try await SampleSnapshot(Self.pages, groups: Self.groups)
    #expect(made.snapshot.manifest.indexHash == (try sample(SnapshotManifest.formatVersion).manifest.indexHash))
  }
}
