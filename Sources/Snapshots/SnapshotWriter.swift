public import Corpus
internal import LMDB

/// What a run knows of the snapshot that it finishes.
public struct SnapshotDescription: Sendable {
  /// Hash of the pipeline's settings.
  public var pipeline: ContentHash
  /// The settings of every stage and the versions of their code; secrets and paths left out.
  public var stages: JSONValue?
  /// The embedder; nil for a lexical index.
  public var embedder: EmbedderFingerprint?
  /// The embedder of the second set of vectors, if there is one.
  public var secondEmbedder: EmbedderFingerprint?
  /// The languages of the lexical index.
  public var languages: [String]
  /// When it is published, in seconds since 1970.
  public var created: Int64

  /// Makes a description.
  public init(
    pipeline: ContentHash, stages: JSONValue? = nil, embedder: EmbedderFingerprint?,
    secondEmbedder: EmbedderFingerprint? = nil, languages: [String], created: Int64
  ) {
    self.pipeline = pipeline
    self.stages = stages
    self.embedder = embedder
    self.secondEmbedder = secondEmbedder
    self.languages = languages
    self.created = created
  }
}

/// Writes a snapshot into a temporary folder of its collection, then publishes it.
///
/// One writer, one thread, one transaction, keys in ascending order: that is what makes the file reproducible.
public final class SnapshotWriter {
  /// The longest index, in bytes: what is reserved of the address space, not of memory or disk.
  ///
  /// The number stands in the file (LMDB keeps the map's size), so it is a constant.
  public static let maximumIndexBytes = 64 << 30

  /// The folder that is being written; for other temporary files of this run, too, which must be gone when it is
  /// published.
  public let temporaryFolder: String

  private let collection: CollectionFolder
  private let lock: Int32
  /// The tables; nil once published, discarded or failed.
  private var tables: SnapshotTables?
  /// What waits to be published.
  private var finished: SnapshotManifest?

  /// Opens a temporary folder below `<snapshots>/<collection>/` and removes those of writers that died.
  ///
  /// - Throws: `SnapshotError` for a bad name or a folder that cannot be made.
  public init(snapshots: String, collection: String) throws {
    let collection = try CollectionFolder(snapshots: snapshots, collection: collection)
    try FileSystem.makeFolder(collection.path)
    try collection.removeLeftovers()
    (temporaryFolder, lock) = try FileSystem.makeTemporaryFolder(in: collection.path)
    self.collection = collection
    do {
      tables = try SnapshotTables(path: temporaryFolder + "/" + Layout.indexName)
    } catch {
      throw (error as? LMDBError).map { SnapshotError.lmdb(temporaryFolder, $0) } ?? error
    }
  }

  deinit {
    discard()
    FileSystem.unlock(lock)
  }

  /// Adds a document with its chunks; documents come in ascending order of their URLs' UTF-8 bytes.
  ///
  /// - Returns: the number of its first chunk.
  /// - Throws: `SnapshotError`, also for a URL out of order or there already.
  @discardableResult
  public func append(_ document: DocumentRecord, chunks: [Chunk]) throws -> Int {
    for (index, chunk) in chunks.enumerated()
    where chunk.index != index || chunk.range.start < 0 || chunk.range.count < 0 {
      discard()
      throw SnapshotError(
        .refused, temporaryFolder, "“\(document.url)” has a chunk \(chunk.index) at place \(index)",
        mend: "number its chunks from 0")
    }
    return try append(document, chunks: EncodedChunks(chunks))
  }

  /// Adds a document with its chunks in the form in which the snapshot holds them.
  ///
  /// - Returns: the number of its first chunk.
  /// - Throws: `SnapshotError`, also for a URL out of order or there already.
  @discardableResult
  public func append(_ document: DocumentRecord, chunks: EncodedChunks) throws -> Int {
    try write { try $0.append(document, chunks: chunks) }
  }

  /// Adds one value of a search index: `part` ascends within a section; sections may come in any order.
  ///
  /// - Throws: `SnapshotError`, also for a part out of order and a name that is not `[a-z0-9.-]{1,64}`.
  public func put(section: String, part: UInt32, _ bytes: UnsafeRawBufferPointer) throws {
    try write { try $0.put(section: section, part: part, bytes) }
  }

  /// Adds who is in which group: users, groups within it, and the users of those.
  ///
  /// - Throws: `SnapshotError`, also when groups were given before.
  public func put(groups: [Principal: Set<Principal>]) throws {
    try write { try $0.put(groups: groups) }
  }

  /// A writer that failed cannot publish: half a document may be in its transaction.
  private func write<Value>(_ body: (SnapshotTables) throws -> Value) throws -> Value {
    guard let tables else {
      throw SnapshotError(.refused, temporaryFolder, "this writer has ended", mend: "make a new one")
    }
    do {
      return try body(tables)
    } catch let error as LMDBError {
      discard()
      throw SnapshotError.lmdb(temporaryFolder, error)
    } catch {
      discard()
      throw error
    }
  }

  /// Finishes and publishes at once, without a gate.
  ///
  /// - Returns: as `finish`.
  public func publish(_ description: SnapshotDescription, keep: Int) throws -> (SnapshotManifest, isNew: Bool) {
    let (manifest, isNew) = try finish(description)
    if isNew { try publish(keep: keep) }
    return (manifest, isNew)
  }

