import AcervoTesting
import Corpus
import Snapshots
import Testing

@Suite struct SnapshotTests {
  let sample: SampleCollection
  let snapshot: Snapshot

  init() throws {
    sample = try SampleCollection()
    try sample.publish()
    snapshot = try sample.collection.openCurrent(verifiesContent: true)
  }

  @Test func `documents and chunks come back as they were written`() throws {
    var chunk = 0
    for number in 0..<50 {
      var expected = SampleCollection.document(number, access: SampleCollection.access(number))
      expected.firstChunk = chunk
      expected.chunkCount = number % 4
      #expect(try snapshot.document(number) == expected)
      for wanted in SampleCollection.chunks(number % 4, of: number) {
        #expect(try snapshot.chunk(chunk) == wanted)
        #expect(try snapshot.document(ofChunk: chunk) == number)
        chunk += 1
      }
    }
    #expect(snapshot.manifest.documents == 50 && snapshot.manifest.chunks == chunk)
    try Snapshot.verify(folder: snapshot.folder)
  }

  @Test func `a document is found by its address and by no other`() throws {
    for number in 0..<50 {
      #expect(try snapshot.documentNumber(url: SampleCollection.document(number).url) == number)
    }
    for url in ["", "a", "https://help.example/page-1000", "https://help.example/page-10000x", "z"] {
      #expect(try snapshot.documentNumber(url: url) == nil)
    }
  }

  @Test func `columns say source, language and rule of a document`() throws {
    #expect(snapshot.sources == ["web", "folder"])
    #expect(snapshot.languages == ["es", "en"])
    #expect(snapshot.ruleCount == 3)
    #expect(snapshot.sourceNumber(ofDocument: 3) == 1)
    #expect(snapshot.languageNumber(ofDocument: 3) == nil)
    #expect(snapshot.languageNumber(ofDocument: 5) == 1)
    #expect(try snapshot.rule(snapshot.ruleNumber(ofDocument: 5)) == SampleCollection.access(5))
  }

  @Test func `a section is read in place, sixteen bytes after a page's start`() throws {
    let block = try #require(try snapshot.section("vectors", part: 3))
    #expect(block.elementsEqual(SampleCollection.block.withUnsafeBytes { Array($0) }))
    #expect(Int(bitPattern: block.baseAddress) % 4096 == 16)
    #expect(try snapshot.section("vectors", part: .max)?.elementsEqual("tail".utf8) == true)
    #expect(try snapshot.section("vectors", part: 2) == nil)
    #expect(try snapshot.section("other", part: 0) == nil)
  }

  @Test(arguments: [-1, 75, Int.max, Int.min, 1 << 32])
  func `numbers that are not there are refused`(number: Int) {
    let chunk = #expect(throws: SnapshotError.self) { _ = try snapshot.chunk(number) }
    #expect(chunk?.code == .missing)
    let document = #expect(throws: SnapshotError.self) { _ = try snapshot.document(number) }
    #expect(document?.code == .missing)
    #expect(throws: SnapshotError.self) { _ = try snapshot.rule(number) }
  }

  @Test func `the same file opened twice is shared and outlives either`() throws {
    var second: Snapshot? = try sample.collection.openCurrent()
    #expect(try second?.chunk(0) == snapshot.chunk(0))
    second = nil
    #expect(try snapshot.document(1).title == "Página 1")
    second = try sample.collection.openCurrent()
    #expect(try second?.section("vectors", part: 3)?.baseAddress == snapshot.section("vectors", part: 3)?.baseAddress)
  }

  @Test func `many threads read at once`() async throws {
    let first = try snapshot.chunk(30)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { [snapshot, sample] in
          for round in 0..<100 {
            #expect((try? snapshot.chunk(30)) == first)
            #expect((try? snapshot.document(round % 50))?.title == "Página \(round % 50)")
            if round % 10 == 0 { _ = try? sample.collection.openCurrent() }
          }
        }
      }
    }
  }

  @Test func `a file that is not its manifest's is refused`() throws {
    let folder = snapshot.folder
    let copy = try TemporaryFolder()
    let index = try FileBytes.read(folder + "/index.mdb")
    let manifest = try FileBytes.read(folder + "/manifest.json")
    try copy.write(manifest, to: "manifest.json")
    let missing = #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: copy.path) }
    #expect(missing?.code == .missing)
    try copy.write(index.dropLast(4096), to: "index.mdb")
    let short = #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: copy.path) }
    #expect(short?.code == .damaged)
    var flipped = index
    flipped[index.count - 100] ^= 1
    try copy.write(flipped, to: "index.mdb")
    let changed = #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: copy.path, verifiesContent: true) }
    #expect(changed?.reason.contains("SHA-256") == true)
  }

  @Test(arguments: [(0, "index again"), (3, "install a newer Acervo")])
  func `another format is refused with the way out`(format: Int, mend: String) throws {
    let copy = try TemporaryFolder()
    let text = String(decoding: try FileBytes.read(snapshot.folder + "/manifest.json"), as: UTF8.self)
    try copy.write(text.replacing("\"format\": 2,", with: "\"format\": \(format),"), to: "manifest.json")
    let error = #expect(throws: SnapshotError.self) { _ = try Snapshot(folder: copy.path) }
    #expect(error?.code == .otherFormat)
    #expect(error?.mend.contains(mend) == true)
  }

  @Test func `a manifest reads back equal`() throws {
    let id = snapshot.manifest.id
    #expect(try sample.collection.manifest(ofSnapshot: id) == snapshot.manifest)
    #expect(id.hasPrefix("20270115T080000Z-"))
    #expect(snapshot.manifest.sources.map(\.id) == ["folder", "web"])
    #expect(snapshot.manifest.sources.map(\.documents) == [25, 25])
  }
}
