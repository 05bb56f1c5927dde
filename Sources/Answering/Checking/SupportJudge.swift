internal import Corpus
internal import Embedding
internal import Retrieval
internal import TextAnalysis

/// Says how well evidence supports what a model wrote.
///
/// A sentence is supported by words where a window of three units of one chunk has enough of its words, those that few
/// units have weighing more and those that none has weighing most, and the chunk has every number of it. It is
/// supported by meaning where a unit's vector is close enough to its own: so it is told of evidence in another language.
struct SupportJudge: Sendable {
  /// What the evidence says to a sentence.
  struct Verdict: Sendable {
    var basis: AnswerSentence.Basis
    var support: Double
    /// The places in the evidence that support it, best first, with the unit that does so best.
    var supporters: [Supporter]
  }

  /// A piece of evidence that supports a sentence.
  struct Supporter: Sendable {
    /// Its place in the evidence, from 0.
    var place: Int
    var unit: QuotableUnit
    var score: Double
  }

  private struct Piece: Sendable {
    var language: String
    var units: [QuotableUnit]
    var terms: [Set<String>]
    var context: Set<String>
    var numbers: Set<String>
  }

  private let pieces: [Piece]
  private let settings: AnswerSettings
  private let embedder: (any Embedder)?

  /// A sentence of fewer content words, without a number, claims nothing.
  private static let fewestWords = 3
  /// Units that are compared by meaning with one sentence at most.
  private static let mostCompared = 12
  /// Evidence that supports a sentence nearly as well as the best may be cited for it: so much of the best's score.
  private static let share = 0.7

  init(evidence: [SearchHit], settings: AnswerSettings, embedder: (any Embedder)?) {
    self.settings = settings
    self.embedder = embedder
    let detector = LanguageDetector()
    pieces = evidence.map { hit in
      let language = hit.language ?? detector.language(of: hit.chunk.text) ?? ""
      let analyzer = AnalyzerShelf.analyzer(for: language)
      let units = QuotableUnit.units(of: hit.chunk.text)
      let head = ([hit.title] + hit.chunk.headingPath).joined(separator: "\n")
      return Piece(
        language: language, units: units, terms: units.map { Set(analyzer.terms($0.text)) },
        context: Set(analyzer.terms(head)), numbers: Self.numbers(in: head + "\n" + hit.chunk.text))
    }
  }

  /// Judges a sentence.
  ///
  /// - Parameters:
  ///   - sentence: the sentence, without markers.
  ///   - language: the language that it is written in.
  ///   - cited: the places in the evidence that the model names for it.
  /// - Returns: whether and by what it is supported.
  func verdict(on sentence: String, language: String, cited: [Int]) async -> Verdict {
    let words = Set(AnalyzerShelf.analyzer(for: language).terms(sentence))
    let numbers = Self.numbers(in: sentence.withoutOrdinal)
    let isFraming = words.count < Self.fewestWords || sentence.hasSuffix(":") || sentence.hasSuffix("?")
    if isFraming, numbers.isEmpty { return Verdict(basis: .framing, support: 0, supporters: []) }
    var found = byWords(sentence, numbers: numbers)
    var basis = AnswerSentence.Basis.words
    if (found.first?.score ?? 0) < settings.supportWords {
      found = await byMeaning(sentence, numbers: numbers)
      basis = .meaning
    }
    let least = basis == .words ? settings.supportWords : settings.supportMeaning
    guard let best = found.first, best.score >= least else {
      return Verdict(basis: .none, support: max(0, found.first?.score ?? 0), supporters: [])
    }
    // What the model names counts before what it does not.
    let near = found.filter { $0.score >= least && $0.score >= Self.share * best.score }
    let named = near.filter { cited.contains($0.place) }
    return Verdict(basis: basis, support: min(1, best.score), supporters: named.isEmpty ? [best] : named)
  }

