internal import Corpus
internal import LMDB

/// The tables of a snapshot that is being written, all in one transaction.
final class SnapshotTables {
  /// What was written.
  struct Summary {
    var documents: Int
    var chunks: Int
    var sources: [(id: String, documents: Int)]
    var bytes: Int
  }

  private let path: String
  private let environment: Environment
  private var transaction: WriteTransaction?
  private let meta: Database
  private let documents: Database
  private let chunks: Database
  private let members: Database
  private let rules: Database
  private var sections: [String: Database] = [:]
  private var lastURL: [UInt8] = []

  private var firstChunks: [UInt32] = [0]
  private var ruleNumbers: [UInt32] = []
  private var sourceNumbers: [UInt32] = []
  private var languageNumbers: [UInt32] = []
  private var ruleNumber: [AccessRule: UInt32] = [:]
  private var sources = Numbering()
  private var languages = Numbering()
  private var groups: [String] = []
  private var memberCount = 0
  /// The bytes of the file that the disk is known to have.
  private var reserved = 0

  init(path: String) throws {
    self.path = path
    environment = try Environment(
      path: path, use: .writeOnce(mapSize: SnapshotWriter.maximumIndexBytes), maximumDatabases: 128)
    try FileSystem.reserve(path, upTo: 1 << 20)
    reserved = 1 << 20
    let transaction = try environment.beginWriting()
    // In the order of their names: they are entries of one tree, too.
    chunks = try transaction.database(Layout.chunks, creates: true)
    documents = try transaction.database(Layout.documents, creates: true)
    members = try transaction.database(Layout.members, creates: true)
    meta = try transaction.database(Layout.meta, creates: true)
    rules = try transaction.database(Layout.rules, creates: true)
    self.transaction = consume transaction
  }

  func append(_ document: DocumentRecord, chunks records: EncodedChunks) throws -> Int {
    let number = ruleNumbers.count
    let url = Array(document.url.utf8)
    guard !url.isEmpty, lastURL.lexicographicallyPrecedes(url) else {
      throw refused("“\(document.url)” does not come after the document before it", "give documents in URL order")
    }
    lastURL = url
    let first = Int(firstChunks.last ?? 0)
    guard number < Int(UInt32.max) - 1, let next = UInt32(exactly: first + records.count) else {
      throw refused("there are more than \(UInt32.max) chunks", "split the pipeline into several collections")
    }
    guard records.bytes.count <= Int(Int32.max) else {
      throw refused("the chunks of “\(document.url)” take \(records.bytes.count) bytes", "leave the document out")
    }
    let origins = document.accessOrigins.count
    guard origins == 0 || origins == document.access.setCount else {
      throw refused("“\(document.url)” has \(origins) origins for the sets of its rule", "give one for each, or none")
    }
    let rule: UInt32
    if let known = ruleNumber[document.access] {
      rule = known
    } else {
      rule = UInt32(ruleNumber.count)
      ruleNumber[document.access] = rule
      try put(document.access.bytes, at: Layout.key(Int(rule)), in: rules)
    }
    try put(document.bytes, at: Layout.key(number), in: documents)
    try put(records.bytes, at: Layout.key(number), in: chunks)
    ruleNumbers.append(rule)
    sourceNumbers.append(sources.count(document.source))
    languageNumbers.append(document.language.map { languages.count($0) } ?? UInt32(Layout.noLanguage))
    firstChunks.append(next)
    return first
  }

  /// Takes who is in which group: the members of each, groups within it resolved.
  func put(groups: [Principal: Set<Principal>]) throws {
    guard self.groups.isEmpty, memberCount == 0 else { throw refused("the groups are there already", "give them once") }
    if let user = groups.keys.first(where: { !$0.isGroup }) { throw refused("“\(user)” is no group", "name groups") }
    let ordered = groups.sorted { $0.key < $1.key }
    self.groups = ordered.map(\.key.name)
    var numbers: [Principal: [Int]] = [:]
    for (number, group) in ordered.enumerated() {
      for member in group.value { numbers[member, default: []].append(number) }
    }
    for (member, groups) in numbers.sorted(by: { $0.key < $1.key }) {
      try put(MemberRecord(name: member.name, groups: groups).bytes, at: Layout.key(memberCount), in: members)
      memberCount += 1
    }
  }

