internal import Chunking
internal import Cleaning
internal import Connectors
internal import Corpus
internal import Pipelines
internal import TextAnalysis

/// A text that an embedder has to embed.
struct MissingVector: Sendable {
  /// Under what its vector is kept.
  var key: ContentHash
  /// The embedder's place among the run's.
  var embedder: Int
  var text: String
}

/// A page that is cleaned and chunked, with what its embedding still needs.
struct PreparedPage: Sendable {
  var record: PageRecord
  /// Stage results made for it in this run.
  var results: [StateFile.Change]
  /// The texts without a vector, each once for each embedder that misses it.
  var missing: [MissingVector]
  var chunkCount: Int
  /// What is to be counted of it.
  var change: PageChange
  /// Whether the state is to remember the record; a page as a snapshot takes it is not the page as it came.
  var isRecorded = true

  /// About what it holds in memory, in bytes.
  var weight: Int {
    missing.reduce(results.reduce(1024) { $0 + $1.weight }) { $0 + $1.text.utf8.count }
  }
}

/// What a page is against what the state knew of its address.
enum PageChange: Sendable {
  case new
  /// Something differs; with how its readers do, if they do.
  case changed(AccessRule.Change?)
  /// The same: only results of it were missing.
  case same

  init(from old: PageRecord?, to new: PageRecord) {
    self = old.map { $0 == new ? .same : .changed($0.access.change(to: new.access)) } ?? .new
  }
}

/// What comes to be cleaned and chunked.
enum PageInput: Sendable {
  /// Bytes that a source gave.
  case document(Document, PageVisit?)
  /// A known page of which the source says that its bytes are as they were, and what it knows beside them now; nil
  /// where that is as it was.
  case unchanged(PageRecord, DocumentFacts?)
  /// A known page of which this run gives no new version: its last good one is brought under the present settings, and
  /// for the readers that are told now, if any are.
  case kept(PageRecord, for: DocumentFacts? = nil)

  var source: String {
    switch self {
    case .document(let document, _): document.source
    case .unchanged(let page, _), .kept(let page, _): page.source
    }
  }

  var url: String {
    switch self {
    case .document(let document, _): document.url
    case .unchanged(let page, _), .kept(let page, _): page.url
    }
  }

  /// What the source knows now beside the bytes, where it says that.
  var facts: DocumentFacts? {
    switch self {
    case .document(let document, _): document.facts
    case .unchanged(_, let facts), .kept(_, let facts): facts
    }
  }

  /// About what it holds in memory, in bytes.
  var weight: Int {
    if case .document(let document, _) = self { document.body.count + 1024 } else { 1024 }
  }
}

/// What a stage makes of a page.
enum PageOutcome: Sendable {
  /// The state holds its results already, and lacks these changes at most.
  case settled([StateFile.Change], PageChange)
  case prepared(PreparedPage)
}

/// Cleans and chunks a page, taking from the state what is there: a pure function of its input and the settings.
struct PageStage: Sendable {
  let state: StateFile
  let keys: StageKeys
  let cleaner: Cleaner
  let chunker: Chunker
  let lexical: Bool
  let progress: RunProgress

  func prepare(_ input: PageInput) throws -> PageOutcome {
    switch input {
    case .document(let document, let visit): return try prepare(document, visit)
    case .unchanged(let known, let facts):
      var page = known
      if let facts { page.facts = facts }
      page.cleanKey = keys.clean(of: page)
      return try settled(page, from: known, []) ?? prepare(page, from: known, [])
    case .kept(let known, let facts):
      let page = facts.map(known.withReaders) ?? known
      // One whose cleaned form has left the state waits for its source.
      guard try !isCurrent(page), try state.has(.clean, page.cleanKey) else {
        return .settled(page == known ? [] : [.page(page)], PageChange(from: known, to: page))
      }
      return try prepare(page, from: known, [])
    }
  }

  private func prepare(_ document: Document, _ visit: PageVisit?) throws -> PageOutcome {
    let contentHash = ContentHash.of(document.body)
    let cleanKey = keys.clean(of: document, contentHash: contentHash)
    let previous = try state.page(PageRecord.key(source: document.source, url: document.url))
    var results: [StateFile.Change] = []
    if let visit { results.append(.visit(source: document.source, url: document.url, visit)) }
    if let previous, previous.cleanKey == cleanKey {
      var page = previous
      page.facts = document.facts
      if let settled = try settled(page, from: previous, results) { return settled }
    }
    let cleanHash = try cleaned(document, key: cleanKey, &results)
    let page = PageRecord(
      source: document.source, url: document.url, contentHash: contentHash, mediaType: document.mediaType,
      charset: document.charset, cleanKey: cleanKey, cleanHash: cleanHash, chunkKey: keys.chunks(of: cleanHash),
      embedder: keys.embedder, facts: document.facts)
    return try prepare(page, from: previous, results)
  }

  /// A page of which the state has all results, though its facts may be new; nil when something is to be made for it.
  private func settled(
    _ page: PageRecord, from known: PageRecord, _ changes: [StateFile.Change]
  ) throws -> PageOutcome? {
    // Another title stands in other parts, whose vectors have to be looked for one by one.
    guard keys.parts(of: page) == keys.parts(of: known), try isCurrent(page) else { return nil }
    return .settled(page == known ? changes : changes + [.page(page)], PageChange(from: known, to: page))
  }

