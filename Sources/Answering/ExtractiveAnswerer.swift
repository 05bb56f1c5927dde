internal import Corpus
public import Embedding
public import Retrieval
internal import TextAnalysis

/// Answers with sentences quoted from the evidence: needs no language model.
public struct ExtractiveAnswerer: Sendable {
  private let embedder: (any Embedder)?
  private let thresholds = AnswerThresholds()
  private let detector = LanguageDetector()

  /// How many units are compared at most, and their bytes together: embedding them is what an answer costs.
  private static let candidateLimit = 24
  private static let candidateBytes = 4_000
  /// How many units are quoted at most.
  private static let quoteLimit = 3
  /// Questions are compared by their beginning, which bounds the work.
  private static let longestQuestion = 8_000

  /// Takes the embedder that compares a question with sentences; nil compares words only.
  public init(embedder: (any Embedder)?) {
    self.embedder = embedder
  }

  /// Answers from evidence.
  ///
  /// - Parameters:
  ///   - question: as the person wrote it.
  ///   - evidence: what retrieval found, best first.
  /// - Returns: the answer, whose quotes are verified substrings of the evidence.
  /// - Throws: what the embedder throws.
  public func answer(_ question: String, from evidence: [SearchHit]) async throws -> Answer {
    let question = String(question.prefix(Self.longestQuestion))
    let language = self.language(of: question, evidence: evidence)
    let wording = AnswerWording(language: language)
    var candidates = self.candidates(for: question, in: evidence)
    try await score(&candidates, question: question)
    let chosen = choose(from: candidates, evidence: evidence, language: language)
    let answer = compose(chosen, evidence: evidence, wording: wording, language: language)
    guard !answer.citations.isEmpty else {
      return Answer(text: wording.unknown, language: wording.language, citations: [], sources: [], isAnswered: false)
    }
    return answer
  }

  /// The question's language; a question too short to tell takes that of the best evidence.
  private func language(of question: String, evidence: [SearchHit]) -> String? {
    detector.language(ofQuestion: question, among: []) ?? evidence.first?.language
  }

  // MARK: Candidates

  /// A unit of some hit, with what is known of how well it answers.
  struct Candidate {
    /// The hit's place in the evidence, from 0.
    var rank: Int
    /// The unit's place among the units of its chunk, from 0.
    var place: Int
    var unit: QuotableUnit
    /// The language of the hit; empty when nobody knows.
    var language: String
    /// The share of the question's words in the unit, context counted half.
    var coverage: Double
    /// The share of the question's words in the whole chunk with its title and headings.
    var chunkCoverage: Double
    /// The cosine of question and chunk: what stands around the unit is about.
    var chunkCosine: Double?
    /// Whether its own words set it apart from the rows and items beside it.
    var isDistinct = false
    /// The cosine of question and unit, raised by that of its chunk; nil without an embedder.
    var cosine: Double?
    var vector: ArraySlice<Float> = []
    var score = 0.0
  }

