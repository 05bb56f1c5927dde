internal import Corpus
public import Embedding
public import Retrieval
internal import TextAnalysis

/// Answers with sentences quoted from the evidence: needs no language model.
public struct ExtractiveAnswerer: Sendable {
  private let embedder: (any Embedder)?
  private let thresholds = AnswerThresholds()
  private let detector = LanguageDetector()

  /// How many units are compared by meaning at most.
  ///
  /// Embedding them is what an answer costs, and the best six by words hold it as often as the best twenty-four.
  private static let shortlistLimit = 6
  /// The same where all evidence is in another language than the question, and words do not choose.
  private static let foreignLimit = 16
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
    let candidates = self.candidates(for: question, in: language, evidence)
    // What is not answered costs no embedding where the cosines of the chunks are known.
    let isMeasured = embedder == nil || candidates.allSatisfy { $0.chunkCosine != nil }
    var languages = isMeasured ? answering(candidates, language: language) : Set(candidates.map(\.language))
    let isForeign = language.map { !languages.contains($0) && !languages.contains("") } ?? false
    var shortlist = self.shortlist(
      candidates.filter { languages.contains($0.language) }, kind: QuestionKind(question),
      limit: isForeign ? Self.foreignLimit : Self.shortlistLimit)
    markDistinct(&shortlist, among: candidates)
    // Where words decide, nothing is embedded; those that two languages share, a name mostly, are too few for that.
    let wordsDecide = shortlist.contains { candidate in
      isOwn(candidate.language, language) && candidate.coverage >= thresholds.decisiveCoverage
        && mayBeBest(candidate)
    }
    if !isMeasured || !wordsDecide {
      try await embed(&shortlist, question: question)
    }
    for index in shortlist.indices {
      let candidate = shortlist[index]
      shortlist[index].score = candidate.coverage + (candidate.cosine ?? candidate.surroundings) + candidate.prior
    }
    if !isMeasured { languages = answering(shortlist, language: language) }
    let quotable = shortlist.filter { languages.contains($0.language) }
    let chosen = choose(from: quotable, all: candidates, evidence: evidence, language: language)
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
    /// The share of the question's words in the unit, context counted half; of what a heading or question just before
    /// it says, it takes over all.
    var coverage: Double
    /// What the units before and after it add to its coverage, each counted half: what is said of a thing that was
    /// named before seldom names it again.
    var surroundings: Double
    /// Whether it has a word of the question itself, and not only over it or beside it; in another language, as many as
    /// answer by themselves, for what two languages share is mostly a name.
    var hasWords: Bool
    /// The cosine of question and chunk: what stands around the unit is about.
    var chunkCosine: Double?
    /// Whether its own words set it apart from the rows and items beside it.
    var isDistinct = false
    /// The heading or question just before it, to be compared with it.
    var lead: String?
    /// The cosine of question and unit; nil without an embedder.
    var cosine: Double?
    /// The same without a lead that is of another subject; of those without a word of the question.
    var ownCosine: Double?
    var vector: ArraySlice<Float> = []
    /// What its place in the evidence and the kind of question say for it.
    var prior = 0.0
    var score = 0.0
  }

  private func candidates(for question: String, in asked: String?, _ evidence: [SearchHit]) -> [Candidate] {
    struct Part {
      var rank: Int
      var place: Int
      var unit: QuotableUnit
      var terms: Set<String>
      /// Those of its own text alone.
      var own: Set<String>
      var lead: String?
    }
    let isAboutAnswers = OrderToAnswerer.concerns(question)
    var parts: [Part] = []
    var languages: [String] = []
    var contexts: [Set<String>] = []
    for (rank, hit) in evidence.enumerated() {
      let language = hit.language ?? detector.language(of: hit.chunk.text) ?? ""
      let analyzer = AnalyzerShelf.analyzer(for: language)
      languages.append(language)
      contexts.append(Set(analyzer.terms(([hit.title] + hit.chunk.headingPath).joined(separator: "\n"))))
      let asked = Set(analyzer.terms(question))
      var lead: Part?
      for (place, unit) in QuotableUnit.units(of: hit.chunk.text).enumerated()
      where isAboutAnswers || !OrderToAnswerer.stands(in: unit.text) {
        let own = Set(analyzer.terms(unit.text))
        var part = Part(rank: rank, place: place, unit: unit, terms: own, own: own)
        if let lead {
          part.terms.formUnion(lead.terms)
          part.lead = lead.unit.text
        }
        parts.append(part)
        if unit.kind != .lead {
          lead = nil
        } else if !unit.isQuestion || isSameQuestion(own, asked) {
          lead = part
        }
      }
    }
    let coverage = LexicalCoverage(
      question: question, in: asked, units: parts.map { (languages[$0.rank], $0.terms) })
    return parts.indices.map { index in
      let part = parts[index]
      func share(with other: Int?) -> Double {
        let terms = other.flatMap { parts.indices.contains($0) && parts[$0].rank == part.rank ? parts[$0].terms : nil }
        return coverage.share(
          language: languages[part.rank], terms: terms.map(part.terms.union) ?? part.terms, context: contexts[part.rank]
        )
      }
      let own = share(with: nil)
      return Candidate(
        rank: part.rank, place: part.place, unit: part.unit, language: languages[part.rank], coverage: own,
        surroundings: (share(with: index - 1) + share(with: index + 1)) / 2 - own,
        hasWords: coverage.share(language: languages[part.rank], terms: part.own, context: [])
          > (isOwn(languages[part.rank], asked) ? 0 : thresholds.leastCoverage),
        chunkCosine: evidence[part.rank].cosine, lead: part.lead)
    }
  }

  /// Whether a hit's language is the question's, as far as is known.
  private func isOwn(_ spoken: String, _ asked: String?) -> Bool { asked == nil || spoken.isEmpty || spoken == asked }

  /// Whether a question on a page is about what is asked: two words are the same, or most of the shorter one's.
  ///
  /// Any other lends its words to nothing, or whoever asks something of a page's readers would choose what answers.
  private func isSameQuestion(_ one: Set<String>, _ other: Set<String>) -> Bool {
    let shared = one.intersection(other).count
    return shared >= 2 || shared * 2 > min(one.count, other.count)
  }

  /// The languages of evidence that answers.
  private func answering(_ candidates: [Candidate], language: String?) -> Set<String> {
    Set(candidates.map(\.language)).filter { spoken in
      let own = candidates.filter { $0.language == spoken }
      return thresholds.answers(
        cosine: embedder == nil ? nil : own.compactMap { $0.chunkCosine ?? $0.cosine }.max() ?? 0,
        coverage: own.filter { $0.unit.kind != .lead }.map(\.coverage).max() ?? 0,
        isForeign: language != nil && !spoken.isEmpty && spoken != language)
    }
  }

  /// The best by words and rank, in their order; in another language words say nothing, and rank decides.
  private func shortlist(_ candidates: [Candidate], kind: QuestionKind, limit: Int) -> [Candidate] {
    var quotable = candidates.filter { $0.unit.kind != .lead }
    // Where words tell, digits and steps say nothing for what has none of the question's.
    let wordsTell = quotable.contains { $0.coverage > 0 }
    for index in quotable.indices {
      quotable[index].prior = thresholds.rankWeight / Double(1 + quotable[index].rank)
      if kind.fits(quotable[index].unit), !wordsTell || quotable[index].coverage > 0 {
        quotable[index].prior += thresholds.kindWeight
      }
    }
    func priority(_ index: Int) -> Double {
      quotable[index].coverage + quotable[index].surroundings + quotable[index].prior
    }
    let likely = quotable.indices.sorted { left, right in
      let order = (priority(left), priority(right))
      return order.0 != order.1 ? order.0 > order.1 : left < right
    }
    return likely.prefix(limit).sorted().map { quotable[$0] }
  }

  // MARK: Scores

  /// Fills in vectors and cosines.
  private func embed(_ candidates: inout [Candidate], question: String) async throws {
    guard let embedder, !candidates.isEmpty, question.contains(where: { $0.isLetter || $0.isNumber }) else { return }
    let dimensions = embedder.fingerprint.dimensions
    let asked = try await embedder.embed([question], as: .query)
    // A heading's meaning is that of what stands under it only where both are of one subject: what has no word of the
    // question is compared without its heading too, and with it.
    let alone = candidates.indices.filter { candidates[$0].lead != nil && !candidates[$0].hasWords }
    let texts =
      candidates.map { candidate in
        candidate.lead.map { $0 + "\n" + candidate.unit.text } ?? candidate.unit.text
      } + alone.flatMap { [candidates[$0].unit.text, candidates[$0].lead ?? ""] }
    let vectors = try await embedder.embed(texts, as: .document)
    guard asked.count == dimensions, vectors.count == dimensions * texts.count else { return }
    func vector(_ place: Int) -> ArraySlice<Float> { vectors[place * dimensions..<(place + 1) * dimensions] }
    for index in candidates.indices {
      candidates[index].vector = vector(index)
      candidates[index].cosine = cosine(asked[...], vector(index))
      candidates[index].ownCosine = candidates[index].cosine
    }
    for (place, index) in alone.enumerated() {
      let (unit, lead) = (vector(candidates.count + 2 * place), vector(candidates.count + 2 * place + 1))
      guard cosine(unit, lead) < thresholds.leastKinship else { continue }
      candidates[index].ownCosine = cosine(asked[...], unit)
    }
  }

  private func cosine(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Double {
    Double(zip(left, right).reduce(0 as Float) { $0 + $1.0 * $1.1 })
  }

  // MARK: Choice

  /// The units to quote, in the order in which they are read; none when the evidence is too weak.
  private func choose(
    from quotable: [Candidate], all: [Candidate], evidence: [SearchHit], language: String?
  ) -> [Candidate] {
    let speaking = quotable.filter(mayBeBest)
    guard let found = better(of: speaking.isEmpty ? quotable : speaking, language: language) else { return [] }
    let (best, lines) = whole(found, of: evidence[found.rank], among: all)
    var chosen = [best]
    var quoted = [(rank: best.rank, places: lines)]
    let document = evidence[best.rank].documentNumber
    let others = quotable.filter { $0.language == best.language }.sorted { $0.score > $1.score }
    for other in others where chosen.count < Self.quoteLimit {
      let isBeside = evidence[other.rank].documentNumber == document
      guard other.score >= best.score * (isBeside ? thresholds.neighbourShare : thresholds.companionShare),
        speaksForItself(other) || other.ownCosine == nil && !found.hasWords
      else { continue }
      let (next, places) = whole(other, of: evidence[other.rank], among: all)
      // Neither what is quoted already, nor the table around a row that was singled out.
      guard !quoted.contains(where: { $0.rank == other.rank && $0.places.overlaps(places) }),
        !chosen.contains(where: { isRepetition(next, of: $0) })
      else { continue }
      chosen.append(next)
      quoted.append((other.rank, places))
    }
    chosen += continuation(of: best, in: all, room: Self.quoteLimit - chosen.count, chosen)
    return chosen.sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }
  }

  /// Whether a unit has the question's subject by what it says itself.
  ///
  /// Its place, a heading over it or digits in it may help to find it; by them alone whatever somebody puts on a page
  /// would be quoted. Rows and items are no sentences: what they are about stands over them.
  private func speaksForItself(_ candidate: Candidate) -> Bool {
    candidate.hasWords || candidate.unit.isLine
      || candidate.ownCosine.map { $0 >= thresholds.leastMeaning } ?? false
  }

  /// The same for what is quoted first: commands under a heading have none of its words.
  private func mayBeBest(_ candidate: Candidate) -> Bool {
    speaksForItself(candidate) || candidate.unit.kind == .code
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
