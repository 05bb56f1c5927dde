/// What text analysis needs to know of a scalar, looked up in tables for the scripts that occur most.
enum ScalarTraits {
  /// What a scalar is within a word.
  struct Kind: OptionSet {
    let rawValue: UInt8
    /// A letter, digit or mark: part of a word.
    static let word = Kind(rawValue: 1)
    /// A decimal digit or other number.
    static let digit = Kind(rawValue: 2)
    /// An upper-case letter.
    static let upper = Kind(rawValue: 4)
    /// A lower-case letter.
    static let lower = Kind(rawValue: 8)
    /// White space.
    static let space = Kind(rawValue: 16)
    /// A letter of a script that writes no spaces between words.
    static let unspaced = Kind(rawValue: 32)
    /// A combining accent that folding drops.
    static let accent = Kind(rawValue: 64)
  }

  /// Scalars below this one are looked up in tables.
  static let tableSize: UInt32 = 0x3000

  private static let kinds: [UInt8] = (0..<tableSize).map { slowKind($0).rawValue }
  private static let folds: [UInt32] = foldTable(lowerOnly: false)
  private static let lowers: [UInt32] = foldTable(lowerOnly: true)

  /// The kind of a scalar.
  @inline(__always)
  static func kind(_ scalar: UInt32) -> Kind {
    scalar < tableSize ? Kind(rawValue: kinds[Int(scalar)]) : slowKind(scalar)
  }

  /// The UTF-8 bytes that a scalar folds to, the first in the lowest byte; 0 when it disappears.
  @inline(__always)
  static func fold(_ scalar: UInt32) -> UInt32 {
    if scalar < tableSize { return folds[Int(scalar)] }
    // Full-width letters and digits fold to ASCII, the ligatures of Latin to their letters.
    if scalar >= 0xFF10, scalar <= 0xFF5A { return fullWidth(scalar) }
    if scalar >= 0xFB00, scalar <= 0xFB06 { return ligature(scalar) }
    return packed(scalar)
  }

  /// The UTF-8 bytes of a scalar's lower case, the first in the lowest byte.
  @inline(__always)
  static func lower(_ scalar: UInt32) -> UInt32 {
    scalar < tableSize ? lowers[Int(scalar)] : packed(scalar)
  }

  /// A scalar's UTF-8 bytes, the first in the lowest byte.
  static func packed(_ scalar: UInt32) -> UInt32 {
    switch scalar {
    case ..<0x80: scalar
    case ..<0x800: (0xC0 | scalar >> 6) | (0x80 | scalar & 0x3F) << 8
    case ..<0x10000: (0xE0 | scalar >> 12) | (0x80 | scalar >> 6 & 0x3F) << 8 | (0x80 | scalar & 0x3F) << 16
    default:
      (0xF0 | scalar >> 18) | (0x80 | scalar >> 12 & 0x3F) << 8 | (0x80 | scalar >> 6 & 0x3F) << 16
        | (0x80 | scalar & 0x3F) << 24
    }
  }

  private static func fullWidth(_ scalar: UInt32) -> UInt32 {
    switch scalar {
    case 0xFF10...0xFF19: scalar - 0xFF10 + 0x30
    case 0xFF21...0xFF3A: scalar - 0xFF21 + 0x61
    case 0xFF41...0xFF5A: scalar - 0xFF41 + 0x61
    default: packed(scalar)
    }
  }

  private static func ligature(_ scalar: UInt32) -> UInt32 {
    let targets: [StaticString] = ["ff", "fi", "fl", "ffi", "ffl", "st", "st"]
    let target = targets[Int(scalar - 0xFB00)]
    return target.withUTF8Buffer { pack($0) }
  }

  private static func pack(_ bytes: some Collection<UInt8>) -> UInt32 {
    var value: UInt32 = 0
    for (place, byte) in bytes.prefix(4).enumerated() { value |= UInt32(byte) << UInt32(8 * place) }
    return value
  }

  private static func foldTable(lowerOnly: Bool) -> [UInt32] {
    var table = (0..<tableSize).map { value -> UInt32 in
      guard let scalar = Unicode.Scalar(value) else { return packed(value) }
      let lower = scalar.properties.lowercaseMapping
      // What grows in lower case (İ) keeps its first scalar.
      return pack(lower.unicodeScalars.first.map { Array(String($0).utf8) } ?? [])
    }
    if lowerOnly { return table }
    for value in 0..<tableSize where slowKind(value).contains(.accent) { table[Int(value)] = 0 }
    for line in foldingTable.utf8.split(separator: UInt8(ascii: "\n")) {
      let parts = line.split(separator: UInt8(ascii: " "))
      guard parts.count == 2, let sources = String(parts[1]) else { continue }
      let target = pack(Array(parts[0]))
      for scalar in sources.unicodeScalars where scalar.value < tableSize { table[Int(scalar.value)] = target }
    }
    return table
  }

  private static func slowKind(_ value: UInt32) -> Kind {
    guard let scalar = Unicode.Scalar(value) else { return [] }
    if isAccent(value) { return [.word, .accent] }
    let properties = scalar.properties
    if properties.isWhitespace { return .space }
    var kind: Kind = []
    switch properties.generalCategory {
    case .uppercaseLetter, .titlecaseLetter: kind = [.word, .upper]
    case .lowercaseLetter: kind = [.word, .lower]
    case .modifierLetter, .otherLetter: kind = .word
    case .nonspacingMark, .spacingMark, .enclosingMark: kind = .word
    case .decimalNumber, .letterNumber, .otherNumber: kind = [.word, .digit]
    default: return []
    }
    if isUnspaced(value) { kind.insert(.unspaced) }
    return kind
  }

  private static func isAccent(_ value: UInt32) -> Bool {
    switch value {
    case 0x300...0x36F, 0x483...0x487, 0x591...0x5BD, 0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7, 0x610...0x61A, 0x640,
      0x64B...0x655, 0x670, 0x1DC0...0x1DFF, 0x20D0...0x20F0:
      true
    default: false
    }
  }

  private static func isUnspaced(_ value: UInt32) -> Bool {
    switch value {
    // Thai, Lao, Myanmar, Khmer; then kana, Bopomofo, Han and its extensions.
    case 0xE00...0xEFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3005...0x3007, 0x3040...0x31FF, 0x3400...0x4DBF,
      0x4E00...0x9FFF, 0xF900...0xFAFF, 0xFF66...0xFF9F, 0x20000...0x323AF:
      true
    default: false
    }
  }
}

/// Reads the scalar that starts at an offset of valid UTF-8.
///
/// - Returns: the scalar and how many bytes it has; what is cut off at the end counts as one byte.
@inline(__always)
func decodeScalar(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> (scalar: UInt32, length: Int) {
  let first = UInt32(bytes[offset])
  if first < 0x80 { return (first, 1) }
  let left = bytes.count - offset
  if first < 0xE0, left > 1 { return ((first & 0x1F) << 6 | UInt32(bytes[offset + 1]) & 0x3F, 2) }
  if first < 0xF0, left > 2 {
    return ((first & 0xF) << 12 | (UInt32(bytes[offset + 1]) & 0x3F) << 6 | UInt32(bytes[offset + 2]) & 0x3F, 3)
  }
  guard left > 3 else { return (0xFFFD, 1) }
  let high = (first & 7) << 18 | (UInt32(bytes[offset + 1]) & 0x3F) << 12
  return (high | (UInt32(bytes[offset + 2]) & 0x3F) << 6 | UInt32(bytes[offset + 3]) & 0x3F, 4)
}
