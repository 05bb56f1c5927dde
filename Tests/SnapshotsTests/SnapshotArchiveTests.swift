import AcervoTesting
import Corpus
import Foundation
import Snapshots
import Testing

@Suite struct SnapshotArchiveTests {
  let sample: SampleCollection
  let manifest: SnapshotManifest
  let archive: [UInt8]

  init() throws {
    sample = try SampleCollection()
    manifest = try sample.publish().0
    var bytes: [UInt8] = []
    try sample.collection.export(manifest.id) { bytes.append(contentsOf: $0) }
    archive = bytes
  }

  /// Imports bytes into a folder, a few at a time.
  @discardableResult
  private func read(_ bytes: [UInt8], into folder: String, piece: Int = 100_003, signedBy keys: [VerifyingKey] = [])
    throws -> (SnapshotManifest, isNew: Bool)
  {
    var place = 0
    return try CollectionFolder.importSnapshot(into: folder, signedBy: keys, source: "test.tar") { buffer in
      let count = min(buffer.count, bytes.count - place, piece)
      buffer.copyBytes(from: bytes[place..<place + count])
      place += count
      return count
    }
  }

  @Test func `what was exported is imported, byte for byte, and once`() throws {
    let target = try TemporaryFolder()
    let (imported, isNew) = try read(archive, into: target.path)
    #expect(isNew && imported == manifest)
    let there = target.path + "/sample/" + manifest.id
    #expect(try FileBytes.names(target.path + "/sample") == [manifest.id])
    for name in ["index.mdb", "manifest.json"] {
      #expect(try FileBytes.read(there + "/" + name) == FileBytes.read(sample.collection.path + "/current/" + name))
    }
    #expect(try read(archive, into: target.path, piece: 1 << 30).isNew == false)
    #expect(try FileBytes.names(target.path + "/sample") == [manifest.id])
  }

  @Test func `tar reads it, and a signature comes along`() throws {
    let key = try SigningKey.generate()
    let signed = try SampleCollection()
    let writer = try signed.filledWriter()
    let (manifest, _) = try writer.finish(SampleCollection.description())
    try writer.publish(keep: 1, signedBy: key)
    var bytes: [UInt8] = []
    try signed.collection.export(manifest.id) { bytes.append(contentsOf: $0) }
    let folder = try TemporaryFolder()
    try folder.write(bytes, to: "a.tar")
    let tar = Process()
    tar.executableURL = URL(filePath: "/usr/bin/tar")
    tar.arguments = ["-xf", folder.path + "/a.tar", "-C", folder.path]
    try tar.run()
    tar.waitUntilExit()
    #expect(tar.terminationStatus == 0)
    let own = try VerifyingKey(pem: key.publicPEM, name: "own")
    try Snapshot.verify(folder: folder.path + "/sample/" + manifest.id, signedBy: [own])
    let target = try TemporaryFolder()
    try read(bytes, into: target.path, signedBy: [own])
    let error = #expect(throws: SnapshotError.self) { try read(archive, into: target.path + "/b", signedBy: [own]) }
    #expect(error?.code == .untrusted)
    #expect(try FileBytes.names(target.path + "/b").isEmpty)
    // Before the index is read: what comes behind its header is not missed.
    let size = self.manifest.json().text(pretty: true).utf8.count + 1
    let short = Array(archive[..<(512 + (size + 511) / 512 * 512 + 512)])
    let early = #expect(throws: SnapshotError.self) { try read(short, into: target.path + "/b", signedBy: [own]) }
    #expect(early?.code == .untrusted)
  }

  @Test func `what is there already is verified before it counts`() throws {
    let target = try TemporaryFolder()
    try read(archive, into: target.path)
    let path = target.path + "/sample/\(manifest.id)/index.mdb"
    var index = try FileBytes.read(path)
    index[index.count / 2] ^= 1
    try FileManager.default.removeItem(atPath: path)
    try Data(index).write(to: URL(filePath: path))
    let error = #expect(throws: SnapshotError.self) { try read(archive, into: target.path) }
    #expect(error?.code == .damaged && error?.path == path)
    #expect(try FileBytes.names(target.path + "/sample") == [manifest.id])
  }

