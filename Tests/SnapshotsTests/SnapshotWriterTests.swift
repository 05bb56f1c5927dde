import AcervoTesting
import Corpus
import Foundation
import Snapshots
import Testing

@Suite struct SnapshotWriterTests {
  @Test func `two builds in different folders give the same bytes`() throws {
    let (first, second) = (try SampleCollection(), try SampleCollection())
    try first.publish(documents: 300)
    try second.publish(documents: 300, created: 1_900_000_000)
    let files = try [first, second].map { try FileBytes.read($0.collection.path + "/current/index.mdb") }
    #expect(files[0] == files[1])
    #expect(files[0].count % 4096 == 0)
    #expect(try first.collection.currentID() != second.collection.currentID())
  }

  @Test func `the same content publishes nothing`() throws {
    let sample = try SampleCollection()
    let (first, isNew) = try sample.publish()
    #expect(isNew)
    let (again, isNewAgain) = try sample.publish(created: 1_900_000_000)
    #expect(!isNewAgain && again == first)
    #expect(try FileBytes.names(sample.collection.path) == [first.id, "current"])
    let (other, isNewOther) = try sample.publish(pipeline: "q")
    #expect(isNewOther && other.parent == first.id && other.id != first.id)
    #expect(try sample.collection.currentID() == other.id)
  }

  @Test func `the same content is published again when it is to be signed, or with another key`() throws {
    let sample = try SampleCollection()
    let first = try sample.publish().0
    var ids = [first.id]
    for key in [try SigningKey.generate(), try SigningKey.generate()] {
      let current = try #require(ids.last)
      #expect(try !sample.collection.isSigned(current, by: key))
      for isExpected in [true, false] {
        let writer = try sample.filledWriter()
        let (manifest, isNew) = try writer.finish(SampleCollection.description(), signedBy: key)
        #expect(isNew == isExpected)
        if isNew {
          try writer.publish(keep: 5, signedBy: key)
          ids.append(manifest.id)
        }
        #expect(try sample.collection.isSigned(manifest.id, by: key))
      }
    }
    #expect(Set(ids).count == 3)
    #expect(try sample.collection.currentID() == ids.last)
    // Without a key what is signed stays.
    #expect(try !sample.publish().isNew)
  }

  @Test func `one bad entry hides no collection`() throws {
    let sample = try SampleCollection()
    try sample.publish(documents: 3)
    try sample.folder.write([1], to: "a-file")
    let broken = sample.snapshots + "/broken"
    try FileManager.default.createDirectory(atPath: broken, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: sample.snapshots + "/empty", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: broken + "/current", withDestinationPath: "nowhere")
    let all = try CollectionFolder.all(in: sample.snapshots)
    #expect(all.map(\.name) == ["broken", "sample"])
    let error = #expect(throws: SnapshotError.self) { _ = try all.first?.openCurrent() }
    #expect(error?.code == .damaged && error?.path == broken + "/current")
  }

  @Test func `an empty collection is a snapshot, too`() throws {
    let sample = try SampleCollection()
    _ = try sample.writer().publish(SampleCollection.description(), keep: 1)
    let snapshot = try sample.collection.openCurrent(verifiesContent: true)
    #expect(snapshot.manifest.documents == 0)
    #expect(try snapshot.documentNumber(url: "x") == nil)
    #expect(throws: SnapshotError.self) { _ = try snapshot.chunk(0) }
  }

  @Test func `a document out of order ends the writer`() throws {
    let sample = try SampleCollection()
    let writer = try sample.writer()
    try writer.append(SampleCollection.document(2), chunks: [])
    let order = #expect(throws: SnapshotError.self) { try writer.append(SampleCollection.document(1), chunks: []) }
    #expect(order?.code == .refused)
    #expect(throws: SnapshotError.self) { _ = try writer.publish(SampleCollection.description(), keep: 1) }
    #expect(try FileBytes.names(sample.collection.path).isEmpty)
  }

