public import Corpus
internal import SearchIndexes
internal import Snapshots

/// Documents of a snapshot that meet conditions and that somebody may read.
public struct DocumentSelection: Sendable {
  let documents: ChunkSet
  /// How many they are.
  public let count: Int

  init(_ documents: ChunkSet) {
    self.documents = documents
    count = documents.members
  }

  /// Whether a document is among them, by its number in the snapshot.
  public func contains(_ document: Int) -> Bool { documents.contains(document) }

  /// The documents of both; both are of one snapshot.
  public func union(_ other: DocumentSelection) -> DocumentSelection {
    var documents = documents
    documents.formUnion(other.documents)
    return DocumentSelection(documents)
  }

  /// Their numbers, ascending: at most so many.
  public func numbers(from offset: Int = 0, atMost limit: Int = .max) -> [Int] {
    var found: [Int] = []
    var passed = 0
    for document in 0..<documents.count where documents.contains(document) {
      if found.count >= limit { break }
      if passed >= offset { found.append(document) }
      passed += 1
    }
    return found
  }
}

/// A value of a field, and how many documents have it.
public struct FieldCount: Sendable, Equatable {
  /// The value.
  public var value: FieldValue
  /// How many documents have it.
  public var documents: Int
}

/// Documents by their fields, without a question: what lists and figures are made of.
extension Retriever {
  /// The documents that meet conditions and that somebody may read.
  ///
  /// - Parameters:
  ///   - filters: all of which must hold.
  ///   - principals: whoever asks; the snapshot knows their groups.
  /// - Returns: a bit for each document of the snapshot.
  /// - Throws: `RetrievalError` for a field that is not there; what the snapshot throws.
  public func select(_ filters: [Filter], for principals: Set<Principal>) throws -> DocumentSelection {
    DocumentSelection(try visibility.documents(for: try audience(of: principals), filters: filters))
  }

  /// All documents, whoever may read them: for what is learnt of a snapshot once, and never shown as it is.
  ///
  /// - Throws: what the snapshot throws.
  public func selectAll() throws -> DocumentSelection {
    DocumentSelection(try visibility.documents(for: nil, filters: []))
  }

  /// Whether one of some documents has a value.
  ///
  /// - Throws: what the snapshot throws.
  public func has(_ value: FieldValue, in field: String, among selection: DocumentSelection) throws -> Bool {
    var found = ChunkSet(count: selection.documents.count)
    try visibility.fields()?.insert(into: &found, field: field, from: value, through: value)
    found.formIntersection(selection.documents)
    return found.members > 0
  }

  /// The values that a field has in some documents, in the order of the values.
  ///
  /// - Parameters:
  ///   - field: the field.
  ///   - selection: the documents.
  /// - Returns: the values, with how many documents have each; none for a field that is not there.
  /// - Throws: what the snapshot throws.
  /// - Complexity: O(values + documents that have one).
  public func values(of field: String, in selection: DocumentSelection) throws -> [FieldCount] {
    var counts: [FieldCount] = []
    try visibility.fields()?.walk(field) { value, documents in
      let count = documents.count(where: selection.contains)
      if count > 0 { counts.append(FieldCount(value: value, documents: count)) }
      return true
    }
    return counts
  }

  /// Documents in the order of a field's values; those without one come last, in the order of their addresses.
  ///
  /// - Parameters:
  ///   - selection: the documents.
  ///   - field: the field that orders them.
  ///   - descending: whether the greatest value comes first.
  ///   - offset: how many are passed over.
  ///   - limit: how many are given at most.
  /// - Returns: their numbers.
  /// - Throws: what the snapshot throws.
  public func ordered(
    _ selection: DocumentSelection, by field: String, descending: Bool, from offset: Int = 0, atMost limit: Int
  ) throws -> [Int] {
    var found: [Int] = []
    var seen = ChunkSet(count: selection.documents.count)
    var passed = 0
    func take(_ document: Int) {
      guard selection.contains(document), !seen.contains(document) else { return }
      seen.insert(document..<document + 1)
      if passed >= offset, found.count < limit { found.append(document) }
      passed += 1
    }
    try visibility.fields()?.walk(field, descending: descending) { _, documents in
      documents.forEach(take)
      return found.count < limit
    }
    if found.count < limit { selection.numbers().forEach(take) }
    return found
  }
}
