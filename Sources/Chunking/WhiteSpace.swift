internal import Corpus

/// White space as Python's `str.strip` knows it, which decides where LangChain's chunks begin and end.
enum WhiteSpace {
  /// The range without white space at both ends; empty at its start when nothing else is there.
  static func stripped(_ bytes: UnsafeBufferPointer<UInt8>, _ range: TextRange) -> TextRange {
    var start = range.start
    var end = range.end
    while start < end, let length = length(bytes, at: start, end: end) { start += length }
    while end > start, let length = length(bytes, before: end, start: start) { end -= length }
    return TextRange(start: start, end: end)
  }

  /// The length in bytes of the white space at an offset; nil where there is none.
  @inline(__always)
  static func length(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int, end: Int) -> Int? {
    let byte = bytes[offset]
    if byte < 0x80 { return isASCIISpace(byte) ? 1 : nil }
    return wideLength(bytes, at: offset, end: end)
  }

  private static func length(_ bytes: UnsafeBufferPointer<UInt8>, before end: Int, start: Int) -> Int? {
    let byte = bytes[end - 1]
    if byte < 0x80 { return isASCIISpace(byte) ? 1 : nil }
    var offset = end - 1
    while offset > start, bytes[offset] & 0xC0 == 0x80, end - offset < 3 { offset -= 1 }
    guard let length = wideLength(bytes, at: offset, end: end), offset + length == end else { return nil }
    return length
  }

  @inline(__always)
  private static func isASCIISpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte &- 0x09 < 5 || byte &- 0x1C < 4
  }

  private static func wideLength(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int, end: Int) -> Int? {
    if bytes[offset] == 0xC2, offset + 1 < end {
      return bytes[offset + 1] == 0x85 || bytes[offset + 1] == 0xA0 ? 2 : nil
    }
    guard offset + 2 < end else { return nil }
    switch (bytes[offset], bytes[offset + 1], bytes[offset + 2]) {
    case (0xE1, 0x9A, 0x80), (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8...0xA9), (0xE2, 0x80, 0xAF),
      (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80):
      return 3
    default: return nil
    }
  }
}
