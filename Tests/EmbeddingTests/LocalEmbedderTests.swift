import AcervoTesting
import Corpus
import Foundation
import Glibc
import Testing

@testable import Embedding

@Suite("LocalEmbedder")
struct LocalEmbedderTests {
  /// Texts of 1 to some 2,000 tokens.
  static let texts: [String] = {
    var generator = EncoderKernelTests.Seeded(state: 42)
    let words = [
      "the", "impresora", "búsqueda", "index", "página", "über", "日本", "réseau", "42", "rápido", "ключ", ".",
    ]
    return (0..<120).map { index in
      let count = index % 40 == 0 ? 1500 : Int.random(in: 0...60, using: &generator)
      return (0..<count).map { _ in
        // Words that do not come back, so that records are made and forgotten.
        let word = words[Int.random(in: 0..<words.count, using: &generator)]
        return Bool.random(using: &generator) ? word : word + String(UInt32.random(in: 0...99999, using: &generator))
      }.joined(separator: " ")
    }
  }()

  /// Encodes texts alone, in shuffled batches of several sizes and on several threads; all bits must be the same.
  static func checkBits(_ embedder: LocalEmbedder, _ texts: [String]) async throws {
    let width = embedder.fingerprint.dimensions
    let together = try embedder.encode(texts, as: .document)
    #expect(together.count == texts.count * width)
    #expect(!together.contains { !$0.isFinite })
    try await withThrowingTaskGroup(of: Int.self) { group in
      for worker in 0..<4 {
        group.addTask {
          var generator = EncoderKernelTests.Seeded(state: UInt64(worker))
          var order = Array(texts.indices).shuffled(using: &generator)
          var wrong = 0
          while !order.isEmpty {
            let part = Array(order.prefix(worker == 0 ? 1 : Int.random(in: 1...30, using: &generator)))
            order.removeFirst(part.count)
            let vectors = try embedder.encode(part.map { texts[$0] }, as: .document)
            for (row, text) in part.enumerated()
            where vectors[row * width..<(row + 1) * width] != together[text * width..<(text + 1) * width] {
              wrong += 1
            }
          }
          return wrong
        }
      }
      for try await wrong in group { #expect(wrong == 0) }
    }
  }

  @Test(.enabled(if: TestModels.has("use-multilingual-v3"), "scripts/models was not run"))
  func `use-multilingual-v3 gives the same bits whatever the batch and the thread`() async throws {
    try await Self.checkBits(try TestModels.use.get(), Self.texts)
  }

  @Test(.enabled(if: TestModels.has("all-MiniLM-L6-v2"), "scripts/models was not run"))
  func `all-MiniLM-L6-v2 gives the same bits whatever the batch and the thread`() async throws {
    try await Self.checkBits(try TestModels.minilm.get(), Array(Self.texts.prefix(45)))
  }

  @Test(.enabled(if: TestModels.has("use-multilingual-v3"), "scripts/models was not run"))
  func `empty, blank and NUL texts have vectors of length one`() throws {
    let embedder = try TestModels.use.get()
    let vectors = try embedder.encode(["", "  \n", "\u{0}"], as: .query)
    #expect(vectors[0..<512] == vectors[512..<1024])
    for row in 0..<3 {
      let squares = vectors[row * 512..<(row + 1) * 512].reduce(0) { $0 + $1 * $1 }
      #expect(abs(squares - 1) < 1e-5)
    }
    #expect(try embedder.encode([], as: .query).isEmpty)
    #expect(embedder.tokenCount("") == 1)
  }

  @Test(.enabled(if: TestModels.has("use-multilingual-v3"), "scripts/models was not run"))
  func `the fingerprint names the files' hashes`() throws {
    let folder = try #require(TestModels.folder("use-multilingual-v3"))
    let fingerprint = try TestModels.use.get().fingerprint
    #expect(fingerprint.model == "use-multilingual-v3")
    #expect(fingerprint.dimensions == 512)
    let tokenizer = try ModelFolder(path: folder).computedHash(of: "sp.model")
    #expect(fingerprint.tokenizer == tokenizer)
    try LocalEmbedder.verify(folder: folder)
  }

  @Test func `a note of another size or time is not believed`() throws {
    let folder = try TemporaryFolder()
    try folder.write("abc", to: "weights")
    let stale = String(repeating: "0", count: 64)
    let model = ModelFolder(path: folder.path)
    let real = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    try folder.write(#"{"files":{"weights":{"sha256":"\#(stale)","size":3,"modified":12}}}"#, to: "model.lock.json")
    #expect(try model.hash(of: "weights") == real)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/weights")
    let modified = try #require(attributes[.modificationDate] as? Date)
    try folder.write(
      #"{"files":{"weights":{"sha256":"\#(stale)","size":3,"modified":\#(Int(modified.timeIntervalSince1970))}}}"#,
      to: "model.lock.json")
    #expect(try model.hash(of: "weights") == stale)
    #expect(throws: EmbeddingError.self) { try model.verify() }
  }

  /// A folder with one old file `weights` and, if given, a lock.
  private func folder(lock: String?) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("abc", to: "weights")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)], ofItemAtPath: folder.path + "/weights")
    if let lock { try folder.write(lock, to: "model.lock.json") }
    return folder
  }

  private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  /// How a lock notes `weights`.
  private static func note(_ hash: String = abc, modified: Int = 1_700_000_000) -> String {
    #"{"files":{"weights":{"sha256":"\#(hash)","size":3,"modified":\#(modified)}}}"#
  }

  @Test(arguments: [nil, LocalEmbedderTests.note(modified: 12)])
  func `what a copied folder's files hash to is noted for the next start`(lock: String?) throws {
    let folder = try folder(lock: lock)
    let model = ModelFolder(path: folder.path)
    #expect(try model.hash(of: "weights") == Self.abc)
    #expect(try model.json("model.lock.json") == JSONValue(parsing: Array(Self.note().utf8)))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
  }

  @Test func `a file that is not the one that was set up is hashed and not noted`() throws {
    let stale = Self.note(String(repeating: "0", count: 64), modified: 12)
    let folder = try folder(lock: stale)
    let model = ModelFolder(path: folder.path)
    #expect(try model.hash(of: "weights") == Self.abc)
    #expect(try model.json("model.lock.json") == JSONValue(parsing: Array(stale.utf8)))
  }

  @Test func `a file that may change within its second is not noted`() throws {
    let folder = try TemporaryFolder()
    try folder.write("abc", to: "weights")
    let model = ModelFolder(path: folder.path)
    #expect(try model.hash(of: "weights") == Self.abc)
    #expect(try model.json("model.lock.json") == nil)
  }

  @Test(.enabled(if: getuid() != 0, "root writes everywhere"))
  func `a folder that cannot be written to stays as it is`() throws {
    let folder = try folder(lock: Self.note(modified: 12))
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
    let model = ModelFolder(path: folder.path)
    #expect(try model.hash(of: "weights") == Self.abc)
    #expect(try model.json("model.lock.json") == JSONValue(parsing: Array(Self.note(modified: 12).utf8)))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
  }

  @Test(arguments: [
    (#"{"model_type":"xlm-roberta"}"#, "xlm-roberta is not supported; supported are use-multilingual-v3 and bert"),
    (#"{"model_type":"mpnet"}"#, "mpnet is not supported"), (#"{}"#, "model type (none)"), ("[", "is not JSON"),
    (#"{"model_type":"use-multilingual-v3","format":2}"#, "`format` is not 1"),
  ])
  func `other configurations are refused by name`(config: String, reason: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(config, to: "config.json")
    let error = #expect(throws: EmbeddingError.self) { try LocalEmbedder(folder: folder.path) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }
}

@Suite("ModelFinder")
struct ModelFinderTests {
  @Test func `a model is found in the variable's folder, above the file, then in the data folder`() throws {
    let folder = try TemporaryFolder()
    for place in ["data/acervo/models", "project/models", "variable"] {
      try folder.write("{}", to: place + "/m/config.json")
    }
    try folder.write("", to: "project/pipelines/deep/x")
    func find(_ environment: [String: String], _ start: String) throws -> String {
      let found = try ModelFinder.folder(of: "m", startingAt: folder.path + start, environment: environment)
      return String(found.dropFirst(found.count - 20))
    }
    let all = ["ACERVO_MODELS": folder.path + "/variable", "XDG_DATA_HOME": folder.path + "/data"]
    #expect(try find(all, "/project/pipelines/deep").hasSuffix("/variable/m"))
    #expect(try find(["XDG_DATA_HOME": folder.path + "/data"], "/project/pipelines/deep").hasSuffix("project/models/m"))
    #expect(try find(["XDG_DATA_HOME": folder.path + "/data"], "/data").hasSuffix("acervo/models/m"))
    #expect(try find(["HOME": "/nowhere", "ACERVO_MODELS": ""], "/project").hasSuffix("project/models/m"))
  }

  @Test func `a missing model is named with the command that gets it`() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: EmbeddingError.self) {
      try ModelFinder.folder(of: "absent-model", startingAt: folder.path, environment: [:])
    }
    #expect(error?.message.contains("scripts/models absent-model") == true)
    #expect(error?.message.contains(folder.path + "/models") == true)
    #expect(throws: EmbeddingError.self) {
      try ModelFinder.folder(of: "./here", startingAt: folder.path, environment: [:])
    }
  }
}
