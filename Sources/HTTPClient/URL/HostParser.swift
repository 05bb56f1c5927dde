/// The host parser of the standard's section 3.5.
enum HostParser {
  private static let forbiddenHost = ASCIISet("\0\t\n\r #/:<>?@[\\]^|")
  private static let forbiddenDomain = ASCIISet("%", adding: forbiddenHost)

  /// The host as it is written; nil where the standard says failure.
  static func parse(_ name: ArraySlice<UInt8>, isSpecial: Bool) -> [UInt8]? {
    if name.first == UInt8(ascii: "[") {
      guard name.last == UInt8(ascii: "]"), name.count > 1,
        let groups = IPAddress.parseIPv6(name.dropFirst().dropLast())
      else { return nil }
      return Array("[\(IPAddress.v6(groups))]".utf8)
    }
    guard isSpecial else { return parseOpaque(name) }
    guard let domain = InternationalDomain.toASCII(PercentEncoding.decode(name)), !domain.isEmpty,
      !domain.contains(where: { $0 < 0x20 || $0 >= 0x7F || forbiddenDomain.contains($0) })
    else { return nil }
    guard endsInNumber(domain) else { return domain }
    guard let address = parseIPv4(domain) else { return nil }
    return Array(IPAddress.v4(address).description.utf8)
  }

  private static func parseOpaque(_ name: ArraySlice<UInt8>) -> [UInt8]? {
    var host: [UInt8] = []
    for byte in name {
      guard !forbiddenHost.contains(byte) else { return nil }
      PercentEncoding.append(byte, to: &host, PercentEncoding.c0Control)
    }
    return host
  }

  // MARK: IPv4 in the forms that browsers read: decimal, octal, hexadecimal, one to four parts.

  /// The dot-separated parts, without the empty one behind a final dot.
  private static func parts(_ domain: [UInt8]) -> [ArraySlice<UInt8>] {
    var parts = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    if parts.count > 1, parts.last?.isEmpty == true { parts.removeLast() }
    return parts
  }

  private static func endsInNumber(_ domain: [UInt8]) -> Bool {
    guard let last = parts(domain).last, !last.isEmpty else { return false }
    return last.allSatisfy(\.isASCIIDigit) || number(last) != nil
  }

  private static func parseIPv4(_ domain: [UInt8]) -> UInt32? {
    let parts = parts(domain)
    guard parts.count <= 4 else { return nil }
    var address: UInt64 = 0
    for (index, part) in parts.enumerated() {
      guard let value = number(part) else { return nil }
      if index < parts.count - 1 {
        guard value <= 255 else { return nil }
        address |= value << UInt64(24 - 8 * index)
      } else {
        guard value < 1 << UInt64(8 * (5 - parts.count)) else { return nil }
        address |= value
      }
    }
    return UInt32(truncatingIfNeeded: address)
  }

  /// The value of one part; values beyond 32 bits all give 2³², which no address accepts.
  private static func number(_ part: ArraySlice<UInt8>) -> UInt64? {
    guard var rest = part.isEmpty ? nil : part else { return nil }
    var radix: UInt64 = 10
    if rest.count >= 2, rest.first == UInt8(ascii: "0") {
      if rest[rest.startIndex + 1] | 0x20 == UInt8(ascii: "x") {
        radix = 16
        rest = rest.dropFirst(2)
      } else {
        radix = 8
        rest = rest.dropFirst()
      }
    }
    var value: UInt64 = 0
    for byte in rest {
      guard let digit = byte.hexDigitValue, UInt64(digit) < radix else { return nil }
      value = min(value * radix + UInt64(digit), 1 << 32)
    }
    return value
  }
}
