internal import Corpus
public import Embedding
internal import Glibc
internal import SearchIndexes
public import Snapshots
internal import TextAnalysis

/// Searches one snapshot; safe to use from any number of threads.
///
/// It holds no text and no vector: the indexes are read where the snapshot is mapped. What it keeps are the filters
/// that were asked for lately, a bit for each chunk.
public final class Retriever: Sendable {
  /// The snapshot that is searched.
  public let snapshot: Snapshot

  let vectors: VectorIndex?
  private let questions: BatchQueue<Question, Question.Answer>?
  let lexical: LexicalIndex?
  private let visibility: Visibility
  private let detector = LanguageDetector()

  /// How many candidates each index gives, at least.
  static let depth = 200
  /// The most chunks that one request can ask for.
  public static let maximumTopK = 1000

  /// Joins a snapshot and the embedder of its vectors.
  ///
  /// - Throws: `RetrievalError` when the embedder is not the one that made the vectors, or is missing.
  public init(snapshot: Snapshot, embedder: (any Embedder)?) throws {
    self.snapshot = snapshot
    vectors = try VectorIndex(owner: snapshot, source: snapshot.section)
    lexical = try LexicalIndex(owner: snapshot, source: snapshot.section)
    if let vectors, let embedder {
      let batch = QuestionBatch(index: vectors, embedder: embedder)
      questions = BatchQueue(
        largest: QuestionBatch.largest, atOnce: sysconf(Int32(_SC_NPROCESSORS_ONLN)), work: batch.answers)
    } else {
      questions = nil
    }
    visibility = try Visibility(snapshot)
    let manifest = snapshot.manifest
    for count in [vectors?.count, lexical?.count] where count != nil && count != manifest.chunks {
      throw RetrievalError(
        .damaged, "snapshot \(manifest.id) has \(manifest.chunks) chunks, an index of it \(count ?? 0)",
        mend: "index again")
    }
    guard let vectors else { return }
    guard let wanted = manifest.embedder, wanted.dimensions == vectors.dimensions else {
      throw RetrievalError(
        .damaged, "snapshot \(manifest.id) has vectors of \(vectors.dimensions) dimensions and no embedder of such",
        mend: "index again")
    }
    guard let embedder else { throw RetrievalError.missing(wanted, snapshot: manifest.id) }
    guard embedder.fingerprint == wanted else {
      throw RetrievalError.other(embedder.fingerprint, wanted, snapshot: manifest.id)
    }
  }

  /// Finds the best chunks, best first; ties in the order of chunk numbers.
  ///
  /// - Throws: `RetrievalError` for a request out of its limits, and whatever embedder and snapshot throw.
  public func search(_ request: SearchRequest) async throws -> [SearchHit] {
    try await search(request, by: .words(request.query))
  }

  /// Finds the best chunks for a question whose vector is known, best first.
  ///
  /// - Parameters:
  ///   - request: what is searched for.
  ///   - vector: the question's embedding; nil searches the text alone.
  /// - Returns: as many chunks as were asked for, or as there are; none twice, and none within another.
  /// - Throws: `RetrievalError` for a request out of its limits, and whatever the snapshot throws.
  public func search(_ request: SearchRequest, vector: [Float]?) async throws -> [SearchHit] {
    try await search(request, by: vector.map { .vector($0) })
  }

  private func search(_ request: SearchRequest, by meaning: Question.Meaning?) async throws -> [SearchHit] {
    guard (0...Self.maximumTopK).contains(request.topK) else {
      throw RetrievalError(
        .badRequest, "\(request.topK) chunks were asked for", mend: "ask for 1 to \(Self.maximumTopK)")
    }
    let allowed = try visibility.chunks(for: request.principals, filters: request.filters)
    guard request.topK > 0, allowed?.members != 0 else { return [] }
    let depth = max(Self.depth, 2 * request.topK)
    var lists = CandidateLists()
    if let vectors, let questions, let meaning {
      let found = try await questions.product(of: Question(meaning: meaning, limit: depth, allowed: allowed))
      lists.vectors = found.nearest
      lists.cosines = { try vectors.scores(found.vector, chunks: $0) }
    }
    if let lexical {
      let language = self.language(of: request.query, lexical)
      let query = try lexical.query(request.query, language: language)
      lists.lexical = try lexical.search(query, limit: depth, allowed: allowed)
      lists.lexicalIsFull = lists.lexical.count == depth
      lists.lexicalWeight = confidence(lexical, query, language: language)
    }
    return try hits(try lists.fused(), request)
  }

