internal import HTTPClient

/// The path of an `Allow` or `Disallow` line: text with `*` for anything and a final `$` for the end.
struct RobotsPattern: Sendable, Equatable {
  /// The texts between stars.
  private let pieces: [RobotsPiece]
  private let isAnchored: Bool
  /// How specific the rule is: the octets of the written pattern, by which the longest match wins.
  let length: Int

  /// Makes a pattern from the bytes of a rule's value.
  init(_ value: ArraySlice<UInt8>, _ encoding: RobotsEncoding) {
    var bytes = value
    isAnchored = bytes.last == UInt8(ascii: "$")
    if isAnchored { bytes = bytes.dropLast() }
    pieces = bytes.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
      .map { RobotsPiece(encoding.normalised($0)) }
    length = pieces.reduce(pieces.count - 1 + (isAnchored ? 1 : 0)) { $0 + $1.bytes.count }
  }

  /// Whether a normalised path with query matches.
  ///
  /// Each piece is looked for behind the one before, leftmost first: what a later piece may need is never used up,
  /// so nothing is tried twice.
  ///
  /// - Complexity: O(path + pattern), whatever the number of stars.
  func matches(_ path: [UInt8]) -> Bool {
    guard let first = pieces.first?.bytes, path.starts(with: first) else { return false }
    guard pieces.count > 1 else { return !isAnchored || path.count == first.count }
    var position = first.count
    for piece in pieces[1..<(pieces.count - 1)] {
      guard let end = piece.endOfFirst(in: path, from: position) else { return false }
      position = end
    }
    guard let last = pieces.last else { return false }
    guard isAnchored else { return last.endOfFirst(in: path, from: position) != nil }
    return path.count - position >= last.bytes.count && path.suffix(last.bytes.count).elementsEqual(last.bytes)
  }
}

/// A text between stars, ready to be looked for in linear time (Knuth, Morris, Pratt).
struct RobotsPiece: Sendable, Equatable {
  let bytes: [UInt8]
  /// For each byte, how much of the piece's start stands right before and with it.
  private let overlaps: [Int32]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var overlaps = [Int32](repeating: 0, count: bytes.count)
    var length = 0
    for index in bytes.indices.dropFirst() {
      while length > 0, bytes[index] != bytes[length] { length = Int(overlaps[length - 1]) }
      if bytes[index] == bytes[length] { length += 1 }
      overlaps[index] = Int32(truncatingIfNeeded: length)
    }
    self.overlaps = overlaps
  }

  /// Where the first occurrence at or behind a position ends.
  func endOfFirst(in path: [UInt8], from start: Int) -> Int? {
    if bytes.isEmpty { return start }
    guard path.count - start >= bytes.count else { return nil }
    var length = 0
    for index in start..<path.count {
      while length > 0, path[index] != bytes[length] { length = Int(overlaps[length - 1]) }
      if path[index] == bytes[length] { length += 1 }
      if length == bytes.count { return index + 1 }
    }
    return nil
  }
}

/// How percent-encoding is levelled before a rule and a path are compared (RFC 9309, section 2.2.2).
enum RobotsEncoding: Sendable {
  /// Bytes beyond ASCII are escaped and hexadecimal digits made capitals; other escapes stay.
  case asWritten
  /// Beyond that, escapes of unreserved characters (RFC 3986, section 2.3) are decoded.
  case decoded

  func normalised(_ text: some Sequence<UInt8>) -> [UInt8] {
    let bytes = Array(text)
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%"), index + 2 < bytes.count, let high = bytes[index + 1].hexDigitValue,
        let low = bytes[index + 2].hexDigitValue
      {
        let value = high << 4 | low
        if self == .decoded, Self.isUnreserved(value) {
          output.append(value)
        } else {
          PercentEncoding.appendEscape(value, to: &output)
        }
        index += 3
        continue
      }
      // `*` and `$` have a meaning in rules; a path holds them as text, which rules write as escapes.
      if byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "*") || byte == UInt8(ascii: "$") {
        PercentEncoding.appendEscape(byte, to: &output)
      } else {
        output.append(byte)
      }
      index += 1
    }
    return output
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    byte.isASCIILetter || byte.isASCIIDigit || "-._~".utf8.contains(byte)
  }
}
