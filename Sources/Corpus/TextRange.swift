/// A half-open range of UTF-8 bytes, counted from 0, in some text.
public struct TextRange: Hashable, Sendable {
  /// The first byte.
  public var start: Int
  /// One past the last byte.
  public var end: Int

  /// Makes the range `start ..< end`.
  public init(start: Int, end: Int) {
    self.start = start
    self.end = end
  }

  /// How many bytes it covers.
  public var count: Int { end - start }

  /// Whether no byte is covered.
  public var isEmpty: Bool { end <= start }
}

extension String {
  /// The text at a byte range; nil where the range leaves the text or cuts a character's bytes.
  public func slice(_ range: TextRange) -> Substring? {
    guard range.start >= 0, range.end >= range.start, range.end <= utf8.count else { return nil }
    let start = utf8.index(utf8.startIndex, offsetBy: range.start)
    let end = utf8.index(start, offsetBy: range.count)
    guard start.samePosition(in: unicodeScalars) != nil, end.samePosition(in: unicodeScalars) != nil else { return nil }
    return Substring(unicodeScalars[start..<end])
  }
}