  /// The language of a question; nil when it is too short to tell.
  private func language(of question: String, _ lexical: LexicalIndex) -> String? {
    let candidates = Set(lexical.languages + snapshot.languages + ["en", "es"]).subtracting([""]).sorted()
    return detector.language(ofQuestion: question, among: candidates)
  }

  /// How far to believe the lexical list, 0 to 1.
  ///
  /// Words of a question find pages in its own language only. Where the index holds next to nothing in it, what they
  /// find are names, codes and accidents: half a voice. Otherwise as much as the share of the question's words
  /// that the index knows at all.
  private func confidence(_ lexical: LexicalIndex, _ query: LexicalIndex.Query, language: String?) -> Double {
    guard query.wanted > 0 else { return 0 }
    let known = Double(query.known) / Double(query.wanted)
    guard vectors != nil, let language else { return known }
    let chunks = zip(lexical.languages, lexical.languageChunks)
    let own = chunks.reduce(0) { $0 + ($1.0 == language || $1.0.isEmpty ? $1.1 : 0) }
    let isForeign = own * 50 < lexical.count
    return isForeign ? 0.5 * known : known
  }

  /// The chunk closest in meaning that stands in another language than all hits; nil where none is nearly as close as
  /// the best: words find pages in the question's language, but the other one may say it as well, or better.
  private func otherLanguage(_ candidates: [FusedChunk], _ hits: [SearchHit]) throws -> SearchHit? {
    guard let first = hits.first, let language = first.language, let best = first.cosine,
      hits.allSatisfy({ $0.language == language })
    else { return nil }
    let foreign = try candidates.filter { candidate in
      guard let cosine = candidate.cosine, cosine >= 0.6 * best else { return false }
      let number = try snapshot.document(ofChunk: candidate.chunk)
      return snapshot.languageNumber(ofDocument: number).map { snapshot.languages[$0] != language } ?? false
    }
    guard let found = foreign.max(by: { ($0.cosine ?? 0) < ($1.cosine ?? 0) }) else { return nil }
    let number = try snapshot.document(ofChunk: found.chunk)
    let document = try snapshot.document(number)
    return SearchHit(
      chunkNumber: found.chunk, documentNumber: number, score: found.score, cosine: found.cosine, url: document.url,
      title: document.title, language: document.language, chunk: try snapshot.chunk(found.chunk))
  }

  private func hits(_ candidates: [FusedChunk], _ request: SearchRequest) throws -> [SearchHit] {
    var hits: [SearchHit] = []
    var texts: Set<String> = []
    var shares: [Int: Int] = [:]
    for candidate in candidates {
      guard hits.count < request.topK else { break }
      let chunk = try snapshot.chunk(candidate.chunk)
      let number = try snapshot.document(ofChunk: candidate.chunk)
      if let limit = request.perDocument, shares[number, default: 0] >= limit { continue }
      // The same words twice tell a reader nothing new, nor does a part of what is there.
      let isWithin = hits.contains { hit in
        hit.documentNumber == number && hit.chunk.range.start <= chunk.range.start
          && chunk.range.end <= hit.chunk.range.end
      }
      guard !isWithin, texts.insert(chunk.text).inserted else { continue }
      shares[number, default: 0] += 1
      let document = try snapshot.document(number)
      hits.append(
        SearchHit(
          chunkNumber: candidate.chunk, documentNumber: number, score: candidate.score, cosine: candidate.cosine,
          url: document.url, title: document.title, language: document.language, chunk: chunk))
    }
    if request.spansLanguages, hits.count == request.topK, hits.count > 1,
      let other = try otherLanguage(candidates, hits)
    {
      hits[hits.count - 1] = other
    }
    return hits
  }
}
