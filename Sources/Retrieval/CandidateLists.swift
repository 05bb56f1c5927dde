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
  /// The cosines of any chunks, for those that only the other index found.
  var cosines: ([Int]) throws -> [Float] = { $0.map { _ in 0 } }
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
    let semantic = Spread(vectors.map { Double($0.score) })
    guard lexicalWeight > 0, !lexical.isEmpty else {
      return vectors.map { FusedChunk(chunk: $0.chunk, score: semantic[Double($0.score)], cosine: Double($0.score)) }
    }
    // A chunk that is not in the list has no word of the question, or a lower score than the list's last.
    let least = lexicalIsFull ? Double(lexical.last?.score ?? 0) : 0
    // The spread over all candidates, with those that have no word of the question: a word that few chunks have says
    // much, and the only chunk that has it stands out. In one order, or rounding would differ from run to run.
    let candidates = try joined(vectors)
    let literal = Spread(candidates.map { $0.literal ?? least })
    let fused = candidates.map { candidate in
      FusedChunk(
        chunk: candidate.chunk,
        score: semantic[candidate.cosine] + lexicalWeight * literal[candidate.literal ?? least],
        cosine: candidate.cosine)
    }
    return fused.sorted { $0.score != $1.score ? $0.score > $1.score : $0.chunk < $1.chunk }
  }

  private struct Candidate {
    var chunk: Int
    var cosine: Double
    /// By BM25; nil for a chunk that is not in that list.
    var literal: Double?
  }

  /// The chunks of both lists in the order of their numbers.
  private func joined(_ vectors: [ScoredChunk]) throws -> [Candidate] {
    let near = vectors.sorted { $0.chunk < $1.chunk }
    let literal = lexical.sorted { $0.chunk < $1.chunk }
    var candidates: [Candidate] = []
    candidates.reserveCapacity(near.count + literal.count)
    var next = 0
    var unknown: [Int] = []
    for hit in literal {
      while next < near.count, near[next].chunk < hit.chunk {
        candidates.append(Candidate(chunk: near[next].chunk, cosine: Double(near[next].score)))
        next += 1
      }
      if next < near.count, near[next].chunk == hit.chunk {
        candidates.append(Candidate(chunk: hit.chunk, cosine: Double(near[next].score), literal: Double(hit.score)))
        next += 1
      } else {
        unknown.append(candidates.count)
        candidates.append(Candidate(chunk: hit.chunk, cosine: 0, literal: Double(hit.score)))
      }
    }
    for hit in near[next...] { candidates.append(Candidate(chunk: hit.chunk, cosine: Double(hit.score))) }
    for (place, cosine) in zip(unknown, try cosines(unknown.map { candidates[$0].chunk })) {
      candidates[place].cosine = Double(cosine)
    }
    return candidates
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
