internal import Corpus
internal import TextAnalysis

/// Cuts a text that comes in pieces into sentences, each with the markers behind it and the white space after it.
///
/// Joined, the sentences are the text. A sentence is given when the next one has begun: only then is it known that no
/// marker belongs to it any more.
struct SentenceStream {
  private var pending = ""
  /// Text without an end of a sentence is cut at white space from here on, in bytes.
  private static let longest = 4_000

  /// Takes a piece and gives the sentences that it completes.
  mutating func take(_ piece: String) -> [String] {
    pending += piece
    return cut()
  }

  /// What is left at the end, as sentences.
  mutating func rest() -> [String] {
    var sentences = cut()
    if !pending.isEmpty { sentences.append(pending) }
    pending = ""
    return sentences
  }

  private mutating func cut() -> [String] {
    var sentences: [String] = []
    while let end = firstEnd() {
      sentences.append(String(pending[..<end]))
      pending = String(pending[end...])
    }
    return sentences
  }

  /// Where the second sentence begins; nil while there is none.
  private func firstEnd() -> String.Index? {
    let ranges = SentenceSplitter.sentences(in: pending)
    for range in ranges.dropFirst() {
      let start = pending.utf8.index(pending.startIndex, offsetBy: range.start)
      let text = pending[start...]
      let lead = Markers.lead(of: text)
      // Markers alone, or what may become one, belong to the sentence before.
      if lead.endIndex == pending.endIndex || Markers.mayBegin(pending[lead.endIndex...]) { return nil }
      let next = pending[lead.endIndex...].firstIndex { !$0.isWhitespace } ?? pending.endIndex
      guard next < pending.endIndex else { return nil }
      return next
    }
    guard pending.utf8.count > Self.longest else { return nil }
    return pending.lastIndex { $0.isWhitespace }.map { pending.index(after: $0) } ?? pending.endIndex
  }
}
