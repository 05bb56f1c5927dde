internal import CLibXML2

/// Mends what people and programs write into XML that XML does not allow, before it is parsed.
///
/// - XML knows five names of characters; pages that programs store as XML (Confluence's among them) use HTML's `&nbsp;`
///   without a definition. A name that HTML does not know stays as it was written, so no entity of a document is ever
///   expanded.
/// - A lone `&`, and a `<` that begins no tag, are text.
/// - Characters that XML 1.0 forbids (its section 2.2) are left out, also as numbers.
enum NamedCharacters {
  static func resolved(_ xml: [UInt8]) -> [UInt8] {
    guard xml.contains(where: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "<") || isForbidden($0) || $0 == 0xEF })
    else { return xml }
    var result: [UInt8] = []
    result.reserveCapacity(xml.count + xml.count / 16)
    var position = 0
    while position < xml.count {
      let byte = xml[position]
      if byte == UInt8(ascii: "<") {
        if xml[position...].starts(with: "<![CDATA[".utf8) {
          let end = endOfCharacterData(xml, position)
          for byte in xml[position..<end] where !isForbidden(byte) { result.append(byte) }
          position = end
        } else {
          result.append(contentsOf: beginsTag(xml, position) ? [byte] : Array("&lt;".utf8))
          position += 1
        }
      } else if byte == UInt8(ascii: "&") {
        position = reference(xml, position, &result)
      } else if byte == 0xEF, position + 2 < xml.count, xml[position + 1] == 0xBF, xml[position + 2] >= 0xBE {
        // U+FFFE and U+FFFF.
        position += 3
      } else {
        if !isForbidden(byte) { result.append(byte) }
        position += 1
      }
    }
    return result
  }

  private static func isForbidden(_ byte: UInt8) -> Bool {
    byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D
  }

  private static func beginsTag(_ xml: [UInt8], _ open: Int) -> Bool {
    guard open + 1 < xml.count else { return false }
    let next = xml[open + 1]
    return (next | 0x20) &- 0x61 < 26 || next >= 0x80 || "/!?_:".utf8.contains(next)
  }

  /// Writes what an ampersand stands for, and answers where reading goes on.
  private static func reference(_ xml: [UInt8], _ start: Int, _ result: inout [UInt8]) -> Int {
    if let end = nameEnd(xml, start + 1) {
      result.append(contentsOf: replacement(for: xml[(start + 1)..<end]))
      return end + 1
    }
    guard let (value, end) = number(xml, start + 1) else {
      result.append(contentsOf: "&amp;".utf8)
      return start + 1
    }
    if let scalar = Unicode.Scalar(value), value >= 0x20 || [0x09, 0x0A, 0x0D].contains(value), value & ~1 != 0xFFFE {
      result.append(contentsOf: "&#\(scalar.value);".utf8)
    }
    return end
  }

  /// The number of a character (`#233;`, `#xE9;`), and the place after its semicolon.
  private static func number(_ xml: [UInt8], _ start: Int) -> (value: UInt32, end: Int)? {
    guard start + 2 < xml.count, xml[start] == UInt8(ascii: "#") else { return nil }
    let isHex = xml[start + 1] == UInt8(ascii: "x")
    let digits = xml[(start + (isHex ? 2 : 1))...].prefix(10).prefix { $0 != UInt8(ascii: ";") }
    guard digits.endIndex < xml.count, xml[digits.endIndex] == UInt8(ascii: ";"),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: isHex ? 16 : 10)
    else { return nil }
    return (value, digits.endIndex + 1)
  }

  private static func endOfCharacterData(_ xml: [UInt8], _ start: Int) -> Int {
    var index = start
    while index + 2 < xml.count {
      if xml[index] == 0x5D, xml[index + 1] == 0x5D, xml[index + 2] == UInt8(ascii: ">") { return index + 3 }
      index += 1
    }
    return xml.count
  }

  /// Where the name of an entity ends, before its semicolon; nil for a character's number or a lone ampersand.
  private static func nameEnd(_ xml: [UInt8], _ start: Int) -> Int? {
    var index = start
    while index < xml.count, index - start < 64 {
      let byte = xml[index]
      if byte == UInt8(ascii: ";") { return index > start ? index : nil }
      guard (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 else { return nil }
      index += 1
    }
    return nil
  }

  private static func replacement(for name: ArraySlice<UInt8>) -> [UInt8] {
    let text = String(decoding: name, as: UTF8.self)
    switch text {
    case "amp", "lt", "gt", "quot", "apos": return Array("&\(text);".utf8)
    default:
      guard let entity = htmlEntityLookup(text), let scalar = Unicode.Scalar(entity.pointee.value) else {
        return Array("&amp;\(text);".utf8)
      }
      return Array(String(Character(scalar)).utf8)
    }
  }
}
