internal import CKernels
internal import Corpus
internal import Glibc
internal import TextAnalysis

// Sendable: the pointers lead into read-only bytes that `owner` keeps.

/// A part of an index that is asked as if there were nothing else: what stands elsewhere weighs no word of a question.
///
/// Only the mean length of all chunks is taken as it is; the maxima of blocks were made with it.
public struct LexicalPart: Sendable {
  /// Its chunks.
  public var chunks: ChunkSet
  /// How many they are.
  public var count: Int
  /// The languages of its chunks, `""` for no known one.
  public var languages: Set<String>

  /// Names a part.
  public init(chunks: ChunkSet, count: Int, languages: Set<String>) {
    self.chunks = chunks
    self.count = count
    self.languages = languages
  }
}

/// A BM25 index read in place; safe to use from any number of threads.
///
/// The score of a chunk is the sum over the query's terms of `idf · f / (f + k1 · (1 - b + b · length / mean))` with
/// `idf = ln(1 + (N - n + ½) / (n + ½))`: Robertson and Zaragoza, “The Probabilistic Relevance Framework: BM25 and
/// Beyond” (2009), in Lucene's form; `f` counts title and headings as often as their weights say. What a term adds is
/// computed in floats and rounded to a multiple of 2⁻³⁹, so that sums are exact and no order of adding changes them.
public final class LexicalIndex: @unchecked Sendable {
  private let header: LexicalHeader
  /// `k1 · (1 - b + b · length / mean)` of each chunk: four bytes a chunk of memory of its own.
  private let norms: [Float]
  private let entries: UnsafeRawBufferPointer
  private let terms: UnsafeRawBufferPointer
  private let parts: [UnsafeRawBufferPointer]
  private let analyzers: [Analyzer]
  private let owner: any Sendable

  /// The most terms of a query that are looked up: a longer question is cut, so that its time is bounded.
  public static let maximumQueryTerms = Int(ACERVO_POSTINGS_LISTS)

  /// How many chunks there are.
  public var count: Int { header.chunks }
  /// The languages whose analysis made the terms, in the order of their names; `""` stands for no known one.
  public var languages: [String] { header.languages }
  /// How many chunks were analysed in each of `languages`.
  public var languageChunks: [Int] { header.languageChunks }
  /// How fields and frequencies count.
  public var weights: LexicalWeights { header.weights }

  /// Opens the lexical index; nil when there is none.
  ///
  /// - Parameters:
  ///   - owner: what keeps the bytes alive; held as long as this is.
  ///   - source: gives the values.
  /// - Throws: `SearchIndexError` where they are not what the writer writes.
  public init?(owner: any Sendable, source: SectionSource) throws {
    guard let bytes = try source(LexicalLayout.header, 0) else { return nil }
    do {
      header = try LexicalHeader(bytes)
    } catch let error as ByteCodingError {
      throw SearchIndexError(section: LexicalLayout.header, reason: error.description)
    }
    func value(_ section: String, count: Int?) throws -> UnsafeRawBufferPointer {
      guard let value = try source(section, 0), count.map({ $0 == value.count }) ?? true else {
        throw SearchIndexError(section: section, reason: "it is missing or of another length")
      }
      return value
    }
    let lengths = try value(LexicalLayout.lengths, count: 4 * header.chunks)
    norms = [Float](unsafeUninitializedCapacity: header.chunks) { [header] norms, count in
      acervo_postings_norms(
        lengths.baseAddress?.assumingMemoryBound(to: UInt8.self), header.chunks, header.weights.k1, header.weights.b,
        header.mean, norms.baseAddress)
      count = header.chunks
    }
    entries = try value(LexicalLayout.entries, count: LexicalLayout.entryBytes * (header.terms + 1))
    terms = try value(LexicalLayout.terms, count: nil)
    var parts: [UnsafeRawBufferPointer] = []
    while parts.count < 1 << 20, let part = try source(LexicalLayout.postings, UInt32(parts.count)) {
      parts.append(part)
    }
    self.parts = parts
    analyzers = header.languages.map { Analyzer(language: $0.isEmpty ? nil : $0) }
    self.owner = owner
  }

  // MARK: Terms

  private struct Entry {
    var count: Int
    var part: Int
    var start: Int
    var size: Int
  }

