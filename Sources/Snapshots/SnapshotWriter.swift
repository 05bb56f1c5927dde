public import Corpus

/// What a run knows of the snapshot that it finishes.
public struct SnapshotDescription: Sendable {
  /// Hash of the pipeline's settings.
  public var pipeline: ContentHash
  /// The embedder; nil for a lexical index.
  public var embedder: EmbedderFingerprint?
  /// The languages of the lexical index.
  public var languages: [String]
  /// When it is published, in seconds since 1970.
  public var created: Int64

  /// Makes a description.
  public init(pipeline: ContentHash, embedder: EmbedderFingerprint?, languages: [String], created: Int64) {
    self.pipeline = pipeline
    self.embedder = embedder
    self.languages = languages
    self.created = created
  }
}

/// Writes a snapshot into a temporary folder of its collection, then publishes it.
///
/// One writer, one thread, one transaction, keys in ascending order: that is what makes the file reproducible.
public final class SnapshotWriter {
  /// Opens a temporary folder below `<snapshots>/<collection>/`.
  public init(snapshots: String, collection: String) throws {
    preconditionFailure("under construction")
  }

  /// Adds a document with its chunks; documents come in ascending order of their URLs' UTF-8 bytes.
  ///
  /// - Returns: the number of its first chunk.
  /// - Throws: `SnapshotError`, also for a URL out of order or there already.
  @discardableResult
  public func append(_ document: DocumentRecord, chunks: [Chunk]) throws -> Int {
    preconditionFailure("under construction")
  }

  /// Adds one value of a search index: `part` ascends within a section, sections come in ascending order.
  public func put(section: String, part: UInt32, _ bytes: UnsafeRawBufferPointer) throws {
    preconditionFailure("under construction")
  }

  /// Commits, hashes, syncs, verifies and publishes: renames the folder into place, then moves `current`.
  ///
  /// - Returns: the manifest; when `current` has the same `indexHash`, the pipeline and embedder being equal too,
  ///   nothing is published and that one's manifest comes back.
  public func publish(_ description: SnapshotDescription, keep: Int) throws -> (SnapshotManifest, isNew: Bool) {
    preconditionFailure("under construction")
  }

  /// Throws the temporary folder away.
  public func discard() {}
}
