public import Corpus

/// A searchable word of a text.
public struct Term: Hashable, Sendable {
  /// The form under which it is compared: folded, and stemmed where the analyzer knows the language.
  public var text: String
  /// Its bytes in the analysed text.
  public var range: TextRange

  /// Makes a term.
  public init(text: String, range: TextRange) {
    self.text = text
    self.range = range
  }
}

/// Turns texts into terms, the same way for index, query and answer; safe to share between threads.
public struct Analyzer: Sendable {
  /// Changes whenever the same text would give other terms.
  public static let version = 1

  /// The language (BCP 47 primary subtag) whose stems and stop words it knows; nil folds only.
  public let language: String?
  private let pool: Pool<TermMaker>

  /// Makes an analyzer.
  ///
  /// - Parameters:
  ///   - language: a BCP 47 tag, of which the primary subtag counts; nil, or a language without stemmer and stop
  ///     words, folds only.
  ///   - stopWords: whether words that say nothing (`the`, `de`) are left out.
  public init(language: String?, stopWords: Bool = true) {
    let primary = language.flatMap { $0.split(whereSeparator: { $0 == "-" || $0 == "_" }).first?.lowercased() }
    self.language = primary
    pool = Pool(TermMaker(language: primary, stopWords: stopWords)) {
      TermMaker(language: primary, stopWords: stopWords)
    }
  }

  /// The terms of a text, in the order of their starts.
  public func analyze(_ text: String) -> [Term] {
    var text = text
    var terms: [Term] = []
    text.withUTF8 { bytes in
      terms.reserveCapacity(bytes.count / 8)
      pool.withItem { maker in
        maker.forEachTerm(bytes) { start, end, term in
          terms.append(Term(text: term, range: TextRange(start: start, end: end)))
        }
      }
    }
    return terms
  }

  /// The terms' texts alone, in order: what an index counts.
  public func terms(_ text: String) -> [String] {
    var text = text
    var terms: [String] = []
    text.withUTF8 { bytes in
      terms.reserveCapacity(bytes.count / 8)
      pool.withItem { maker in
        maker.forEachTerm(bytes) { _, _, term in terms.append(term) }
      }
    }
    return terms
  }
}
