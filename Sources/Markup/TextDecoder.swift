internal import CUChardet
internal import Glibc

/// A page's text as UTF-8, and how its encoding was found out.
public struct DecodedText: Sendable, Equatable {
  /// What named the encoding.
  public enum Basis: Sendable, Equatable {
    /// A byte order mark.
    case byteOrderMark
    /// The transport: HTTP's `Content-Type`.
    case transport
    /// The page's own `<meta>`.
    case page
    /// The bytes themselves.
    case detection
  }

  /// Valid UTF-8 without a byte order mark and without NUL; sequences that mean nothing became U+FFFD.
  public let utf8: [UInt8]
  /// The encoding that the bytes were in.
  public let charset: Charset
  /// What named it.
  public let basis: Basis
  /// How many byte sequences meant nothing.
  public let replacements: Int
}

/// Finds out the encoding of a text and makes UTF-8 of it; never fails.
///
/// The order is that of <https://html.spec.whatwg.org/#encoding-sniffing-algorithm>: byte order mark, transport, `<meta>`
/// in the first 1,024 bytes, then detection by uchardet, then windows-1252. One thing differs: a text that is declared
/// UTF-8 without holding a single UTF-8 character beside its faults is not believed.
public enum TextDecoder {
  /// Decodes a text.
  ///
  /// - Parameters:
  ///   - bytes: the text as received.
  ///   - transportCharset: the `charset` of the transport's `Content-Type`, if it gave one.
  ///   - isHTML: whether `<meta>` may name the encoding.
  /// - Returns: the text in UTF-8, whatever the bytes were.
  public static func decode(_ bytes: [UInt8], transportCharset: String? = nil, isHTML: Bool = true) -> DecodedText {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      return text(Array(bytes.dropFirst(3)), .utf8, .byteOrderMark)
    }
    if bytes.starts(with: [0xFF, 0xFE]) { return text(Array(bytes.dropFirst(2)), .utf16LittleEndian, .byteOrderMark) }
    if bytes.starts(with: [0xFE, 0xFF]) { return text(Array(bytes.dropFirst(2)), .utf16BigEndian, .byteOrderMark) }
    if let transportCharset, let charset = Charset(label: transportCharset), isCredible(charset, bytes) {
      return text(bytes, charset, .transport)
    }
    if let wide = wideCharset(bytes) { return text(bytes, wide, .detection) }
    if isHTML, let charset = declaredCharset(bytes), isCredible(charset, bytes) {
      return text(bytes, charset, .page)
    }
    return text(bytes, detected(bytes), .detection)
  }

  private static func text(_ bytes: [UInt8], _ charset: Charset, _ basis: DecodedText.Basis) -> DecodedText {
    var decoded: [UInt8]
    var replacements = 0
    switch charset {
    case .utf8: (decoded, replacements) = repaired(bytes)
    case .windows1252: decoded = latin(bytes)
    default:
      guard let converted = converted(bytes, from: charset) else { return text(bytes, .windows1252, basis) }
      (decoded, replacements) = converted
    }
    if decoded.contains(0) { decoded.removeAll { $0 == 0 } }
    return DecodedText(utf8: decoded, charset: charset, basis: basis, replacements: replacements)
  }

  private static func isValid(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try UTF8Span(validating: bytes.span)
      return true
    } catch {
      return false
    }
  }

  private static func repaired(_ bytes: [UInt8]) -> ([UInt8], Int) {
    if isValid(bytes) { return (bytes, 0) }
    let whole = Array(String(decoding: bytes, as: UTF8.self).utf8)
    return (whole, replacementCount(whole))
  }

  private static func replacementCount(_ bytes: [UInt8]) -> Int {
    var count = 0
    for index in bytes.indices.dropLast(2)
    where bytes[index] == 0xEF && bytes[index + 1] == 0xBF && bytes[index + 2] == 0xBD { count += 1 }
    return count
  }

  /// Whether a declared encoding can be true: UTF-8 without one well-formed character above ASCII, but with faults, is
  /// the page of a server whose configuration lies; UTF-16 in a page whose ASCII `<meta>` was readable is UTF-8.
  private static func isCredible(_ charset: Charset, _ bytes: [UInt8]) -> Bool {
    guard charset == .utf8, !isValid(bytes) else { return true }
    var index = 0
    while index < bytes.count {
      let lead = bytes[index]
      let length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
      if lead >= 0xC2, lead < 0xF5, index + length <= bytes.count,
        bytes[(index + 1)..<(index + length)].allSatisfy({ $0 & 0xC0 == 0x80 })
      {
        return true
      }
      index += 1
    }
    return false
  }

  /// UTF-16 without a mark: in a text of mostly Western letters or markup, every other byte is NUL.
  private static func wideCharset(_ bytes: [UInt8]) -> Charset? {
    let length = min(bytes.count, 1024) & ~1
    guard length >= 8 else { return nil }
    var even = 0
    var odd = 0
    for index in stride(from: 0, to: length, by: 2) {
      if bytes[index] == 0 { even += 1 }
      if bytes[index + 1] == 0 { odd += 1 }
    }
    if odd * 10 >= length * 3, even * 20 < length { return .utf16LittleEndian }
    if even * 10 >= length * 3, odd * 20 < length { return .utf16BigEndian }
    return nil
  }

  private static func detected(_ bytes: [UInt8]) -> Charset {
    if isValid(bytes) || isMostlyUTF8(bytes) { return .utf8 }
    guard let detector = uchardet_new() else { return .windows1252 }
    defer { uchardet_delete(detector) }
    // Enough to be sure, and an upper bound on the time for a huge file.
    let sample = min(bytes.count, 200_000)
    bytes.withUnsafeBytes { buffer in
      _ = uchardet_handle_data(detector, buffer.bindMemory(to: CChar.self).baseAddress, sample)
    }
    uchardet_data_end(detector)
    guard let name = uchardet_get_charset(detector) else { return .windows1252 }
    return Charset(label: String(cString: name)) ?? .windows1252
  }

  /// Whether the characters above ASCII are well-formed UTF-8 but for a few: a good page with one cut character in it.
  private static func isMostlyUTF8(_ bytes: [UInt8]) -> Bool {
    let (repaired, faults) = repaired(bytes)
    var wide = 0
    for byte in repaired where byte >= 0xC0 { wide += 1 }
    return wide > faults * 20
  }

  private static func latin(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 8)
    for byte in bytes {
      let scalar = byte >= 0x80 && byte < 0xA0 ? upperLatin[Int(byte) - 0x80] : UInt16(byte)
      if scalar < 0x80 {
        result.append(UInt8(scalar))
      } else if scalar < 0x800 {
        result.append(0xC0 | UInt8(scalar >> 6))
        result.append(0x80 | UInt8(scalar & 0x3F))
      } else {
        result.append(0xE0 | UInt8(scalar >> 12))
        result.append(0x80 | UInt8(scalar >> 6 & 0x3F))
        result.append(0x80 | UInt8(scalar & 0x3F))
      }
    }
    return result
  }

  /// What windows-1252 has where Latin 1 has control characters.
  private static let upperLatin: [UInt16] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D,
    0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
    0x017E, 0x0178,
  ]

  /// Through `iconv`; nil where the system does not know the encoding.
  private static func converted(_ bytes: [UInt8], from charset: Charset) -> ([UInt8], Int)? {
    guard let descriptor = iconv_open("UTF-8", charset.iconvName), descriptor != iconv_t(bitPattern: -1) else {
      return nil
    }
    defer { iconv_close(descriptor) }
    var input = bytes
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 2)
    var replacements = 0
    var chunk = [CChar](repeating: 0, count: 1 << 16)
    input.withUnsafeMutableBytes { buffer in
      var source = buffer.bindMemory(to: CChar.self).baseAddress
      var left = buffer.count
      while left > 0 {
        let (status, failure) = chunk.withUnsafeMutableBufferPointer { space in
          var target = space.baseAddress
          var room = space.count
          let status = iconv(descriptor, &source, &left, &target, &room)
          let failure = errno
          result.append(
            contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(space)[..<(space.count - room)]))
          return (status, failure)
        }
        guard status == Int.max || status == -1 || status == Int(bitPattern: UInt.max), failure != E2BIG else {
          continue
        }
        // A sequence that means nothing, or the text's last, cut one: one mark for each byte left out.
        result.append(contentsOf: [0xEF, 0xBF, 0xBD])
        replacements += 1
        source = source.map { $0 + 1 }
        left -= 1
      }
    }
    // iconv may write surrogates or non-characters that Swift refuses; strings repair them.
    return isValid(result)
      ? (result, replacements) : (Array(String(decoding: result, as: UTF8.self).utf8), replacements)
  }
}
