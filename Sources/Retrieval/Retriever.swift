public import Corpus
public import Embedding
internal import SearchIndexes
public import Snapshots
internal import TextAnalysis

/// Searches one snapshot; safe to use from any number of threads.
///
/// It holds no text and no vector: the indexes are read where the snapshot is mapped. What it keeps are the audiences
/// and filters that were asked for lately, a bit for each chunk.
///
/// Somebody who may not read all of the snapshot is answered as if there were nothing else in it: what they may not read
/// is neither found nor counted, weighs no word and decides no language (docs/decisions/0028-asked-as-a-reader.md).
public final class Retriever: Sendable {
  /// The snapshot that is searched.
  public let snapshot: Snapshot

  let vectors: SearchedVectors?
  private let second: SearchedVectors?
  private let lexical: LexicalIndex?
  private let reranker: (any Reranker)?
  let visibility: Visibility
  private let audiences: Audiences
  private let detector = LanguageDetector()

  /// How many candidates each index gives, at least.
  static let depth = 200
  /// How often the indexes are asked again, each time for four times as many candidates.
  private static let deepenings = 3
  /// The most chunks that one request can ask for.
  public static let maximumTopK = 1000

  /// Joins a snapshot and the embedders of its vectors.
  ///
  /// - Parameters:
  ///   - snapshot: what is searched.
  ///   - embedder: of its vectors; nil where it has none.
  ///   - second: of its second set of vectors; nil where it has none.
  ///   - reranker: reads the best candidates beside the question and orders them anew; nil leaves them as they are.
  /// - Throws: `RetrievalError` when an embedder is not the one that made the vectors, or is missing.
  public init(
    snapshot: Snapshot, embedder: (any Embedder)?, second: (any Embedder)? = nil, reranker: (any Reranker)? = nil
  ) throws {
    self.snapshot = snapshot
    self.reranker = reranker
    let manifest = snapshot.manifest
    vectors = try SearchedVectors(.first, of: snapshot, made: manifest.embedder, by: embedder)
    self.second = try SearchedVectors(.second, of: snapshot, made: manifest.secondEmbedder, by: second)
    lexical = try LexicalIndex(owner: snapshot, source: snapshot.section)
    visibility = try Visibility(snapshot)
    audiences = try Audiences(snapshot)
    for count in [vectors?.index.count, self.second?.index.count, lexical?.count]
    where count != nil && count != manifest.chunks {
      throw RetrievalError(
        .damaged, "snapshot \(manifest.id) has \(manifest.chunks) chunks, an index of it \(count ?? 0)",
        mend: "index again")
    }
  }

  /// The fields that filters can name, and what their values are.
  ///
  /// - Throws: whatever the snapshot throws.
  public var fields: [String: FieldKind] {
    get throws { try visibility.kinds() }
  }

  /// Those to whom somebody belongs: who may read the same documents.
  ///
  /// - Parameter principals: somebody's own; the snapshot knows their groups.
  /// - Returns: the same for all who may read the same.
  /// - Throws: whatever the snapshot throws.
  public func audience(of principals: Set<Principal>) throws -> Audience {
    try audiences.audience(of: principals)
  }

  /// Finds the best chunks, best first; ties in the order of chunk numbers.
  ///
  /// - Throws: `RetrievalError` for a request out of its limits, and whatever embedder and snapshot throw.
  public func search(_ request: SearchRequest) async throws -> [SearchHit] {
    try await search(request, by: .words(request.query), second: .words(request.query))
  }

  /// Finds the best chunks for a question whose vector is known, best first.
  ///
  /// - Parameters:
  ///   - request: what is searched for.
  ///   - vector: the question's embedding by the first embedder; nil searches the text alone.
  /// - Returns: as many chunks as were asked for, or as there are; none twice, and none within another.
  /// - Throws: `RetrievalError` for a request out of its limits, and whatever the snapshot throws.
  public func search(_ request: SearchRequest, vector: [Float]?) async throws -> [SearchHit] {
    try await search(request, by: vector.map { .vector($0) }, second: nil)
  }

