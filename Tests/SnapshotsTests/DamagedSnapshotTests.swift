import AcervoTesting
import Corpus
import Foundation
import Snapshots
import Testing

@Suite struct DamagedSnapshotTests {
  @Test func `a file of zeros, of noise and of one page is refused`() throws {
    let sample = try SampleCollection()
    let (manifest, _) = try sample.publish(documents: 30)
    let folder = try sample.collection.folder(ofSnapshot: manifest.id)
    let index = try FileBytes.read(folder + "/index.mdb")
    for bytes in [
      [UInt8](repeating: 0, count: index.count), [UInt8](repeating: 0xA5, count: index.count),
      Array(index[..<4096]) + [UInt8](repeating: 0, count: index.count - 4096),
      Array(index[..<8192]) + [UInt8](repeating: 0, count: index.count - 8192),
    ] {
      let copy = try TemporaryFolder()
      try copy.write(try FileBytes.read(folder + "/manifest.json"), to: "manifest.json")
      try copy.write(bytes, to: "index.mdb")
      let error = #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: copy.path) }
      #expect(error?.code == .damaged)
    }
  }

  @Test(arguments: ["9223372036854775807", "-1", "-9223372036854775808"])
  func `a manifest with an impossible length is refused`(length: String) throws {
    let sample = try SampleCollection()
    let (manifest, _) = try sample.publish(documents: 3)
    let text = manifest.json().text(pretty: true)
    let changed = text.replacing("\"index_bytes\": \(manifest.indexBytes)", with: "\"index_bytes\": \(length)")
    #expect(changed != text)
    let copy = try TemporaryFolder()
    try copy.write(Array(changed.utf8), to: "manifest.json")
    let error = #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: copy.path) }
    #expect(error?.code == .damaged)
  }

  @Test func `more rules than documents are refused`() throws {
    let sample = try SampleCollection()
    let (manifest, _) = try sample.publish()
    let folder = try sample.collection.folder(ofSnapshot: manifest.id)
    var index = try FileBytes.read(folder + "/index.mdb")
    // format, documents, chunks and rules, one byte each
    let counts = Array("counts".utf8) + [2, 50, UInt8(manifest.chunks), 3]
    let place = try #require(index.indices.first { index[$0...].starts(with: counts) })
    index[place + counts.count - 1] = 51
    let copy = try TemporaryFolder()
    try copy.write(try FileBytes.read(folder + "/manifest.json"), to: "manifest.json")
    try copy.write(index, to: "index.mdb")
    let error = #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: copy.path) }
    #expect(error?.code == .damaged && error?.reason.contains("51 rules") == true)
  }
}

@Suite struct SnapshotFuzzTests {
  /// Reads everything there is; errors are fine, a crash is not.
  private func readAll(_ folder: String) throws {
    let snapshot = try Snapshot(folder: folder)
    for number in 0..<snapshot.manifest.documents {
      let document = try? snapshot.document(number)
      _ = document.map { try? snapshot.documentNumber(url: $0.url) }
    }
    for number in 0..<snapshot.manifest.chunks { _ = try? snapshot.chunk(number) }
    _ = try? snapshot.groups()
    _ = try? snapshot.principals(of: Set(["user:a"].compactMap(Principal.init)))
    for part in [0, 3, UInt32.max] {
      for name in ["vectors", "lexical.terms"] {
        // Every byte that is promised must be there to be read.
        _ = try? snapshot.section(name, part: part)?.reduce(0) { $0 ^ $1 }
      }
    }
  }

  @Test func `flipped bytes give errors, never a crash`() throws {
    let sample = try SampleCollection()
    try sample.publish(documents: 30)
    let source = try sample.collection.path + "/current"
    let index = try FileBytes.read(source + "/index.mdb")
    let manifest = try FileBytes.read(source + "/manifest.json")
    let pieces = ["\"", "{", "}", "-", "0", "99999999999999999999", "null", "[", ",", "e9"].map { Array($0.utf8) }
    let copy = try TemporaryFolder()
    var (refused, count) = (0, 0)
    for var random in FuzzRounds(240, seed: 1) {
      count += 1
      var bytes = index
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Half of them in the first bytes of a page, where the structure is.
        let page = Int.random(in: 0..<bytes.count / 4096, using: &random) * 4096
        let place = Int.random(in: 0..<(Bool.random(using: &random) ? 64 : 4096), using: &random)
        bytes[page + place] ^= UInt8.random(in: 1...255, using: &random)
      }
      var text = manifest
      if Int.random(in: 0..<8, using: &random) == 0 { random.mutate(&text, with: pieces) }
      // Removed first: what is mapped must not change.
      for name in ["manifest.json", "index.mdb"] { _ = unlink(copy.path + "/" + name) }
      try copy.write(text, to: "manifest.json")
      try copy.write(bytes, to: "index.mdb")
      do { try readAll(copy.path) } catch { refused += 1 }
      #expect(throws: SnapshotError.self, "seed \(random.seed)") {
        _ = try Snapshot(folder: copy.path, verifiesContent: true)
      }
    }
    #expect(refused > count / 48)
  }
}
