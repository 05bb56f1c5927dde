internal import Connectors
internal import Corpus
internal import FoundationEssentials
internal import LMDB

/// What a pipeline remembers between runs.
///
/// `<publish.to>/<name>/state.mdb`; a run that is killed leaves a file from which the next one goes on.
///
/// - `pages`: every page's last good version.
/// - `superseded`: what a page was in the current snapshot, while it is another in `pages`: the way back.
/// - `visits`: how addresses were last fetched, pages or not.
/// - `memo`: stage results; `unused`: since when no page refers to one of them.
/// - `failures`: documents that failed last time. `sources`: the settings of each source's last whole listing.
/// - `groups`: who is in which group, by the source that told.
struct StateFile: Sendable {
  /// Changes when the tables or their keys do.
  private static let version = "2"
  static let name = "state.mdb"

  /// Whose result a memo entry is.
  enum Stage: UInt8, CaseIterable {
    case clean = 0x63
    case chunk = 0x6B
    case parts = 0x70
    case embed = 0x76

    var name: String { "\(self)" }
  }

  /// What the current snapshot was made of.
  struct Published: Equatable {
    var snapshot: String
    var inputs: ContentHash
  }

  let environment: Environment
  let pages: Database
  let superseded: Database
  let visits: Database
  let memo: Database
  let unused: Database
  let failures: Database
  let sources: Database
  /// Nil in a file of the releases before groups that is only looked at.
  let groups: Database?
  private let meta: Database

  /// Opens a collection's state, making it if need be.
  init(collectionFolder: String) throws {
    let path = collectionFolder + "/" + Self.name
    let environment = try Self.open(path, .readWrite(mapSize: 64 << 20))
    let meta = try environment.database("meta")
    if try environment.bytes("version".utf8, in: meta) == nil {
      try environment.put(Array(Self.version.utf8), at: "version".utf8, in: meta)
    }
    try self.init(environment: environment, meta: meta)
  }

  /// Opens a collection's state to look at, changing nothing; nil when there is none.
  static func reading(collectionFolder: String) throws -> StateFile? {
    let path = collectionFolder + "/" + Self.name
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let environment = try open(path, .readOnly)
    do {
      return try StateFile(environment: environment, meta: try environment.database("meta"))
    } catch let error as LMDBError where error.code == .notFound {
      // A run that has just made it, or died at that moment.
      return nil
    }
  }

  private init(environment: Environment, meta: Database) throws {
    let found = try environment.bytes("version".utf8, in: meta).map { String(decoding: $0, as: UTF8.self) }
    guard found == Self.version else {
      throw IndexingError(
        .storage,
        "\(environment.path) was written by another version of Acervo (form \(found ?? "?"), this one reads "
          + "\(Self.version))\n  mend: move it away; the next run fetches and computes everything again")
    }
    self.environment = environment
    self.meta = meta
    pages = try environment.database("pages")
    superseded = try environment.database("superseded")
    visits = try environment.database("visits")
    memo = try environment.database("memo")
    unused = try environment.database("unused")
    failures = try environment.database("failures")
    sources = try environment.database("sources")
    do {
      groups = try environment.database("groups")
    } catch let error as LMDBError where error.code == .notFound {
      groups = nil
    }
  }

