/// The `Content-Type` field: a media type and its charset (RFC 9110, section 8.3; read as leniently as the MIME
/// Sniffing Standard's «parse a MIME type»).
public struct ContentTypeHeader: Hashable, Sendable {
  /// Type and subtype in lower case: `text/html`.
  public let mediaType: String
  /// The charset parameter in lower case; nil when there is none.
  public let charset: String?

  /// Reads a field's value; nil where it does not start with `type/subtype`.
  public init?(_ value: String) {
    let bytes = Array(value.utf8.prefix(4_096))
    guard let (type, rest) = Self.mediaType(bytes[...]) else { return nil }
    mediaType = type
    charset = Self.parameter("charset", in: rest)
  }

  /// Whether this is HTML or XHTML.
  public var isHTML: Bool { mediaType == "text/html" || mediaType == "application/xhtml+xml" }

  private static let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]

  /// RFC 9110's tchar.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    byte.isASCIILetter || byte.isASCIIDigit || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var slice = bytes.drop { blanks.contains($0) }
    while let last = slice.last, blanks.contains(last) { slice = slice.dropLast() }
    return slice
  }

  private static func lowercase(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.map(\.asciiLowercased), as: UTF8.self)
  }

  private static func mediaType(_ bytes: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>)? {
    // Several fields joined by a comma: the first one counts where the value is not one type with parameters.
    let end = bytes.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ",") } ?? bytes.endIndex
    let parts = trimmed(bytes[..<end]).split(
      separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isTokenByte) }) else { return nil }
    return (lowercase(parts[0]) + "/" + lowercase(parts[1]), bytes[end...])
  }

  /// The first value of a parameter, unquoted, in lower case.
  private static func parameter(_ name: String, in bytes: ArraySlice<UInt8>) -> String? {
    var rest = bytes
    while rest.first == UInt8(ascii: ";") {
      rest = rest.dropFirst()
      let key = trimmed(rest.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ",") })
      rest = rest.drop { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ",") }
      guard rest.first == UInt8(ascii: "=") else { continue }
      rest = rest.dropFirst().drop { blanks.contains($0) }
      let value: [UInt8]
      if rest.first == UInt8(ascii: "\"") {
        (value, rest) = quoted(rest.dropFirst())
      } else {
        value = Array(trimmed(rest.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }))
        rest = rest.drop { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
      }
      if lowercase(key) == name, !value.isEmpty {
        // Single quotes are no quotes in HTTP, but pages that write them mean the name between.
        return lowercase(trimmed(value[...].drop { $0 == UInt8(ascii: "'") }.prefix { $0 != UInt8(ascii: "'") }))
      }
    }
    return nil
  }

  /// A quoted string's content, and what follows up to the next semicolon.
  private static func quoted(_ bytes: ArraySlice<UInt8>) -> ([UInt8], ArraySlice<UInt8>) {
    var value: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex, bytes[index] != UInt8(ascii: "\"") {
      if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.endIndex { index += 1 }
      value.append(bytes[index])
      index += 1
    }
    return (value, bytes[index...].drop { $0 != UInt8(ascii: ";") })
  }
}
