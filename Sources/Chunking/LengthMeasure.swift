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

  func length(_ start: Int, _ end: Int) -> Int {
    guard start < end else { return 0 }
    let part = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[start..<end]))
    // Every scalar has exactly one byte that does not continue another: count those that do (bits 10xxxxxx), eight
    // at a time, in lanes of a word that hold up to 255.
    let ones: UInt64 = 0x0101_0101_0101_0101
    var count = part.count
    var offset = 0
    while offset + 8 <= part.count {
      var lanes: UInt64 = 0
      let stop = min(part.count - 7, offset + 8 * 255)
      while offset < stop {
        let word = part.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        lanes &+= (word &>> 7) & (~word &>> 6) & ones
        offset &+= 8
      }
      // The sum of eight lanes may need more than eight bits: add pairs first.
      let pairs = (lanes & 0x00FF_00FF_00FF_00FF) &+ ((lanes &>> 8) & 0x00FF_00FF_00FF_00FF)
      count &-= Int((pairs &* 0x0001_0001_0001_0001) &>> 48)
    }
    while offset < part.count {
      if Int8(bitPattern: part[offset]) <= -65 { count &-= 1 }
      offset &+= 1
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
