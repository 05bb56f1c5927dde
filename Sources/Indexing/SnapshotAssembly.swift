internal import Chunking
internal import Corpus
internal import Embedding
internal import Pipelines
internal import Snapshots

/// Writes what the state knows into a snapshot: pages in the order of their URLs, whatever the order they came in.
struct SnapshotAssembly {
  let pipeline: PipelineFile
  let state: StateFile
  let embedder: EmbedderFingerprint?
  let keys: StageKeys
  let progress: RunProgress

  /// Assembles and publishes, unless the current snapshot was made of the same.
  func publish(at created: Int64) throws -> (SnapshotManifest, isNew: Bool) {
    let pages = try self.pages()
    let inputs = self.inputs(pages)
    let collection = try CollectionFolder(snapshots: pipeline.publish.to, collection: pipeline.name)
    if let published = try state.published(), published.inputs == inputs,
      try collection.currentID() == published.snapshot
    {
      return (try collection.manifest(ofSnapshot: published.snapshot), false)
    }
    progress.update { $0.stage = "writing the snapshot" }
    var used: Set<[UInt8]> = []
    let result = try progress.timed("assemble") { try assemble(pages, at: created, used: &used) }
    try state.setPublished(.init(snapshot: result.0.id, inputs: inputs))
    try sweep(keeping: used)
    return result
  }

  /// One page a URL, in the order of URLs; where two sources give the same, the one named first in the file wins.
  private func pages() throws -> [PageRecord] {
    let order = Dictionary(
      pipeline.sources.enumerated().map { ($0.element.id, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var best: [String: PageRecord] = [:]
    try state.forEachPage { page in
      // A page that never got all its vectors under these settings waits for a run that makes them.
      guard let rank = order[page.source], page.embedder == embedder?.digest else { return }
      if let other = best[page.url], let otherRank = order[other.source], otherRank <= rank { return }
      best[page.url] = page
    }
    return best.values.sorted { $0.url.utf8.lexicographicallyPrecedes($1.url.utf8) }
  }

  /// Hash of everything that decides the snapshot's bytes.
  private func inputs(_ pages: [PageRecord]) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(UInt64(SnapshotManifest.formatVersion))
    hasher.update(pipeline.stageSettings.hash.bytes)
    hasher.update(embedder?.digest.bytes ?? [])
    for page in pages { hasher.update(page.bytes) }
    return hasher.finish()
  }

  private func assemble(
    _ pages: [PageRecord], at created: Int64, used: inout Set<[UInt8]>
  ) throws -> (SnapshotManifest, isNew: Bool) {
    let writer = try SnapshotWriter(snapshots: pipeline.publish.to, collection: pipeline.name)
    do {
      var indexes = try SnapshotIndexes(pipeline: pipeline, dimensions: embedder?.dimensions, writer: writer)
      for page in pages {
        try Task.checkCancellation()
        try append(page, to: writer, &indexes, used: &used)
      }
      try indexes.finish()
      return try writer.publish(
        SnapshotDescription(
          pipeline: pipeline.stageSettings.hash, embedder: embedder, languages: pipeline.index.languages,
          created: created),
        keep: pipeline.publish.keep)
    } catch {
      writer.discard()
      throw error
    }
  }

  private func append(
    _ page: PageRecord, to writer: SnapshotWriter, _ indexes: inout SnapshotIndexes, used: inout Set<[UInt8]>
  ) throws {
    let cleaned = try result(.clean, page.cleanKey, of: page, &used) { try StageResults.decodePage($0) }
    let document = cleaned.document
    let chunks = try result(.chunk, page.chunkKey, of: page, &used) {
      try StageResults.decodeChunks($0, of: document.text)
    }
    let title = PageTitle.of(page.title, document.title, url: page.url)
    let record = DocumentRecord(
      url: page.url, source: page.source, title: title, language: cleaned.language, hash: page.cleanHash,
      access: page.access, modified: page.modified, breadcrumbs: page.breadcrumbs, fields: page.fields)
    try writer.append(record, chunks: chunks)
    for chunk in chunks {
      var vector = [Float](repeating: 0, count: embedder?.dimensions ?? 0)
      if let key = keys.vector(of: chunk.embeddingText(title: title)) {
        try result(.embed, key, of: page, &used) { try StageResults.decodeVector($0, into: &vector) }
      }
      try indexes.append(chunk, vector: vector, title: title, language: cleaned.language)
    }
  }

  /// A result that the page's record promises.
  private func result<Value>(
    _ stage: StateFile.Stage, _ key: ContentHash, of page: PageRecord, _ used: inout Set<[UInt8]>,
    _ body: (UnsafeRawBufferPointer) throws -> Value
  ) throws -> Value {
    guard let value = try state.result(stage, key, body) else {
      throw IndexingError(
        .storage,
        "the state has lost a result of \(page.url)\n  mend: move state.mdb of this collection away and run again")
    }
    used.insert(StateFile.memoKey(stage, key))
    return value
  }

  /// Drops old results when they outweigh those in use; until then a setting that is turned back finds them.
  private func sweep(keeping used: Set<[UInt8]>) throws {
    guard try state.resultCount() > 2 * used.count + 1024 else { return }
    _ = try state.sweep(keeping: used)
  }
}