  @Test func `the longest name of a collection comes through, and tar reads it`() throws {
    let name = String(repeating: "n", count: 64)
    let source = try TemporaryFolder()
    let writer = try SnapshotWriter(snapshots: source.path, collection: name)
    try writer.append(SampleCollection.document(1), chunks: SampleCollection.chunks(2, of: 1))
    let (manifest, _) = try writer.publish(SampleCollection.description(), keep: 1)
    var bytes: [UInt8] = []
    try CollectionFolder(snapshots: source.path, collection: name).export(manifest.id) {
      bytes.append(contentsOf: $0)
    }
    let target = try TemporaryFolder()
    #expect(try read(bytes, into: target.path + "/s").0 == manifest)
    try target.write(bytes, to: "a.tar")
    let tar = Process()
    tar.executableURL = URL(filePath: "/usr/bin/tar")
    tar.arguments = ["-xf", target.path + "/a.tar", "-C", target.path]
    try tar.run()
    tar.waitUntilExit()
    #expect(tar.terminationStatus == 0)
    try Snapshot.verify(folder: target.path + "/\(name)/\(manifest.id)")
  }

  @Test func `a gate that is no JSON is refused`() throws {
    let gated = try SampleCollection()
    let writer = try gated.filledWriter()
    let (manifest, _) = try writer.finish(SampleCollection.description())
    try writer.publish(keep: 1, gate: ["passed": .bool(true)])
    var bytes: [UInt8] = []
    try gated.collection.export(manifest.id) { bytes.append(contentsOf: $0) }
    let target = try TemporaryFolder()
    try read(bytes, into: target.path)
    let size = manifest.json().text(pretty: true).utf8.count + 1
    let place = 512 + (size + 511) / 512 * 512 + 512
    #expect(bytes[place] == UInt8(ascii: "{"))
    bytes[place] = UInt8(ascii: "x")
    let error = #expect(throws: SnapshotError.self) { try read(bytes, into: target.path + "/b") }
    #expect(error?.code == .damaged && error?.reason.contains("gate.json") == true)
    #expect(try FileBytes.names(target.path + "/b").isEmpty)
  }

  /// The archive with another header in place of the one at an offset, its checksum made right.
  private func changed(_ place: Int, _ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var header = Array(archive[place..<place + 512])
    change(&header)
    header.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    header.replaceSubrange(
      148..<156, with: Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 0x20])
    return Array(archive[..<place]) + header + Array(archive[(place + 512)...])
  }

  @Test(arguments: [
    "../../evil", "/tmp/evil", "sample/../manifest.json", "other/x/manifest.json", "sample/evil", "manifest.json", "",
    String(repeating: "a", count: 100),
  ])
  func `no name leads anywhere`(name: String) throws {
    let size = manifest.json().text(pretty: true).utf8.count + 1
    let second = 512 + (size + 511) / 512 * 512
    for place in [0, second] {
      let bytes = changed(place) { header in
        header.replaceSubrange(0..<100, with: [UInt8](repeating: 0, count: 100))
        header.replaceSubrange(0..<name.utf8.count, with: name.utf8)
      }
      let target = try TemporaryFolder()
      let error = #expect(throws: SnapshotError.self) { try read(bytes, into: target.path + "/s") }
      #expect(error?.code == .damaged)
      #expect(!FileManager.default.fileExists(atPath: target.path + "/evil"))
      #expect(try FileBytes.names(target.path).allSatisfy { $0 == "s" })
      let below = (try? FileBytes.names(target.path + "/s/sample")) ?? []
      #expect(below.isEmpty)
    }
  }

  @Test func `links, folders and prefixes are refused`() throws {
    for type in "1234567xgLK" {
      let bytes = changed(0) { $0[156] = type.asciiValue ?? 0 }
      #expect(throws: SnapshotError.self) { try read(bytes, into: TemporaryFolder().path) }
    }
    let bytes = changed(0) { $0[345] = 0x61 }
    #expect(throws: SnapshotError.self) { try read(bytes, into: TemporaryFolder().path) }
  }

  @Test func `half an archive, a longer one and a flipped one leave nothing behind`() throws {
    let target = try TemporaryFolder()
    var random = SeededGenerator(seed: 3)
    for _ in 0..<40 {
      let cut = Int.random(in: 0..<archive.count - 1024, using: &random)
      #expect(throws: SnapshotError.self) { try read(Array(archive[..<cut]), into: target.path) }
      var flipped = archive
      flipped[cut] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      // What fills blocks up may be anything; everything else is checked.
      if let (found, _) = try? read(flipped, into: target.path) {
        #expect(found == manifest)
        try FileManager.default.removeItem(atPath: target.path + "/sample/" + found.id)
      }
      #expect(((try? FileBytes.names(target.path + "/sample")) ?? []).isEmpty)
    }
    // The size of the index in its header, not the manifest's.
    let size = manifest.json().text(pretty: true).utf8.count + 1
    let bytes = changed(512 + (size + 511) / 512 * 512) { $0[134] ^= 1 }
    #expect(throws: SnapshotError.self) { try read(bytes, into: target.path) }
  }
}
