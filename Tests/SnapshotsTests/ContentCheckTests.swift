import AcervoTesting
import Corpus
import Foundation
import LMDB
import Snapshots
import Testing

@Suite struct ContentCheckTests {
  /// Every page of the file, by what stands in it.
  private func places(_ path: String, count: Int) throws -> [String: [Int]] {
    var places: [String: [Int]] = [:]
    for page in stride(from: 0, to: count, by: 4096) {
      for name in try Environment.contents(path: path, range: page..<page + 4096) {
        places[name, default: []].append(page)
      }
    }
    return places
  }

  @Test func `one flipped bit anywhere is found, and its place is named`() throws {
    let sample = try SampleCollection()
    let (manifest, _) = try sample.publish(documents: 60)
    let source = try sample.collection.folder(ofSnapshot: manifest.id)
    let index = try FileBytes.read(source + "/index.mdb")
    let places = try places(source + "/index.mdb", count: index.count)
    #expect(
      Set(places.keys) == [
        "chunks", "documents", "meta", "rules", "section.lexical.terms", "section.vectors", "the file's head",
        "the tree of tables",
      ])
    let copy = try TemporaryFolder()
    try copy.write(try FileBytes.read(source + "/manifest.json"), to: "manifest.json")
    var random = SeededGenerator(seed: 11)
    for name in places.keys.sorted() {
      for _ in 0..<12 {
        var bytes = index
        let page = try #require(places[name]?.randomElement(using: &random))
        let place = page + Int.random(in: 0..<4096, using: &random)
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        _ = unlink(copy.path + "/index.mdb")
        try copy.write(bytes, to: "index.mdb")
        let error = #expect(throws: SnapshotError.self, "\(name), byte \(place)") {
          try Snapshot.verify(folder: copy.path)
        }
        #expect(error?.code == .damaged)
        #expect(error?.reason.contains("bytes 0 to \(index.count - 1) (the file's head") == true)
      }
    }
  }

  @Test func `a large file's damage is placed by the block`() throws {
    let sample = try SampleCollection()
    let writer = try sample.filledWriter()
    let block = [UInt8](repeating: 7, count: 3 << 20)
    try block.withUnsafeBytes { try writer.put(section: "vectors.codes", part: 0, $0) }
    let (manifest, _) = try writer.publish(SampleCollection.description(), keep: 1)
    #expect(manifest.blockHashes.count == (manifest.indexBytes + (1 << 20) - 1) >> 20)
    let path = try sample.collection.path + "/\(manifest.id)/index.mdb"
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    try file.seek(toOffset: 2 << 20)
    try file.write(contentsOf: [9])
    try file.close()
    let error = #expect(throws: SnapshotError.self) { try Snapshot.verify(folder: sample.collection.path + "/current") }
    #expect(error?.reason.hasPrefix("bytes 2097152 to 3145727 (section.vectors.codes)") == true)
  }

  @Test func `a manifest whose id is not that of its index is refused by verify`() throws {
    let sample = try SampleCollection()
    let (manifest, _) = try sample.publish()
    let copy = try TemporaryFolder()
    let folder = try sample.collection.folder(ofSnapshot: manifest.id)
    let text = String(decoding: try FileBytes.read(folder + "/manifest.json"), as: UTF8.self)
    try copy.write(
      text.replacing("\"id\": \"\(manifest.id)", with: "\"id\": \"20270115T080000Z-000000000000"), to: "manifest.json")
    try copy.write(try FileBytes.read(folder + "/index.mdb"), to: "index.mdb")
    let error = #expect(throws: SnapshotError.self) { try Snapshot.verify(folder: copy.path) }
    #expect(error?.reason.contains("is not that of a file") == true)
  }
}

@Suite struct SignatureTests {
  @Test func `a signed snapshot opens with its key and with no other`() throws {
    let sample = try SampleCollection()
    let key = try SigningKey.generate()
    let (own, other) = (
      try VerifyingKey(pem: key.publicPEM, name: "own"),
      try VerifyingKey(pem: SigningKey.generate().publicPEM, name: "other")
    )
    let writer = try sample.filledWriter()
    _ = try writer.finish(SampleCollection.description())
    try writer.publish(keep: 1, signedBy: SigningKey(pem: key.privatePEM, name: "again"))
    let folder = try sample.collection.path + "/current"
    try Snapshot.verify(folder: folder, signedBy: [own])
    _ = try Snapshot(folder: folder, signedBy: [other, own])
    let foreign = #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: folder, signedBy: [other]) }
    #expect(foreign?.code == .untrusted)

    // The manifest binds everything: one character of it, and the signature no longer fits.
    let manifest = try FileBytes.read(folder + "/manifest.json")
    let signature = try FileBytes.read(folder + "/manifest.sig")
    #expect(signature.count == 64)
    let copy = try TemporaryFolder()
    try copy.write(try FileBytes.read(folder + "/index.mdb"), to: "index.mdb")
    for place in stride(from: 0, to: manifest.count, by: 97) {
      var bytes = manifest
      bytes[place] ^= 1
      for name in ["manifest.json", "manifest.sig"] { _ = unlink(copy.path + "/" + name) }
      try copy.write(bytes, to: "manifest.json")
      try copy.write(signature, to: "manifest.sig")
      let changed = #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: copy.path, signedBy: [own]) }
      #expect(changed?.code == .untrusted)
    }
  }

  @Test func `an unsigned snapshot is refused where a signature is required`() throws {
    let sample = try SampleCollection()
    try sample.publish()
    let key = try VerifyingKey(pem: SigningKey.generate().publicPEM, name: "k")
    let error = #expect(throws: SnapshotError.self) { _ = try sample.collection.openCurrent(signedBy: [key]) }
    #expect(error?.code == .untrusted)
    #expect(error?.reason.contains("not signed") == true)
  }

  @Test func `what is no Ed25519 key is refused without being shown`() throws {
    let key = try SigningKey.generate()
    let x25519 = Array(
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n-----END PUBLIC KEY-----\n"
        .utf8)
    for bytes in [[], Array("secret".utf8), key.publicPEM] {
      let error = #expect(throws: KeyError.self) { _ = try SigningKey(pem: bytes, name: "f.pem") }
      #expect(error?.description.hasPrefix("f.pem") == true && error?.description.contains("secret") == false)
    }
    for bytes in [[], Array("secret".utf8), key.privatePEM, x25519] {
      #expect(throws: KeyError.self) { _ = try VerifyingKey(pem: bytes, name: "f.pub") }
    }
  }
}
