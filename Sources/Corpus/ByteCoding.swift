/// Writes values as compact bytes: the form in which state and snapshots hold what they know.
///
/// Integers are LEB128 (seven bits a byte, low first), texts and byte strings carry their length before them. There is
/// no type in the bytes: reader and writer agree through the version of the record that they read.
public struct ByteWriter: Sendable {
  /// What was written.
  public private(set) var bytes: [UInt8] = []

  /// Starts empty.
  public init() {}

  /// A count, a number or a place: never negative.
  public mutating func write(_ value: Int) {
    var rest = UInt64(value < 0 ? 0 : value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// A signed 64-bit integer or the bits of a double, as eight little-endian bytes.
  public mutating func write(fixed value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A text.
  public mutating func write(_ text: String) {
    write(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  /// Bytes with their count.
  public mutating func write(_ value: [UInt8]) {
    write(value.count)
    bytes.append(contentsOf: value)
  }

  /// A digest, without a count.
  public mutating func write(_ hash: ContentHash) {
    bytes.append(contentsOf: hash.bytes)
  }

  /// A value that may be missing.
  public mutating func write<Value>(_ value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
    write(value == nil ? 0 : 1)
    if let value { body(&self, value) }
  }

  /// A list with its count.
  public mutating func write<Value>(list: [Value], _ body: (inout ByteWriter, Value) -> Void) {
    write(list.count)
    for value in list { body(&self, value) }
  }
}

/// Bytes that are not what a reader expects.
public struct ByteCodingError: Error, Equatable, CustomStringConvertible {
  /// What was expected and where.
  public let description: String

  /// Takes what was expected and where.
  public init(description: String) {
    self.description = description
  }
}

/// Reads what `ByteWriter` wrote, trusting nothing: every length is checked before it is used.
public struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  /// Reads from the start of some bytes, which must outlive the reader.
  public init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// Whether everything has been read.
  public var isAtEnd: Bool { position == bytes.count }

  /// How many bytes are left.
  public var remaining: Int { bytes.count - position }

  /// A count, a number or a place.
  public mutating func int() throws(ByteCodingError) -> Int {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard position < bytes.count, shift < 63 else { throw fault("a number") }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { break }
      shift += 7
    }
    guard let result = Int(exactly: value) else { throw fault("a number") }
    return result
  }

  /// A count of things of which each takes at least one byte: never more than the bytes that are left.
  public mutating func count() throws(ByteCodingError) -> Int {
    let value = try int()
    guard value <= remaining else { throw fault("a count") }
    return value
  }

  /// Eight little-endian bytes.
  public mutating func fixed() throws(ByteCodingError) -> UInt64 {
    guard remaining >= 8 else { throw fault("eight bytes") }
    let value = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    position += 8
    return value
  }

  /// A text; invalid UTF-8 is refused.
  public mutating func text() throws(ByteCodingError) -> String {
    let count = try count()
    let slice = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    guard let text = String(validating: slice, as: UTF8.self) else { throw fault("UTF-8") }
    position += count
    return text
  }

  /// Bytes with their count.
  public mutating func byteString() throws(ByteCodingError) -> [UInt8] {
    let count = try count()
    let value = [UInt8](bytes[position..<position + count])
    position += count
    return value
  }

  /// So many bytes in place: they live as long as what is read.
  public mutating func raw(_ count: Int) throws(ByteCodingError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw fault("\(count) bytes") }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  /// A digest.
  public mutating func hash() throws(ByteCodingError) -> ContentHash {
    guard remaining >= 32, let hash = ContentHash(bytes: bytes[position..<position + 32]) else {
      throw fault("a digest")
    }
    position += 32
    return hash
  }

  /// A value that may be missing.
  public mutating func optional<Value>(
    _ body: (inout ByteReader) throws(ByteCodingError) -> Value
  ) throws(ByteCodingError) -> Value? {
    switch try int() {
    case 0: nil
    case 1: try body(&self)
    default: throw fault("whether a value is there")
    }
  }

  /// A list.
  public mutating func list<Value>(
    _ body: (inout ByteReader) throws(ByteCodingError) -> Value
  ) throws(ByteCodingError) -> [Value] {
    let count = try count()
    var values: [Value] = []
    values.reserveCapacity(min(count, 4096))
    for _ in 0..<count { values.append(try body(&self)) }
    return values
  }

  private func fault(_ expected: String) -> ByteCodingError {
    ByteCodingError(description: "\(expected) expected at byte \(position) of \(bytes.count)")
  }
}
