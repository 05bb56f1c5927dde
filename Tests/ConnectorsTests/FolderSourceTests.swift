import AcervoTesting
import Connectors
import Corpus
import Foundation
import HTTPClient
import Pipelines
import Testing

@Suite struct FolderSourceTests {
  private func fetch(
    _ folder: TemporaryFolder, maximumFileSize: Int = 1000, _ change: (inout FolderSettings) -> Void = { _ in }
  ) async throws -> CrawlOutcome {
    var settings = FolderSettings(path: folder.path)
    change(&settings)
    return try await CrawlOutcome(of: FolderSource(id: "files", settings: settings, maximumFileSize: maximumFileSize))
  }

  @Test func `Pages are read in the order of their paths`() async throws {
    let folder = try TemporaryFolder()
    for path in ["b.html", "a/z.md", "a.txt", "B.htm", "a/index.html", "c.pdf", "d"] {
      try folder.write(path, to: path)
    }
    let outcome = try await fetch(folder)
    #expect(
      outcome.documents.map(\.url)
        == ["B.htm", "a.txt", "a/index.html", "a/z.md", "b.html"].map { "folder:files/\($0)" })
    #expect(outcome.documents.map(\.mediaType) == [.html, .plainText, .html, .markdown, .html])
    let first = try #require(outcome.documents.first)
    #expect(
      first
        == Document(
          source: "files", url: "folder:files/B.htm", mediaType: .html, body: Array("B.htm".utf8), access: .open))
    #expect(outcome.listing == SourceListing(cutShort: nil, requests: 0, bytes: 34))
  }

  @Test(arguments: ["https://help.example/base/", "https://help.example/base"]) func `A prefix makes URLs`(
    prefix: String
  ) async throws {
    let folder = try TemporaryFolder()
    for path in ["guía/50% más?.html", "index.html", "a#b.md"] { try folder.write("x" + path, to: path) }
    let outcome = try await fetch(folder) { $0.url = prefix }
    #expect(
      outcome.documents.map(\.url) == [
        "https://help.example/base/a%23b.md", "https://help.example/base/gu%C3%ADa/50%25%20m%C3%A1s%3F.html",
        "https://help.example/base/index.html",
      ])
  }

  @Test func `Globs choose the files`() async throws {
    let folder = try TemporaryFolder()
    for path in ["a/x.html", "b/x.html", "a/drafts/y.html", "x.md"] { try folder.write(path, to: path) }
    let outcome = try await fetch(folder) {
      $0.include = ["a/**"]
      $0.exclude = ["**/drafts/**"]
    }
    #expect(outcome.documents.map(\.url) == ["folder:files/a/x.html"])
  }

  @Test func `A wanted file of an unknown type is skipped with a reason`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "x.pdf")
    let outcome = try await fetch(folder) { $0.include = ["**"] }
    #expect(outcome.skipped == ["folder:files/x.pdf": "its ending names no HTML, Markdown or plain text"])
  }

  @Test func `Hidden files and folders are passed over`() async throws {
    let folder = try TemporaryFolder()
    for path in [".x.html", ".git/y.html", "z.html"] { try folder.write(path, to: path) }
    #expect(try await fetch(folder).documents.map(\.url) == ["folder:files/z.html"])
  }

  @Test func `Links out of the folder are not followed`() async throws {
    let folder = try TemporaryFolder()
    let outside = try TemporaryFolder()
    try outside.write("secret", to: "secret.html")
    try folder.write("in", to: "sub/in.html")
    let files = FileManager.default
    try files.createSymbolicLink(atPath: folder.path + "/out.html", withDestinationPath: outside.path + "/secret.html")
    try files.createSymbolicLink(atPath: folder.path + "/out", withDestinationPath: outside.path)
    try files.createSymbolicLink(atPath: folder.path + "/in.html", withDestinationPath: "sub/in.html")
    try files.createSymbolicLink(atPath: folder.path + "/sub/loop", withDestinationPath: "..")
    try files.createSymbolicLink(atPath: folder.path + "/dangling.html", withDestinationPath: "nowhere")
    let outcome = try await fetch(folder)
    #expect(outcome.documents.map(\.url) == ["folder:files/in.html", "folder:files/sub/in.html"])
    #expect(outcome.skipped["folder:files/out.html"] == "it is a link out of the folder")
    #expect(outcome.skipped["folder:files/dangling.html"] == "it is a link to nothing")
  }

  @Test func `A file over the size limit fails and the others do not`() async throws {
    let folder = try TemporaryFolder()
    try folder.write(String(repeating: "x", count: 1001), to: "a.html")
    try folder.write(String(repeating: "x", count: 1000), to: "b.html")
    let outcome = try await fetch(folder)
    #expect(outcome.documents.map(\.url) == ["folder:files/b.html"])
    #expect(
      outcome.failed["folder:files/a.html"] == "it has more than 1000 bytes; exclude it or make it smaller")
  }

  @Test func `A missing folder is an error that says how to mend it`() async throws {
    let settings = FolderSettings(path: "/nonexistent/handbook")
    await #expect(
      throws: SourceError(
        source: "files", "/nonexistent/handbook: No such file or directory; make the folder or mend `folder.path`")
    ) { try await FolderSource(id: "files", settings: settings).fetch(SourceMemory()) { _ in } }
  }

  @Test func `Settings make their source`() throws {
    let client = try HTTPClient()
    let folder = source(for: SourceSettings(id: "f", kind: .folder(FolderSettings(path: "/"))), client: client)
    let web = source(for: SourceSettings(id: "w", kind: .web(WebSettings(start: ["http://x/"]))), client: client)
    #expect(folder is FolderSource && folder.id == "f")
    #expect(web is WebSource && web.id == "w")
  }
}

@Suite struct FolderRevisitTests {
  @Test func `A file that is no longer there is gone; in an empty folder nothing is`() async throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("# a", to: "pages/a.md")
    _ = try folder.write("# b", to: "pages/b.md")
    let source = FolderSource(id: "files", settings: FolderSettings(path: folder.path + "/pages"))
    let first = try await CrawlOutcome(of: source)
    #expect(first.documents.map(\.url) == ["folder:files/a.md", "folder:files/b.md"])
    try FileManager.default.removeItem(atPath: folder.path + "/pages/a.md")
    let second = try await CrawlOutcome(of: source, SourceMemory(after: first))
    #expect(second.absences == ["folder:files/a.md": .gone])
    #expect(second.listing.cutShort == nil)
    try FileManager.default.removeItem(atPath: folder.path + "/pages/b.md")
    let third = try await CrawlOutcome(of: source, SourceMemory(after: second))
    #expect(third.listing.cutShort == "the folder is empty and was not: is its disk there?")
  }
}
