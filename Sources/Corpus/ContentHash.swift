internal import COpenSSL

/// The SHA-256 of some content: how stages recognise work that they have done before.
///
/// Collision resistance matters (a page of a hostile site must not take over the memo of another), speed does not:
/// OpenSSL hashes about 1 GB/s here, two orders above any stage.
public struct ContentHash: Hashable, Sendable, Comparable, CustomStringConvertible {
  // The digest's bytes, the first one in the highest place: in the value itself, for sets of many hashes.
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  /// The 32 bytes of the digest.
  public var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      let place = UnsafeMutableRawBufferPointer(buffer)
      for (index, word) in [first, second, third, fourth].enumerated() {
        place.storeBytes(of: word.bigEndian, toByteOffset: 8 * index, as: UInt64.self)
      }
      count = 32
    }
  }

  /// Wraps a digest that was stored; nil unless it has exactly 32 bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.init(digest: Array(bytes))
  }

  /// Reads a digest from 64 hexadecimal digits; nil for anything else.
  public init?(hex: String) {
    let digits = Array(hex.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    for index in stride(from: 0, to: 64, by: 2) {
      guard let high = Self.value(ofDigit: digits[index]), let low = Self.value(ofDigit: digits[index + 1]) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    self.init(digest: bytes)
  }

  /// Hashes bytes.
  public static func of(_ bytes: some Collection<UInt8>) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(raw: bytes)
    return hasher.finish()
  }

  /// Hashes the UTF-8 bytes of a text.
  public static func of(_ text: String) -> ContentHash {
    of(text.utf8)
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String {
    var text = ""
    text.reserveCapacity(64)
    for byte in bytes {
      text.append(Self.digits[Int(byte >> 4)])
      text.append(Self.digits[Int(byte & 15)])
    }
    return text
  }

  /// 64 lower-case hexadecimal digits.
  public var description: String { hex }

  /// Orders by bytes, so that a sorted list of hashes is the same everywhere.
  public static func < (left: ContentHash, right: ContentHash) -> Bool {
    (left.first, left.second, left.third, left.fourth) < (right.first, right.second, right.third, right.fourth)
  }

  /// Whether both are the same, found in a time that does not tell where they differ: for what must not be guessed.
  public func isSameInConstantTime(_ other: ContentHash) -> Bool {
    CRYPTO_memcmp(bytes, other.bytes, 32) == 0
  }

  private static let digits: [Character] = Array("0123456789abcdef")

  private static func value(ofDigit digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x61 + 10
    case 0x41...0x46: digit - 0x41 + 10
    default: nil
    }
  }

  /// For buffers that have 32 bytes by construction.
  fileprivate init(digest: [UInt8]) {
    func word(_ index: Int) -> UInt64 { digest[8 * index..<8 * index + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    (first, second, third, fourth) = (word(0), word(1), word(2), word(3))
  }
}

/// Hashes a sequence of fields so that no two different sequences feed the same bytes.
///
/// `update` puts the length before each field: ("ab", "c") and ("a", "bc") hash differently.
public struct ContentHasher: ~Copyable {
  private let context: OpaquePointer

  /// Starts an empty SHA-256.
  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      // Only an exhausted heap or an OpenSSL without SHA-256 leads here; no input does.
      preconditionFailure("OpenSSL cannot start SHA-256: out of memory or a build without it")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds one field of bytes, framed by its length.
  public mutating func update(_ bytes: some Collection<UInt8>) {
    update(UInt64(bytes.count))
    update(raw: bytes)
  }

  /// Adds one field of text (UTF-8), framed by its length.
  public mutating func update(_ text: String) {
    update(text.utf8)
  }

  /// Adds an integer as eight little-endian bytes.
  public mutating func update(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { _ = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
  }

  /// Adds bytes as they are, without a frame: for the hash of a whole file in pieces.
  public mutating func update(raw bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      _ = EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
    }
    if done == nil {
      let copy = Array(bytes)
      _ = EVP_DigestUpdate(context, copy, copy.count)
    }
  }

  /// Adds bytes as they are, without a frame and without a copy.
  public mutating func update(raw bytes: UnsafeRawBufferPointer) {
    _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// The hash of what was added since the start or the last cut; what follows belongs to a new one.
  public mutating func cut() -> ContentHash {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = EVP_DigestFinal_ex(context, &digest, nil)
    _ = EVP_DigestInit_ex(context, nil, nil)
    return ContentHash(digest: digest)
  }

  /// Ends the hash.
  public consuming func finish() -> ContentHash {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = EVP_DigestFinal_ex(context, &digest, nil)
    return ContentHash(digest: digest)
  }
}
