import Corpus
import Foundation
import Pipelines
import Snapshots
import Testing

@testable import Indexing

/// What most pages of a site share leaves the snapshot, whatever the history of runs.
@Suite struct TemplateTests {
  private static let notice = "Was this page of any help to you? Tell us what you think of it in a few words."

  private static func pages(_ count: Int, noticed: (Int) -> Bool) -> [(url: String, html: String)] {
    samplePages(count).enumerated().map { number, page in
      (page.url, noticed(number) ? page.html.replacing("</main>", with: "<p>\(notice)</p></main>") : page.html)
    }
  }

  private func bytes(_ folder: RunFolder) throws -> Data {
    let collection = try folder.collection
    let id = try #require(try collection.currentID())
    return try Data(contentsOf: URL(fileURLWithPath: "\(folder.snapshots)/help/\(id)/index.mdb"))
  }

  @Test func `shared blocks leave the snapshot and nothing else does`() async throws {
    let folder = try RunFolder()
    let pages = Self.pages(12) { _ in true }
    _ = try await folder.run(ScriptedSource(pages: pages))
    let text = try folder.text()
    #expect(!text.contains("of any help"))
    for number in 0..<12 { #expect(text.contains("number \(number)")) }
    // How a page came is known though the snapshot holds only a part of it.
    let snapshot = try folder.collection.openCurrent()
    let state = try CollectionState(collectionFolder: folder.snapshots + "/help")
    let page = try snapshot.document(0)
    func history(in snapshot: String) throws -> PageHistory? {
      try state.history(source: page.source, url: page.url, hash: page.hash, snapshot: snapshot)
    }
    #expect(try history(in: snapshot.manifest.id)?.mediaType == .html)
    #expect(try history(in: "another") == nil)
    let off = try RunFolder()
    _ = try await off.run(ScriptedSource(pages: pages), off.pipeline(clean: CleanSettings(templates: .off)))
    #expect(try off.text().contains("of any help"))
    let plain = try RunFolder()
    _ = try await plain.run(ScriptedSource(pages: Self.pages(12) { _ in false }))
    #expect(try plain.text() == text)
  }

  @Test func `the bytes are those of a snapshot built from nothing, whatever came before`() async throws {
    let folder = try RunFolder()
    // The notice is on few pages, then on most, then on few again; between them a page changes and one leaves.
    let states = [
      Self.pages(12) { $0 < 3 }, Self.pages(12) { $0 < 11 }, Array(Self.pages(12) { $0 < 10 }.dropLast()),
      Self.pages(12) { $0 < 4 }, Self.pages(12) { $0 < 11 },
    ]
    for (number, pages) in states.enumerated() {
      let report = try await folder.run(ScriptedSource(pages: number.isMultiple(of: 2) ? pages : pages.reversed()))
      #expect(report.isPublished, "state \(number)")
      let fresh = try RunFolder()
      _ = try await fresh.run(ScriptedSource(pages: pages))
      #expect(try bytes(folder) == bytes(fresh), "state \(number)")
      #expect(try folder.text().contains("of any help") == (number == 0 || number == 3), "state \(number)")
      let again = try await folder.run(ScriptedSource(pages: pages))
      #expect(again.isUnchanged)
      #expect(again.counts.cleaned + again.counts.chunked + again.counts.chunksEmbedded == 0)
    }
  }
}
