internal import Corpus
internal import FoundationEssentials
internal import LMDB

/// What a pipeline remembers between runs: pages, stage results, and which inputs the current snapshot was made of.
///
/// `<publish.to>/<name>/state.mdb`; a run that is killed leaves a file from which the next one goes on.
struct StateFile: Sendable {
  /// Changes when the tables or their keys do; a file of another version is set aside and made anew.
  private static let version = "1"

  /// Whose result a memo entry is.
  enum Stage: UInt8 {
    case clean = 0x63
    case chunk = 0x6B
    case embed = 0x76
  }

  /// What the current snapshot was made of.
  struct Published: Equatable {
    var snapshot: String
    var inputs: ContentHash
  }

  private let environment: Environment
  private let pages: Database
  private let memo: Database
  private let meta: Database

  init(collectionFolder: String) throws {
    let path = collectionFolder + "/state.mdb"
    let opened = try Self.open(path)
    let meta = try opened.database("meta")
    let found = try opened.bytes("version".utf8, in: meta).map { String(decoding: $0, as: UTF8.self) }
    guard found == nil || found == Self.version else {
      throw IndexingError(
        .storage,
        "\(path) was written by another version of Acervo (form \(found ?? "?"), this one reads \(Self.version))\n"
          + "  mend: move it away; the next run fetches and computes everything again")
    }
    if found == nil { try opened.put(Array(Self.version.utf8), at: "version".utf8, in: meta) }
    environment = opened
    self.meta = meta
    pages = try opened.database("pages")
    memo = try opened.database("memo")
  }

  private static func open(_ path: String) throws -> Environment {
    do {
      return try Environment(path: path, use: .readWrite(mapSize: 64 << 20))
    } catch {
      throw IndexingError(
        .storage, "\(error)\n  mend: if the file is damaged, move \(path) away; the next run makes a new one")
    }
  }

  // MARK: Reading

  func page(_ key: [UInt8]) throws -> PageRecord? {
    try environment.read { transaction in
      guard let bytes = try transaction.address(key, in: pages) else { return nil }
      return try PageRecord(bytes)
    }
  }

  /// All pages, in the order of their keys.
  func forEachPage(_ body: (PageRecord) throws -> Void) throws {
    try environment.read { transaction in
      try transaction.forEach(in: pages) { _, value in
        try value.withUnsafeBytes { try body(PageRecord($0)) }
        return true
      }
    }
  }

  /// Reads a stage's result in place; nil when there is none.
  func result<Value>(
    _ stage: Stage, _ key: ContentHash, _ body: (UnsafeRawBufferPointer) throws -> Value
  ) throws -> Value? {
    try environment.read { transaction in
      try transaction.address([stage.rawValue] + key.bytes, in: memo).map(body)
    }
  }

  func has(_ stage: Stage, _ key: ContentHash) throws -> Bool {
    try result(stage, key) { _ in true } ?? false
  }

  /// How many stage results are kept, used or not.
  func resultCount() throws -> Int {
    try environment.read { try $0.count(memo) }
  }

  func published() throws -> Published? {
    guard let bytes = try environment.bytes("published".utf8, in: meta) else { return nil }
    return try bytes.withUnsafeBytes {
      var reader = ByteReader($0)
      return Published(snapshot: try reader.text(), inputs: try reader.hash())
    }
  }

  // MARK: Writing

  /// One thing to remember.
  enum Change: Sendable {
    case page(PageRecord)
    case removedPage(key: [UInt8])
    case result(Stage, ContentHash, [UInt8])

    /// About how many bytes it takes.
    var weight: Int {
      switch self {
      case .page: 1024
      case .removedPage: 64
      case .result(_, _, let bytes): bytes.count + 64
      }
    }
  }

  /// Remembers all of these or, if the process dies, none.
  func commit(_ changes: [Change]) throws {
    try environment.write { transaction in
      for change in changes {
        switch change {
        case .page(let page): try transaction.put(page.bytes, at: page.key, in: pages)
        case .removedPage(let key): _ = try transaction.remove(key, from: pages)
        case .result(let stage, let key, let bytes):
          try transaction.put(bytes, at: [stage.rawValue] + key.bytes, in: memo)
        }
      }
    }
  }

  func setPublished(_ published: Published) throws {
    var writer = ByteWriter()
    writer.write(published.snapshot)
    writer.write(published.inputs)
    try environment.put(writer.bytes, at: "published".utf8, in: meta)
  }

  /// Drops stage results that no page refers to any more.
  ///
  /// - Parameter used: every key that the pages of the current snapshot refer to.
  /// - Returns: how many were dropped.
  /// - Throws: `LMDBError`.
  func sweep(keeping used: Set<[UInt8]>) throws -> Int {
    var unused: [[UInt8]] = []
    try environment.read { transaction in
      try transaction.forEach(in: memo) { key, _ in
        let key = key.copied
        if !used.contains(key) { unused.append(key) }
        return true
      }
    }
    // In portions, so that no transaction grows with the corpus.
    for start in stride(from: 0, to: unused.count, by: 4096) {
      let portion = unused[start..<min(start + 4096, unused.count)]
      try environment.write { transaction in
        for key in portion { _ = try transaction.remove(key, from: memo) }
      }
    }
    return unused.count
  }

  static func memoKey(_ stage: Stage, _ key: ContentHash) -> [UInt8] { [stage.rawValue] + key.bytes }
}

/// Collects changes and commits them together: a commit waits for the disk, a page is worth a few milliseconds.
actor StateWriter {
  private let state: StateFile
  private let executor = WriterExecutor()
  private var pending: [StateFile.Change] = []
  private var weight = 0
  private var last = ContinuousClock.now

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(state: StateFile) {
    self.state = state
  }

  /// Remembers these together; at most a second of work is lost when the process dies.
  func record(_ changes: [StateFile.Change]) throws {
    pending += changes
    weight += changes.reduce(0) { $0 + $1.weight }
    if weight > 8 << 20 || last.duration(to: .now) > .seconds(1) { try flush() }
  }

  /// Commits what waits.
  func flush() throws {
    defer { last = .now }
    guard !pending.isEmpty else { return }
    try state.commit(pending)
    pending.removeAll(keepingCapacity: true)
    weight = 0
  }
}
