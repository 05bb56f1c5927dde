internal import Corpus
internal import SearchIndexes
internal import Snapshots
internal import Synchronization

/// Which chunks a request may find: those of documents that its audience may read and that meet the conditions.
final class Visibility: Sendable {
  private struct Key: Hashable {
    /// Of the audience.
    var audience: ContentHash
    /// By their bytes, as columns compare: strings are equal, too, whose letters are only composed in another way.
    var filters: [UInt8]
  }

  private let snapshot: Snapshot
  private let cache = Mutex(Recent<Key, ChunkSet>(limit: 32))
  private let stored: FieldIndex?
  private let made = Mutex<FieldIndex?>(nil)

  init(_ snapshot: Snapshot) throws {
    self.snapshot = snapshot
    stored = try FieldIndex(owner: snapshot, source: snapshot.section)
    if let stored, stored.documents != snapshot.manifest.documents {
      throw RetrievalError(
        .damaged,
        "snapshot \(snapshot.manifest.id) has \(snapshot.manifest.documents) documents, its fields are those of "
          + "\(stored.documents)", mend: "index again")
    }
  }

  /// The chunks; nil for all.
  func chunks(for audience: Audience, filters: [Filter]) throws -> ChunkSet? {
    guard !filters.isEmpty else { return audience.readable }
    let kinds = try kinds()
    for filter in filters where kinds[filter.field] == nil {
      throw RetrievalError.unknownField(filter.field, kinds: kinds)
    }
    let key = Key(audience: audience.key, filters: filters.flatMap(\.bytes))
    if let known = cache.withLock({ $0[key] }) { return known }
    var chunks = try select(filters)
    if let readable = audience.readable { chunks.formIntersection(readable) }
    cache.withLock { $0[key] = chunks }
    return chunks
  }

  /// The documents that meet conditions and that an audience may read; nil for that of everybody who may read all.
  func documents(for audience: Audience?, filters: [Filter]) throws -> ChunkSet {
    let kinds = try kinds()
    for filter in filters where kinds[filter.field] == nil {
      throw RetrievalError.unknownField(filter.field, kinds: kinds)
    }
    var documents = ChunkSet(count: snapshot.manifest.documents)
    documents.insert(0..<documents.count)
    for filter in filters { documents.formIntersection(try self.documents(filter)) }
    if let readable = audience?.readableDocuments { documents.formIntersection(readable) }
    return documents
  }

  private func select(_ filters: [Filter]) throws -> ChunkSet {
    let documents = try documents(for: nil, filters: filters)
    var chunks = ChunkSet(count: snapshot.manifest.chunks)
    for document in 0..<documents.count where documents.contains(document) {
      chunks.insert(snapshot.chunkNumbers(ofDocument: document))
    }
    return chunks
  }

  /// The documents that meet a condition.
  private func documents(_ filter: Filter) throws -> ChunkSet {
    var documents = ChunkSet(count: snapshot.manifest.documents)
    switch filter.field {
    case "source":
      let sources = Set(snapshot.sources.indices.filter { filter.test.admits(snapshot.sources[$0]) })
      for document in 0..<documents.count where sources.contains(snapshot.sourceNumber(ofDocument: document)) {
        documents.insert(document..<document + 1)
      }
    case "language":
      let languages = Set(snapshot.languages.indices.filter { filter.test.admits(snapshot.languages[$0]) })
      for document in 0..<documents.count
      where snapshot.languageNumber(ofDocument: document).map(languages.contains) ?? false {
        documents.insert(document..<document + 1)
      }
    case "url": try insertByURL(filter.test, into: &documents)
    default: try insertByField(filter, into: &documents)
    }
    return documents
  }

  /// Documents stand in the order of their URLs, so that a range of URLs is a range of numbers.
  private func insertByURL(_ test: Filter.Test, into documents: inout ChunkSet) throws {
    func insert(from low: [UInt8], before high: [UInt8]?) throws {
      let first = try snapshot.firstDocument(notBefore: low)
      let end = try high.map { try snapshot.firstDocument(notBefore: $0) } ?? documents.count
      if first < end { documents.insert(first..<end) }
    }
    switch test {
    case .anyOf(let values):
      for case .keyword(let url) in values {
        if let number = try snapshot.documentNumber(url: url) { documents.insert(number..<number + 1) }
      }
    // No byte of UTF-8 is FF: it stands behind everything that begins so.
    case .prefix(let prefix): try insert(from: Array(prefix.utf8), before: Array(prefix.utf8) + [0xFF])
    case .range(let low, let high):
      func bytes(_ value: FieldValue?) -> [UInt8]? {
        if case .keyword(let text)? = value { Array(text.utf8) } else { nil }
      }
      guard (low == nil) == (bytes(low) == nil), (high == nil) == (bytes(high) == nil) else { return }
      try insert(from: bytes(low) ?? [], before: bytes(high).map { $0 + [0] })
    case .dates: break
    }
  }

  private func insertByField(_ filter: Filter, into documents: inout ChunkSet) throws {
    guard let index = try fields() else { return }
    switch filter.test {
    case .anyOf(let values):
      for value in values { try index.insert(into: &documents, field: filter.field, from: value, through: value) }
    case .range(let low, let high): try index.insert(into: &documents, field: filter.field, from: low, through: high)
    case .prefix(let prefix): try index.insert(into: &documents, field: filter.field, prefix: prefix)
    case .dates(let spans):
      for span in spans {
        try index.insert(
          into: &documents, field: filter.field, from: .date(span.lowerBound), through: .date(span.upperBound))
      }
    }
  }

  // MARK: Fields

  /// The fields that a filter can name.
  func kinds() throws -> [String: FieldKind] {
    let named = try fields()?.kinds ?? FieldKind.standard
    return FieldKind.identity.reduce(into: named) { $0[$1] = .keyword }
  }

  /// The columns of the snapshot; those of one that was written without them are made when first asked for.
  func fields() throws -> FieldIndex? {
    if let stored { return stored }
    return try made.withLock { made in
      if let made { return made }
      made = try FieldIndex.inMemory(kinds: FieldKind.standard) { writer in
        for number in 0..<snapshot.manifest.documents {
          let document = try snapshot.document(number)
          writer.append(document.fields, modified: document.modified)
        }
      }
      return made
    }
  }
}
