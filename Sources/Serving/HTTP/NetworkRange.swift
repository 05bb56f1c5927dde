internal import CMicroHTTPD
internal import Glibc

/// An address of the internet, of version 4 or 6; one of version 4 within 6 (`::ffff:10.0.0.1`) is that of version 4.
struct NetworkAddress: Hashable, Sendable {
  /// 4 or 16.
  let bytes: [UInt8]

  /// Reads an address; nil for a name, a port behind it and anything else.
  init?(_ text: String) {
    var four = in_addr()
    var six = in6_addr()
    // A scope (fe80::1%eth0) names an interface, not another address.
    let plain = text.prefix { $0 != "%" }
    if inet_pton(AF_INET, String(plain), &four) == 1 {
      bytes = withUnsafeBytes(of: &four) { Array($0) }
    } else if inet_pton(AF_INET6, String(plain), &six) == 1 {
      let all = withUnsafeBytes(of: &six) { Array($0) }
      let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
      bytes = all.starts(with: mapped) ? Array(all.suffix(4)) : all
    } else {
      return nil
    }
  }

  /// Whether only this machine reaches it.
  var isLoopback: Bool { bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1] }

  /// The address without the part that one client may change at will: in version 6, its network of 64 bits.
  var client: NetworkAddress { bytes.count == 4 ? self : NetworkAddress(bytes: Array(bytes.prefix(8))) }

  private init(bytes: [UInt8]) { self.bytes = bytes }
}

/// Addresses that begin alike: `10.0.0.0/8`, `fd00::/8`, or a single one.
public struct NetworkRange: Hashable, Sendable, CustomStringConvertible {
  private let start: NetworkAddress
  private let bits: Int
  /// As it was written.
  public let description: String

  /// Reads an address, or one with the count of bits that matter; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let start = NetworkAddress(String(parts[0])) else { return nil }
    let all = start.bytes.count * 8
    guard let bits = parts.count == 1 ? all : Int(parts[1]), (0...all).contains(bits) else { return nil }
    (self.start, self.bits, description) = (start, bits, text)
  }

  func contains(_ address: NetworkAddress) -> Bool {
    guard address.bytes.count == start.bytes.count else { return false }
    let whole = bits / 8
    guard address.bytes.prefix(whole) == start.bytes.prefix(whole) else { return false }
    let rest = bits % 8
    guard rest > 0 else { return true }
    return (address.bytes[whole] ^ start.bytes[whole]) >> UInt8(8 - rest) == 0
  }
}
