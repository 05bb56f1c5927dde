internal import Glibc

/// Terms numbered in the order of their first use, their bytes one behind the other.
///
/// An index of a thousand pages looks up hundreds of thousands of terms: as strings of Swift's, with a seeded hash for
/// hostile keys, that would be a tenth of a second. A hostile page can make look-ups slow here, as long as its own
/// vocabulary; the table's load is bounded.
struct Vocabulary {
  private var bytes: [UInt8] = []
  private var starts: [Int] = [0]
  /// Open addressing, linear probing; term numbers plus one, 0 for none.
  private var slots = [UInt32](repeating: 0, count: 1 << 12)
  private var hashes: [UInt64] = []

  var count: Int { hashes.count }

  /// The number of a term, a new one if need be.
  mutating func number(of term: UnsafeRawBufferPointer) -> UInt32 {
    let hash = Self.hash(term)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let number = Int(slots[slot]) - 1
      if hashes[number] == hash, equals(number, term) { return UInt32(number) }
      slot = (slot + 1) & (slots.count - 1)
    }
    let number = UInt32(count)
    bytes.append(contentsOf: term)
    starts.append(bytes.count)
    hashes.append(hash)
    slots[slot] = number + 1
    if 2 * count > slots.count { grow() }
    return number
  }

  /// The bytes of a term.
  func withBytes<Value>(of number: Int, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[starts[number]..<starts[number + 1]])) }
  }

  /// The numbers in the order of the terms' bytes.
  func sorted() -> [Int] {
    bytes.withUnsafeBytes { all in
      (0..<count).sorted { left, right in
        let (a, b) = (starts[left]..<starts[left + 1], starts[right]..<starts[right + 1])
        guard let base = all.baseAddress else { return false }
        let order = memcmp(base + a.lowerBound, base + b.lowerBound, min(a.count, b.count))
        return order == 0 ? a.count < b.count : order < 0
      }
    }
  }

  private func equals(_ number: Int, _ term: UnsafeRawBufferPointer) -> Bool {
    withBytes(of: number) { known in
      guard known.count == term.count, let left = known.baseAddress, let right = term.baseAddress else {
        return known.isEmpty && term.isEmpty
      }
      return memcmp(left, right, term.count) == 0
    }
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: 2 * slots.count)
    for (number, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(number) + 1
    }
  }

  /// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/), its high bits folded into the low ones.
  private static func hash(_ term: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in term { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash ^ hash >> 32
  }
}
