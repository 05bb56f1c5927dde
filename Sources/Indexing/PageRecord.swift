internal import Corpus

/// What the state knows of a page: its last good version, and what happened last.
@dynamicMemberLookup
struct PageRecord: Sendable, Equatable {
  var source: String
  var url: String
  /// Of the bytes that the source gave.
  var contentHash: ContentHash
  /// What the bytes were said to be.
  var mediaType: MediaType
  /// The charset that the transport named, if any.
  var charset: String?
  /// Key of its cleaning.
  var cleanKey: ContentHash
  /// Hash of the cleaned page's kept form: the input of chunking.
  var cleanHash: ContentHash
  /// Key of its chunks.
  var chunkKey: ContentHash
  /// The embedder, or the embedders together, whose vectors of all its chunks are kept; nil where there is none.
  var embedder: ContentHash?
  /// What the source knows of it beside the bytes.
  var facts: DocumentFacts

  /// A fact, by its own name.
  subscript<Value>(dynamicMember fact: KeyPath<DocumentFacts, Value>) -> Value { facts[keyPath: fact] }

  /// Under what the state keeps a page: URLs may be longer than a key.
  static func key(source: String, url: String) -> [UInt8] {
    var hasher = ContentHasher()
    hasher.update(source)
    hasher.update(url)
    return hasher.finish().bytes
  }

  var key: [UInt8] { Self.key(source: source, url: url) }

  /// Adds what of it decides a snapshot's bytes: not how it came, nor keys that other settings change.
  func update(_ hasher: inout ContentHasher) {
    var writer = ByteWriter()
    writer.write(source)
    writer.write(url)
    writer.write(cleanHash)
    writer.write(chunkKey)
    writer.write(embedder) { $0.write($1) }
    writer.write(facts)
    hasher.update(writer.bytes)
  }
}

extension PageRecord {
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.write(source)
    writer.write(url)
    writer.write(contentHash)
    writer.write(mediaType.rawValue)
    writer.write(charset) { $0.write($1) }
    writer.write(cleanKey)
    writer.write(cleanHash)
    writer.write(chunkKey)
    writer.write(embedder) { $0.write($1) }
    writer.write(facts)
    return writer.bytes
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(ByteCodingError) {
    var reader = ByteReader(bytes)
    source = try reader.text()
    url = try reader.text()
    contentHash = try reader.hash()
    let type = try reader.text()
    guard let mediaType = MediaType(rawValue: type) else {
      throw ByteCodingError(description: "“\(type)” is no type of a page")
    }
    self.mediaType = mediaType
    charset = try reader.optional { reader throws(ByteCodingError) in try reader.text() }
    cleanKey = try reader.hash()
    cleanHash = try reader.hash()
    chunkKey = try reader.hash()
    embedder = try reader.optional { reader throws(ByteCodingError) in try reader.hash() }
    facts = try reader.facts()
  }
}
