internal import Chunking
internal import Corpus
internal import Pipelines
internal import SearchIndexes
internal import Snapshots

/// What a snapshot takes of a page, ready to be copied into it: a publish after one edit costs one page's work.
struct PageParts {
  var title: String
  var language: String?
  /// What the page says of itself: its fields are read from here.
  var attributes: [String: [String]]
  var chunkCount: Int
  /// `EncodedChunks.bytes`.
  var chunks: UnsafeRawBufferPointer
  /// The memo keys of the chunks' vectors, one behind the other, of each chunk one an embedder; empty without any.
  var vectorKeys: UnsafeRawBufferPointer
  /// `CountedTerms.bytes`; nil where words are not indexed.
  var terms: UnsafeRawBufferPointer?

  /// The kept form of a page's parts; `language` is what its source says, if anything.
  static func encode(
    _ page: CleanedPage, chunks: [Chunk], title: String, language: String?, keys: StageKeys, lexical: Bool
  ) -> [UInt8] {
    let language = language ?? page.language
    var writer = ByteWriter()
    writer.write(title)
    writer.write(language) { $0.write($1) }
    writer.write(attributes: page.document.attributes)
    writer.write(chunks.count)
    writer.write(EncodedChunks(chunks).bytes)
    writer.write(chunks.flatMap { keys.vectors(of: $0.embeddingText(title: title)).flatMap(\.bytes) })
    let terms =
      lexical
      ? CountedTerms(
        chunks: chunks.map { ($0.text, $0.headingPath) }, title: title, language: language) : nil
    writer.write(terms) { $0.write($1.bytes) }
    return writer.bytes
  }

  /// Reads parts in place: they live as long as the bytes.
  init(_ bytes: UnsafeRawBufferPointer) throws(ByteCodingError) {
    var reader = ByteReader(bytes)
    title = try reader.text()
    language = try reader.optional { reader throws(ByteCodingError) in try reader.text() }
    attributes = try reader.attributes()
    chunkCount = try reader.int()
    chunks = try reader.raw(try reader.count())
    vectorKeys = try reader.raw(try reader.count())
    guard vectorKeys.count.isMultiple(of: 32 * max(1, chunkCount)) else {
      throw ByteCodingError(description: "\(vectorKeys.count) bytes of keys for \(chunkCount) chunks")
    }
    terms = try reader.optional { reader throws(ByteCodingError) in try reader.raw(try reader.count()) }
  }
}
