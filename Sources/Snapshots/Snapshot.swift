public import Corpus
internal import LMDB

/// A published snapshot, mapped read-only; safe to read from any number of threads.
///
/// - Rule 1: a published folder never changes; publish another one instead. Readers use no lock and hold addresses in
///   the map.
/// - Rule 2: the bytes of a section are valid while the snapshot lives, so whoever keeps them keeps the snapshot.
public final class Snapshot: Sendable {
  /// What it is.
  public let manifest: SnapshotManifest
  /// Its folder.
  public let folder: String
  /// The `id`s of the sources, in the order of their first documents.
  public var sources: [String] { file.sources }
  /// The languages of the documents, in the order of their first documents.
  public var languages: [String] { file.languages }
  /// How many different access rules there are.
  public var ruleCount: Int { file.ruleCount }
  private let use: IndexFile.Use

  var file: IndexFile { use.file }

  /// Opens a snapshot folder and checks that manifest and file belong together.
  ///
  /// - Parameters:
  ///   - folder: the snapshot's folder.
  ///   - verifiesContent: also recomputes the hashes of the whole file, before anything in it is looked at.
  ///   - keys: the public keys of which one must have signed the manifest; none: no signature is asked for.
  /// - Throws: `SnapshotError` naming the folder, what is wrong and the mend.
  public init(folder: String, verifiesContent: Bool = false, signedBy keys: [VerifyingKey] = []) throws {
    self.folder = folder
    let manifest = try SnapshotManifest(file: folder + "/" + Layout.manifestName, signedBy: keys)
    let path = folder + "/" + Layout.indexName
    let size = try FileSystem.size(path)
    guard size == manifest.indexBytes else {
      throw SnapshotError.damaged(path, "it has \(size) bytes, its manifest says \(manifest.indexBytes)")
    }
    if verifiesContent { try ContentCheck(path: path, manifest: manifest).finish() }
    self.manifest = manifest
    use = try IndexFile.Use(path: path)
    guard use.file.format == manifest.format else {
      throw SnapshotError.damaged(path, "it has format \(use.file.format), its manifest says \(manifest.format)")
    }
    guard use.file.documentCount == manifest.documents, use.file.chunkCount == manifest.chunks else {
      throw SnapshotError.damaged(
        path,
        "it holds \(use.file.documentCount) documents and \(use.file.chunkCount) chunks, its manifest says "
          + "\(manifest.documents) and \(manifest.chunks)")
    }
  }

  /// Begins to recompute the hashes of the file; `ContentCheck.finish` says how it ended.
  ///
  /// - Parameter threads: how many threads work on it until then.
  /// - Returns: the check; it must be finished.
  public func beginContentCheck(threads: Int) -> ContentCheck {
    let check = ContentCheck(path: file.path, manifest: manifest)
    check.help(threads: threads)
    return check
  }

  /// A document by number, from 0 in the order of URLs.
  ///
  /// - Throws: `SnapshotError` where there is none or its bytes are damaged.
  public func document(_ number: Int) throws -> DocumentRecord {
    let bytes = try documentBytes(number)
    let language = file.languageNumbers[number]
    let access = try rule(file.ruleNumbers[number])
    do {
      return try DocumentRecord(
        bytes, source: file.sources[file.sourceNumbers[number]],
        language: language == Layout.noLanguage ? nil : file.languages[language], access: access,
        chunks: chunkNumbers(ofDocument: number))
    } catch {
      throw SnapshotError.damaged(file.path, "document \(number): \(error)")
    }
  }

  /// The number of the document with a URL.
  ///
  /// Documents stand in the order of their URLs, so this is a binary search: no table, and no limit to a URL's length.
  ///
  /// - Complexity: O(log documents).
  public func documentNumber(url: String) throws -> Int? {
    let wanted = Array(url.utf8)
    let number = try firstDocument(notBefore: wanted)
    guard number < file.documentCount, try self.url(ofDocument: number).elementsEqual(wanted) else { return nil }
    return number
  }

