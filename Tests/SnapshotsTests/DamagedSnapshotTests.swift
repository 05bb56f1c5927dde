import AcervoTesting
import Corpus
import Foundation
import Snapshots
import Testing

@Suite struct DamagedSnapshotTests {
  /// Reads everything there is; errors are fine, a crash is not.
  private func readAll(_ folder: String) throws {
    let snapshot = try Snapshot(folder: folder)
    for number in 0..<snapshot.manifest.documents {
      let document = try? snapshot.document(number)
      _ = document.map { try? snapshot.documentNumber(url: $0.url) }
    }
    for number in 0..<snapshot.manifest.chunks { _ = try? snapshot.chunk(number) }
    for part in [0, 3, UInt32.max] {
      for name in ["vectors", "lexical.terms"] {
        // Every byte that is promised must be there to be read.
        _ = try? snapshot.section(name, part: part)?.reduce(0) { $0 ^ $1 }
      }
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `flipped bytes give errors, never a crash`(seed: UInt64) throws {
    let sample = try SampleCollection()
    try sample.publish(documents: 30)
    let source = try sample.collection.path + "/current"
    let index = try FileBytes.read(source + "/index.mdb")
    var random = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    func next(_ limit: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % limit
    }
    var refused = 0
    for round in 0..<120 {
      let copy = try TemporaryFolder()
      var bytes = index
      for _ in 0..<1 + next(4) {
        // Half of them in the first bytes of a page, where the structure is.
        let page = next(bytes.count / 4096) * 4096
        bytes[page + (round.isMultiple(of: 2) ? next(64) : next(4096))] ^= UInt8(1 + next(255))
      }
      try copy.write(try FileBytes.read(source + "/manifest.json"), to: "manifest.json")
      try copy.write(bytes, to: "index.mdb")
      do { try readAll(copy.path) } catch { refused += 1 }
      #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: copy.path, verifiesContent: true) }
    }
    #expect(refused > 10)
  }

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
}