  func put(section: String, part: UInt32, _ bytes: UnsafeRawBufferPointer) throws {
    try reserve(bytes.count)
    try put(bytes, at: Layout.key(Int(part)), in: try database(section))
  }

  private func database(_ section: String) throws -> Database {
    if let known = sections[section] { return known }
    guard Layout.isSectionName(section), sections.count < 100 else {
      throw refused("“\(section)” cannot be a section", "use at most 100 names of lower-case letters and dots")
    }
    guard let database = try transaction?.database(Layout.sectionPrefix + section, creates: true) else { throw ended }
    sections[section] = database
    return database
  }

  /// Writes the columns and counts, commits and closes the file.
  func finish() throws -> Summary {
    var counts = ByteWriter()
    let documentCount = ruleNumbers.count
    let chunkCount = Int(firstChunks.last ?? 0)
    for number in [SnapshotManifest.formatVersion, documentCount, chunkCount, ruleNumber.count, memberCount] {
      counts.write(number)
    }
    typealias Key = Layout.Meta
    try put(counts.bytes, at: Key.counts, in: meta)
    try put(column: firstChunks, at: Key.firstChunks)
    try put(column: languageNumbers, at: Key.languageNumbers)
    try put(column: ruleNumbers, at: Key.ruleNumbers)
    try put(column: sourceNumbers, at: Key.sourceNumbers)
    try put(names: groups, at: Key.groups)
    try put(names: languages.names, at: Key.languages)
    try put(names: sections.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, at: Key.sections)
    try put(names: sources.names, at: Key.sources)
    guard let transaction = transaction.take() else { throw ended }
    try transaction.commit()
    try environment.sync()
    let sourceCounts = zip(sources.names, sources.counts).map { (id: $0, documents: $1) }
    return Summary(
      documents: documentCount, chunks: chunkCount, sources: sourceCounts, bytes: environment.usedBytes)
  }

  private func put(column: [UInt32], at key: [UInt8]) throws {
    // The machines that run this are little-endian; the format is, too.
    try reserve(4 * column.count)
    try column.map(\.littleEndian).withUnsafeBytes { try put($0, at: key, in: meta) }
  }

  private func put(names: [String], at key: [UInt8]) throws {
    var writer = ByteWriter()
    writer.write(list: names) { $0.write($1) }
    try put(writer.bytes, at: key, in: meta)
  }

  private func put(_ bytes: [UInt8], at key: [UInt8], in database: Database) throws {
    try reserve(bytes.count)
    try bytes.withUnsafeBytes { try put($0, at: key, in: database) }
  }

  private func put(_ bytes: UnsafeRawBufferPointer, at key: [UInt8], in database: Database) throws {
    guard try transaction?.put(bytes, at: key, in: database, .last) != nil else { throw ended }
  }

  /// Makes sure that the disk has the pages that the next value may take.
  private func reserve(_ count: Int) throws {
    var pages = 0
    for database in [meta, documents, chunks, members, rules] + sections.values {
      pages += try transaction?.pages(database) ?? 0
    }
    // Besides the value: pages split on the way up, in this tree and in the tree of trees, and LMDB's own.
    let needed = (pages + 64) * 4096 + count
    guard needed > reserved, needed <= SnapshotWriter.maximumIndexBytes else { return }
    reserved = min(needed + max(needed / 8, 4 << 20), SnapshotWriter.maximumIndexBytes)
    try FileSystem.reserve(path, upTo: reserved)
  }

  private func refused(_ reason: String, _ mend: String) -> SnapshotError {
    SnapshotError(.refused, path, reason, mend: mend)
  }

  private var ended: SnapshotError { refused("this writer has ended", "make a new one") }
}

/// Texts numbered in the order of their first use, and how often each was used.
private struct Numbering {
  private(set) var names: [String] = []
  private(set) var counts: [Int] = []
  private var numbers: [String: UInt32] = [:]

  /// The number of a text; counts the use.
  mutating func count(_ name: String) -> UInt32 {
    if let number = numbers[name] {
      counts[Int(number)] += 1
      return number
    }
    let number = UInt32(names.count)
    numbers[name] = number
    names.append(name)
    counts.append(1)
    return number
  }
}
