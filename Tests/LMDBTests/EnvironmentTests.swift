import AcervoTesting
import LMDB
import Testing

@Suite struct EnvironmentTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/state.mdb"
  }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func `what was put is there after closing and opening again`() throws {
    do {
      let environment = try Environment(path: path, use: .readWrite())
      let pages = try environment.database("pages")
      try environment.put(bytes("one"), at: "k1".utf8, in: pages)
      try environment.put(bytes("two"), at: "k2".utf8, in: pages)
      try environment.put(bytes("three"), at: "k2".utf8, in: pages)
      #expect(try environment.remove("k1".utf8, from: pages))
      #expect(try !environment.remove("k1".utf8, from: pages))
      try environment.sync()
    }
    let environment = try Environment(path: path, use: .readWrite())
    let pages = try environment.database("pages")
    #expect(try environment.bytes("k1".utf8, in: pages) == nil)
    #expect(try environment.bytes("k2".utf8, in: pages) == bytes("three"))
    #expect(try environment.database("others").name == "others")
  }

  @Test func `a writing closure that throws changes nothing`() throws {
    struct Stop: Error {}
    let environment = try Environment(path: path, use: .readWrite())
    let pages = try environment.database("pages")
    #expect(throws: Stop.self) {
      try environment.write {
        try $0.put([1], at: [1], in: pages)
        throw Stop()
      }
    }
    #expect(try environment.bytes([1], in: pages) == nil)
  }

  @Test func `the map grows by itself and the closure's work is whole`() throws {
    let environment = try Environment(path: path, use: .readWrite(mapSize: 1 << 20))
    let pages = try environment.database("pages")
    let value = [UInt8](repeating: 7, count: 10_000)
    try environment.write { transaction in
      for number in 0..<500 as Range<UInt16> {
        try transaction.put(value, at: [UInt8(number >> 8), UInt8(number & 255)], in: pages)
      }
    }
    #expect(environment.mapSize > 5_000_000)
    #expect(try environment.read { try $0.count(pages) } == 500)
  }

  @Test func `writing inside a reading of the same thread is refused, not a deadlock`() throws {
    let environment = try Environment(path: path, use: .readWrite())
    let pages = try environment.database("pages")
    let error = #expect(throws: LMDBError.self) {
      try environment.read { _ in try environment.put([1], at: [1], in: pages) }
    }
    #expect(error?.code == .misuse)
    try environment.put([1], at: [1], in: pages)
  }

  @Test func `keys are walked by prefix, from a key on, in pages`() throws {
    let environment = try Environment(path: path, use: .readWrite())
    let pages = try environment.database("pages")
    let names = ["a/1", "b/1", "b/2", "b/3", "c/1"]
    try environment.write { for name in names { try $0.put(bytes(name), at: name.utf8, in: pages) } }
    #expect(
      try environment.page(prefix: bytes("b/"), in: pages, limit: 9).map(\.value) == ["b/1", "b/2", "b/3"].map(bytes))
    #expect(try environment.page(prefix: bytes("b/"), in: pages, limit: 2).count == 2)
    #expect(
      try environment.page(prefix: bytes("b/"), in: pages, from: bytes("b/2\0"), limit: 9).map(\.key) == [bytes("b/3")])
    #expect(try environment.page(in: pages, limit: 9).count == 5)
    #expect(try environment.page(prefix: bytes("d"), in: pages, limit: 9).isEmpty)
    #expect(try environment.write { try $0.removeAll(prefix: bytes("b/"), from: pages) } == 3)
    #expect(try environment.page(in: pages, limit: 9).map(\.key) == ["a/1", "c/1"].map(bytes))
    #expect(try environment.write { try $0.removeAll(from: pages) } == 2)
  }

  @Test func `removing a prefix up to the last key ends`() throws {
    let environment = try Environment(path: path, use: .readWrite())
    let pages = try environment.database("pages")
    try environment.write {
      for number in 0..<1000 { try $0.put([], at: "p\(number)".utf8, in: pages) }
    }
    #expect(try environment.write { try $0.removeAll(prefix: bytes("p"), from: pages) } == 1000)
  }

  @Test func `values are read in place`() throws {
    let environment = try Environment(path: path, use: .readWrite())
    let pages = try environment.database("pages")
    try environment.put([3, 4, 5], at: [1], in: pages)
    let sum = try environment.read { transaction in
      guard let value = try transaction.value([1], in: pages) else { return 0 }
      return value.copied.reduce(0) { $0 + Int($1) }
    }
    #expect(sum == 12)
  }

  @Test func `an appended key must come after all others`() throws {
    let environment = try Environment(path: path, use: .writeOnce(mapSize: 1 << 24))
    let transaction = try environment.beginWriting()
    let pages = try transaction.database("pages", creates: true)
    try transaction.put([1], at: [5], in: pages, .last)
    let error = #expect(throws: LMDBError.self) { try transaction.put([1], at: [4], in: pages, .last) }
    #expect(error?.code == .keyExists)
    #expect(try transaction.pages(pages) == 1)
    try transaction.commit()
  }

  @Test func `a file opened for reading leaves no lock file and refuses writing`() throws {
    do {
      let environment = try Environment(path: path, use: .writeOnce(mapSize: 1 << 24))
      let transaction = try environment.beginWriting()
      let pages = try transaction.database("pages", creates: true)
      try transaction.put([1], at: [5], in: pages, .last)
      try transaction.commit()
    }
    let environment = try Environment(path: path, use: .immutable)
    let pages = try environment.database("pages")
    #expect(try environment.bytes([5], in: pages) == [1])
    let error = #expect(throws: LMDBError.self) { _ = try environment.beginWriting() }
    #expect(error?.code == .notPermitted)
    #expect(throws: LMDBError.self) { _ = try environment.database("missing") }
    #expect(throws: LMDBError.self) { _ = try Environment(path: path + "-lock", use: .immutable) }
  }

  @Test func `errors say what was wanted and why not`() throws {
    let missing = #expect(throws: LMDBError.self) { _ = try Environment(path: path, use: .immutable) }
    #expect(missing?.code == .noSuchFile)
    #expect(missing?.description == "LMDB could not open “\(path)”: No such file or directory")
    try folder.write([UInt8](repeating: 9, count: 20_000), to: "noise.mdb")
    let noise = #expect(throws: LMDBError.self) {
      _ = try Environment(path: folder.path + "/noise.mdb", use: .immutable)
    }
    #expect(noise?.code == .notADatabase)
    let environment = try Environment(path: path, use: .readWrite())
    let pages = try environment.database("pages")
    let empty = #expect(throws: LMDBError.self) { try environment.put([1], at: [], in: pages) }
    #expect(empty?.code == .badKeySize)
  }

  @Test func `many threads read while one writes`() async throws {
    let environment = try Environment(path: path, use: .readWrite(mapSize: 1 << 20))
    let pages = try environment.database("pages")
    try environment.write { for key in 0..<8 as Range<UInt8> { try $0.put([0], at: [key], in: pages) } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for round in 1...100 as ClosedRange<UInt8> {
          try environment.write { transaction in
            for key in 0..<8 as Range<UInt8> {
              try transaction.put([UInt8](repeating: round, count: 4000), at: [key], in: pages)
            }
          }
        }
      }
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<200 {
            let firsts = try environment.read { transaction in
              try (0..<8 as Range<UInt8>).map { try transaction.bytes([$0], in: pages)?.first }
            }
            #expect(Set(firsts).count == 1)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
