internal import Corpus
internal import Embedding
internal import SearchIndexes
internal import Snapshots

/// From ranked candidates to the hits of an answer: another order, and which of them are taken.
extension Retriever {
  /// How many candidates are read by a reranker: what a search with one costs.
  static let rerankedCandidates = 32
  /// How many candidates are chosen from where likeness counts, at least; what is further down is taken as it comes.
  static let diversifiedCandidates = 50

  // MARK: Order

  /// The best candidates in the order of a reranker, which has read them beside the question; the others behind.
  func reranked(
    _ candidates: [FusedChunk], _ request: SearchRequest, by reranker: any Reranker
  ) async throws -> [FusedChunk] {
    guard !request.query.isEmpty else { return candidates }
    var best = Array(candidates.prefix(max(Self.rerankedCandidates, request.topK)))
    let passages = try best.map { candidate in
      let chunk = try snapshot.chunk(candidate.chunk)
      let document = try snapshot.document(try snapshot.document(ofChunk: candidate.chunk))
      return ([document.title] + chunk.headingPath).joined(separator: " › ") + "\n" + chunk.text
    }
    let scores = try await reranker.scores(of: passages, for: request.query)
    guard scores.count == best.count else {
      throw RetrievalError(
        .badRequest, "the reranker gave \(scores.count) scores for \(best.count) passages", mend: "use another one")
    }
    for place in best.indices { best[place].score = Double(scores[place]) }
    best.sort { $0.score != $1.score ? $0.score > $1.score : $0.chunk < $1.chunk }
    let rest = candidates.dropFirst(best.count)
    // Behind what was read, in their old distances.
    let shift = (best.last?.score ?? 0) - (rest.first?.score ?? 0)
    return best + rest.map { FusedChunk(chunk: $0.chunk, score: $0.score + shift, cosine: $0.cosine) }
  }

  /// The best candidates in the order of maximal marginal relevance, the others behind (Carbonell and Goldstein, 1998).
  ///
  /// A candidate's worth is its score, 0 to 1 among these candidates, less its greatest cosine to one that was chosen
  /// before, both weighed by the request's diversity. Without vectors nothing is known of likeness.
  func diversified(_ candidates: [FusedChunk], _ request: SearchRequest) throws -> [FusedChunk] {
    let count = min(candidates.count, max(Self.diversifiedCandidates, 2 * request.topK))
    guard let index = vectors?.index, count > 1, let top = candidates.first?.score else { return candidates }
    let rows = try candidates.prefix(count).map { try index.vector(chunk: $0.chunk) }
    let low = candidates[count - 1].score
    let relevance = candidates.prefix(count).map { top > low ? ($0.score - low) / (top - low) : 1 }
    var likeness = [Double](repeating: 0, count: count)
    var left = Array(0..<count)
    var chosen: [Int] = []
    while !left.isEmpty {
      var (best, worth) = (0, -Double.infinity)
      for (place, candidate) in left.enumerated() {
        let value = (1 - request.diversity) * relevance[candidate] - request.diversity * likeness[candidate]
        if value > worth { (best, worth) = (place, value) }
      }
      let next = left.remove(at: best)
      chosen.append(next)
      for other in left {
        let cosine = zip(rows[next], rows[other]).reduce(0 as Float) { $0 + $1.0 * $1.1 }
        likeness[other] = max(likeness[other], Double(cosine))
      }
    }
    return chosen.map { candidates[$0] } + candidates.dropFirst(count)
  }

  // MARK: Choice

  /// The hits that a request asks for.
  func hits(_ candidates: [FusedChunk], _ request: SearchRequest) throws -> [SearchHit] {
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
    if request.neighbours > 0 {
      for place in hits.indices { try surround(&hits[place], by: request.neighbours) }
    }
    return hits
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

  // MARK: Neighbours

  /// Adds what stands before and behind a hit in its section.
  private func surround(_ hit: inout SearchHit, by count: Int) throws {
    let numbers = snapshot.chunkNumbers(ofDocument: hit.documentNumber)
    var start = hit.chunk.range.start
    var pieces: [String] = []
    for number in numbers.prefix(upTo: hit.chunkNumber).suffix(count).reversed() {
      let chunk = try snapshot.chunk(number)
      guard chunk.headingPath == hit.chunk.headingPath else { break }
      // Neighbours share text: only what is not told yet.
      let own = TextRange(start: 0, end: max(0, min(chunk.range.end, start) - chunk.range.start))
      if !own.isEmpty, let text = chunk.text.slice(own) { pieces.insert(String(text), at: 0) }
      start = min(start, chunk.range.start)
    }
    hit.before = Self.joined(pieces)
    var end = hit.chunk.range.end
    pieces = []
    for number in numbers.suffix(from: hit.chunkNumber).dropFirst().prefix(count) {
      let chunk = try snapshot.chunk(number)
      guard chunk.headingPath == hit.chunk.headingPath else { break }
      let own = TextRange(start: min(chunk.range.count, max(0, end - chunk.range.start)), end: chunk.range.count)
      if !own.isEmpty, let text = chunk.text.slice(own) { pieces.append(String(text)) }
      end = max(end, chunk.range.end)
    }
    hit.after = Self.joined(pieces)
  }

  private static func joined(_ pieces: [String]) -> String { pieces.joined(separator: "\n\n") }
}
