internal import Corpus
internal import TextAnalysis

/// How terms are weighed and scores computed.
public struct LexicalWeights: Sendable, Equatable {
  /// How soon repetitions of a term stop to count: BM25's k1.
  public var k1: Float
  /// How much a chunk's length counts, 0 to 1: BM25's b.
  public var b: Float
  /// How often a term of the title counts as one of the text, 0 to 100.
  public var title: Int
  /// How often a term of the heading path counts as one of the text, 0 to 100.
  public var headings: Int

  /// Makes weights; the defaults are BM25's customary k1 0.9 and b 0.4 (as in Anserini), title 2, headings 1.
  public init(k1: Float = 0.9, b: Float = 0.4, title: Int = 2, headings: Int = 1) {
    self.k1 = k1
    self.b = b
    self.title = title
    self.headings = headings
  }

  var areSound: Bool {
    k1.isFinite && k1 >= 0 && (0...1).contains(b) && (0...100).contains(title) && (0...100).contains(headings)
  }
}

/// The bytes of the lexical index; docs/snapshot-format.md draws them.
enum LexicalLayout {
  static let version = 1
  static let header = "lexical"
  static let lengths = "lexical.lengths"
  static let entries = "lexical.entries"
  static let terms = "lexical.terms"
  static let postings = "lexical.postings"
  static let entryBytes = 20
}

/// What the section `lexical` says.
struct LexicalHeader: Equatable {
  var analyzer: Int
  var chunks: Int
  var terms: Int
  var totalLength: Int
  var weights: LexicalWeights
  /// The languages whose analysis made terms; an empty one stands for texts of no known language.
  var languages: [String]
  /// How many chunks were analysed in each of `languages`.
  var languageChunks: [Int]

  /// The mean length of a chunk in terms, at least one.
  var mean: Float { chunks > 0 ? max(1, Float(totalLength) / Float(chunks)) : 1 }

  var bytes: [UInt8] {
    var writer = ByteWriter()
    for number in [LexicalLayout.version, analyzer, chunks, terms, totalLength, weights.title, weights.headings] {
      writer.write(number)
    }
    for number in [weights.k1, weights.b] { writer.write(fixed: UInt64(number.bitPattern)) }
    writer.write(list: languages) { $0.write($1) }
    writer.write(list: languageChunks) { $0.write($1) }
    return writer.bytes
  }

  init(
    chunks: Int, terms: Int, totalLength: Int, weights: LexicalWeights, languages: [String], languageChunks: [Int]
  ) {
    analyzer = Analyzer.version
    self.chunks = chunks
    self.terms = terms
    self.totalLength = totalLength
    self.weights = weights
    self.languages = languages
    self.languageChunks = languageChunks
  }

  init(_ bytes: UnsafeRawBufferPointer) throws {
    var reader = ByteReader(bytes)
    let version = try reader.int()
    analyzer = try reader.int()
    guard version == LexicalLayout.version, analyzer == Analyzer.version else {
      throw SearchIndexError(
        section: LexicalLayout.header,
        reason: "version \(version) with analysis \(analyzer), this program reads \(LexicalLayout.version) with "
          + "\(Analyzer.version); index again")
    }
    chunks = try reader.int()
    terms = try reader.int()
    totalLength = try reader.int()
    weights = LexicalWeights()
    weights.title = try reader.int()
    weights.headings = try reader.int()
    weights.k1 = Float(bitPattern: UInt32(truncatingIfNeeded: try reader.fixed()))
    weights.b = Float(bitPattern: UInt32(truncatingIfNeeded: try reader.fixed()))
    languages = try reader.list { reader throws(ByteCodingError) in try reader.text() }
    languageChunks = try reader.list { reader throws(ByteCodingError) in try reader.int() }
    guard weights.areSound, chunks < Int(UInt32.max), terms < Int(UInt32.max), languages.count < 1000,
      languages.count == languageChunks.count
    else { throw SearchIndexError(section: LexicalLayout.header, reason: "the header is damaged") }
  }
}
