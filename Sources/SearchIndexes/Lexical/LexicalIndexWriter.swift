internal import CKernels
internal import Corpus

/// Builds a BM25 index of chunks.
///
/// Memory: the vocabulary (about 100 bytes a term), four bytes a chunk, and postings up to a limit of six bytes each;
/// beyond it they wait in temporary files without names. The bytes written do not depend on the limit.
public final class LexicalIndexWriter {
  private let weights: LexicalWeights
  private let folder: String?
  private let limit: Int
  private let sink: SectionSink

  private var languageChunks: [String: Int] = [:]
  private var vocabulary = Vocabulary()
  private var lengths: [UInt32] = []
  private var totalLength = 0
  /// Postings of the chunks since the last run, chunk by chunk.
  private var terms: [UInt32] = []
  private var frequencies: [UInt16] = []
  private var chunkEnds: [Int] = []
  private var runs: [PostingRun] = []

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
    let counted = CountedTerms(chunks: [(text, headings)], title: title, language: language, weights: weights)
    try counted.bytes.withUnsafeBytes { try append(counted: $0) }
  }

  /// Adds the chunks of the next document, whose terms were counted with the same weights.
  ///
  /// - Parameter bytes: what `CountedTerms.bytes` gave.
  /// - Throws: `SearchIndexError` when postings cannot wait in a file, `ByteCodingError` for other bytes.
  public func append(counted bytes: UnsafeRawBufferPointer) throws {
    var reader = ByteReader(bytes)
    let language = try reader.text()
    let local = try reader.list { reader throws(ByteCodingError) in
      let count = try reader.count()
      return vocabulary.number(of: try reader.raw(count))
    }
    let chunkCount = try reader.count()
    languageChunks[language, default: 0] += chunkCount
    for _ in 0..<chunkCount {
      let length = try reader.int()
      for _ in 0..<(try reader.count()) {
        let (term, frequency) = (try reader.int(), try reader.int())
        guard term < local.count else { throw ByteCodingError(description: "term \(term) of \(local.count)") }
        terms.append(local[term])
        frequencies.append(UInt16(clamping: frequency))
      }
      chunkEnds.append(terms.count)
      lengths.append(UInt32(clamping: length))
      totalLength += length
    }
    if terms.count >= limit, folder != nil { try endRun() }
  }

  private func endRun() throws {
    guard !chunkEnds.isEmpty else { return }
    // The last run of an index that never came to its limit stays in memory.
    let folder = terms.count >= limit || !runs.isEmpty ? folder : nil
    runs.append(
      try PostingRun.sorting(
        terms: terms, weights: frequencies, chunkEnds: chunkEnds, firstChunk: lengths.count - chunkEnds.count,
        termCount: vocabulary.count, folder: folder))
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
      chunks: lengths.count, terms: vocabulary.count, totalLength: totalLength, weights: weights, languages: languages,
      languageChunks: languages.map { languageChunks[$0] ?? 0 })
    try header.bytes.withUnsafeBytes { try sink(LexicalLayout.header, 0, $0) }
    try lengths.map(\.littleEndian).withUnsafeBytes { try sink(LexicalLayout.lengths, 0, $0) }
    try writeTerms(mean: header.mean)
  }

  /// Dictionary and postings, both in the order of the terms' bytes.
  private func writeTerms(mean: Float) throws {
    let ordered = vocabulary.sorted()
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
    for number in ordered {
      chunks.removeAll(keepingCapacity: true)
      weights.removeAll(keepingCapacity: true)
      for run in runs {
        let (runChunks, runWeights) = run.postings(number)
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
      vocabulary.withBytes(of: number) { texts.append(contentsOf: $0) }
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