  private func field(_ entry: Int, _ field: Int) -> Int {
    let place = LexicalLayout.entryBytes * entry + 4 * field
    return Int(UInt32(littleEndian: entries.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
  }

  /// Whether a term stands before (below 0), at (0) or behind that of an entry, by their bytes.
  private func compare(_ term: UnsafeBufferPointer<UInt8>, _ entry: Int) throws -> Int {
    let (start, end) = (field(entry, 0), field(entry + 1, 0))
    guard start <= end, end <= terms.count, let base = terms.baseAddress else {
      throw SearchIndexError(section: LexicalLayout.entries, reason: "term \(entry) lies outside of the terms")
    }
    let order = memcmp(
      term.baseAddress.map { UnsafeRawPointer($0) } ?? base, base + start, min(term.count, end - start))
    return order != 0 ? Int(order) : term.count - (end - start)
  }

  private func entry(_ term: String) throws -> Entry? {
    var term = term
    return try term.withUTF8 { term in
      var (low, high) = (0, header.terms)
      while low < high {
        let middle = (low + high) / 2
        let order = try compare(term, middle)
        if order == 0 {
          return Entry(
            count: field(middle, 1), part: field(middle, 2), start: field(middle, 3), size: field(middle, 4))
        }
        if order > 0 { low = middle + 1 } else { high = middle }
      }
      return nil
    }
  }

  /// A query as the index sees it.
  public struct Query: Sendable, Equatable {
    /// The terms that the index knows, in the order of their bytes, each once.
    public var terms: [String]
    /// In how many chunks each of them stands.
    public var frequencies: [Int]
    /// Among how many chunks that was counted.
    public var population: Int
    /// How many different terms the query's own analysis gave, known or not: the most that one language gave.
    public var wanted: Int
    /// How many of those the index knows, by the language that knows most of them.
    public var known: Int
  }

  /// Analyses a text in every language of the index.
  ///
  /// - Parameters:
  ///   - text: the question.
  ///   - language: its language if it is known, whose stop words are left out whatever they mean elsewhere.
  ///   - part: the part that is asked; nil for all.
  /// - Returns: what the index, or that part of it, knows of it.
  /// - Throws: `SearchIndexError` where the index is damaged.
  /// - Complexity: for a part O(postings of the terms), otherwise O(terms).
  public func query(_ text: String, language: String? = nil, of part: LexicalPart? = nil) throws -> Query {
    try check(part?.chunks)
    // What says nothing in the question's language would be a rare word, and so a weighty one, in any other.
    let empty = language.map { StopWords.words(for: $0) } ?? []
    var query = Query(terms: [], frequencies: [], population: part?.count ?? count, wanted: 0, known: 0)
    var found: [String: Int] = [:]
    for (language, analyzer) in zip(languages, analyzers) where part?.languages.contains(language) ?? true {
      let terms = Set(
        analyzer.analyze(text).lazy
          .filter { term in
            empty.isEmpty || !(text.slice(term.range).map { empty.contains(Folding.fold($0)) } ?? false)
          }
          .map(\.text))
      var known = 0
      for term in terms {
        if found[term] == nil, let entry = try entry(term) {
          found[term] = try part.map { try count(of: entry, term, in: $0.chunks) } ?? entry.count
        }
        if found[term] ?? 0 > 0 { known += 1 }
      }
      query.wanted = max(query.wanted, terms.count)
      query.known = max(query.known, known)
    }
    let ordered = found.filter { $0.value > 0 }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    query.terms = ordered.map(\.key)
    query.frequencies = ordered.map(\.value)
    return query
  }

  // MARK: Search

  /// The chunks with the highest scores, best first; of equal ones the lower number first.
  ///
  /// - Parameters:
  ///   - query: what `query(_:)` gave.
  ///   - limit: how many at most.
  ///   - allowed: the chunks that may be found; nil for all.
  ///   - kernel: which instructions; the best of this machine by default. The result does not depend on it.
  /// - Returns: at most `limit` chunks that hold a term of the query.
  /// - Throws: `SearchIndexError` where the index is damaged or the set has another size.
  /// - Complexity: at most O(postings of the terms); blocks of postings that cannot hold one of the best are not read.
  public func search(
    _ query: Query, limit: Int, allowed: ChunkSet? = nil, kernel: VectorIndex.Kernel = .best
  ) throws -> [ScoredChunk] {
    try check(allowed)
    let limit = min(limit, count)
    guard limit > 0 else { return [] }
    var lists: [acervo_postings] = []
    for (term, frequency) in zip(query.terms, query.frequencies).prefix(Self.maximumQueryTerms) {
      guard let entry = try entry(term) else { continue }
      let known = Float(frequency)
      let idf = log(1 + (Float(query.population) - known + 0.5) / (known + 0.5))
      guard frequency > 0, frequency <= query.population, query.population <= count else { throw damaged(term) }
      lists.append(try postings(of: entry, term, idf: idf))
    }
    var best = [acervo_hit](repeating: acervo_hit(), count: limit)
    let words = allowed?.words ?? []
    let found = words.withUnsafeBufferPointer { words in
      acervo_postings_search(
        kernel.usable, lists, lists.count, norms, UInt32(count),
        allowed == nil ? nil : words.baseAddress, &best, limit)
    }
    guard found >= 0 else { throw damaged(query.terms.joined(separator: " ")) }
    return VectorIndex.sorted(best.prefix(found).map { ScoredChunk(chunk: Int($0.row), score: $0.score) })
  }

  private func postings(of entry: Entry, _ term: String, idf: Float = 0) throws -> acervo_postings {
    guard entry.part < parts.count, entry.count > 0, entry.count <= count,
      let base = parts[entry.part].baseAddress, entry.start + entry.size <= parts[entry.part].count
    else { throw damaged(term) }
    return acervo_postings(
      bytes: (base + entry.start).assumingMemoryBound(to: UInt8.self), size: entry.size,
      readable: parts[entry.part].count - entry.start, count: UInt32(entry.count), idf: idf)
  }

  /// In how many chunks of a set a term stands.
  private func count(of entry: Entry, _ term: String, in chunks: ChunkSet) throws -> Int {
    var list = try postings(of: entry, term)
    let found = chunks.words.withUnsafeBufferPointer { acervo_postings_count(&list, UInt32(count), $0.baseAddress) }
    guard found >= 0 else { throw damaged(term) }
    return found
  }

  private func check(_ chunks: ChunkSet?) throws {
    guard let chunks, chunks.count != count else { return }
    throw SearchIndexError(
      section: LexicalLayout.header, reason: "a filter of \(chunks.count) chunks for an index of \(count)")
  }

  private func damaged(_ term: String) -> SearchIndexError {
    SearchIndexError(section: LexicalLayout.postings, reason: "the postings of “\(term)” are damaged")
  }
}
