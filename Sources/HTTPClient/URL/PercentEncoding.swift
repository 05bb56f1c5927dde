/// A set of ASCII bytes.
struct ASCIISet: Sendable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init(_ characters: StaticString, adding other: ASCIISet? = nil) {
    if let other { self = other }
    characters.withUTF8Buffer { for byte in $0 { insert(byte) } }
  }

  private mutating func insert(_ byte: UInt8) {
    if byte < 64 { low |= 1 << UInt64(byte) } else if byte < 128 { high |= 1 << UInt64(byte - 64) }
  }

  func contains(_ byte: UInt8) -> Bool {
    if byte < 64 { return low >> UInt64(byte) & 1 == 1 }
    return byte < 128 && high >> UInt64(byte - 64) & 1 == 1
  }
}

/// Percent-encoding as the standard's section 1.3 draws it.
///
/// Every set below holds what is escaped beside the C0 controls, DEL and the bytes above ASCII, which always are.
package enum PercentEncoding {
  static let c0Control = ASCIISet("")
  static let fragment = ASCIISet(" \"<>`")
  static let query = ASCIISet(" \"#<>")
  static let specialQuery = ASCIISet("'", adding: query)
  static let path = ASCIISet("?^`{}", adding: query)
  static let userinfo = ASCIISet("/:;=@[\\]|", adding: path)

  /// Whether a byte is written as an escape under a set.
  static func escapes(_ byte: UInt8, _ set: ASCIISet) -> Bool {
    byte < 0x20 || byte > 0x7E || set.contains(byte)
  }

  /// Writes one byte, escaped where the set asks for it.
  static func append(_ byte: UInt8, to output: inout [UInt8], _ set: ASCIISet) {
    if escapes(byte, set) { appendEscape(byte, to: &output) } else { output.append(byte) }
  }

  /// Writes bytes, escaped where the set asks for it.
  static func append(_ bytes: ArraySlice<UInt8>, to output: inout [UInt8], _ set: ASCIISet) {
    for byte in bytes { append(byte, to: &output, set) }
  }

  /// Writes `%` and two upper-case hexadecimal digits.
  package static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "%"))
    output.append(upperHexDigit(byte >> 4))
    output.append(upperHexDigit(byte & 15))
  }

  private static func upperHexDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
  }

  /// The bytes with every well-formed escape replaced by what it stands for.
  static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.endIndex,
        let high = bytes[index + 1].hexDigitValue, let low = bytes[index + 2].hexDigitValue
      {
        output.append(high << 4 | low)
        index += 3
      } else {
        output.append(bytes[index])
        index += 1
      }
    }
    return output
  }
}

extension UInt8 {
  /// The value of an ASCII hexadecimal digit.
  package var hexDigitValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }

  /// Whether this is an ASCII letter.
  package var isASCIILetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }

  /// Whether this is an ASCII digit.
  package var isASCIIDigit: Bool { self >= 0x30 && self <= 0x39 }

  /// An ASCII capital made small; every other byte as it is.
  package var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}
