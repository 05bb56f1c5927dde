@_spi(_Unicode) internal import Swift

/// The words of one block in the making: white space collapsed, invisible characters dropped, links noted.
struct InlineText {
  struct LinkSpan {
    var start: Int
    var end: Int
    var target: String
  }

  private(set) var bytes: [UInt8] = []
  var links: [LinkSpan] = []
  private var owesSpace = false
  /// Whether a byte was seen that may belong to a character outside NFC.
  private var needsComposing = false

  var isEmpty: Bool { bytes.isEmpty }

  /// Where the next word will begin.
  var nextStart: Int { bytes.count + (owesSpace && (bytes.last ?? 0) > 0x20 ? 1 : 0) }

  mutating func space() { owesSpace = true }

  mutating func lineBreak() {
    owesSpace = false
    if let last = bytes.last, last != 0x0A { bytes.append(0x0A) }
  }

  var endsWithLineBreak: Bool { bytes.last == 0x0A }

  @inline(__always)
  private mutating func paySpace() {
    if owesSpace {
      owesSpace = false
      if let last = bytes.last, last > 0x20 { bytes.append(0x20) }
    }
  }

  /// Appends words of our own making, such as a list item's marker.
  mutating func append(_ text: StaticString) {
    paySpace()
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends words of our own making with a space after them that nothing collapses.
  mutating func appendMarker(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append($0) }
  }

  /// Appends another text as it stands, with its links.
  mutating func append(_ other: InlineText) {
    guard !other.isEmpty else { return }
    paySpace()
    let offset = bytes.count
    bytes.append(contentsOf: other.bytes)
    needsComposing = needsComposing || other.needsComposing
    for link in other.links {
      links.append(.init(start: link.start + offset, end: link.end + offset, target: link.target))
    }
  }

  /// Appends a page's text.
  mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
    var index = 0
    let count = text.count
    while index < count {
      let byte = text[index]
      if byte > 0x20, byte < 0x7F {
        var end = index + 1
        while end < count, text[end] > 0x20, text[end] < 0x7F { end += 1 }
        paySpace()
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[index..<end]))
        index = end
      } else if byte < 0x80 {
        if byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) { owesSpace = true }
        index += 1
      } else {
        index = appendWide(text, index)
      }
    }
  }

  /// Appends the character above ASCII at an index, and answers where the next begins.
  private mutating func appendWide(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
    let lead = text[index]
    let end = min(text.count, index + (lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2))
    switch CharacterClass.of(text, index, end) {
    case .space: owesSpace = true
    case .invisible: break
    case .visible:
      paySpace()
      if lead >= 0xCC { needsComposing = true }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[index..<end]))
    }
    return end
  }

  /// Appends code as it stands: lines, tabs and runs of spaces kept, invisible characters dropped.
  mutating func appendVerbatim(_ text: UnsafeBufferPointer<UInt8>) {
    var index = 0
    let count = text.count
    while index < count {
      let byte = text[index]
      if byte >= 0x20, byte < 0x7F || byte == 0x0A || byte == 0x09 {
        bytes.append(byte)
        index += 1
      } else if byte < 0x80 {
        if byte == 0x0A || byte == 0x09 { bytes.append(byte) }
        if byte == 0x0D, index + 1 >= count || text[index + 1] != 0x0A { bytes.append(0x0A) }
        index += 1
      } else {
        let end = min(count, index + (byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2))
        switch CharacterClass.of(text, index, end) {
        case .space: bytes.append(0x20)
        case .invisible: break
        case .visible:
          if byte >= 0xCC { needsComposing = true }
          bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[index..<end]))
        }
        index = end
      }
    }
  }

  mutating func appendVerbatimLineBreak() { bytes.append(0x0A) }

  /// Drops empty lines before and white space after.
  mutating func trimVerbatim() {
    while let last = bytes.last, last == 0x0A || last == 0x20 || last == 0x09 { bytes.removeLast() }
    var start = 0
    var index = 0
    while index < bytes.count, bytes[index] == 0x0A || bytes[index] == 0x20 || bytes[index] == 0x09 {
      if bytes[index] == 0x0A { start = index + 1 }
      index += 1
    }
    if start > 0 { bytes.removeFirst(start) }
    links = []
  }

  /// Ends the text: no space or break after it, composed (NFC), links within it and not empty.
  mutating func finish() {
    while let last = bytes.last, last == 0x20 || last == 0x0A { bytes.removeLast() }
    owesSpace = false
    if needsComposing { compose() }
    let count = bytes.count
    links = links.compactMap { link in
      var link = link
      link.end = min(link.end, count)
      return link.start < link.end ? link : nil
    }
  }

  private mutating func compose() {
    let composed = Self.composed(bytes)
    guard composed != bytes else { return }
    for index in links.indices {
      links[index].start = min(
        Self.composed(Array(bytes[..<min(links[index].start, bytes.count)])).count, composed.count)
      links[index].end = min(Self.composed(Array(bytes[..<min(links[index].end, bytes.count)])).count, composed.count)
    }
    bytes = composed
  }

  static func composed(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for scalar in String(decoding: bytes, as: UTF8.self)._nfc {
      UTF8.encode(scalar) { result.append($0) }
    }
    return result
  }
}

/// What a character above ASCII is for a reader.
private enum CharacterClass {
  case visible
  case space
  case invisible

  @inline(__always)
  static func of(_ text: UnsafeBufferPointer<UInt8>, _ index: Int, _ end: Int) -> CharacterClass {
    let lead = text[index]
    switch lead {
    case 0xC2 where end - index == 2:
      let next = text[index + 1]
      if next == 0xA0 { return .space }
      return next < 0xA0 || next == 0xAD ? .invisible : .visible
    case 0xE2 where end - index == 3:
      let point = UInt32(text[index + 1] & 0x3F) << 6 | UInt32(text[index + 2] & 0x3F) | 0x2000
      switch point {
      case 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F: return .space
      case 0x200B, 0x200E, 0x200F, 0x202A...0x202E, 0x2060...0x206F: return .invisible
      default: return .visible
      }
    case 0xE3 where end - index == 3 && text[index + 1] == 0x80 && text[index + 2] == 0x80: return .space
    case 0xEF where end - index == 3 && text[index + 1] == 0xBB && text[index + 2] == 0xBF: return .invisible
    default: return .visible
    }
  }
}