  /// The first document whose URL's bytes do not stand before some bytes; the number of documents where all do.
  ///
  /// - Complexity: O(log documents).
  public func firstDocument(notBefore bytes: [UInt8]) throws -> Int {
    var (low, high) = (0, file.documentCount)
    while low < high {
      let middle = (low + high) / 2
      if try url(ofDocument: middle).lexicographicallyPrecedes(bytes) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func url(ofDocument number: Int) throws -> UnsafeRawBufferPointer {
    do {
      return try DocumentRecord.url(in: try documentBytes(number))
    } catch let error as ByteCodingError {
      throw SnapshotError.damaged(file.path, "document \(number): \(error)")
    }
  }

  /// A chunk by number, from 0 in the order of documents.
  ///
  /// - Throws: `SnapshotError` where there is none or its bytes are damaged.
  public func chunk(_ number: Int) throws -> Chunk {
    let document = try document(ofChunk: number)
    let bytes = try chunkBytes(ofDocument: document)
    do {
      return try ChunkList.chunk(number - file.firstChunks[document], in: bytes)
    } catch {
      throw SnapshotError.damaged(file.path, "document \(document): \(error)")
    }
  }

  /// The list of a document's chunks as it stands in the file: equal bytes are equal chunks.
  func chunkBytes(ofDocument number: Int) throws -> UnsafeRawBufferPointer {
    try value(number, in: file.chunks, "the chunks of document")
  }

  /// The number of the document that a chunk belongs to.
  ///
  /// - Complexity: O(log documents), on a column in the map.
  public func document(ofChunk number: Int) throws -> Int {
    guard number >= 0, number < file.chunkCount else {
      throw SnapshotError(
        .missing, file.path, "there is no chunk \(number) among \(file.chunkCount)", mend: "ask for one below")
    }
    // The last document whose first chunk is not after the wanted one.
    var (low, high) = (0, file.documentCount)
    while high - low > 1 {
      let middle = (low + high) / 2
      if file.firstChunks[middle] <= number { low = middle } else { high = middle }
    }
    return low
  }

  /// The numbers of a document's chunks; the document must be one of the snapshot's.
  public func chunkNumbers(ofDocument number: Int) -> Range<Int> {
    precondition((0..<file.documentCount).contains(number), "there is no document \(number)")
    return file.firstChunks[number]..<file.firstChunks[number + 1]
  }

  /// The number of a document's access rule, below `ruleCount`.
  public func ruleNumber(ofDocument number: Int) -> Int {
    precondition((0..<file.documentCount).contains(number), "there is no document \(number)")
    return file.ruleNumbers[number]
  }

  /// The place of a document's source in `sources`.
  public func sourceNumber(ofDocument number: Int) -> Int {
    precondition((0..<file.documentCount).contains(number), "there is no document \(number)")
    return file.sourceNumbers[number]
  }

  /// The place of a document's language in `languages`; nil when it is not known.
  public func languageNumber(ofDocument number: Int) -> Int? {
    precondition((0..<file.documentCount).contains(number), "there is no document \(number)")
    let language = file.languageNumbers[number]
    return language == Layout.noLanguage ? nil : language
  }

  /// An access rule by number.
  ///
  /// - Throws: `SnapshotError` where there is none or its bytes are damaged.
  public func rule(_ number: Int) throws -> AccessRule {
    do {
      return try AccessRule(try value(number, in: file.rules, "the access rule"))
    } catch let error as ByteCodingError {
      throw SnapshotError.damaged(file.path, "access rule \(number): \(error)")
    }
  }

  /// One value of a search index, read in place; nil when there is none.
  ///
  /// The bytes stay valid while the snapshot lives. A value longer than a page begins 16 bytes after a page's start.
  public func section(_ name: String, part: UInt32) throws -> UnsafeRawBufferPointer? {
    guard let database = file.sections[name] else { return nil }
    do {
      return try file.environment.beginReading().address(Layout.key(Int(part)), in: database)
    } catch {
      throw SnapshotError.lmdb(file.path, error)
    }
  }

  func value(ofMember number: Int) throws -> UnsafeRawBufferPointer {
    guard let members = file.members else {
      throw SnapshotError(.missing, file.path, "it knows no groups", mend: "index again with this version of Acervo")
    }
    return try value(number, in: members, "the member")
  }

  private func documentBytes(_ number: Int) throws -> UnsafeRawBufferPointer {
    try value(number, in: file.documents, "the document")
  }

  private func value(_ number: Int, in database: Database, _ what: String) throws -> UnsafeRawBufferPointer {
    let value: UnsafeRawBufferPointer?
    do {
      value = try file.environment.beginReading().address(Layout.key(number), in: database)
    } catch {
      throw SnapshotError.lmdb(file.path, error)
    }
    guard let value, number >= 0, number <= Int(UInt32.max) else {
      throw SnapshotError(.missing, file.path, "\(what) \(number) is not there", mend: "ask for one that is")
    }
    return value
  }

  /// Reads everything again: the signature, the hashes of the files, then every document, rule and chunk.
  ///
  /// - Parameters:
  ///   - folder: the snapshot's folder.
  ///   - keys: the public keys of which one must have signed the manifest; none: no signature is asked for.
  /// - Returns: what it is.
  /// - Throws: `SnapshotError` that says what is not as it should be, and where.
  /// - Complexity: O(bytes of the file).
  @discardableResult
  public static func verify(folder: String, signedBy keys: [VerifyingKey] = []) throws -> SnapshotManifest {
    // The blocks first: they say where a file is damaged.
    let snapshot = try Snapshot(folder: folder, verifiesContent: true, signedBy: keys)
    let (path, manifest) = (snapshot.file.path, snapshot.manifest)
    let hash = try FileSystem.hash(path)
    guard hash == manifest.indexHash else {
      throw SnapshotError.damaged(path, "its SHA-256 is \(hash), its manifest says \(manifest.indexHash)")
    }
    guard manifest.id.hasSuffix(hash.hex.prefix(12)) else {
      throw SnapshotError.damaged(folder, "its id “\(manifest.id)” is not that of a file with the SHA-256 \(hash)")
    }
    try snapshot.verifyRecords()
    return manifest
  }

  func verifyRecords() throws {
    var previous: [UInt8]?
    for number in 0..<file.documentCount {
      let document = try document(number)
      let url = Array(document.url.utf8)
      if let previous, !previous.lexicographicallyPrecedes(url) {
        throw SnapshotError.damaged(file.path, "document \(number) is out of the order of URLs")
      }
      previous = url
      let origins = document.accessOrigins.count
      guard origins == 0 || origins == document.access.setCount else {
        throw SnapshotError.damaged(file.path, "document \(number): \(origins) origins for other sets of its rule")
      }
      let chunks = try value(number, in: file.chunks, "the chunks of document")
      do {
        for index in 0..<chunkNumbers(ofDocument: number).count { _ = try ChunkList.chunk(index, in: chunks) }
      } catch {
        throw SnapshotError.damaged(file.path, "document \(number): \(error)")
      }
    }
    try verifyMembers()
  }
}