  /// Every piece with its best unit, best first; the score is that of the unit with the two beside it.
  private func byWords(_ sentence: String, numbers: Set<String>) -> [Supporter] {
    let all = pieces.flatMap { piece in piece.terms.map { (language: piece.language, terms: $0) } }
    let coverage = LexicalCoverage(question: sentence, units: all)
    var found: [Supporter] = []
    for (place, piece) in pieces.enumerated() where numbers.isSubset(of: piece.numbers) {
      var best: (window: Double, own: Double, unit: Int)?
      for index in piece.units.indices {
        var window = piece.terms[index]
        if index > 0 { window.formUnion(piece.terms[index - 1]) }
        if index + 1 < piece.terms.count { window.formUnion(piece.terms[index + 1]) }
        let around = coverage.share(language: piece.language, terms: window, context: piece.context)
        let own = coverage.share(language: piece.language, terms: piece.terms[index], context: [])
        // The unit that is quoted has the words itself; a heading answers nothing.
        guard piece.units[index].kind != .lead else { continue }
        if best.map({ (around, own) > ($0.window, $0.own) }) ?? true { best = (around, own, index) }
      }
      guard let best else { continue }
      let quoted = mostWords(of: piece, near: best.unit, coverage)
      found.append(Supporter(place: place, unit: piece.units[quoted], score: best.window))
    }
    return found.sorted { ($1.score, $0.place) < ($0.score, $1.place) }
  }

  /// Of a unit and those beside it the one that has most of the words itself.
  private func mostWords(of piece: Piece, near index: Int, _ coverage: LexicalCoverage) -> Int {
    let near = max(0, index - 1)...min(piece.units.count - 1, index + 1)
    func own(_ index: Int) -> Double {
      piece.units[index].kind == .lead
        ? -1 : coverage.share(language: piece.language, terms: piece.terms[index], context: [])
    }
    return near.max { (own($0), -$0) < (own($1), -$1) } ?? index
  }

  /// Every piece with the unit that is nearest in meaning, best first; none without an embedder.
  private func byMeaning(_ sentence: String, numbers: Set<String>) async -> [Supporter] {
    guard let embedder else { return [] }
    var compared: [(place: Int, unit: QuotableUnit)] = []
    let able = pieces.indices.filter { numbers.isSubset(of: pieces[$0].numbers) }
    // The first units of each piece in turn, so that none goes without.
    for index in 0..<(able.map { pieces[$0].units.count }.max() ?? 0) {
      for place in able where index < pieces[place].units.count && pieces[place].units[index].kind != .lead {
        if compared.count < Self.mostCompared { compared.append((place, pieces[place].units[index])) }
      }
    }
    let dimensions = embedder.fingerprint.dimensions
    guard !compared.isEmpty, dimensions > 0,
      let vectors = try? await embedder.embed([sentence] + compared.map(\.unit.text), as: .document),
      vectors.count == dimensions * (compared.count + 1)
    else { return [] }
    var best: [Int: Supporter] = [:]
    for (index, item) in compared.enumerated() {
      let unit = vectors[(index + 1) * dimensions..<(index + 2) * dimensions]
      let cosine = zip(vectors[..<dimensions], unit).reduce(0.0) { $0 + Double($1.0 * $1.1) }
      if cosine > best[item.place]?.score ?? -1 {
        best[item.place] = Supporter(place: item.place, unit: item.unit, score: cosine)
      }
    }
    return best.values.sorted { ($1.score, $0.place) < ($0.score, $1.place) }
  }

  /// The numbers of a text as they are written, without the stops that end them: `20`, `1.5`, `2026-05-17`.
  static func numbers(in text: String) -> Set<String> {
    var numbers: Set<String> = []
    var current = ""
    for byte in Array(text.utf8) + [0x20] {
      if 0x30...0x39 ~= byte || !current.isEmpty && (byte == 0x2E || byte == 0x2C) {
        current.unicodeScalars.append(Unicode.Scalar(byte))
      } else if !current.isEmpty {
        while let last = current.last, last == "." || last == "," { current.removeLast() }
        numbers.insert(current)
        current = ""
      }
    }
    return numbers
  }
}

extension String {
  /// Without the number of a list's item: `2. Open Settings`.
  fileprivate var withoutOrdinal: String {
    let text = drop { $0.isWhitespace || $0 == "*" || $0 == "-" || $0 == "#" }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let behind = text[digits.endIndex...]
    guard !digits.isEmpty, digits.count <= 2, let mark = behind.first, mark == "." || mark == ")" else { return self }
    return behind.dropFirst().first?.isWhitespace == true ? String(behind.dropFirst()) : self
  }
}
