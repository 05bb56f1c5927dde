public import Corpus

/// A document as a snapshot holds it.
public struct DocumentRecord: Sendable, Equatable {
  /// The canonical address; unique in the snapshot.
  public var url: String
  /// The `id` of its source.
  public var source: String
  /// Its title; never empty (the last part of the address stands in for a missing one).
  public var title: String
  /// Its language (BCP 47 primary subtag), declared or detected; nil when neither says.
  public var language: String?
  /// Hash of the clean document that its chunks were cut from.
  public var hash: ContentHash
  /// Who may read it.
  public var access: AccessRule
  /// What each set of `access` stands for, in their order; none where nobody said.
  public var accessOrigins: [String]
  /// When its source says that it changed, in seconds since 1970.
  public var modified: Int64?
  /// The titles above it.
  public var breadcrumbs: [String]
  /// Filterable fields.
  public var fields: [String: [FieldValue]]
  /// The number of its first chunk in the snapshot; set by the writer.
  public var firstChunk: Int
  /// How many chunks it has; set by the writer.
  public var chunkCount: Int

  /// Makes a record; the writer fills in the chunk numbers.
  public init(
    url: String, source: String, title: String, language: String?, hash: ContentHash, access: AccessRule,
    accessOrigins: [String] = [], modified: Int64? = nil, breadcrumbs: [String] = [],
    fields: [String: [FieldValue]] = [:], firstChunk: Int = 0,
    chunkCount: Int = 0
  ) {
    self.url = url
    self.source = source
    self.title = title
    self.language = language
    self.hash = hash
    self.access = access
    self.accessOrigins = accessOrigins
    self.modified = modified
    self.breadcrumbs = breadcrumbs
    self.fields = fields
    self.firstChunk = firstChunk
    self.chunkCount = chunkCount
  }
}
