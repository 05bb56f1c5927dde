internal import CKernels
internal import Corpus
internal import TextAnalysis

/// Builds a BM25 index of chunks.
///
/// Memory: the vocabulary (about 100 bytes a term), four bytes a chunk, and postings up to a limit of six bytes each;
/// beyond it they wait in temporary files without names. The bytes written do not depend on the limit.
public final class LexicalIndexWriter {
  private let weights: LexicalWeights
  private let folder: String?
  private let limit: Int
  private let sink: SectionSink

  private var analyzers: [String: Analyzer] = [:]
  private var languageChunks: [String: Int] = [:]
  private var numbers: [String: UInt32] = [:]
  private var lengths: [UInt32] = []
  private var totalLength = 0
  /// Postings of the chunks since the last run, chunk by chunk.
  private var terms: [UInt32] = []
  private var frequencies: [UInt16] = []
  private var chunkEnds: [Int] = []
  private var runs: [PostingRun] = []
  private var lastTitle = (text: "", language: "", terms: [String]())

  /// Makes a builder.
  ///
  /// - Parameters:
  ///   - weights: how fields and frequencies count.
  ///   - temporaryFolder: where postings beyond the limit wait; nil keeps all of them in memory.
  ///   - postingsInMemory: the limit; 4 million by default, about 25,000 chunks of 2,000 characters.
  ///   - sink: takes the values.
  /// - Throws: `SearchIndexError` for weights out of their ranges.
  public init(
    weights: LexicalWeights = LexicalWeights(), temporaryFolder: String? = nil, postingsInMemory: Int = 4 << 20,
    sink: @escaping SectionSink
  ) throws {
    guard weights.areSound else {
      throw SearchIndexError(section: LexicalLayout.header, reason: "\(weights) are out of their ranges")
    }
    self.weights = weights
    folder = temporaryFolder
    limit = max(1, postingsInMemory)
    self.sink = sink
  }

  /// Adds the next chunk.
  ///
  /// - Parameters:
  ///   - text: its text.
  ///   - title: its document's title.
  ///   - headings: the headings it stands under.
  ///   - language: its document's language; nil when it is not known.
  /// - Throws: `SearchIndexError` when postings cannot wait in a file.
  public func append(text: String, title: String, headings: [String], language: String?) throws {
    let language = language ?? ""
    let analyzer = analyzers[language] ?? Analyzer(language: language.isEmpty ? nil : language)
    analyzers[language] = analyzer
    languageChunks[language, default: 0] += 1
    var counts: [UInt32: Int] = [:]
    var length = 0
    func count(_ terms: [String], times: Int) {
      guard times > 0 else { return }
      for term in terms { counts[number(of: term), default: 0] += times }
      length += terms.count * times
    }
    count(analyzer.terms(text), times: 1)
    for heading in headings { count(analyzer.terms(heading), times: weights.headings) }
    if lastTitle.text != title || lastTitle.language != language {
      lastTitle = (title, language, analyzer.terms(title))
    }
    count(lastTitle.terms, times: weights.title)
    for (term, frequency) in counts.sorted(by: { $0.key < $1.key }) {
      terms.append(term)
      frequencies.append(UInt16(clamping: frequency))
    }
    chunkEnds.append(terms.count)
    lengths.append(UInt32(clamping: length))
    totalLength += length
    if terms.count >= limit, folder != nil { try endRun() }
  }

  private func number(of term: String) -> UInt32 {
    if let number = numbers[term] { return number }
    let number = UInt32(numbers.count)
    numbers[term] = number
    return number
  }

  private func endRun() throws {
    guard !chunkEnds.isEmpty else { return }
    // The last run of an index that never came to its limit stays in memory.
    let folder = terms.count >= limit || !runs.isEmpty ? folder : nil
    runs.append(
      try PostingRun.sorting(
        terms: terms, weights: frequencies, chunkEnds: chunkEnds, firstChunk: lengths.count - chunkEnds.count,
        termCount: numbers.count, folder: folder))
    terms.removeAll(keepingCapacity: folder != nil)
    frequencies.removeAll(keepingCapacity: folder != nil)
    chunkEnds.removeAll(keepingCapacity: folder != nil)
  }

  /// Writes the index.
  public func finish() throws {
    try endRun()
    terms = []
    frequencies = []
    let languages = languageChunks.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let header = LexicalHeader(
      chunks: lengths.count, terms: numbers.count, totalLength: totalLength, weights: weights, languages: languages,
      languageChunks: languages.map { languageChunks[$0] ?? 0 })
    try header.bytes.withUnsafeBytes { try sink(LexicalLayout.header, 0, $0) }
    try lengths.map(\.littleEndian).withUnsafeBytes { try sink(LexicalLayout.lengths, 0, $0) }
    try writeTerms(mean: header.mean)
  }

  /// Dictionary and postings, both in the order of the terms' bytes.
  private func writeTerms(mean: Float) throws {
    let ordered = numbers.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    var texts: [UInt8] = []
    var entries: [UInt8] = []
    var part: UInt32 = 0
    var postings: [UInt8] = []
    func flush() throws {
      postings.append(contentsOf: repeatElement(0, count: ACERVO_POSTINGS_PADDING))
      try postings.withUnsafeBytes { try sink(LexicalLayout.postings, part, $0) }
      postings.removeAll(keepingCapacity: true)
      part += 1
    }
    var chunks: [UInt32] = []
    var weights: [UInt16] = []
    for (term, number) in ordered {
      chunks.removeAll(keepingCapacity: true)
      weights.removeAll(keepingCapacity: true)
      for run in runs {
        let (runChunks, runWeights) = run.postings(Int(number))
        chunks.append(contentsOf: runChunks)
        weights.append(contentsOf: runWeights)
      }
      let start = postings.count
      let room = acervo_postings_bound(chunks.count)
      postings.append(contentsOf: repeatElement(0, count: room))
      let written = postings.withUnsafeMutableBufferPointer { buffer in
        acervo_postings_write(
          chunks, weights, chunks.count, lengths, self.weights.k1, self.weights.b, mean,
          buffer.baseAddress.map { $0 + start })
      }
      postings.removeLast(room - written)
      guard texts.count <= Int(Int32.max), written <= Int(Int32.max) else {
        throw SearchIndexError(section: LexicalLayout.terms, reason: "the vocabulary is longer than 2 GiB")
      }
      for field in [texts.count, chunks.count, Int(part), start, written] {
        withUnsafeBytes(of: UInt32(field).littleEndian) { entries.append(contentsOf: $0) }
      }
      texts.append(contentsOf: term.utf8)
      if postings.count >= 4 << 20 { try flush() }
    }
    if !postings.isEmpty { try flush() }
    // The end of the last term, in the form of an entry.
    for field in [texts.count, 0, 0, 0, 0] {
      withUnsafeBytes(of: UInt32(field).littleEndian) { entries.append(contentsOf: $0) }
    }
    try entries.withUnsafeBytes { try sink(LexicalLayout.entries, 0, $0) }
    try texts.withUnsafeBytes { try sink(LexicalLayout.terms, 0, $0) }
  }
}
