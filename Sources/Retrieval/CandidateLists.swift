internal import SearchIndexes

/// A chunk with the score of all indexes together.
struct FusedChunk: Equatable {
  var chunk: Int
  var score: Double
  var cosine: Double?
}

/// What the indexes of a snapshot found for one question.
struct CandidateLists {
  /// By cosine, best first; nil without vectors.
  var vectors: [ScoredChunk]?
  /// The cosine of any chunk, for those that only the other index found.
  var cosine: (Int) throws -> Float = { _ in 0 }
  /// By BM25, best first.
  var lexical: [ScoredChunk] = []
  /// Whether there may be more than the list holds.
  var lexicalIsFull = false
  /// How far to believe the lexical list, 0 to 1.
  var lexicalWeight = 1.0

  /// Adds the scores of both lists, each measured in its own spread (z-scores), best first.
  ///
  /// docs/decisions/0013-fusion.md says why scores and not ranks. Ties stand in the order of chunk numbers.
  func fused() throws -> [FusedChunk] {
    guard let vectors else {
      return lexical.map { FusedChunk(chunk: $0.chunk, score: Double($0.score), cosine: nil) }
    }
    var cosines: [Int: Double] = [:]
    for hit in vectors { cosines[hit.chunk] = Double(hit.score) }
    let semantic = Spread(vectors.map { Double($0.score) })
    guard lexicalWeight > 0, !lexical.isEmpty else {
      return vectors.map { FusedChunk(chunk: $0.chunk, score: semantic[Double($0.score)], cosine: Double($0.score)) }
    }
    for hit in lexical where cosines[hit.chunk] == nil { cosines[hit.chunk] = Double(try cosine(hit.chunk)) }
    var scores: [Int: Double] = [:]
    for hit in lexical { scores[hit.chunk] = Double(hit.score) }
    // A chunk that is not in the list has no word of the question, or a lower score than the list's last.
    let least = lexicalIsFull ? Double(lexical.last?.score ?? 0) : 0
    // The spread over all candidates, with those that have no word of the question: a word that few chunks have says
    // much, and the only chunk that has it stands out. In one order, or rounding would differ from run to run.
    let candidates = cosines.sorted { $0.key < $1.key }
    let literal = Spread(candidates.map { scores[$0.key] ?? least })
    let fused = candidates.map { chunk, cosine in
      FusedChunk(
        chunk: chunk, score: semantic[cosine] + lexicalWeight * literal[scores[chunk] ?? least], cosine: cosine)
    }
    return fused.sorted { $0.score != $1.score ? $0.score > $1.score : $0.chunk < $1.chunk }
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
