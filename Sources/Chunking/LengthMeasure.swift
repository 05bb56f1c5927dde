internal import Corpus

/// How long byte ranges of one text are, in the unit of a chunker.
protocol LengthMeasure {
  /// The length of the bytes `start ..< end`, which begin and end between characters.
  func length(_ start: Int, _ end: Int) -> Int
  /// The length of an empty text.
  var emptyLength: Int { get }
}

/// Counts Unicode scalars.
struct ScalarLength: LengthMeasure {
  let bytes: UnsafeBufferPointer<UInt8>

  var emptyLength: Int { 0 }

  @inline(__always)
  func length(_ start: Int, _ end: Int) -> Int {
    var count = 0
    // Every scalar has exactly one byte that does not continue another.
    for byte in UnsafeBufferPointer(rebasing: bytes[start..<end]) {
      count &+= Int8(bitPattern: byte) > -65 ? 1 : 0
    }
    return count
  }
}

/// Asks a caller's measure.
struct ClosureLength: LengthMeasure {
  let text: String
  let measure: @Sendable (Substring) -> Int

  var emptyLength: Int { max(0, measure("")) }

  func length(_ start: Int, _ end: Int) -> Int {
    max(0, text.slice(TextRange(start: start, end: end)).map(measure) ?? 0)
  }
}