  /// Whether the state holds all that the present settings want of a cleaned page.
  ///
  /// Results of a page that no snapshot took may have left the state, hence the two looks at it.
  func isCurrent(_ page: PageRecord) throws -> Bool {
    guard page.chunkKey == keys.chunks(of: page.cleanHash), page.embedder == keys.embedder else { return false }
    return try state.has(.clean, page.cleanKey) && state.has(.parts, keys.parts(of: page))
  }

  /// Chunks a page whose cleaning is in the state or among `results`, and looks which vectors it misses.
  private func prepare(
    _ page: PageRecord, from known: PageRecord?, _ results: [StateFile.Change]
  ) throws -> PageOutcome {
    var page = page
    let cleaned = try cleaned(page, among: results)
    page.cleanHash = cleaned.hash
    page.chunkKey = keys.chunks(of: page.cleanHash)
    page.embedder = keys.embedder
    return .prepared(
      try work(on: page, as: cleaned.page, PageChange(from: known, to: page), results))
  }

  /// A page whose cleaned form is another than the state has, with what is still to be computed for it.
  func settle(_ page: PageRecord, as cleaned: CleanedPage) throws -> (PageRecord, PreparedPage?) {
    var page = page
    page.cleanHash = ContentHash.of(StageResults.encode(cleaned))
    page.chunkKey = keys.chunks(of: page.cleanHash)
    var work = try work(on: page, as: cleaned, .changed(nil), [])
    work.isRecorded = false
    return (page, work.results.isEmpty && work.missing.isEmpty ? nil : work)
  }

  /// Chunks a cleaned page and looks which vectors it misses.
  private func work(
    on page: PageRecord, as cleaned: CleanedPage, _ change: PageChange, _ results: [StateFile.Change]
  ) throws -> PreparedPage {
    var results = results
    let document = cleaned.document
    let chunks = try chunks(of: document, key: page.chunkKey, &results)
    let title = PageTitle.of(page.title, document.title, url: page.url)
    var seen: Set<ContentHash> = []
    var missing: [MissingVector] = []
    for chunk in chunks {
      let text = chunk.embeddingText(title: title)
      for (embedder, key) in keys.vectors(of: text).enumerated() {
        guard seen.insert(key).inserted, try !state.has(.embed, key) else { continue }
        missing.append(MissingVector(key: key, embedder: embedder, text: text))
      }
    }
    let partsKey = keys.parts(of: page)
    if try !state.has(.parts, partsKey) {
      let parts = progress.timed("analyse") {
        PageParts.encode(
          cleaned, chunks: chunks, title: title, language: page.language, keys: keys, lexical: lexical)
      }
      progress.count { $0.analysed += 1 }
      results.append(.result(.parts, partsKey, parts))
    }
    return PreparedPage(
      record: page, results: results, missing: missing, chunkCount: chunks.count, change: change)
  }

  private func cleaned(
    _ page: PageRecord, among results: [StateFile.Change]
  ) throws -> (page: CleanedPage, hash: ContentHash) {
    for case .result(.clean, page.cleanKey, let bytes) in results {
      return (try bytes.withUnsafeBytes { try StageResults.decodePage($0) }, ContentHash.of(bytes))
    }
    let kept = try state.result(.clean, page.cleanKey) { (try StageResults.decodePage($0), ContentHash.of($0)) }
    guard let kept else {
      throw IndexingError(
        .storage,
        "the state has lost the cleaned form of \(page.url)\n  mend: move state.mdb of this collection away and run "
          + "again")
    }
    return (kept.0, kept.1)
  }

  /// Cleans a document unless the state has that, and hashes the kept form.
  private func cleaned(
    _ document: Document, key: ContentHash, _ results: inout [StateFile.Change]
  ) throws -> ContentHash {
    if let hash = try state.result(.clean, key, { ContentHash.of($0) }) { return hash }
    let page = try progress.timed("clean") {
      let clean = try cleaner.clean(document)
      let language = clean.language ?? LanguageDetector().language(of: clean.text)
      return CleanedPage(document: clean, language: language)
    }
    progress.count { $0.cleaned += 1 }
    let bytes = StageResults.encode(page)
    results.append(.result(.clean, key, bytes))
    return ContentHash.of(bytes)
  }

  private func chunks(
    of document: CleanDocument, key: ContentHash, _ results: inout [StateFile.Change]
  ) throws -> [Chunk] {
    if let kept = try state.result(.chunk, key, { try StageResults.decodeChunks($0, of: document.text) }) {
      return kept
    }
    let chunks = progress.timed("chunk") { chunker.chunks(of: document) }
    progress.count { $0.chunked += 1 }
    results.append(.result(.chunk, key, StageResults.encode(chunks)))
    return chunks
  }
}

extension PageRecord {
  /// The same page for the readers that are told beside another version of it.
  func withReaders(of facts: DocumentFacts) -> PageRecord {
    var page = self
    page.facts.access = facts.access
    page.facts.accessOrigins = facts.accessOrigins
    return page
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
