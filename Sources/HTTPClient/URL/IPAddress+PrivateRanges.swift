extension IPAddress {
  /// Whether an address, written as text, lies in a private, local or otherwise not public range.
  ///
  /// What cannot be read as an address counts as private: the question is asked before a connection is trusted.
  public static func isPrivateOrLocal(_ text: String) -> Bool { IPAddress(text)?.isPrivateOrLocal ?? true }

  /// Whether the address lies in a private, local or otherwise not public range.
  ///
  /// From the IANA special-purpose registries (RFC 6890 and its updates), the multicast blocks, and the one
  /// public address that serves the metadata of virtual machines (168.63.129.16). IPv6 addresses that carry an
  /// IPv4 address are judged by the address they carry.
  public var isPrivateOrLocal: Bool {
    switch self {
    case .v4(let address): Self.privateV4.contains { $0.holds(address) }
    case .v6(let address): Self.isPrivateV6(address)
    }
  }

  private struct BlockV4 {
    let start: UInt32
    let mask: UInt32

    init(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, bits: UInt32) {
      start = a << 24 | b << 16 | c << 8 | d
      mask = UInt32.max << (32 - bits)
    }

    func holds(_ address: UInt32) -> Bool { address & mask == start }
  }

  private static let privateV4: [BlockV4] = [
    BlockV4(0, 0, 0, 0, bits: 8),  // this network
    BlockV4(10, 0, 0, 0, bits: 8),  // RFC 1918
    BlockV4(100, 64, 0, 0, bits: 10),  // shared by carriers (CGNAT)
    BlockV4(127, 0, 0, 0, bits: 8),  // loopback
    BlockV4(168, 63, 129, 16, bits: 32),  // metadata of virtual machines
    BlockV4(169, 254, 0, 0, bits: 16),  // link-local, metadata of virtual machines
    BlockV4(172, 16, 0, 0, bits: 12),  // RFC 1918
    BlockV4(192, 0, 0, 0, bits: 24),  // protocol assignments
    BlockV4(192, 0, 2, 0, bits: 24),  // documentation
    BlockV4(192, 88, 99, 0, bits: 24),  // 6to4 relays, withdrawn
    BlockV4(192, 168, 0, 0, bits: 16),  // RFC 1918
    BlockV4(198, 18, 0, 0, bits: 15),  // benchmarks
    BlockV4(198, 51, 100, 0, bits: 24),  // documentation
    BlockV4(203, 0, 113, 0, bits: 24),  // documentation
    BlockV4(224, 0, 0, 0, bits: 4),  // multicast
    BlockV4(240, 0, 0, 0, bits: 4),  // reserved, broadcast
  ]

  private static func isPrivateV6(_ address: UInt128) -> Bool {
    func starts(_ bits: UInt128, with prefix: UInt128) -> Bool { address >> (128 - bits) == prefix }
    func carried(_ shift: UInt128) -> Bool {
      IPAddress.v4(UInt32(truncatingIfNeeded: address >> shift)).isPrivateOrLocal
    }
    // ::/96 holds the unspecified address, loopback and the old IPv4-compatible form.
    if starts(96, with: 0) || starts(96, with: 0xFFFF) { return carried(0) }
    if starts(96, with: 0xFFFF << 16) { return carried(0) }  // IPv4-translated, RFC 2765
    if starts(96, with: 0x0064_FF9B << 64) { return carried(0) }  // NAT64
    if starts(16, with: 0x2002) { return carried(80) }  // 6to4
    return starts(48, with: 0x0064_FF9B_0001)  // NAT64 of one's own network
      || starts(32, with: 0x2001_0000)  // Teredo: hides an IPv4 address of anybody's choice
      || starts(32, with: 0x2001_0DB8)  // documentation
      || starts(64, with: 0x0100_0000_0000_0000)  // discard
      || starts(7, with: 0xFC >> 1)  // unique local
      || starts(10, with: 0xFE80 >> 6)  // link-local
      || starts(10, with: 0xFEC0 >> 6)  // site-local, withdrawn
      || starts(8, with: 0xFF)  // multicast
  }
}
