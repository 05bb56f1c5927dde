internal import Corpus
internal import Synchronization
internal import TextAnalysis

/// The terms of a document's chunks, counted: all that a lexical index needs of them.
///
/// Analysing text is the dear part of indexing words; what comes of it depends on the document alone, so that it can be
/// kept and used again while other documents change.
public struct CountedTerms: Sendable, Equatable {
  /// Changes whenever the same chunks would give other bytes, the analyzer being the same.
  public static let version = 1

  /// The form in which they are kept.
  public let bytes: [UInt8]

  /// Counts the terms of a document's chunks.
  ///
  /// - Parameters:
  ///   - chunks: text and heading path of each, in order.
  ///   - title: the document's title.
  ///   - language: its language; nil when it is not known.
  ///   - weights: how fields count.
  public init(
    chunks: [(text: String, headings: [String])], title: String, language: String?,
    weights: LexicalWeights = LexicalWeights()
  ) {
    let analyzer = Analyzers.analyzer(language)
    var numbers: [String: Int] = [:]
    var vocabulary: [String] = []
    let titleTerms = weights.title > 0 ? analyzer.terms(title) : []
    var records = ByteWriter()
    for chunk in chunks {
      var counts: [Int: Int] = [:]
      var length = 0
      func count(_ terms: [String], times: Int) {
        guard times > 0 else { return }
        for term in terms {
          let number = numbers[term] ?? vocabulary.count
          if number == vocabulary.count {
            numbers[term] = number
            vocabulary.append(term)
          }
          counts[number, default: 0] += times
        }
        length += terms.count * times
      }
      count(analyzer.terms(chunk.text), times: 1)
      for heading in chunk.headings { count(analyzer.terms(heading), times: weights.headings) }
      count(titleTerms, times: weights.title)
      records.write(length)
      records.write(counts.count)
      for (number, frequency) in counts.sorted(by: { $0.key < $1.key }) {
        records.write(number)
        records.write(min(frequency, Int(UInt16.max)))
      }
    }
    var writer = ByteWriter()
    writer.write(language ?? "")
    writer.write(list: vocabulary) { $0.write($1) }
    writer.write(chunks.count)
    bytes = writer.bytes + records.bytes
  }
}

/// Analyzers by language: making one opens a stemmer.
private enum Analyzers {
  private static let known = Mutex<[String: Analyzer]>([:])

  static func analyzer(_ language: String?) -> Analyzer {
    known.withLock { known in
      if let analyzer = known[language ?? ""] { return analyzer }
      let analyzer = Analyzer(language: language)
      // Languages come from pages: a page cannot make this grow.
      if known.count < 256 { known[language ?? ""] = analyzer }
      return analyzer
    }
  }
}
