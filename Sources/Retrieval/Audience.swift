public import Corpus
internal import SearchIndexes
internal import Snapshots
internal import Synchronization

/// Those who may read the same documents of a snapshot, and these documents.
///
/// Whatever is computed for one of them is right for the others, and for nobody else: caches of results belong to an
/// audience, not to a caller.
public final class Audience: Sendable {
  /// Equal for the same documents of the same snapshot, and only then.
  public let key: ContentHash
  /// How many documents may be read.
  public let documents: Int
  /// How many chunks these have.
  public let chunks: Int
  /// Those chunks; nil for all.
  let readable: ChunkSet?
  /// The documents; nil for all.
  let readableDocuments: ChunkSet?
  /// How many of them are in each language, `""` for no known one; empty where all may be read.
  let languageChunks: [String: Int]

  /// - Parameters:
  ///   - snapshot: what is read.
  ///   - rules: the numbers of the rules that admit the audience, ascending.
  init(_ snapshot: Snapshot, rules: [Int]) {
    var hasher = ContentHasher()
    hasher.update(snapshot.manifest.id)
    for rule in rules { hasher.update(UInt64(rule)) }
    key = hasher.finish()
    guard rules.count < snapshot.ruleCount else {
      (documents, chunks) = (snapshot.manifest.documents, snapshot.manifest.chunks)
      (readable, readableDocuments, languageChunks) = (nil, nil, [:])
      return
    }
    var admits = [Bool](repeating: false, count: snapshot.ruleCount)
    for rule in rules { admits[rule] = true }
    var readable = ChunkSet(count: snapshot.manifest.chunks)
    var whole = ChunkSet(count: snapshot.manifest.documents)
    var (documents, chunks) = (0, 0)
    // By the numbers of languages, the last for no known one: names cost a look-up for each document.
    var counts = [Int](repeating: 0, count: snapshot.languages.count + 1)
    for document in 0..<snapshot.manifest.documents where admits[snapshot.ruleNumber(ofDocument: document)] {
      let numbers = snapshot.chunkNumbers(ofDocument: document)
      readable.insert(numbers)
      whole.insert(document..<document + 1)
      documents += 1
      chunks += numbers.count
      counts[snapshot.languageNumber(ofDocument: document) ?? snapshot.languages.count] += numbers.count
    }
    let languages = zip(snapshot.languages + [""], counts).filter { $0.1 > 0 }
    (self.documents, self.chunks, self.readable, readableDocuments) = (documents, chunks, readable, whole)
    languageChunks = Dictionary(languages.map { ($0.0, $0.1) }, uniquingKeysWith: +)
  }

  /// What of the word index they ask; nil for all of it.
  var part: LexicalPart? {
    readable.map { LexicalPart(chunks: $0, count: chunks, languages: Set(languageChunks.keys)) }
  }
}

/// The audiences of a snapshot: who asks, and what they may read.
final class Audiences: Sendable {
  private struct Memory {
    var byPrincipals = Recent<Set<Principal>, Audience>(limit: 256)
    var byRules = Recent<[Int], Audience>(limit: 64)
  }

  private let snapshot: Snapshot
  private let rules: [AccessRule]
  private let memory = Mutex(Memory())

  init(_ snapshot: Snapshot) throws {
    self.snapshot = snapshot
    rules = try (0..<snapshot.ruleCount).map(snapshot.rule)
  }

  /// The audience that somebody belongs to; `principals` are their own, without groups.
  func audience(of principals: Set<Principal>) throws -> Audience {
    if let known = memory.withLock({ $0.byPrincipals[principals] }) { return known }
    let all = try snapshot.principals(of: principals)
    let admitted = rules.indices.filter { rules[$0].admits(all) }
    let audience = memory.withLock { $0.byRules[admitted] } ?? Audience(snapshot, rules: admitted)
    memory.withLock { memory in
      memory.byRules[admitted] = audience
      memory.byPrincipals[principals] = audience
    }
    return audience
  }
}

/// So many values, the oldest given up for new ones.
struct Recent<Key: Hashable, Value> {
  let limit: Int
  private var values: [Key: Value] = [:]
  /// Oldest first.
  private var order: [Key] = []

  init(limit: Int) { self.limit = limit }

  subscript(key: Key) -> Value? {
    get { values[key] }
    set {
      guard let newValue, values.updateValue(newValue, forKey: key) == nil else { return }
      order.append(key)
      if order.count > limit { values[order.removeFirst()] = nil }
    }
  }
}
