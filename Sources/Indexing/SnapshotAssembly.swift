internal import Chunking
internal import Cleaning
internal import Corpus
internal import Embedding
internal import Pipelines
internal import Snapshots

/// Writes what the state knows into a snapshot: pages in the order of their URLs, whatever the order they came in.
struct SnapshotAssembly {
  let pipeline: PipelineFile
  let state: StateFile
  let embedders: [EmbedderFingerprint]
  let keys: StageKeys
  let progress: RunProgress

  /// What became of an assembled snapshot.
  enum Outcome {
    /// It is current.
    case published(SnapshotManifest)
    /// The current one is made of the same.
    case unchanged(SnapshotManifest)
    /// The gate refused it; the current one stays.
    case refused(SnapshotManifest)
  }

  /// Assembles and publishes, unless the current snapshot was made of the same or the gate refuses.
  ///
  /// - Parameters:
  ///   - created: the moment of publishing.
  ///   - gate: judges the verified candidate before it is published; nil lets everything through.
  ///   - key: signs the manifest; nil leaves it unsigned.
  ///   - settle: is given all pages and returns those, by address, that the snapshot takes otherwise than the state has
  ///     them, their results being in the state; they depend on the pages and the settings alone.
  /// - Returns: what became of it, and what the gate measured; nil where nothing was judged.
  /// - Throws: what state, snapshots, the gate and `settle` throw; nothing is left behind then.
  func publish(
    at created: Int64, through gate: PublishGate?, signedBy key: SigningKey?,
    settle: ([PageRecord]) async throws -> [String: PageRecord]
  ) async throws -> (Outcome, GateReport?) {
    let known = try self.known()
    let pages = self.pages(of: known)
    let memberships = Memberships(try state.groupRecords(), pages: pages)
    let inputs = self.inputs(pages, memberships)
    let collection = try CollectionFolder(snapshots: pipeline.publish.to, collection: pipeline.name)
    if let published = try state.published(), published.inputs == inputs,
      try collection.currentID() == published.snapshot,
      try key.map({ try collection.isSigned(published.snapshot, by: $0) }) ?? true
    {
      try collection.removeLeftovers()
      if try state.count(state.superseded) > 0 { try state.setPublished(published) }
      try state.dropExpired(at: created, after: pipeline.state.keep)
      return (.unchanged(try collection.manifest(ofSnapshot: published.snapshot)), nil)
    }
    let settled = try await settle(pages)
    progress.update { $0.stage = "writing the snapshot" }
    let used = UsedKeys()
    // Also of those that this snapshot takes from another source, or otherwise: the next one may take them whole.
    for page in known { try keep(page, used) }
    let (writer, manifest, isNew) = try progress.timed("assemble") {
      try assemble(pages.map { settled[$0.url] ?? $0 }, memberships, at: created, signedBy: key, used)
    }
    defer { writer.discard() }
    var report: GateReport?
    if isNew {
      report = try await judge(writer, against: collection, gate)
      if let report, !report.passes {
        try writer.setAside(gate: report.json)
        return (.refused(manifest), report)
      }
      try writer.publish(keep: pipeline.publish.keep, signedBy: key, gate: report?.json)
    }
    try state.setPublished(.init(snapshot: manifest.id, inputs: inputs))
    try state.retire(keeping: used.keys, at: created, after: pipeline.state.keep, limit: pipeline.state.limit)
    return (isNew ? .published(manifest) : .unchanged(manifest), report)
  }

  private func judge(
    _ writer: SnapshotWriter, against collection: CollectionFolder, _ gate: PublishGate?
  ) async throws -> GateReport? {
    guard let gate else { return nil }
    progress.update { $0.stage = "asking the gate's questions" }
    // One that cannot be opened is nothing to compare with, and must not keep a sound one from taking its place.
    let current = try? collection.currentID() == nil ? nil : collection.openCurrent()
    let candidate = try Snapshot(folder: writer.temporaryFolder)
    return try await progress.timed("gate") { try await gate.judge(candidate, against: current) }
  }

  private func known() throws -> [PageRecord] {
    var known: [PageRecord] = []
    try state.forEachPage { known.append($0) }
    return known
  }

