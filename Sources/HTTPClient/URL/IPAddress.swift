/// An IP address.
public enum IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// IPv4, the first number in the highest byte.
  case v4(UInt32)
  /// IPv6, the first group in the highest bytes.
  case v6(UInt128)

  /// Reads four decimal numbers or an IPv6 address, in brackets or not; a zone (`%eth0`) is passed over.
  public init?(_ text: String) {
    guard text.utf8.count <= 80 else { return nil }
    var bytes = Array(text.utf8)[...]
    if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]"), bytes.count > 1 {
      bytes = bytes.dropFirst().dropLast()
    }
    if !bytes.contains(UInt8(ascii: ":")) {
      guard let address = Self.parseDottedDecimal(bytes) else { return nil }
      self = .v4(address)
      return
    }
    guard let address = Self.parseIPv6(bytes.prefix { $0 != UInt8(ascii: "%") }) else { return nil }
    self = .v6(address)
  }

  /// The address as the URL Standard writes it: four decimals, or IPv6 with its longest run of zeros left out.
  public var description: String {
    switch self {
    case .v4(let address):
      return "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    case .v6(let address):
      return Self.write(Self.groups(address))
    }
  }

  private static func groups(_ address: UInt128) -> [UInt16] {
    (0..<8).map { UInt16(truncatingIfNeeded: address >> UInt128(112 - 16 * $0)) }
  }

  private static func write(_ groups: [UInt16]) -> String {
    let zeros = longestRunOfZeros(groups)
    var text = ""
    var index = 0
    while index < groups.count {
      if let zeros, index == zeros.lowerBound {
        text += index == 0 ? "::" : ":"
        index = zeros.upperBound
        continue
      }
      text += String(groups[index], radix: 16)
      if index < 7 { text += ":" }
      index += 1
    }
    return text
  }

  /// The first of the longest runs of two or more zero groups.
  private static func longestRunOfZeros(_ groups: [UInt16]) -> Range<Int>? {
    var longest: Range<Int>?
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start > max(1, longest?.count ?? 0) { longest = start..<end }
      start = end + 1
    }
    return longest
  }

  // MARK: Reading

  static func parseDottedDecimal(_ text: ArraySlice<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      guard !part.isEmpty, part.count <= 3, part.allSatisfy(\.isASCIIDigit) else { return nil }
      guard part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
      let value = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 0x30) }
      guard value <= 255 else { return nil }
      address = address << 8 | value
    }
    return address
  }

  /// The standard's IPv6 parser, section 3.5.
  static func parseIPv6(_ text: ArraySlice<UInt8>) -> UInt128? {
    let colon = UInt8(ascii: ":")
    var rest = text
    var groups: [UInt16] = []
    var gap: Int?
    if rest.first == colon {
      guard rest.dropFirst().first == colon else { return nil }
      rest = rest.dropFirst(2)
      gap = 0
    }
    while let first = rest.first {
      guard groups.count < 8 else { return nil }
      if first == colon {
        guard gap == nil else { return nil }
        gap = groups.count
        rest = rest.dropFirst()
        continue
      }
      let digits = rest.prefix { $0.hexDigitValue != nil }.prefix(4)
      let after = rest[digits.endIndex...].first
      if after == UInt8(ascii: ".") {
        guard groups.count <= 6, let address = parseDottedDecimal(rest) else { return nil }
        groups += [UInt16(truncatingIfNeeded: address >> 16), UInt16(truncatingIfNeeded: address)]
        break
      }
      guard !digits.isEmpty else { return nil }
      groups.append(digits.reduce(UInt16(0)) { $0 << 4 | UInt16($1.hexDigitValue ?? 0) })
      rest = rest[digits.endIndex...]
      guard let after else { break }
      guard after == colon, rest.count > 1 else { return nil }
      rest = rest.dropFirst()
    }
    guard let gap else { return groups.count == 8 ? join(groups) : nil }
    guard groups.count < 8 else { return nil }
    groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
    return join(groups)
  }

  private static func join(_ groups: [UInt16]) -> UInt128 {
    groups.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
  }
}
