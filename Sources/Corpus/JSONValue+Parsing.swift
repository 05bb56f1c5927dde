/// Why a text is not JSON.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  /// What is wrong.
  public let reason: String
  /// Where: UTF-8 bytes from 0.
  public let offset: Int

  /// The reason with its place.
  public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONValue {
  /// Parses a whole JSON text by RFC 8259.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8, without a byte order mark.
  ///   - maximumDepth: how deep arrays and objects may nest; 64 by default, so that input cannot exhaust the stack.
  /// - Throws: `JSONError` for anything else than one value, also for a member named twice and for invalid UTF-8.
  public init(parsing bytes: [UInt8], maximumDepth: Int = 64) throws(JSONError) {
    var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth)
    self = try parser.whole()
  }

  /// Parses a whole JSON text.
  public init(parsing text: String, maximumDepth: Int = 64) throws(JSONError) {
    try self.init(parsing: Array(text.utf8), maximumDepth: maximumDepth)
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  let maximumDepth: Int
  var position = 0
  var depth = 0

  init(bytes: [UInt8], maximumDepth: Int) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
  }

  mutating func whole() throws(JSONError) -> JSONValue {
    skipSpace()
    let value = try self.value()
    skipSpace()
    guard position == bytes.count else { throw error("something stands after the value") }
    return value
  }

  private func error(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    switch next {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"): return try number()
    case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
    case nil: throw error("the text ends where a value should stand")
    default: throw error("no value begins like this")
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw error("no value begins like this") }
    position += word.utf8.count
    return value
  }

  private mutating func enter() throws(JSONError) {
    depth += 1
    guard depth <= maximumDepth else { throw error("nested deeper than \(maximumDepth) levels") }
    position += 1
    skipSpace()
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var elements: [JSONValue] = []
    if next == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    while true {
      elements.append(try value())
      skipSpace()
      if next == UInt8(ascii: "]") {
        position += 1
        return .array(elements)
      }
      guard next == UInt8(ascii: ",") else { throw error("an array needs “,” or “]” here") }
      position += 1
      skipSpace()
    }
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    if next == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      guard next == UInt8(ascii: "\"") else { throw error("an object needs a member's name here") }
      let name = try string()
      guard names.insert(name).inserted else { throw error("the member “\(name)” stands twice") }
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw error("an object needs “:” here") }
      position += 1
      skipSpace()
      members.append(.init(name, try value()))
      skipSpace()
      if next == UInt8(ascii: "}") {
        position += 1
        return .object(members)
      }
      guard next == UInt8(ascii: ",") else { throw error("an object needs “,” or “}” here") }
      position += 1
      skipSpace()
    }
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = next, byte >= 0x30, byte <= 0x39 { position += 1 }
    guard position > start else { throw error("a number needs a digit here") }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
    var isInteger = true
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    if !isInteger, let short = shortDecimal(start..<position) { return .number(short) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let integer = Int64(text) { return .integer(integer) }
    guard let double = Double(text), double.isFinite else { throw error("the number does not fit a double") }
    return .number(double)
  }

  /// A number of few digits with a point and no exponent, as vectors are full of; nil for any other.
  ///
  /// Up to fifteen digits are whole numbers that doubles hold, as are the powers of ten to 10²²: their quotient is
  /// rounded once, so that it is the double nearest to the number (Clinger, “How to read floating point numbers
  /// accurately”, 1990).
  private func shortDecimal(_ range: Range<Int>) -> Double? {
    guard range.count <= 17 else { return nil }
    var digits = 0
    var whole = 0.0
    var divisor = 1.0
    var isFraction = false
    for place in range {
      switch bytes[place] {
      case UInt8(ascii: "-"): continue
      case UInt8(ascii: "."): isFraction = true
      case let byte where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"):
        digits += 1
        whole = whole * 10 + Double(byte - UInt8(ascii: "0"))
        if isFraction { divisor *= 10 }
      default: return nil
      }
    }
    guard digits <= 15 else { return nil }
    let value = whole / divisor
    return bytes[range.lowerBound] == UInt8(ascii: "-") ? -value : value
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var start = position
    var text: [UInt8] = []
    while true {
      guard let byte = next else { throw error("the text ends inside a string") }
      switch byte {
      case UInt8(ascii: "\""):
        text.append(contentsOf: bytes[start..<position])
        guard let valid = String(validating: text, as: UTF8.self) else { throw error("a string is not UTF-8") }
        position += 1
        return valid
      case UInt8(ascii: "\\"):
        text.append(contentsOf: bytes[start..<position])
        position += 1
        try escape(into: &text)
        start = position
      case 0..<0x20: throw error("a control character must be escaped in a string")
      default: position += 1
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw error("the text ends inside a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: Array(String(Character(try scalar())).utf8))
    default: throw error("no such escape in a string")
    }
  }

  /// `\uXXXX`, or a pair of them for a scalar outside the basic plane; a lone surrogate is refused.
  private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(UInt32(first)) { return scalar }
    guard first < 0xDC00, next == UInt8(ascii: "\\"), position + 1 < bytes.count,
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw error("half of a surrogate pair") }
    position += 2
    let second = try codeUnit()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
    else { throw error("half of a surrogate pair") }
    return scalar
  }

  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw error("the text ends inside a string") }
    var value: UInt16 = 0
    for _ in 0..<4 {
      let byte = bytes[position]
      let digit: UInt8 =
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: throw error("“\\u” needs four hexadecimal digits")
        }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
