/// Sizes as settings and options write them: `5MB`, `500KiB`, `4096`.
public enum ByteCount {
  // The larger units first, and at equal size the decimal one, so that a number is written in the shortest way.
  private static let units: [(name: String, bytes: Int)] = [
    ("TiB", 1 << 40), ("TB", 1_000_000_000_000), ("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20),
    ("MB", 1_000_000), ("KiB", 1 << 10), ("KB", 1000), ("kB", 1000), ("B", 1),
  ]

  /// The pattern of a size, for JSON Schema.
  static let pattern = #"^[0-9]{1,15}(\.[0-9]{1,6})? ?([kKMGT]B|[KMGT]iB|B)?$"#

  /// Reads a size; nil for anything else, for a size that is not whole bytes and for one beyond 64 bits.
  public static func parse(_ text: String) -> Int? {
    let unit = units.first { text.hasSuffix($0.name) }
    var number = text.dropLast(unit?.name.count ?? 0)
    if unit != nil, number.hasSuffix(" ") { number = number.dropLast() }
    guard let value = UnsignedDecimal(number)?.value else { return nil }
    let bytes = value * Double(unit?.bytes ?? 1)
    return Int(exactly: bytes)
  }

  /// Writes a size in the largest unit that divides it.
  public static func text(_ bytes: Int) -> String {
    guard bytes > 0, let unit = units.first(where: { bytes % $0.bytes == 0 }) else { return "\(bytes)B" }
    return "\(bytes / unit.bytes)\(unit.name)"
  }
}

/// Spans of time as settings and options write them: `250ms`, `30s`, `5m`, `6h`, `1d`.
public enum TimeSpan {
  private static let units: [(name: String, seconds: Double)] = [
    ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400),
  ]

  /// The pattern of a span, for JSON Schema.
  static let pattern = #"^[0-9]{1,15}(\.[0-9]{1,6})?(ms|s|m|h|d)$"#

  /// Reads a span; nil for anything else, also for a number without a unit.
  ///
  /// - Parameter text: digits, perhaps a fraction, and one unit.
  /// - Returns: seconds.
  public static func parse(_ text: String) -> Double? {
    guard let unit = units.first(where: { text.hasSuffix($0.name) }),
      let value = UnsignedDecimal(text.dropLast(unit.name.count))?.value
    else { return nil }
    // Divided, not multiplied by 0.001: 250 × 0.001 is not the double nearest to 0.25.
    return unit.name == "ms" ? value / 1000 : value * unit.seconds
  }

  /// Writes seconds in the largest unit that divides them.
  public static func text(_ seconds: Double) -> String {
    if seconds == 0 { return "0s" }
    for unit in units.reversed() where unit.name != "ms" {
      let count = seconds / unit.seconds
      if let whole = Int(exactly: count) { return "\(whole)\(unit.name)" }
    }
    if let whole = Int(exactly: seconds * 1000) { return "\(whole)ms" }
    return "\(seconds)s"
  }
}

/// Digits with perhaps a fraction: no sign, no exponent, no infinity.
struct UnsignedDecimal {
  let value: Double

  init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard (1...15).contains(parts[0].count), parts.count == 1 || (1...6).contains(parts[1].count),
      parts.joined().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let value = Double(String(decoding: bytes, as: UTF8.self))
    else { return nil }
    self.value = value
  }
}
