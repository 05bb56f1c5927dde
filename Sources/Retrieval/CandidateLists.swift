internal import SearchIndexes

/// A chunk with the score of all indexes together.
struct FusedChunk: Equatable {
  var chunk: Int
  var score: Double
  /// The cosine by the first embedder.
  var cosine: Double?
}

/// What the indexes of a snapshot found for one question.
struct CandidateLists {
  /// By the first embedder; nil without vectors.
  var vectors: SemanticList?
  /// By the second embedder; nil without one.
  var second: SemanticList?
  /// By BM25, best first.
  var lexical: [ScoredChunk] = []
  /// Whether there may be more than the list holds.
  var lexicalIsFull = false
  /// How far to believe the lexical list, 0 to 1.
  var lexicalWeight = 1.0

  /// Whether an index gave as many chunks as it was asked for: there may be more.
  func isFull(at depth: Int) -> Bool {
    lexicalIsFull || [vectors, second].contains { ($0?.hits.count ?? 0) >= depth }
  }

  /// Adds the scores of the lists, each measured in its own spread (z-scores), best first.
  ///
  /// docs/decisions/0013-fusion.md says why scores and not ranks. Ties stand in the order of chunk numbers.
  func fused() throws -> [FusedChunk] {
    guard let vectors else {
      return lexical.map { FusedChunk(chunk: $0.chunk, score: Double($0.score), cosine: nil) }
    }
    // In one order, or rounding would differ from run to run.
    let chunks = candidates
    let cosines = try vectors.cosines(of: chunks)
    let semantic = Spread(vectors.hits.map { Double($0.score) })
    var fused = zip(chunks, cosines).map { FusedChunk(chunk: $0, score: semantic[$1], cosine: $1) }
    if let second {
      let others = try second.cosines(of: chunks)
      let weight = Self.agreement(cosines, others)
      let spread = Spread(second.hits.map { Double($0.score) })
      for (place, cosine) in others.enumerated() { fused[place].score += weight * spread[cosine] }
    }
    if lexicalWeight > 0, !lexical.isEmpty {
      let scores = lexicalScores(of: chunks)
      // The spread over all candidates, with those that have no word of the question: a word that few chunks have says
      // much, and the only chunk that has it stands out.
      let literal = Spread(scores)
      for (place, score) in scores.enumerated() { fused[place].score += lexicalWeight * literal[score] }
    }
    return fused.sorted { $0.score != $1.score ? $0.score > $1.score : $0.chunk < $1.chunk }
  }

  /// Adds the reciprocal ranks of the lists, each list counting the same, best first; ties as in `fused`.
  func fusedByRanks() throws -> [FusedChunk] {
    var scores: [Int: Double] = [:]
    for list in [vectors?.hits ?? [], second?.hits ?? [], lexical] {
      for (rank, hit) in list.enumerated() { scores[hit.chunk, default: 0] += 1 / Double(Self.rankOffset + rank + 1) }
    }
    let chunks = scores.keys.sorted()
    let cosines: [Double?] = try vectors?.cosines(of: chunks) ?? chunks.map { _ in nil }
    return zip(chunks, cosines).map { FusedChunk(chunk: $0, score: scores[$0] ?? 0, cosine: $1) }
      .sorted { $0.score != $1.score ? $0.score > $1.score : $0.chunk < $1.chunk }
  }

  /// The constant of the paper, in which 60 was best on most collections and never far from it.
  private static let rankOffset = 60

  /// How far the second embedder understands the question, 0 to 1: the square root of the correlation of both
  /// embedders' cosines over the candidates.
  ///
  /// Two measures that are equally good, and err independently, correlate by the square of what each has of the truth
  /// (Spearman, 1904): an English model agrees with a multilingual one on English, and hardly on Spanish.
  static func agreement(_ first: [Double], _ second: [Double]) -> Double {
    let (left, right) = (Spread(first), Spread(second))
    let products = zip(first, second).reduce(0) { $0 + left[$1.0] * right[$1.1] }
    return max(0, products / Double(max(first.count, 1))).squareRoot()
  }

  /// The chunks of all lists that have a voice, each once, in the order of their numbers.
  private var candidates: [Int] {
    let voices = [vectors?.hits ?? [], second?.hits ?? [], lexicalWeight > 0 ? lexical : []]
    var chunks = voices.flatMap { $0.map(\.chunk) }
    chunks.sort()
    var last: Int?
    chunks.removeAll { chunk in
      defer { last = chunk }
      return chunk == last
    }
    return chunks
  }

  /// The lexical score of each chunk: one that is not in the list has no word of the question, or a lower score than
  /// the list's last.
  private func lexicalScores(of chunks: [Int]) -> [Double] {
    let least = lexicalIsFull ? Double(lexical.last?.score ?? 0) : 0
    return lexical.scores(of: chunks).map { $0.map { Double($0) } ?? least }
  }
}

/// What one set of vectors found for one question.
struct SemanticList {
  /// By cosine, best first.
  var hits: [ScoredChunk]
  /// The cosines of any chunks, for those that only another index found.
  var others: ([Int]) throws -> [Float] = { $0.map { _ in 0 } }

  /// The cosine of each chunk; their numbers ascend.
  func cosines(of chunks: [Int]) throws -> [Double] {
    let known = hits.scores(of: chunks)
    let unknown = chunks.indices.filter { known[$0] == nil }
    var cosines = known.map { Double($0 ?? 0) }
    for (place, cosine) in zip(unknown, try others(unknown.map { chunks[$0] })) { cosines[place] = Double(cosine) }
    return cosines
  }
}

extension [ScoredChunk] {
  /// The score of each chunk, nil for those that the list does not hold; the chunks' numbers ascend.
  fileprivate func scores(of chunks: [Int]) -> [Float?] {
    var scores = [Float?](repeating: nil, count: chunks.count)
    for hit in self {
      // The first that is not below, by halves.
      var (place, left) = (0, chunks.count)
      while left > 0 {
        let half = left / 2
        if chunks[place + half] < hit.chunk {
          place += half + 1
          left -= half + 1
        } else {
          left = half
        }
      }
      if place < chunks.count, chunks[place] == hit.chunk { scores[place] = hit.score }
    }
    return scores
  }
}

/// Mean and deviation of a list's scores.
struct Spread {
  let mean: Double
  let deviation: Double

  init(_ scores: [Double]) {
    let count = Double(max(scores.count, 1))
    let mean = scores.reduce(0, +) / count
    let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    self.mean = mean
    // Scores that are all the same say nothing: no quotient makes more of their rounding.
    deviation = variance.squareRoot() > 1e-6 ? variance.squareRoot() : .infinity
  }

  /// How many deviations a score lies above the mean.
  subscript(score: Double) -> Double { (score - mean) / deviation }
}
