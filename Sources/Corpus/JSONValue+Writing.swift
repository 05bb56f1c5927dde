internal import Glibc

extension JSONValue {
  /// The value on one line, or indented by two spaces.
  public func text(pretty: Bool = false) -> String {
    var writer = JSONWriter(pretty: pretty)
    writer.write(self)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// The UTF-8 bytes of the value on one line.
  public var bytes: [UInt8] {
    var writer = JSONWriter(pretty: false)
    writer.write(self)
    return writer.bytes
  }
}

private struct JSONWriter {
  var bytes: [UInt8] = []
  let pretty: Bool
  private var depth = 0

  init(pretty: Bool) {
    self.pretty = pretty
  }

  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: append("null")
    case .bool(let flag): append(flag ? "true" : "false")
    case .integer(let number): append(String(number))
    case .number(let number): append(Self.text(of: number))
    case .string(let text): write(text)
    case .array(let elements):
      list(elements, open: UInt8(ascii: "["), close: UInt8(ascii: "]")) { $0.write($1) }
    case .object(let members):
      list(members, open: UInt8(ascii: "{"), close: UInt8(ascii: "}")) {
        $0.write($1.name)
        $0.append($0.pretty ? ": " : ":")
        $0.write($1.value)
      }
    }
  }

  private mutating func list<Element>(
    _ elements: [Element], open: UInt8, close: UInt8, each: (inout JSONWriter, Element) -> Void
  ) {
    bytes.append(open)
    depth += 1
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      newline()
      each(&self, element)
    }
    depth -= 1
    if !elements.isEmpty { newline() }
    bytes.append(close)
  }

  private mutating func newline() {
    guard pretty else { return }
    bytes.append(UInt8(ascii: "\n"))
    for _ in 0..<depth { append("  ") }
  }

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    let count = text.utf8.count
    text.withCString { start in
      var place = 0
      while place < count {
        // What needs no escape is copied in runs; strcspn ends one at a NUL in the text too.
        let run = strcspn(start + place, Self.escaped)
        let first = UnsafeRawPointer(start + place).assumingMemoryBound(to: UInt8.self)
        bytes.append(contentsOf: UnsafeBufferPointer(start: first, count: run))
        place += run
        guard place < count else { return }
        escape(UInt8(bitPattern: start[place]))
        place += 1
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case 0x0A: append("\\n")
    case 0x0D: append("\\r")
    case 0x09: append("\\t")
    default:
      append("\\u00")
      bytes.append(Self.digits[Int(byte >> 4)])
      bytes.append(Self.digits[Int(byte & 15)])
    }
  }

  /// The bytes that a string may not hold as they are, as a C string: quote, backslash and the controls but NUL.
  private static let escaped: [CChar] = [0x22, 0x5C] + (1...0x1F) + [0]

  private static let digits = Array("0123456789abcdef".utf8)

  /// The shortest decimal that reads back as the same double; JSON has no infinities and no NaN, which become `null`.
  private static func text(of number: Double) -> String {
    number.isFinite ? number.description : "null"
  }
}
