internal import Chunking
internal import Cleaning
internal import Corpus
internal import Pipelines
internal import SearchIndexes
internal import Snapshots
internal import TextAnalysis

/// Under which keys stage results are kept: hash of input × stage settings × stage version.
///
/// Whatever decides a result is in its key, so a result that is found is right, and one changed setting redoes exactly
/// the stages behind it.
struct StageKeys: Sendable {
  /// Changes when `StageResults` writes another form.
  private static let version: UInt64 = 3

  private let clean: ContentHash
  private let chunk: ContentHash
  private let embedders: [ContentHash]
  private let parts: ContentHash

  init(pipeline: PipelineFile, embedders: [EmbedderFingerprint]) {
    var clean = ContentHasher()
    clean.update("clean")
    clean.update(Self.version)
    clean.update(UInt64(Cleaner.version))
    clean.update(pipeline.clean.content.rawValue)
    clean.update(pipeline.clean.tables.rawValue)
    clean.update(pipeline.clean.keepsCode ? 1 : 0)
    clean.update(pipeline.clean.keepsLinks ? 1 : 0)
    self.clean = clean.finish()

    var chunk = ContentHasher()
    chunk.update("chunk")
    chunk.update(Self.version)
    chunk.update(UInt64(Chunker.version))
    chunk.update(pipeline.chunk.by.rawValue)
    chunk.update(UInt64(clamping: pipeline.chunk.size))
    chunk.update(UInt64(clamping: pipeline.chunk.overlap))
    // Sizes in tokens depend on the tokenizer; sizes in characters depend on nothing else.
    chunk.update(pipeline.chunk.unit == .tokens ? embedders.first?.tokenizer ?? "" : "")
    self.chunk = chunk.finish()

    self.embedders = embedders.map(\.digest)

    var parts = ContentHasher()
    parts.update("parts")
    parts.update(Self.version)
    parts.update(UInt64(EncodedChunks.version))
    parts.update(UInt64(CountedTerms.version))
    parts.update(UInt64(Analyzer.version))
    parts.update(pipeline.index.lexical ? 1 : 0)
    for embedder in embedders { parts.update(embedder.digest.bytes) }
    self.parts = parts.finish()
  }

  /// The settings of every stage and the versions of their code, for the manifest.
  static func description(of pipeline: PipelineFile) -> JSONValue {
    .object(
      (pipeline.stageSettings.json.members ?? []) + [
        .init(
          "versions",
          [
            "clean": .integer(Int64(Cleaner.version)), "chunk": .integer(Int64(Chunker.version)),
            "analysis": .integer(Int64(Analyzer.version)),
          ])
      ])
  }

  /// Of a page's cleaning: what the transport said counts as much as the bytes; what the source knows does not.
  func clean(of document: Document, contentHash: ContentHash) -> ContentHash {
    clean(contentHash, document.url, document.mediaType, document.charset)
  }

  /// Of the cleaning that a known page's bytes would get now.
  func clean(of page: PageRecord) -> ContentHash {
    clean(page.contentHash, page.url, page.mediaType, page.charset)
  }

  private func clean(
    _ content: ContentHash, _ url: String, _ mediaType: MediaType, _ charset: String?
  ) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(clean.bytes)
    hasher.update(content.bytes)
    hasher.update(url)
    hasher.update(mediaType.rawValue)
    hasher.update(charset ?? "")
    // Where a language stood that the source knew.
    hasher.update("")
    return hasher.finish()
  }

  /// Of a clean document's chunks; `page` is the hash of its kept form.
  func chunks(of page: ContentHash) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(chunk.bytes)
    hasher.update(page.bytes)
    return hasher.finish()
  }

  /// Of what a snapshot takes of a page.
  func parts(of page: PageRecord) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(parts.bytes)
    hasher.update(page.cleanHash.bytes)
    hasher.update(page.chunkKey.bytes)
    // Of the address only what stands in for a title that is missing.
    hasher.update(PageTitle.of(page.title, "", url: page.url))
    hasher.update(page.title == nil ? 0 : 1)
    if let language = page.language { hasher.update(language) }
    return hasher.finish()
  }

  /// Of a text's vectors, one an embedder, in their order; none without an embedder.
  func vectors(of text: String) -> [ContentHash] {
    embedders.map { embedder in
      var hasher = ContentHasher()
      hasher.update("embed")
      hasher.update(embedder.bytes)
      hasher.update(text)
      return hasher.finish()
    }
  }

  /// What a page's record names as the makers of its vectors: the only embedder, or both together.
  var embedder: ContentHash? {
    guard embedders.count > 1 else { return embedders.first }
    var hasher = ContentHasher()
    for embedder in embedders { hasher.update(embedder.bytes) }
    return hasher.finish()
  }
}
