/// Folding: the spelling under which words are compared.
public enum Folding {
  /// Folds a text: lower case, compatibility forms resolved (`ﬁ`, full width), accents removed (`ñ` → `n`, `ß` → `ss`).
  ///
  /// Composed and decomposed accents fold alike; marks that carry vowels or voice (Indic scripts, kana) stay.
  public static func fold(_ text: some StringProtocol) -> String {
    var text = String(text)
    return text.withUTF8 { bytes in
      var folded: [UInt8] = []
      fold(bytes, into: &folded)
      return String(decoding: folded, as: UTF8.self)
    }
  }

  /// Appends the fold of valid UTF-8.
  static func fold(_ bytes: UnsafeBufferPointer<UInt8>, into folded: inout [UInt8]) {
    append(bytes, to: &folded) { ScalarTraits.fold($0) }
  }

  /// Appends the lower case of valid UTF-8, accents kept.
  static func lower(_ bytes: UnsafeBufferPointer<UInt8>, into lowered: inout [UInt8]) {
    append(bytes, to: &lowered) { ScalarTraits.lower($0) }
  }

  @inline(__always)
  private static func append(
    _ bytes: UnsafeBufferPointer<UInt8>, to result: inout [UInt8], mapping: (UInt32) -> UInt32
  ) {
    result.reserveCapacity(result.count + bytes.count)
    var offset = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte < 0x80 {
        result.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
        offset += 1
        continue
      }
      let (scalar, length) = decodeScalar(bytes, at: offset)
      var packed = mapping(scalar)
      while packed != 0 {
        result.append(UInt8(truncatingIfNeeded: packed))
        packed >>= 8
      }
      offset += length
    }
  }
}
