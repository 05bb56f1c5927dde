internal import Chunking
internal import Cleaning
internal import Corpus
internal import Pipelines

/// Under which keys stage results are kept: hash of input × stage settings × stage version.
///
/// Whatever decides a result is in its key, so a result that is found is right, and one changed setting redoes exactly
/// the stages behind it.
struct StageKeys: Sendable {
  /// Changes when `StageResults` writes another form.
  private static let version: UInt64 = 1

  private let clean: ContentHash
  private let chunk: ContentHash
  private let embed: ContentHash?

  init(pipeline: PipelineFile, embedder: EmbedderFingerprint?) {
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
    chunk.update(pipeline.chunk.unit == .tokens ? embedder?.tokenizer ?? "" : "")
    self.chunk = chunk.finish()

    self.embed = embedder?.digest
  }

  /// Of a page's cleaning: what the transport and the source said counts as much as the bytes.
  func clean(of document: Document, contentHash: ContentHash) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(clean.bytes)
    hasher.update(contentHash.bytes)
    hasher.update(document.url)
    hasher.update(document.mediaType.rawValue)
    hasher.update(document.charset ?? "")
    hasher.update(document.language ?? "")
    return hasher.finish()
  }

  /// Of a clean document's chunks; `page` is the hash of its kept form.
  func chunks(of page: ContentHash) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(chunk.bytes)
    hasher.update(page.bytes)
    return hasher.finish()
  }

  /// Of a text's vector; nil without an embedder.
  func vector(of text: String) -> ContentHash? {
    guard let embed else { return nil }
    var hasher = ContentHasher()
    hasher.update("embed")
    hasher.update(embed.bytes)
    hasher.update(text)
    return hasher.finish()
  }
}