  /// Commits, hashes and verifies: a whole snapshot then waits in `temporaryFolder` for `publish` or `setAside`.
  ///
  /// - Parameters:
  ///   - description: what the run knows of it.
  ///   - key: what it will be signed with: a current snapshot that this key did not sign is not the same.
  /// - Returns: the manifest; when `current` has the same `indexHash`, the pipeline, embedder and signature being equal
  ///   too, there is nothing to publish, and that one's manifest comes back.
  /// - Throws: `SnapshotError` or `KeyError`; the temporary folder is gone then.
  public func finish(
    _ description: SnapshotDescription, signedBy key: SigningKey? = nil
  ) throws -> (SnapshotManifest, isNew: Bool) {
    let summary = try write { try $0.finish() }
    tables = nil
    return try ending { try finish(description, summary, key) }
  }

  private func finish(
    _ description: SnapshotDescription, _ summary: SnapshotTables.Summary, _ key: SigningKey?
  ) throws -> (SnapshotManifest, isNew: Bool) {
    let path = temporaryFolder + "/" + Layout.indexName
    try FileSystem.truncate(path, to: summary.bytes)
    let (hash, blocks) = try FileSystem.hashes(path)
    let parent = try collection.currentID()
    if let parent, let current = try? collection.manifest(ofSnapshot: parent), current.indexHash == hash,
      current.pipeline == description.pipeline, current.embedder == description.embedder,
      current.secondEmbedder == description.secondEmbedder,
      try key.map({ try collection.isSigned(parent, by: $0) }) ?? true
    {
      discard()
      return (current, false)
    }
    var manifest = SnapshotManifest(
      id: "", collection: collection.name, created: description.created, parent: parent,
      pipeline: description.pipeline, stages: description.stages, embedder: description.embedder,
      secondEmbedder: description.secondEmbedder,
      languages: description.languages,
      documents: summary.documents, chunks: summary.chunks, indexBytes: summary.bytes, indexHash: hash,
      blockHashes: blocks,
      sources: summary.sources.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) })
    // What is older is told by its id: ids ascend though two publishes fall into one second or the clock goes back.
    if let newest = try collection.snapshotIDs().first.flatMap({ Moment.seconds(ofCompact: String($0.prefix(16))) }) {
      manifest.created = max(manifest.created, newest + 1)
    }
    manifest.id = Moment.compact(manifest.created) + "-" + hash.hex.prefix(12)
    let text = manifest.json().text(pretty: true) + "\n"
    try FileSystem.write(Array(text.utf8), to: temporaryFolder + "/" + Layout.manifestName)
    try FileSystem.flush(path)
    try Snapshot(folder: temporaryFolder).verifyRecords()
    finished = manifest
    return (manifest, true)
  }

  /// Signs what `finish` made, renames it into place, moves `current`, and removes old snapshots.
  ///
  /// - Parameters:
  ///   - keep: how many snapshots stay.
  ///   - key: signs the manifest; nil leaves it unsigned.
  ///   - gate: what a gate found, kept beside the manifest; nil where there is none.
  /// - Throws: `SnapshotError` or `KeyError`; the temporary folder is gone then.
  public func publish(keep: Int, signedBy key: SigningKey? = nil, gate: JSONValue? = nil) throws {
    let id = try settle(gate: gate, signedBy: key)
    try collection.makeCurrent(id)
    try collection.prune(keep: keep)
  }

  /// Renames what `finish` made into place for somebody to look at, unsigned and without making it current.
  ///
  /// - Parameter gate: why, for the file beside the manifest that marks it.
  /// - Throws: `SnapshotError`; the temporary folder is gone then.
  public func setAside(gate: JSONValue) throws {
    _ = try settle(gate: gate, signedBy: nil)
    try collection.removeOldCandidates()
  }

  private func settle(gate: JSONValue?, signedBy key: SigningKey?) throws -> String {
    guard let manifest = finished.take() else {
      throw SnapshotError(.refused, temporaryFolder, "nothing is finished here", mend: "call finish first, and once")
    }
    return try ending {
      if let key {
        let bytes = try FileSystem.read(
          temporaryFolder + "/" + Layout.manifestName, limit: SnapshotManifest.maximumBytes)
        try FileSystem.write(try key.signature(of: bytes), to: temporaryFolder + "/" + Layout.signatureName)
      }
      if let gate {
        try FileSystem.write(
          Array((gate.text(pretty: true) + "\n").utf8), to: temporaryFolder + "/" + Layout.gateName)
      }
      try FileSystem.flush(temporaryFolder)
      try FileSystem.move(temporaryFolder, to: collection.path + "/" + manifest.id)
      try FileSystem.flush(collection.path)
      return manifest.id
    }
  }

  /// What fails leaves nothing behind.
  private func ending<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      discard()
      throw error
    }
  }

  /// Throws the temporary folder away.
  public func discard() {
    tables = nil
    finished = nil
    // What cannot be removed now is removed by the next writer.
    try? FileSystem.removeFolder(temporaryFolder)
  }
}
