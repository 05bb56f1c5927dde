internal import Corpus
internal import Glibc
internal import LMDB
internal import Synchronization

/// An open `index.mdb`: its tables and columns.
///
/// `lmdb.h`, “Restrictions”: “Do not have open an LMDB database twice in the same process at the same time.” So a file
/// is opened once, whatever number of snapshots look at it, and recognised by device and inode.
// Sendable: everything is set at opening; the pointers lead into a read-only map that lives as long as `environment`.
final class IndexFile: @unchecked Sendable {
  let path: String
  let environment: Environment
  let documents: Database
  let chunks: Database
  let rules: Database
  let sections: [String: Database]
  /// Nil in a snapshot of a format without groups.
  let members: Database?
  let format: Int
  let documentCount: Int
  let chunkCount: Int
  let ruleCount: Int
  let memberCount: Int
  /// In the order of their names.
  let groups: [String]
  let sources: [String]
  let languages: [String]
  let firstChunks: Column
  let ruleNumbers: Column
  let sourceNumbers: Column
  let languageNumbers: Column

  private init(path: String) throws(SnapshotError) {
    self.path = path
    do {
      environment = try Environment(path: path, use: .immutable, maximumDatabases: 128)
      let meta = try environment.database(Layout.meta)
      documents = try environment.database(Layout.documents)
      chunks = try environment.database(Layout.chunks)
      rules = try environment.database(Layout.rules)
      let transaction = try environment.beginReading()
      func value(_ key: [UInt8]) throws -> UnsafeRawBufferPointer {
        guard let value = try transaction.address(key, in: meta) else {
          throw SnapshotError.damaged(path, "“\(String(decoding: key, as: UTF8.self))” is missing")
        }
        return value
      }
      func names(_ key: [UInt8]) throws -> [String] {
        var reader = ByteReader(try value(key))
        return try reader.list { reader throws(ByteCodingError) in try reader.text() }
      }
      var counts = ByteReader(try value(Layout.Meta.counts))
      let format = try counts.int()
      try SnapshotManifest.check(format: format, path, "index")
      self.format = format
      documentCount = try counts.int()
      chunkCount = try counts.int()
      ruleCount = try counts.int()
      // Before anything is computed with them; every rule is some document's.
      let numbers = 0..<Int(UInt32.max)
      guard numbers.contains(documentCount), numbers.contains(chunkCount), (0...documentCount).contains(ruleCount)
      else {
        throw SnapshotError.damaged(
          path, "it cannot hold \(documentCount) documents, \(chunkCount) chunks and \(ruleCount) rules")
      }
      // The format before had no groups: what its rules say of them admits those who are asked for by a group's name.
      memberCount = format == 1 ? 0 : try counts.int()
      groups = format == 1 ? [] : try names(Layout.Meta.groups)
      members = format == 1 ? nil : try environment.database(Layout.members)
      guard numbers.contains(memberCount) else {
        throw SnapshotError.damaged(path, "it cannot hold \(memberCount) members of groups")
      }
      sources = try names(Layout.Meta.sources)
      languages = try names(Layout.Meta.languages)
      firstChunks = try Column(try value(Layout.Meta.firstChunks), count: documentCount + 1, path)
      ruleNumbers = try Column(try value(Layout.Meta.ruleNumbers), count: documentCount, path)
      sourceNumbers = try Column(try value(Layout.Meta.sourceNumbers), count: documentCount, path)
      languageNumbers = try Column(try value(Layout.Meta.languageNumbers), count: documentCount, path)
      var sections: [String: Database] = [:]
      for name in try names(Layout.Meta.sections).prefix(100) {
        sections[name] = try environment.database(Layout.sectionPrefix + name)
      }
      self.sections = sections
    } catch let error as SnapshotError {
      throw error
    } catch let error as LMDBError {
      throw .lmdb(path, error)
    } catch {
      throw .damaged(path, "\(error)")
    }
    try checkColumns()
  }

  /// A column's numbers decide where everything else is read: they are checked once, here.
  private func checkColumns() throws(SnapshotError) {
    var last = 0
    guard firstChunks[0] == 0, firstChunks[documentCount] == chunkCount else {
      throw .damaged(path, "the documents' chunks are not \(chunkCount)")
    }
    for number in 0..<documentCount {
      let next = firstChunks[number + 1]
      let language = languageNumbers[number]
      guard last <= next, ruleNumbers[number] < ruleCount, sourceNumbers[number] < sources.count,
        language < languages.count || language == Layout.noLanguage
      else { throw .damaged(path, "document \(number) refers to what is not there") }
      last = next
    }
  }

  /// What stands in a part of a file, for saying where it is damaged.
  static func contents(path: String, range: Range<Int>) throws -> [String] {
    try Environment.contents(path: path, range: range)
  }

  // MARK: One file, one opening

  private struct FileIdentity: Hashable {
    let device: UInt
    let inode: UInt
  }

  private struct Opened {
    var file: IndexFile
    var uses: Int
  }

  private static let opened = Mutex<[FileIdentity: Opened]>([:])

  private static func identity(_ path: String) throws(SnapshotError) -> FileIdentity {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system(path, "open the file", errno) }
    return FileIdentity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
  }

  /// A use of a file, which is closed when the last of its uses ends.
  final class Use: Sendable {
    let file: IndexFile
    private let identity: FileIdentity

    init(path: String) throws {
      let identity = try IndexFile.identity(path)
      // Opening and closing happen under the lock: a file is never open twice, not for a moment.
      file = try IndexFile.opened.withLock { opened in
        if let there = opened[identity] {
          opened[identity]?.uses += 1
          return there.file
        }
        let file = try IndexFile(path: path)
        opened[identity] = Opened(file: file, uses: 1)
        return file
      }
      self.identity = identity
    }

    deinit {
      IndexFile.opened.withLock { opened in
        opened[identity]?.uses -= 1
        if opened[identity]?.uses == 0 { opened[identity] = nil }
      }
    }
  }
}

/// Little-endian 32-bit numbers in a row, one per document.
struct Column {
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer, count: Int, _ path: String) throws(SnapshotError) {
    guard count >= 0, count <= Int(UInt32.max), bytes.count == 4 * count else {
      throw .damaged(path, "a column of the documents has \(bytes.count) bytes, not 4 for each of \(count)")
    }
    self.bytes = bytes
  }

  subscript(index: Int) -> Int {
    Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
  }
}
