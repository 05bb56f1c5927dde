/// Cuts a stream of bytes into lines that end in LF, CRLF or CR, wherever its pieces are cut.
public struct LineSplitter: Sendable {
  /// Why a stream cannot be cut into lines.
  public struct TooLong: Error, Sendable, Equatable, CustomStringConvertible {
    /// The limit, in bytes.
    public let limit: Int

    /// What happened.
    public var description: String { "a line of the stream has more than \(limit) bytes" }
  }

  /// No line may have more bytes.
  private let limit: Int
  private var line: [UInt8] = []
  /// Whether the last byte was a CR, so that a LF now belongs to it.
  private var followsReturn = false

  /// Makes a splitter; 1 MiB a line by default.
  public init(longestLine limit: Int = 1 << 20) {
    self.limit = limit
  }

  /// Takes a piece of the stream.
  ///
  /// - Parameter piece: the bytes that came.
  /// - Returns: the lines that it completes, without their ends.
  /// - Throws: `TooLong`; the splitter is of no use afterwards.
  public mutating func lines(_ piece: [UInt8]) throws(TooLong) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var start = piece.startIndex
    for index in piece.indices {
      let byte = piece[index]
      guard byte == 0x0A || byte == 0x0D else {
        followsReturn = false
        continue
      }
      defer {
        start = index + 1
        followsReturn = byte == 0x0D
      }
      if byte == 0x0A, followsReturn { continue }
      try take(piece[start..<index])
      lines.append(line)
      line = []
    }
    try take(piece[start...])
    return lines
  }

  /// What stands behind the last end of a line, at the end of the stream.
  public mutating func rest() -> [UInt8] {
    defer { line = [] }
    return line
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>) throws(TooLong) {
    guard bytes.count <= limit - line.count else { throw TooLong(limit: limit) }
    line += bytes
  }
}
