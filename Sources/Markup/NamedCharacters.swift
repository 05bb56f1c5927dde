internal import CLibXML2

/// Writes HTML's named characters into XML, where they are not defined, and defuses every other entity.
///
/// XML knows five names; pages that programs store as XML (Confluence's among them) use HTML's `&nbsp;` without a
/// definition. A name that HTML does not know stays as it was written, so no entity of a document is ever expanded.
enum NamedCharacters {
  static func resolved(_ xml: [UInt8]) -> [UInt8] {
    guard xml.contains(UInt8(ascii: "&")) else { return xml }
    var result: [UInt8] = []
    result.reserveCapacity(xml.count + xml.count / 16)
    var position = 0
    while position < xml.count {
      let byte = xml[position]
      if byte == UInt8(ascii: "<"), xml[position...].starts(with: "<![CDATA[".utf8) {
        let end = endOfCharacterData(xml, position)
        result.append(contentsOf: xml[position..<end])
        position = end
      } else if byte == UInt8(ascii: "&"), let end = nameEnd(xml, position + 1) {
        result.append(contentsOf: replacement(for: xml[(position + 1)..<end]))
        position = end + 1
      } else {
        result.append(byte)
        position += 1
      }
    }
    return result
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
