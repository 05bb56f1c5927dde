/// A value of a document's field, by which answers can be filtered.
public enum FieldValue: Hashable, Sendable {
  /// An exact word or phrase.
  case keyword(String)
  /// A number.
  case number(Double)
  /// A moment, in seconds since 1970-01-01T00:00:00Z.
  case date(Int64)
}

/// What a document's bytes are.
public enum MediaType: String, Hashable, Sendable, CaseIterable {
  /// HTML in any charset.
  case html = "text/html"
  /// CommonMark with GitHub's tables, UTF-8.
  case markdown = "text/markdown"
  /// Plain text in any charset.
  case plainText = "text/plain"
  /// A page in Confluence's storage format, perhaps behind what its references stand for: see `StorageEnvelope`.
  case confluenceStorage = "application/vnd.atlassian.confluence.storage+xml"
}

/// One page as its source gave it: bytes and what the source knows of them.
@dynamicMemberLookup
public struct Document: Sendable, Equatable {
  /// The `id` of the source in the pipeline file.
  public var source: String
  /// The canonical absolute URL: the document's identity within its collection.
  public var url: String
  /// What `body` is.
  public var mediaType: MediaType
  /// The charset that the transport named (HTTP's `Content-Type`), if any; the bytes themselves may overrule it.
  public var charset: String?
  /// The bytes as they were received, content encoding removed.
  public var body: [UInt8]
  /// What the source knows beside the bytes.
  public var facts: DocumentFacts

  /// Makes a document; closed unless the facts say otherwise.
  public init(
    source: String, url: String, mediaType: MediaType, charset: String? = nil, body: [UInt8], facts: DocumentFacts
  ) {
    self.source = source
    self.url = url
    self.mediaType = mediaType
    self.charset = charset
    self.body = body
    self.facts = facts
  }

  /// Makes a document; only its source, address and bytes are required.
  public init(
    source: String, url: String, mediaType: MediaType, charset: String? = nil, body: [UInt8], title: String? = nil,
    language: String? = nil, access: AccessRule = .closed, modified: Int64? = nil, breadcrumbs: [String] = [],
    fields: [String: [FieldValue]] = [:]
  ) {
    self.init(
      source: source, url: url, mediaType: mediaType, charset: charset, body: body,
      facts: DocumentFacts(
        title: title, language: language, access: access, modified: modified, breadcrumbs: breadcrumbs, fields: fields))
  }

  /// A fact, by its own name.
  public subscript<Value>(dynamicMember fact: WritableKeyPath<DocumentFacts, Value>) -> Value {
    get { facts[keyPath: fact] }
    set { facts[keyPath: fact] = newValue }
  }
}
