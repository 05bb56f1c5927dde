/// Base64 for URLs and file names, without padding (RFC 4648, section 5): what JSON Web Tokens are written in.
public enum Base64URL {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private static let values: [UInt8] = letters.enumerated().reduce(into: [UInt8](repeating: 0xFF, count: 256)) {
    $0[Int($1.element)] = UInt8($1.offset)
  }

  /// Writes bytes.
  public static func text(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count * 4 + 2) / 3)
    var bits = 0
    var held: UInt32 = 0
    for byte in bytes {
      held = held << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(letters[Int(held >> UInt32(bits) & 63)])
      }
      held &= (1 << UInt32(bits)) - 1
    }
    if bits > 0 { text.append(letters[Int(held << UInt32(6 - bits) & 63)]) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads what `text` writes; nil for padding, other letters, and bits behind the last byte that are not 0, so that
  /// every sequence of bytes has one form only.
  public static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 3 / 4)
    var bits = 0
    var held: UInt32 = 0
    for letter in text {
      let value = values[Int(letter)]
      guard value != 0xFF else { return nil }
      held = held << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
        held &= (1 << UInt32(bits)) - 1
      }
    }
    return held == 0 ? bytes : nil
  }
}
