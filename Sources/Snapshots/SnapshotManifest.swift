public import Corpus

/// What a snapshot is: `manifest.json`.
public struct SnapshotManifest: Sendable, Equatable {
  /// The format's version that this code writes.
  public static let formatVersion = 2
  /// The versions that it reads: 1 knew no groups.
  public static let readableVersions = 1...2
  /// How many bytes of `index.mdb` have a hash of their own, so that several threads can check it and damage has a place.
  public static let blockBytes = 1 << 20
  /// The version of the format that the snapshot has, one of `readableVersions`.
  public var format: Int
  /// Time and content hash: `20261120T231500Z-3f9a1c0b7e21`.
  public var id: String
  /// The collection's name.
  public var collection: String
  /// When it was published, in seconds since 1970.
  public var created: Int64
  /// The id of the snapshot that it replaced, if any.
  public var parent: String?
  /// Hash of the pipeline's settings, secrets and paths left out.
  public var pipeline: ContentHash
  /// The settings of every stage and the versions of their code, as far as they decide what is in the index; nil in
  /// snapshots of the first release.
  public var stages: JSONValue?
  /// The embedder; nil for a lexical index.
  public var embedder: EmbedderFingerprint?
  /// The embedder of the second set of vectors; nil where there is none.
  public var secondEmbedder: EmbedderFingerprint?
  /// The languages of the lexical index.
  public var languages: [String]
  /// How many documents.
  public var documents: Int
  /// How many chunks.
  public var chunks: Int
  /// The size of `index.mdb`, in bytes.
  public var indexBytes: Int
  /// SHA-256 of `index.mdb`.
  public var indexHash: ContentHash
  /// SHA-256 of every `blockBytes` of `index.mdb`, the last block being shorter; empty in snapshots of the first release.
  public var blockHashes: [ContentHash]
  /// Documents per source id, in the order of ids.
  public var sources: [(id: String, documents: Int)]

  /// Makes a manifest.
  public init(
    id: String, collection: String, created: Int64, parent: String?, pipeline: ContentHash, stages: JSONValue? = nil,
    embedder: EmbedderFingerprint?, secondEmbedder: EmbedderFingerprint? = nil, languages: [String], documents: Int,
    chunks: Int, indexBytes: Int, indexHash: ContentHash, blockHashes: [ContentHash] = [],
    sources: [(id: String, documents: Int)], format: Int = SnapshotManifest.formatVersion
  ) {
    self.format = format
    self.id = id
    self.collection = collection
    self.created = created
    self.parent = parent
    self.pipeline = pipeline
    self.stages = stages
    self.embedder = embedder
    self.secondEmbedder = secondEmbedder
    self.languages = languages
    self.documents = documents
    self.chunks = chunks
    self.indexBytes = indexBytes
    self.indexHash = indexHash
    self.blockHashes = blockHashes
    self.sources = sources
  }

  /// Compares every field.
  public static func == (left: SnapshotManifest, right: SnapshotManifest) -> Bool {
    left.json() == right.json()
  }
}