  /// One page a URL, in the order of URLs; where two sources give the same, the one named first in the file wins.
  private func pages(of known: [PageRecord]) -> [PageRecord] {
    let order = Dictionary(
      pipeline.sources.enumerated().map { ($0.element.id, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var best: [String: PageRecord] = [:]
    for page in known {
      // A page that never got all its vectors under these settings waits for a run that makes them.
      guard let rank = order[page.source], page.embedder == keys.embedder else { continue }
      if let other = best[page.url], let otherRank = order[other.source], otherRank <= rank { continue }
      best[page.url] = page
    }
    return best.values.sorted { $0.url.utf8.lexicographicallyPrecedes($1.url.utf8) }
  }

  /// Hash of everything that decides the snapshot's bytes.
  private func inputs(_ pages: [PageRecord], _ memberships: Memberships) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(UInt64(SnapshotManifest.formatVersion))
    hasher.update(pipeline.stageSettings.hash.bytes)
    for embedder in embedders { hasher.update(embedder.digest.bytes) }
    hasher.update(UInt64(SiteTemplates.version))
    for page in pages { page.update(&hasher) }
    memberships.update(&hasher)
    return hasher.finish()
  }

  private func assemble(
    _ pages: [PageRecord], _ memberships: Memberships, at created: Int64, signedBy key: SigningKey?,
    _ used: UsedKeys
  ) throws -> (SnapshotWriter, SnapshotManifest, isNew: Bool) {
    try makeMissingParts(of: pages)
    let writer = try SnapshotWriter(snapshots: pipeline.publish.to, collection: pipeline.name)
    do {
      var indexes = try SnapshotIndexes(pipeline: pipeline, dimensions: embedders.map(\.dimensions), writer: writer)
      for page in pages {
        try Task.checkCancellation()
        try append(page, to: writer, &indexes, used)
      }
      try indexes.finish()
      try writer.put(groups: memberships.members)
      let (manifest, isNew) = try writer.finish(
        SnapshotDescription(
          pipeline: pipeline.stageSettings.hash, stages: StageKeys.description(of: pipeline),
          embedder: embedders.first, secondEmbedder: embedders.dropFirst().first,
          languages: pipeline.index.languages, created: created), signedBy: key)
      return (writer, manifest, isNew)
    } catch {
      writer.discard()
      throw error
    }
  }

  private func append(
    _ page: PageRecord, to writer: SnapshotWriter, _ indexes: inout SnapshotIndexes, _ used: UsedKeys
  ) throws {
    used.keys.insert(StateFile.memoKey(.clean, page.cleanKey))
    used.keys.insert(StateFile.memoKey(.chunk, page.chunkKey))
    let key = keys.parts(of: page)
    let rules = FieldRules(pipeline)
    try result(.parts, key, of: page, used) { bytes in
      let parts = try PageParts(bytes)
      var unreadable = 0
      let fields = rules.fields(of: page, attributes: parts.attributes, unreadable: &unreadable)
      if unreadable > 0 { progress.count { [unreadable] in $0.unreadableValues += unreadable } }
      let record = DocumentRecord(
        url: page.url, source: page.source, title: parts.title, language: parts.language, hash: page.cleanHash,
        access: page.access, accessOrigins: page.accessOrigins, modified: page.modified,
        breadcrumbs: page.breadcrumbs, fields: fields)
      try writer.append(record, chunks: EncodedChunks(kept: [UInt8](parts.chunks), count: parts.chunkCount))
      indexes.append(fields, modified: page.modified)
      // Of each chunk the keys of all its vectors, in the order of the embedders.
      guard parts.vectorKeys.count == 32 * parts.chunkCount * embedders.count else {
        throw ByteCodingError(description: "\(parts.vectorKeys.count) bytes of keys for \(parts.chunkCount) chunks")
      }
      var rows = embedders.map { embedder in
        var rows: [Float] = []
        rows.reserveCapacity(parts.chunkCount * embedder.dimensions)
        return rows
      }
      for (place, start) in stride(from: 0, to: parts.vectorKeys.count, by: 32).enumerated() {
        guard let key = ContentHash(bytes: parts.vectorKeys[start..<start + 32]) else { continue }
        let embedder = place % embedders.count
        try result(.embed, key, of: page, used) {
          try StageResults.decodeVector($0, dimensions: embedders[embedder].dimensions, into: &rows[embedder])
        }
      }
      try indexes.append(parts, vectors: rows)
    }
  }

  /// Keeps what a page has by itself.
  private func keep(_ page: PageRecord, _ used: UsedKeys) throws {
    used.keys.insert(StateFile.memoKey(.clean, page.cleanKey))
    used.keys.insert(StateFile.memoKey(.chunk, page.chunkKey))
    let key = keys.parts(of: page)
    used.keys.insert(StateFile.memoKey(.parts, key))
    _ = try state.result(.parts, key) { bytes in
      let vectors = try PageParts(bytes).vectorKeys
      for start in stride(from: 0, to: vectors.count, by: 32) {
        guard let key = ContentHash(bytes: vectors[start..<start + 32]) else { continue }
        used.keys.insert(StateFile.memoKey(.embed, key))
      }
    }
  }

  /// Makes the parts of pages that have none because a setting of the index has changed since they were prepared.
  private func makeMissingParts(of pages: [PageRecord]) throws {
    var made: [StateFile.Change] = []
    let unused = UsedKeys()
    for page in pages {
      let key = keys.parts(of: page)
      guard try !state.has(.parts, key) else { continue }
      try Task.checkCancellation()
      let cleaned = try result(.clean, page.cleanKey, of: page, unused) { try StageResults.decodePage($0) }
      let chunks = try result(.chunk, page.chunkKey, of: page, unused) {
        try StageResults.decodeChunks($0, of: cleaned.document.text)
      }
      let title = PageTitle.of(page.title, cleaned.document.title, url: page.url)
      let parts = progress.timed("analyse") {
        PageParts.encode(
          cleaned, chunks: chunks, title: title, language: page.language, keys: keys, lexical: pipeline.index.lexical)
      }
      progress.count { $0.analysed += 1 }
      made.append(.result(.parts, key, parts))
      if made.count >= 64 {
        try state.commit(made)
        made.removeAll()
      }
    }
    try state.commit(made)
  }

  /// A result that the page's record promises.
  private func result<Value>(
    _ stage: StateFile.Stage, _ key: ContentHash, of page: PageRecord, _ used: UsedKeys,
    _ body: (UnsafeRawBufferPointer) throws -> Value
  ) throws -> Value {
    guard let value = try state.result(stage, key, body) else {
      throw IndexingError(
        .storage,
        "the state has lost a result of \(page.url)\n  mend: move state.mdb of this collection away and run again")
    }
    used.keys.insert(StateFile.memoKey(stage, key))
    return value
  }
}

/// The memo keys that the pages of a snapshot refer to.
private final class UsedKeys {
  var keys: Set<[UInt8]> = []
}