  private static func open(_ path: String, _ use: Environment.Use) throws -> Environment {
    do {
      return try Environment(path: path, use: use)
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
    try forEach(in: pages) { _, value in try body(PageRecord(value)) }
  }

  /// All visits, in the order of their keys.
  func forEachVisit(_ body: (_ source: String, _ url: String, PageVisit) throws -> Void) throws {
    try forEach(in: visits) { _, value in
      var reader = ByteReader(value)
      let (source, url) = try (reader.text(), reader.text())
      try body(source, url, PageVisit(&reader))
    }
  }

  func visit(_ key: [UInt8]) throws -> PageVisit? {
    try environment.read { transaction in
      guard let bytes = try transaction.address(key, in: visits) else { return nil }
      var reader = ByteReader(bytes)
      _ = try (reader.text(), reader.text())
      return try PageVisit(&reader)
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

  func published() throws -> Published? {
    guard let bytes = try environment.bytes("published".utf8, in: meta) else { return nil }
    return try bytes.withUnsafeBytes {
      var reader = ByteReader($0)
      return Published(snapshot: try reader.text(), inputs: try reader.hash())
    }
  }

  /// The failures of the last run, in the order of their sources and addresses.
  func failureRecords() throws -> [FailureRecord] {
    var records: [FailureRecord] = []
    try forEach(in: failures) { _, value in records.append(try FailureRecord(value)) }
    return records.sorted { ($0.source, $0.url) < ($1.source, $1.url) }
  }

  /// The hash of the settings under which a source was last listed to its end.
  func listedSettings(of source: String) throws -> ContentHash? {
    try environment.bytes(source.utf8, in: sources).flatMap { ContentHash(bytes: $0) }
  }

  func count(_ database: Database) throws -> Int {
    try environment.read { try $0.count(database) }
  }

  func forEach(in database: Database, _ body: (_ key: [UInt8], _ value: UnsafeRawBufferPointer) throws -> Void) throws {
    try environment.read { transaction in
      try transaction.forEach(in: database) { key, value in
        try value.withUnsafeBytes { try body(key.copied, $0) }
        return true
      }
    }
  }

  // MARK: Writing

  /// One thing to remember.
  enum Change: Sendable {
    case page(PageRecord)
    case removedPage(key: [UInt8])
    /// Back to what the current snapshot holds, but for its readers; its next visit asks for the page whole.
    case restoredPage(key: [UInt8])
    case visit(source: String, url: String, PageVisit)
    case removedVisit(key: [UInt8])
    case group(GroupRecord)
    /// Nobody is known to be in it from now on.
    case removedGroup(key: [UInt8])
    case result(Stage, ContentHash, [UInt8])

    /// About how many bytes it takes.
    var weight: Int {
      switch self {
      case .page: 1024
      case .visit(_, _, let visit): visit.links.reduce(512) { $0 + $1.utf8.count }
      case .group(let record): record.members.count * 48 + 128
      case .removedPage, .restoredPage, .removedVisit, .removedGroup: 64
      case .result(_, _, let bytes): bytes.count + 64
      }
    }
  }

  /// Remembers all of these or, if the process dies, none.
  func commit(_ changes: [Change]) throws {
    guard !changes.isEmpty else { return }
    try environment.write { transaction in
      for change in changes { try apply(change, in: transaction) }
    }
  }

  private func apply(_ change: Change, in transaction: borrowing WriteTransaction) throws {
    switch change {
    case .page(let page):
      let (key, bytes) = (page.key, page.bytes)
      if let old = try transaction.bytes(key, in: pages), old != bytes,
        try transaction.bytes(key, in: superseded) == nil
      {
        try transaction.put(old, at: key, in: superseded)
      }
      try transaction.put(bytes, at: key, in: pages)
    case .removedPage(let key):
      for database in [pages, superseded, visits] { try transaction.remove(key, from: database) }
    case .restoredPage(let key):
      guard let old = try transaction.bytes(key, in: superseded) else { return }
      try transaction.put(try readersKept(old, at: key, in: transaction), at: key, in: pages)
      for database in [superseded, visits] { try transaction.remove(key, from: database) }
    case .visit(let source, let url, let visit):
      var writer = ByteWriter()
      writer.write(source)
      writer.write(url)
      try transaction.put(writer.bytes + visit.bytes, at: PageRecord.key(source: source, url: url), in: visits)
    case .removedVisit(let key): try transaction.remove(key, from: visits)
    case .group(let record): if let groups { try transaction.put(record.bytes, at: record.key, in: groups) }
    case .removedGroup(let key): if let groups { try transaction.remove(key, from: groups) }
    case .result(let stage, let key, let bytes):
      try transaction.put(bytes, at: [stage.rawValue] + key.bytes, in: memo)
    }
  }

  /// An older version of a page for the readers that its newer one has: who they are is not what was doubted.
  private func readersKept(
    _ old: [UInt8], at key: [UInt8], in transaction: borrowing WriteTransaction
  ) throws -> [UInt8] {
    guard let new = try transaction.bytes(key, in: pages) else { return old }
    let (before, now) = (try old.withUnsafeBytes { try PageRecord($0) }, try new.withUnsafeBytes { try PageRecord($0) })
    return before.facts.access == now.facts.access ? old : before.withReaders(of: now.facts).bytes
  }

  /// Notes of what the current snapshot is made; nothing is superseded then.
  func setPublished(_ published: Published) throws {
    var writer = ByteWriter()
    writer.write(published.snapshot)
    writer.write(published.inputs)
    try environment.write { transaction in
      try transaction.put(writer.bytes, at: "published".utf8, in: meta)
      try transaction.removeAll(from: superseded)
    }
  }

  /// Notes what failed in a run, and nothing else.
  func setFailures(_ records: [FailureRecord]) throws {
    try environment.write { transaction in
      try transaction.removeAll(from: failures)
      for record in records { try transaction.put(record.bytes, at: record.key, in: failures) }
    }
  }

  func setListedSettings(_ hash: ContentHash, of source: String) throws {
    try environment.put(hash.bytes, at: source.utf8, in: sources)
  }

  static func memoKey(_ stage: Stage, _ key: ContentHash) -> [UInt8] { [stage.rawValue] + key.bytes }
}
