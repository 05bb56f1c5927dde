internal import HTTPClient

/// Finds tags and texts in XML, one after the other, without a tree.
///
/// Enough for flat formats such as sitemaps, and safe on anything: no entity is declared, nothing is loaded, no
/// recursion, forward only. Names are compared in lower case and broken markup is passed over.
struct XMLScanner {
  /// A start or end tag.
  struct Tag {
    /// The name behind the prefix, in lower case.
    var localName: String
    /// The namespace prefix, in lower case; empty when there is none.
    var prefix: String
    var isEnd: Bool
    /// Whether it is written `<name/>`.
    var isEmpty: Bool
  }

  private let bytes: [UInt8]
  private var position = 0
  /// Whether the text ends inside a tag, a comment or the like.
  private(set) var isCut = false

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next tag; nil at the end.
  mutating func next() -> Tag? {
    while let open = find(UInt8(ascii: "<")) {
      position = open
      if passUncounted() { continue }
      if let tag = readTag() { return tag }
    }
    position = bytes.count
    return nil
  }

  /// The text up to the next tag, without surrounding blanks, references resolved; bytes beyond the limit are
  /// passed over.
  mutating func text(limit: Int) -> [UInt8] {
    var output: [UInt8] = []
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "<") {
        if starts("<![CDATA[") {
          let start = position + 9
          let end = find("]]>", from: start)
          let content = bytes[min(start, bytes.count)..<(end ?? bytes.count)]
          output += content.prefix(max(0, limit - output.count))
          finish(end, 3)
        } else if !passUncounted() {
          break
        }
        continue
      }
      let end = find(UInt8(ascii: "<")) ?? bytes.count
      appendResolved(position..<end, to: &output, limit: limit)
      position = end
    }
    while let last = output.last, last <= 0x20 { output.removeLast() }
    return Array(output.drop { $0 <= 0x20 })
  }

  /// Passes a comment, a CDATA section, a declaration or an instruction; false where none starts here.
  private mutating func passUncounted() -> Bool {
    if starts("<!--") {
      finish(find("-->", from: position + 4), 3)
    } else if starts("<![CDATA[") {
      finish(find("]]>", from: position + 9), 3)
    } else if starts("<?") {
      finish(find("?>", from: position + 2), 2)
    } else if starts("<!") {
      passDeclaration()
    } else {
      return false
    }
    return true
  }

  /// Passes `<!DOCTYPE …>` with the internal subset in brackets that it may have.
  private mutating func passDeclaration() {
    var isInSubset = false
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "["): isInSubset = true
      case UInt8(ascii: "]"): isInSubset = false
      case UInt8(ascii: ">") where !isInSubset:
        position += 1
        return
      default: break
      }
      position += 1
    }
    isCut = true
  }

  /// Reads a tag; nil, one byte further, for a `<` that starts none.
  private mutating func readTag() -> Tag? {
    let isEnd = starts("</")
    var index = position + (isEnd ? 2 : 1)
    let start = index
    while index < bytes.count, Self.isNameByte(bytes[index]) { index += 1 }
    guard index > start, index - start <= 64 else {
      position += 1
      return nil
    }
    let name = bytes[start..<index].map(\.asciiLowercased)
    // Attributes: quotes may hold `>`; a `<` outside quotes is the start of the next tag.
    var quote: UInt8?
    while index < bytes.count {
      let byte = bytes[index]
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") || byte == UInt8(ascii: "<") {
        break
      }
      index += 1
    }
    guard index < bytes.count else {
      isCut = true
      position = bytes.count
      return nil
    }
    position = bytes[index] == UInt8(ascii: ">") ? index + 1 : index
    let parts = name.split(separator: UInt8(ascii: ":"), maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
    return Tag(
      localName: parts.last ?? "", prefix: parts.count == 2 ? parts[0] : "", isEnd: isEnd,
      isEmpty: bytes[index - 1] == UInt8(ascii: "/"))
  }

  // MARK: Bytes

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte.isASCIILetter || byte.isASCIIDigit || byte >= 0x80 || ":_-.".utf8.contains(byte)
  }

  private func find(_ byte: UInt8) -> Int? { bytes[position...].firstIndex(of: byte) }

  private func find(_ text: StaticString, from start: Int) -> Int? {
    let count = text.utf8CodeUnitCount
    guard start <= bytes.count - count else { return nil }
    return (start...(bytes.count - count)).first { matches(text, at: $0) }
  }

  private func starts(_ text: StaticString) -> Bool {
    position <= bytes.count - text.utf8CodeUnitCount && matches(text, at: position)
  }

  private func matches(_ text: StaticString, at offset: Int) -> Bool {
    text.withUTF8Buffer { text in
      for index in text.indices where bytes[offset + index] != text[index] { return false }
      return true
    }
  }

  /// Goes behind a closing mark, or to the end where there is none.
  private mutating func finish(_ found: Int?, _ length: Int) {
    if found == nil { isCut = true }
    position = found.map { $0 + length } ?? bytes.count
  }

  /// Appends text with its references resolved; an unknown one, or a bare `&`, stays as it is.
  private func appendResolved(_ range: Range<Int>, to output: inout [UInt8], limit: Int) {
    var index = range.lowerBound
    while index < range.upperBound, output.count < limit {
      if bytes[index] == UInt8(ascii: "&"),
        let semicolon = bytes[index..<min(index + 12, range.upperBound)].firstIndex(of: UInt8(ascii: ";")),
        let character = Self.character(bytes[(index + 1)..<semicolon])
      {
        output += Array(String(character).utf8)
        index = semicolon + 1
      } else {
        output.append(bytes[index])
        index += 1
      }
    }
  }

  private static func character(_ reference: ArraySlice<UInt8>) -> Unicode.Scalar? {
    switch String(decoding: reference, as: UTF8.self) {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    case let name where name.hasPrefix("#x") || name.hasPrefix("#X"):
      return UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
    case let name where name.hasPrefix("#"):
      return UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
    default: return nil
    }
  }
}