  private func search(
    _ request: SearchRequest, by meaning: Question.Meaning?, second other: Question.Meaning?
  ) async throws -> [SearchHit] {
    guard (0...Self.maximumTopK).contains(request.topK) else {
      throw RetrievalError(
        .badRequest, "\(request.topK) chunks were asked for", mend: "ask for 1 to \(Self.maximumTopK)")
    }
    let audience = try audience(of: request.principals)
    let allowed = try visibility.chunks(for: audience, filters: request.filters)
    guard request.topK > 0, allowed?.members != 0 else { return [] }
    // With a share for each document, few of them may take up all places of the lists.
    let wanted = min(request.topK, min(request.topK, max(0, request.perDocument ?? .max)) * audience.documents)
    var depth = max(Self.depth, 2 * request.topK)
    for round in 0... {
      let lists = try await lists(request, by: meaning, second: other, depth: depth, allowed: allowed, audience)
      var candidates = try request.fusion == .scores ? lists.fused() : lists.fusedByRanks()
      let hits = try hits(candidates, request)
      if hits.count < wanted, lists.isFull(at: depth), round < Self.deepenings {
        depth *= 4
        continue
      }
      guard reranker != nil || request.diversity > 0 else { return hits }
      if let reranker { candidates = try await reranked(candidates, request, by: reranker) }
      if request.diversity > 0 { candidates = try diversified(candidates, request) }
      return try self.hits(candidates, request)
    }
    return []
  }

  /// What each index finds: at most `depth` chunks.
  private func lists(
    _ request: SearchRequest, by meaning: Question.Meaning?, second other: Question.Meaning?, depth: Int,
    allowed: ChunkSet?, _ audience: Audience
  ) async throws -> CandidateLists {
    var lists = CandidateLists()
    lists.vectors = try await vectors?.list(meaning, depth: depth, allowed: allowed)
    lists.second = try await second?.list(other, depth: depth, allowed: allowed)
    if let lexical {
      let language = self.language(of: request.query, lexical, audience)
      let query = try lexical.query(request.query, language: language, of: audience.part)
      lists.lexical = try lexical.search(query, limit: depth, allowed: allowed)
      lists.lexicalIsFull = lists.lexical.count == depth
      lists.lexicalWeight = confidence(lexical, query, language: language, audience)
    }
    return lists
  }

  /// The language of a question; nil when it is too short to tell.
  private func language(of question: String, _ lexical: LexicalIndex, _ audience: Audience) -> String? {
    let spoken = audience.readable == nil ? lexical.languages + snapshot.languages : Array(audience.languageChunks.keys)
    let candidates = Set(spoken + ["en", "es"]).subtracting([""]).sorted()
    return detector.language(ofQuestion: question, among: candidates)
  }

  /// How far to believe the lexical list, 0 to 1.
  ///
  /// Words of a question find pages in its own language only. Where the index holds next to nothing in it, what they
  /// find are names, codes and accidents: half a voice. Otherwise as much as the share of the question's words
  /// that the index knows at all.
  private func confidence(
    _ lexical: LexicalIndex, _ query: LexicalIndex.Query, language: String?, _ audience: Audience
  ) -> Double {
    guard query.wanted > 0 else { return 0 }
    let known = Double(query.known) / Double(query.wanted)
    guard vectors != nil, let language else { return known }
    let chunks =
      audience.readable == nil
      ? Array(zip(lexical.languages, lexical.languageChunks)) : audience.languageChunks.map { ($0.key, $0.value) }
    let own = chunks.reduce(0) { $0 + ($1.0 == language || $1.0.isEmpty ? $1.1 : 0) }
    let isForeign = own * 50 < audience.chunks
    return isForeign ? 0.5 * known : known
  }
}
