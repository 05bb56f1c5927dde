internal import Corpus
internal import Glibc

/// Cuts as LangChain's `RecursiveCharacterTextSplitter` does with its default separators (langchain-text-splitters 1.1).
///
/// A text is split before every blank line; pieces as long as a chunk or longer are split further before line breaks,
/// then spaces, then every scalar. Neighbouring pieces are joined while they fit, the next chunk begins with the last
/// pieces of the one before that fit the overlap, and white space around a chunk is dropped. Chunks are slices of the
/// text, so they are kept as byte ranges all along.
struct RecursiveCutter<Measure: LengthMeasure> {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let measure: Measure
  private let size: Int
  private let overlap: Int
  private let emptyLength: Int
  private var chunks: [TextRange] = []

  // The pieces of the chunk that grows: contiguous, from `head` on; what lies before has gone into chunks.
  private var window: [(start: Int, length: Int)] = []
  private var head = 0
  private var windowEnd = 0
  private var total = 0

  /// The separators: a blank line, a line break, a space, and nothing at all.
  private enum Level: Int {
    case blankLine, lineBreak, space, scalar
  }

  init(bytes: UnsafeBufferPointer<UInt8>, measure: Measure, size: Int, overlap: Int) {
    self.bytes = bytes
    self.measure = measure
    self.size = size
    self.overlap = overlap
    emptyLength = measure.emptyLength
  }

  /// The chunks' byte ranges.
  mutating func cut() -> [TextRange] {
    split(0, bytes.count, .blankLine)
    return chunks
  }

  /// Splits a range by the first of the remaining separators that it holds.
  private mutating func split(_ start: Int, _ end: Int, _ first: Level) {
    var level = first
    while level != .scalar, separator(level, from: start, to: end) == nil {
      level = Level(rawValue: level.rawValue + 1) ?? .scalar
    }
    var pieceStart = start
    while pieceStart < end {
      let pieceEnd = pieceEnd(pieceStart, end, level)
      let length = measure.length(pieceStart, pieceEnd)
      if length < size {
        join(pieceStart, pieceEnd, length)
      } else {
        finishWindow()
        if level == .scalar {
          // LangChain takes what cannot be split as it is, white space and all.
          chunks.append(TextRange(start: pieceStart, end: pieceEnd))
        } else {
          split(pieceStart, pieceEnd, Level(rawValue: level.rawValue + 1) ?? .scalar)
        }
      }
      pieceStart = pieceEnd
    }
    finishWindow()
  }

  /// Where the piece that begins at an offset ends: before the next separator after its own.
  @inline(__always)
  private func pieceEnd(_ start: Int, _ end: Int, _ level: Level) -> Int {
    switch level {
    case .scalar:
      var next = start + 1
      while next < end, bytes[next] & 0xC0 == 0x80 { next += 1 }
      return next
    case .blankLine:
      let own = start + 1 < end && bytes[start] == 0x0A && bytes[start + 1] == 0x0A ? 2 : 0
      return separator(level, from: start + own, to: end) ?? end
    case .lineBreak:
      return separator(level, from: bytes[start] == 0x0A ? start + 1 : start, to: end) ?? end
    case .space:
      return separator(level, from: bytes[start] == 0x20 ? start + 1 : start, to: end) ?? end
    }
  }

  /// The offset of the first separator in a range.
  @inline(__always)
  private func separator(_ level: Level, from start: Int, to end: Int) -> Int? {
    let wanted: UInt8 = level == .space ? 0x20 : 0x0A
    var offset = start
    while offset < end {
      guard let base = bytes.baseAddress, let found = memchr(base + offset, Int32(wanted), end - offset) else {
        return nil
      }
      offset = UnsafeRawPointer(base).distance(to: found)
      guard level == .blankLine else { return offset }
      if offset + 1 < end, bytes[offset + 1] == 0x0A { return offset }
      offset += 1
    }
    return nil
  }

  /// Adds a piece to the growing chunk, finishing it first when both do not fit.
  private mutating func join(_ start: Int, _ end: Int, _ length: Int) {
    if total + length + (head < window.count ? emptyLength : 0) > size, head < window.count {
      emit(window[head].start, windowEnd)
      while head < window.count, total > overlap || (total + length + emptyLength > size && total > 0) {
        total -= window[head].length + (window.count - head > 1 ? emptyLength : 0)
        head += 1
      }
    }
    if head == window.count || head > 4_096 {
      window.removeFirst(head)
      head = 0
    }
    window.append((start, length))
    windowEnd = end
    total += length + (window.count - head > 1 ? emptyLength : 0)
  }

  private mutating func finishWindow() {
    if head < window.count { emit(window[head].start, windowEnd) }
    window.removeAll(keepingCapacity: true)
    head = 0
    total = 0
  }

  private mutating func emit(_ start: Int, _ end: Int) {
    let range = WhiteSpace.stripped(bytes, TextRange(start: start, end: end))
    if !range.isEmpty { chunks.append(range) }
  }
}