  @Test func `a part out of order and a bad section name are refused`() throws {
    let sample = try SampleCollection()
    let writer = try sample.writer()
    try [UInt8(1)].withUnsafeBytes { try writer.put(section: "a", part: 2, $0) }
    #expect(throws: SnapshotError.self) { try [UInt8(1)].withUnsafeBytes { try writer.put(section: "a", part: 2, $0) } }
    let other = try sample.writer()
    #expect(throws: SnapshotError.self) {
      try [UInt8(1)].withUnsafeBytes { try other.put(section: "../a", part: 2, $0) }
    }
  }

  @Test func `what a dead writer left is removed, what a living one writes stays`() throws {
    let sample = try SampleCollection()
    try sample.folder.write("half", to: "sample/.tmp-dead/index.mdb")
    let living = try sample.writer()
    let names = try FileBytes.names(sample.collection.path)
    #expect(names.count == 1 && !names.contains(".tmp-dead"))
    #expect(try sample.collection.removeLeftovers().isEmpty)
    let (manifest, _) = try living.publish(SampleCollection.description(), keep: 1)
    #expect(try FileBytes.names(sample.collection.path) == [manifest.id, "current"])
  }

  @Test func `a writer that is let go leaves nothing`() throws {
    let sample = try SampleCollection()
    do { _ = try sample.filledWriter() }
    #expect(try FileBytes.names(sample.collection.path).isEmpty)
  }

  @Test func `old snapshots go, the current one never`() throws {
    let sample = try SampleCollection()
    for number in 1...5 { try sample.publish(documents: number, created: 1_800_000_000 + Int64(number), keep: 3) }
    let collection = try sample.collection
    let ids = try collection.snapshotIDs()
    #expect(ids.count == 3)
    #expect(ids.first == (try collection.currentID()))
    #expect(try collection.manifest(ofSnapshot: ids[2]).documents == 3)
    try collection.makeCurrent(ids[2])
    #expect(try collection.prune(keep: 1, since: 1_800_000_005).isEmpty == false)
    #expect(try collection.snapshotIDs() == [ids[0], ids[2]])
    #expect(try collection.openCurrent().manifest.documents == 3)
  }

  @Test func `ids ascend within one second and when the clock goes back`() throws {
    let sample = try SampleCollection()
    var published: [String] = []
    for (documents, created) in [(1, 1_800_000_000), (2, 1_800_000_000), (3, 1_700_000_000)] as [(Int, Int64)] {
      published.append(try sample.publish(documents: documents, created: created).0.id)
    }
    #expect(published == published.sorted())
    #expect(try sample.collection.snapshotIDs() == published.reversed())
    #expect(try sample.collection.previousID() == published[1])
    #expect(try sample.collection.manifest(ofSnapshot: published[2]).created == 1_800_000_002)
  }

  @Test func `a snapshot in use is readable after it was removed`() throws {
    let sample = try SampleCollection()
    try sample.publish(documents: 10)
    let old = try sample.collection.openCurrent()
    try sample.publish(documents: 11, created: 1_900_000_000, keep: 1)
    #expect(try sample.collection.snapshotIDs().count == 1)
    #expect(try old.document(9).title == "Página 9")
    #expect(try sample.collection.openCurrent().manifest.documents == 11)
  }

  @Test func `collections are listed once they have a snapshot`() throws {
    let sample = try SampleCollection()
    #expect(try CollectionFolder.all(in: sample.snapshots).isEmpty)
    try sample.publish()
    try sample.folder.write("x", to: "other/readme.txt")
    #expect(try CollectionFolder.all(in: sample.snapshots) == [sample.collection])
    #expect(throws: SnapshotError.self) { _ = try CollectionFolder.all(in: sample.snapshots + "/no") }
  }

  @Test(arguments: ["", "../x", "A", "a/b", String(repeating: "a", count: 65)])
  func `a name that is no collection's is refused`(name: String) {
    #expect(throws: SnapshotError.self) { _ = try CollectionFolder(snapshots: "/s", collection: name) }
  }

  @Test func `a finished snapshot waits for its gate`() throws {
    let sample = try SampleCollection()
    let writer = try sample.filledWriter()
    let (manifest, isNew) = try writer.finish(SampleCollection.description())
    #expect(isNew)
    #expect(try Snapshot(folder: writer.temporaryFolder).manifest == manifest)
    #expect(try sample.collection.snapshotIDs().isEmpty)
    try writer.publish(keep: 1, gate: ["passed": .bool(true)])
    #expect(try sample.collection.currentID() == manifest.id)
    #expect(try sample.collection.gate(ofSnapshot: manifest.id) == ["passed": .bool(true)])
    #expect(throws: SnapshotError.self) { try writer.publish(keep: 1) }
  }

  @Test func `a refused candidate stays to be looked at until something newer is current`() throws {
    let sample = try SampleCollection()
    let (first, _) = try sample.publish(documents: 1, created: 1_800_000_000)
    func refuse(_ documents: Int, at created: Int64) throws -> String {
      let writer = try sample.filledWriter(documents: documents)
      let (manifest, _) = try writer.finish(SampleCollection.description(created: created))
      try writer.setAside(gate: ["passed": .bool(false)])
      return manifest.id
    }
    let collection = try sample.collection
    _ = try refuse(2, at: 1_800_000_001)
    let second = try refuse(3, at: 1_800_000_002)
    #expect(try collection.currentID() == first.id)
    #expect(try collection.snapshotIDs() == [second, first.id])
    #expect(try collection.isRefused(second) && !collection.isRefused(first.id))
    #expect(try collection.prune(keep: 1).isEmpty)
    // It is nothing to go back to, and takes no published one's place.
    let (third, _) = try sample.publish(documents: 4, created: 1_800_000_003, keep: 2)
    #expect(third.parent == first.id)
    #expect(try collection.snapshotIDs() == [third.id, first.id])
    #expect(try collection.previousID() == first.id)
    try collection.makeCurrent(first.id)
    #expect(throws: SnapshotError.self) { _ = try collection.previousID() }
  }
}