  private func candidates(for question: String, in evidence: [SearchHit]) -> [Candidate] {
    struct Part {
      var rank: Int
      var place: Int
      var unit: QuotableUnit
      var terms: Set<String>
    }
    var parts: [Part] = []
    var languages: [String] = []
    var contexts: [Set<String>] = []
    for (rank, hit) in evidence.enumerated() {
      let language = hit.language ?? detector.language(of: hit.chunk.text) ?? ""
      let analyzer = AnalyzerShelf.analyzer(for: language)
      languages.append(language)
      contexts.append(Set(analyzer.terms(([hit.title] + hit.chunk.headingPath).joined(separator: "\n"))))
      for (place, unit) in QuotableUnit.units(of: hit.chunk.text).enumerated() {
        parts.append(Part(rank: rank, place: place, unit: unit, terms: Set(analyzer.terms(unit.text))))
      }
    }
    let coverage = LexicalCoverage(question: question, units: parts.map { (languages[$0.rank], $0.terms) })
    let chunkTerms = evidence.indices.map { rank in
      parts.reduce(into: contexts[rank]) { if $1.rank == rank { $0.formUnion($1.terms) } }
    }
    let chunkCoverages = evidence.indices.map {
      coverage.share(language: languages[$0], terms: chunkTerms[$0], context: [])
    }
    let candidates = parts.map { part in
      Candidate(
        rank: part.rank, place: part.place, unit: part.unit, language: languages[part.rank],
        coverage: coverage.share(language: languages[part.rank], terms: part.terms, context: contexts[part.rank]),
        chunkCoverage: chunkCoverages[part.rank], chunkCosine: evidence[part.rank].cosine)
    }
    // The likely ones by words and by rank; in another language words say nothing, and rank decides.
    let likely = candidates.indices.sorted { left, right in
      let order = (priority(candidates[left]), priority(candidates[right]))
      return order.0 != order.1 ? order.0 > order.1 : left < right
    }
    var bytes = 0
    let taken = likely.prefix(Self.candidateLimit).prefix { index in
      bytes += candidates[index].unit.text.utf8.count
      return bytes <= Self.candidateBytes
    }
    return taken.sorted().map { candidates[$0] }
  }

  private func priority(_ candidate: Candidate) -> Double {
    candidate.coverage + 0.5 / Double(1 + candidate.rank)
  }

  // MARK: Scores

  private func score(_ candidates: inout [Candidate], question: String) async throws {
    guard !candidates.isEmpty, question.contains(where: { $0.isLetter || $0.isNumber }) else { return }
    if let embedder {
      let dimensions = embedder.fingerprint.dimensions
      let asked = try await embedder.embed([question], as: .query)
      let vectors = try await embedder.embed(candidates.map(\.unit.text), as: .document)
      guard asked.count == dimensions, vectors.count == dimensions * candidates.count else { return }
      for index in candidates.indices {
        let vector = vectors[index * dimensions..<(index + 1) * dimensions]
        candidates[index].vector = vector
        let own = cosine(asked[...], vector)
        candidates[index].cosine = max(own, (own + (candidates[index].chunkCosine ?? own)) / 2)
      }
    }
    markDistinct(&candidates)
    for index in candidates.indices {
      let candidate = candidates[index]
      let weight = candidate.cosine == nil ? 0 : thresholds.cosineWeight
      candidates[index].score =
        weight * (candidate.cosine ?? 0) + (1 - weight) * candidate.coverage
        + thresholds.rankWeight / Double(1 + candidate.rank)
    }
    // What stands under a heading or behind a question is about it: it takes over most of its score.
    for index in candidates.indices.dropFirst() where candidates[index - 1].unit.kind == .lead {
      let (lead, next) = (candidates[index - 1], candidates[index])
      guard lead.rank == next.rank, lead.place + 1 == next.place else { continue }
      candidates[index].score = max(next.score, lead.score * 0.95)
      candidates[index].coverage = max(next.coverage, lead.coverage)
      candidates[index].cosine = next.cosine.map { max($0, lead.cosine ?? 0) }
    }
  }

  private func cosine(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Double {
    Double(zip(left, right).reduce(0 as Float) { $0 + $1.0 * $1.1 })
  }

  // MARK: Choice

  /// The units to quote, in the order in which they are read; none when the evidence is too weak.
  private func choose(from candidates: [Candidate], evidence: [SearchHit], language: String?) -> [Candidate] {
    let quotable = candidates.filter { $0.unit.kind != .lead }.filter {
      thresholds.answers(
        cosine: $0.cosine, coverage: max($0.coverage, $0.chunkCoverage * 0.9),
        isForeign: language != nil && !$0.language.isEmpty && $0.language != language)
    }
    guard let found = better(of: quotable, language: language) else { return [] }
    let (best, lines) = whole(found, of: evidence[found.rank])
    var chosen = [best]
    var quoted = [(rank: best.rank, places: lines)]
    let document = evidence[best.rank].documentNumber
    let others = quotable.filter { $0.language == best.language }.sorted { $0.score > $1.score }
    for other in others where chosen.count < Self.quoteLimit {
      let isBeside = evidence[other.rank].documentNumber == document
      guard other.score >= best.score * (isBeside ? thresholds.neighbourShare : thresholds.companionShare) else {
        continue
      }
      let (next, places) = whole(other, of: evidence[other.rank])
      // Neither what is quoted already, nor the table around a row that was singled out.
      guard !quoted.contains(where: { $0.rank == other.rank && $0.places.overlaps(places) }),
        !chosen.contains(where: { isRepetition(next, of: $0) })
      else { continue }
      chosen.append(next)
      quoted.append((other.rank, places))
    }
    chosen += continuation(of: best, in: candidates, room: Self.quoteLimit - chosen.count, chosen)
    return chosen.sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }
  }

