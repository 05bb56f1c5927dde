/// Makes terms of words and remembers those it has made.
///
/// Used by one thread at a time: the pool hands each maker to one caller until it is given back, which is what
/// allows the unchecked conformance.
final class TermMaker: @unchecked Sendable {
  /// Longer words are cut: what is longer is data, and nobody asks for its end.
  static let longestTerm = 64

  private static let slotCount = 8192
  private static let keySize = 24

  private let stemmer: StemmerHandle?
  private let stopWords: Set<String>
  // A direct-mapped memory of short words: the bytes as written, their length (0 is free) and the term (nil: a stop word).
  private var keys = [UInt8](repeating: 0, count: slotCount * keySize)
  private var lengths = [UInt8](repeating: 0, count: slotCount)
  private var terms = [String?](repeating: nil, count: slotCount)
  private var buffer: [UInt8] = []

  init(language: String?, stopWords: Bool) {
    stemmer = language.flatMap { StemmerHandle(language: $0) }
    self.stopWords = stopWords ? language.map { StopWords.words(for: $0) } ?? [] : []
  }

  /// Calls `body` with start, end and text of each term of valid UTF-8.
  @inline(__always)
  func forEachTerm(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Int, Int, String) -> Void) {
    WordSplitter.scan(bytes) { start, end, kind in
      if let term = term(UnsafeBufferPointer(rebasing: bytes[start..<end]), kind) { body(start, end, term) }
    }
  }

  private func term(_ word: UnsafeBufferPointer<UInt8>, _ kind: WordSplitter.Kind) -> String? {
    guard kind == .word, word.count <= Self.keySize else { return make(word, kind) }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in word { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let slot = Int(truncatingIfNeeded: (hash ^ hash >> 29) & UInt64(Self.slotCount - 1))
    if Int(lengths[slot]) == word.count, isKey(word, in: slot) { return terms[slot] }
    let term = make(word, kind)
    for (place, byte) in word.enumerated() { keys[slot * Self.keySize + place] = byte }
    lengths[slot] = UInt8(word.count)
    terms[slot] = term
    return term
  }

  @inline(__always)
  private func isKey(_ word: UnsafeBufferPointer<UInt8>, in slot: Int) -> Bool {
    let base = slot * Self.keySize
    for place in 0..<word.count where keys[base + place] != word[place] { return false }
    return true
  }

  private func make(_ word: UnsafeBufferPointer<UInt8>, _ kind: WordSplitter.Kind) -> String? {
    let word = cut(word)
    buffer.removeAll(keepingCapacity: true)
    Folding.fold(word, into: &buffer)
    guard !buffer.isEmpty else { return nil }
    let folded = String(decoding: buffer, as: UTF8.self)
    switch kind {
    case .compound, .bigram: return folded
    case .part where buffer.count == 1 && buffer[0] &- 0x30 >= 10: return nil
    case .word, .part: break
    }
    if stopWords.contains(folded) { return nil }
    // Codes are not inflected.
    guard let stemmer, !buffer.contains(where: { $0 &- 0x30 < 10 }) else { return folded }
    buffer.removeAll(keepingCapacity: true)
    stemmer.stem(word, into: &buffer)
    return buffer.isEmpty ? folded : String(decoding: buffer, as: UTF8.self)
  }

  private func cut(_ word: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    guard word.count > Self.longestTerm else { return word }
    var end = Self.longestTerm
    while end > 0, word[end] & 0xC0 == 0x80 { end -= 1 }
    return UnsafeBufferPointer(rebasing: word[..<end])
  }
}
