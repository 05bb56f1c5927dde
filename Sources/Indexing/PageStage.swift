internal import Chunking
internal import Cleaning
internal import Corpus
internal import Pipelines
internal import TextAnalysis

/// A page that is cleaned and chunked, with what its embedding still needs.
struct PreparedPage: Sendable {
  var record: PageRecord
  /// Stage results made for it in this run.
  var results: [StateFile.Change]
  /// The texts without a vector, each once, and their keys.
  var missing: [(key: ContentHash, text: String)]
  var chunkCount: Int

  /// About what it holds in memory, in bytes.
  var weight: Int {
    missing.reduce(results.reduce(1024) { $0 + $1.weight }) { $0 + $1.text.utf8.count }
  }
}

/// What a stage makes of a document.
enum PageOutcome: Sendable {
  /// Everything about it is known: the state holds its results already.
  case unchanged(PageRecord)
  case prepared(PreparedPage, isNew: Bool)
}

/// Cleans and chunks a document, taking from the state what is there: a pure function of its input and the settings.
struct PageStage: Sendable {
  let state: StateFile
  let keys: StageKeys
  let cleaner: Cleaner
  let chunker: Chunker
  let embedder: ContentHash?
  let progress: RunProgress

  func prepare(_ document: Document) throws -> PageOutcome {
    let contentHash = ContentHash.of(document.body)
    let cleanKey = keys.clean(of: document, contentHash: contentHash)
    let previous = try state.page(PageRecord.key(source: document.source, url: document.url))
    if let previous, isCurrent(previous, document, cleanKey) { return .unchanged(previous) }

    var results: [StateFile.Change] = []
    let (page, cleanHash) = try cleaned(document, key: cleanKey, &results)
    let chunkKey = keys.chunks(of: cleanHash)
    let chunks = try chunks(of: page.document, key: chunkKey, &results)
    let title = PageTitle.of(document.title, page.document.title, url: document.url)
    var missing: [ContentHash: String] = [:]
    var order: [ContentHash] = []
    for chunk in chunks {
      let text = chunk.embeddingText(title: title)
      guard let key = keys.vector(of: text), missing[key] == nil, try !state.has(.embed, key) else { continue }
      missing[key] = text
      order.append(key)
    }
    let record = PageRecord(
      source: document.source, url: document.url, contentHash: contentHash, cleanKey: cleanKey, cleanHash: cleanHash,
      chunkKey: chunkKey, embedder: embedder, title: document.title, language: document.language,
      access: document.access, modified: document.modified, breadcrumbs: document.breadcrumbs, fields: document.fields)
    let prepared = PreparedPage(
      record: record, results: results, missing: order.map { ($0, missing[$0] ?? "") }, chunkCount: chunks.count)
    return .prepared(prepared, isNew: previous == nil)
  }

  /// Whether the state holds everything of this very document under these very settings.
  private func isCurrent(_ page: PageRecord, _ document: Document, _ cleanKey: ContentHash) -> Bool {
    page.cleanKey == cleanKey && page.chunkKey == keys.chunks(of: page.cleanHash) && page.embedder == embedder
      && page.title == document.title && page.language == document.language && page.access == document.access
      && page.modified == document.modified && page.breadcrumbs == document.breadcrumbs
      && page.fields == document.fields
  }

  private func cleaned(
    _ document: Document, key: ContentHash, _ results: inout [StateFile.Change]
  ) throws -> (CleanedPage, hash: ContentHash) {
    if let kept = try state.result(
      .clean, key, { (try StageResults.decodePage($0), ContentHash.of($0)) })
    {
      return kept
    }
    let page = try progress.timed("clean") {
      let clean = try cleaner.clean(document)
      let language = document.language ?? clean.language ?? LanguageDetector().language(of: clean.text)
      return CleanedPage(document: clean, language: language)
    }
    progress.count { $0.cleaned += 1 }
    let bytes = StageResults.encode(page)
    results.append(.result(.clean, key, bytes))
    return (page, ContentHash.of(bytes))
  }

  private func chunks(
    of document: CleanDocument, key: ContentHash, _ results: inout [StateFile.Change]
  ) throws -> [Chunk] {
    if let kept = try state.result(.chunk, key, { try StageResults.decodeChunks($0, of: document.text) }) {
      return kept
    }
    let chunks = progress.timed("chunk") { chunker.chunks(of: document) }
    results.append(.result(.chunk, key, StageResults.encode(chunks)))
    return chunks
  }
}

/// The title that a page is shown and embedded under.
enum PageTitle {
  /// The source's title, else the page's, else the last part of its address: never empty.
  static func of(_ fromSource: String?, _ fromPage: String, url: String) -> String {
    if let fromSource, !fromSource.isEmpty { return fromSource }
    if !fromPage.isEmpty { return fromPage }
    let path = url.prefix { $0 != "?" && $0 != "#" }
    return path.split(separator: "/").last.map(String.init) ?? url
  }
}
