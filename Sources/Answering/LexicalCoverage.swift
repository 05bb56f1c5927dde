internal import Corpus
internal import Glibc
internal import Synchronization
internal import TextAnalysis

/// How much of a question's words a text has, rare words weighing more.
struct LexicalCoverage: Sendable {
  /// The question's terms and their weights, by the language whose stems were used.
  private let weights: [String: [String: Double]]

  /// Weighs the question's terms by how few of the units have them.
  ///
  /// - Parameters:
  ///   - question: as the person wrote it.
  ///   - asked: its language; words that say nothing in it say nothing in units of another language either, whose own
  ///     lists do not have them. Nil where it is that of the units, or nobody knows.
  ///   - units: the terms of every unit, with the language that they were analysed in.
  init(question: String, in asked: String? = nil, units: [(language: String, terms: Set<String>)]) {
    var weights: [String: [String: Double]] = [:]
    for language in Set(units.map(\.language)) {
      let terms = Self.terms(of: question, in: asked, forUnitsIn: language)
      for term in terms {
        let frequency = Double(units.count { $0.terms.contains(term) })
        // BM25's inverse document frequency (Robertson and Spärck Jones), over units.
        weights[language, default: [:]][term] = log(1 + (Double(units.count) - frequency + 0.5) / (frequency + 0.5))
      }
    }
    self.weights = weights
  }

  private static func terms(of question: String, in asked: String?, forUnitsIn language: String) -> Set<String> {
    let analyzer = AnalyzerShelf.analyzer(for: language)
    guard let asked, asked != language else { return Set(analyzer.terms(question)) }
    let telling = analyzer.analyze(question).filter { term in
      question.slice(term.range).map { !StopWords.contains(Folding.fold(String($0)), language: asked) } ?? true
    }
    return Set(telling.map(\.text))
  }

  /// The share of the question in a text, 0 to 1; words that only the context (title, headings) has count half.
  func share(language: String, terms: Set<String>, context: Set<String>) -> Double {
    guard let weights = weights[language] else { return 0 }
    let total = weights.values.reduce(0, +)
    guard total > 0 else { return 0 }
    let found = weights.reduce(0) { sum, term in
      sum + (terms.contains(term.key) ? term.value : context.contains(term.key) ? term.value / 2 : 0)
    }
    return found / total
  }
}

/// One analyzer a language, made when it is first needed.
enum AnalyzerShelf {
  private static let made = Mutex<[String: Analyzer]>([:])

  static func analyzer(for language: String) -> Analyzer {
    made.withLock { made in
      if let analyzer = made[language] { return analyzer }
      let analyzer = Analyzer(language: language.isEmpty ? nil : language)
      // Languages come from snapshots: there are some hundred codes, but nobody promises that.
      if made.count < 256 { made[language] = analyzer }
      return analyzer
    }
  }
}
