import AcervoTesting
import Corpus
@testable import Snapshots
import Testing

@Suite struct SnapshotDiffTests {
  /// A page with two chunks.
  private struct Page {
    var url: String
    var title: String
    var text: String
    var access = AccessRule.open

    func put(_ writer: SnapshotWriter) throws {
      let texts = [text, "The end of \(text)."]
      let chunks = texts.enumerated().map { index, text in
        Chunk(index: index, range: TextRange(start: 0, end: text.utf8.count), text: text, headingPath: ["Part"])
      }
      try writer.append(
        DocumentRecord(
          url: url, source: "web", title: title, language: "en", hash: .of(title + text), access: access),
        chunks: chunks)
    }
  }

  private static let group = AccessRule.allOf([Set(["group:a"].compactMap(Principal.init))])
  private static let pages = (0..<10).map { number in
    Page(url: "https://h.example/\(number)", title: "Page \(number)", text: "text \(number)")
  }

  private func publish(_ pages: [Page], at created: Int64, to sample: SampleCollection) throws -> Snapshot {
    let writer = try sample.writer()
    for page in pages { try page.put(writer) }
    let (manifest, _) = try writer.publish(SampleCollection.description(created: created), keep: 5)
    return try Snapshot(folder: sample.collection.folder(ofSnapshot: manifest.id))
  }

  @Test func `five edits are named, and nothing else`() throws {
    let sample = try SampleCollection()
    let before = try publish(Self.pages, at: 1_800_000_000, to: sample)
    var pages = Self.pages
    pages[1].text = "text 1, edited"
    pages[3].title = "Page three"
    pages[5].access = Self.group
    pages[7].url = "https://h.example/z"
    pages.remove(at: 9)
    pages.append(Page(url: "https://h.example/8b", title: "New", text: "new"))
    pages.sort { $0.url < $1.url }
    let after = try publish(pages, at: 1_800_000_001, to: sample)
    let diff = try SnapshotDiff(from: before, to: after)
    #expect(diff.added == [.init(url: "https://h.example/8b", title: "New")])
    #expect(diff.removed == [.init(url: "https://h.example/9", title: "Page 9")])
    #expect(
      diff.moved == [
        .init(
          from: .init(url: "https://h.example/7", title: "Page 7"),
          to: .init(url: "https://h.example/z", title: "Page 7"))
      ])
    #expect(
      diff.changed == [
        .init(page: .init(url: "https://h.example/1", title: "Page 1"), titleBefore: "Page 1", parts: [.content]),
        .init(
          page: .init(url: "https://h.example/3", title: "Page three"), titleBefore: "Page 3",
          parts: [.title, .content]
        ),
      ])
    #expect(
      diff.access == [
        .init(
          page: .init(url: "https://h.example/5", title: "Page 5"), change: .narrowed, before: .open, after: Self.group)
      ])
    // Two of the edited text, two of the new title, two of the new page; the moved one keeps its vectors.
    #expect(diff.chunksEmbedded == 6 && diff.chunksKept == 14)
    let back = try SnapshotDiff(from: after, to: before)
    #expect(back.added == diff.removed && back.removed == diff.added)
    #expect(back.access.map(\.change) == [.widened])
    #expect(diff.json["chunks"]?["embedded"]?.int == 6)
  }

  @Test func `a snapshot does not differ from itself`() throws {
    let sample = try SampleCollection()
    try sample.publish()
    let snapshot = try sample.collection.openCurrent()
    let diff = try SnapshotDiff(from: snapshot, to: snapshot)
    #expect(diff.isEmpty && diff.chunksKept == snapshot.manifest.chunks)
  }

  @Test func `of pages alike each is found again once`() throws {
    let sample = try SampleCollection()
    func twin(_ url: String) -> Page { Page(url: url, title: "Twin", text: "the same") }
    let before = try publish([twin("a"), twin("b"), twin("c")], at: 1_800_000_000, to: sample)
    let after = try publish([twin("d"), twin("e")], at: 1_800_000_001, to: sample)
    let diff = try SnapshotDiff(from: before, to: after)
    #expect(diff.moved.map { $0.from.url + $0.to.url } == ["ad", "be"])
    #expect(diff.removed.map(\.url) == ["c"] && diff.added.isEmpty && diff.chunksKept == 4)
  }
}
