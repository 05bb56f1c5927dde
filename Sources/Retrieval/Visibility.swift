internal import Corpus
internal import SearchIndexes
internal import Snapshots
internal import Synchronization

/// Which chunks a request may find: those of documents whose rule admits the asker and that meet the conditions.
final class Visibility: Sendable {
  private struct Key: Hashable {
    /// The numbers of the rules that admit the asker: askers of the same groups share an entry.
    var rules: [Int]
    var filters: [Filter]
  }

  private struct Cache {
    var sets: [Key: ChunkSet] = [:]
    /// Oldest first.
    var order: [Key] = []
  }

  private static let cacheLimit = 32

  private let snapshot: Snapshot
  private let rules: [AccessRule]
  private let cache = Mutex(Cache())

  init(_ snapshot: Snapshot) throws {
    self.snapshot = snapshot
    rules = try (0..<snapshot.ruleCount).map(snapshot.rule)
  }

  /// The chunks; nil for all.
  func chunks(for principals: Set<Principal>, filters: [Filter]) throws -> ChunkSet? {
    let admitted = rules.indices.filter { rules[$0].admits(principals) }
    if admitted.count == rules.count && filters.isEmpty { return nil }
    let key = Key(rules: admitted, filters: filters)
    if let known = cache.withLock({ $0.sets[key] }) { return known }
    let chunks = try select(Set(admitted), filters)
    cache.withLock { cache in
      guard cache.sets.updateValue(chunks, forKey: key) == nil else { return }
      cache.order.append(key)
      if cache.order.count > Self.cacheLimit { cache.sets[cache.order.removeFirst()] = nil }
    }
    return chunks
  }

  private func select(_ admitted: Set<Int>, _ filters: [Filter]) throws -> ChunkSet {
    var chunks = ChunkSet(count: snapshot.manifest.chunks)
    for document in 0..<snapshot.manifest.documents where admitted.contains(snapshot.ruleNumber(ofDocument: document)) {
      if try filters.allSatisfy({ try meets($0, document) }) {
        chunks.insert(snapshot.chunkNumbers(ofDocument: document))
      }
    }
    return chunks
  }

  private func meets(_ filter: Filter, _ number: Int) throws -> Bool {
    switch filter.field {
    case "source": filter.test.admits(.keyword(snapshot.sources[snapshot.sourceNumber(ofDocument: number)]))
    case "language":
      snapshot.languageNumber(ofDocument: number).map { filter.test.admits(.keyword(snapshot.languages[$0])) } ?? false
    case "url": filter.test.admits(.keyword(try snapshot.document(number).url))
    case "date": try snapshot.document(number).modified.map { filter.test.admits(.date($0)) } ?? false
    default: try snapshot.document(number).fields[filter.field]?.contains(where: filter.test.admits) ?? false
    }
  }
}

extension Filter.Test {
  /// Whether a value meets the condition; a value of another kind than the condition's does not.
  func admits(_ value: FieldValue) -> Bool {
    switch self {
    case .anyOf(let values): values.contains(value)
    case .prefix(let prefix): if case .keyword(let text) = value { text.utf8.starts(with: prefix.utf8) } else { false }
    case .range(let low, let high):
      (low.map { Self.isOrdered($0, value) } ?? true) && (high.map { Self.isOrdered(value, $0) } ?? true)
    }
  }

  /// Whether the first is not after the second, both being of one kind; keywords by their bytes.
  private static func isOrdered(_ first: FieldValue, _ second: FieldValue) -> Bool {
    switch (first, second) {
    case (.keyword(let first), .keyword(let second)): !second.utf8.lexicographicallyPrecedes(first.utf8)
    case (.number(let first), .number(let second)): first <= second
    case (.date(let first), .date(let second)): first <= second
    default: false
    }
  }
}