  /// The best one, or the best in the question's language if that is about as good.
  private func better(of candidates: [Candidate], language: String?) -> Candidate? {
    let best = candidates.max { $0.score < $1.score }
    guard let best, let language, best.language != language else { return best }
    let own = candidates.filter { $0.language == language }.max { $0.score < $1.score }
    return own.flatMap { $0.score >= best.score * thresholds.languageShare ? $0 : nil } ?? best
  }

  /// What a sentence that ends in a colon announces.
  private func continuation(
    of best: Candidate, in candidates: [Candidate], room: Int, _ chosen: [Candidate]
  ) -> [Candidate] {
    guard best.unit.text.hasSuffix(":"), room > 0 else { return [] }
    let following = candidates.filter { $0.rank == best.rank && $0.place > best.place }
    guard let first = following.first, first.place == best.place + 1, first.unit.kind != .lead else { return [] }
    // A block of code is whole by itself; rows and steps go on as long as they are of one kind.
    let isList = first.unit.kind == .row || first.unit.isItem
    let announced =
      isList ? following.prefix { $0.unit.kind == first.unit.kind && $0.unit.isItem == first.unit.isItem } : [first]
    return announced.filter { next in !chosen.contains { $0.rank == next.rank && $0.place == next.place } }
      .prefix(room).map { $0 }
  }

  /// Whether two units say the same: equal words, or nearly equal vectors.
  private func isRepetition(_ candidate: Candidate, of other: Candidate) -> Bool {
    if candidate.rank == other.rank, candidate.place == other.place { return true }
    if Folding.fold(candidate.unit.text) == Folding.fold(other.unit.text) { return true }
    return !candidate.vector.isEmpty && cosine(candidate.vector, other.vector) > 0.9
  }

  // MARK: Words

  private func compose(
    _ chosen: [Candidate], evidence: [SearchHit], wording: AnswerWording, language: String?
  ) -> Answer {
    var lines: [String] = []
    var citations: [Citation] = []
    var document: Int?
    var line = ""
    for candidate in chosen {
      let hit = evidence[candidate.rank]
      // Never quoted on trust: the bytes have to stand where they are said to.
      guard hit.chunk.text.slice(candidate.unit.range).map({ $0 == candidate.unit.text[...] }) == true else { continue }
      citations.append(
        Citation(
          url: hit.url, title: hit.title, heading: hit.chunk.headingPath.joined(separator: " › "),
          anchor: hit.chunk.anchor, quote: candidate.unit.text, score: hit.score, chunk: hit.chunkNumber))
      if document != hit.documentNumber {
        if !line.isEmpty { lines.append(line) }
        let foreign = candidate.language.isEmpty || candidate.language == language ? nil : candidate.language
        line = wording.introduction(title: hit.title, source: foreign)
        document = hit.documentNumber
      }
      // Code, rows and steps keep a line of their own.
      let standsAlone = candidate.unit.kind != .sentence || candidate.unit.isItem
      line += (standsAlone ? "\n" : " ") + candidate.unit.text + " [\(citations.count)]"
    }
    if !line.isEmpty { lines.append(line) }
    var seen: Set<String> = []
    let sources = evidence.map(\.url).filter { seen.insert($0).inserted }
    return Answer(
      text: lines.joined(separator: "\n"), language: wording.language, citations: citations, sources: sources,
      isAnswered: true)
  }
}
