internal import Glibc

/// Finds the tags of a page in its bytes, without building a tree.
///
/// It walks as the tokenizer of the HTML standard does (§13.2.5) where that decides what is a tag: comments, quoted
/// attribute values, and elements whose content is text (`script`, `style`, `title` …). It keeps the attributes that
/// a crawl asks for. One pass, no recursion, no memory beyond the tag at hand; works on any charset that keeps ASCII.
struct TagScanner {
  /// A tag and the attributes of it that a crawl asks for; of two of one name the first counts.
  struct Tag {
    /// The lower-case name, at most eight bytes, as `code(of:)` packs them; 0 for longer ones.
    var name: UInt64
    var isEnd: Bool
    var href: Range<Int>?
    var src: Range<Int>?
    var rel: Range<Int>?
    var nameAttribute: Range<Int>?
    var content: Range<Int>?
    var equivalent: Range<Int>?
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0
  /// The element whose text has to be passed before the next tag; 0 for none.
  private var rawText: UInt64 = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  /// Packs a name of at most eight ASCII bytes, for comparing names as integers.
  static func code(of name: StaticString) -> UInt64 {
    name.withUTF8Buffer { $0.reduce(0) { $0 << 8 | UInt64($1) } }
  }

  private static let script = code(of: "script")
  private static let rawTextNames: Set<UInt64> = [
    script, code(of: "style"), code(of: "title"), code(of: "textarea"), code(of: "xmp"), code(of: "noembed"),
    code(of: "iframe"),
  ]
  private static let href = code(of: "href")
  private static let src = code(of: "src")
  private static let rel = code(of: "rel")
  private static let name = code(of: "name")
  private static let content = code(of: "content")

  /// The next start or end tag; nil at the end.
  mutating func next() -> Tag? {
    while let open = find(0x3C, from: position) {
      position = open + 1
      guard position < bytes.count else { return nil }
      if rawText != 0 {
        guard bytes[position] == 0x2F, nameCode(at: position + 1).code == rawText else { continue }
        rawText = 0
      }
      switch bytes[position] {
      case 0x21: passMarkupDeclaration()
      case 0x3F: passBogusComment()
      case 0x2F:
        guard position + 1 < bytes.count, Self.isLetter(bytes[position + 1]) else {
          passBogusComment()
          continue
        }
        position += 1
        return readTag(isEnd: true)
      case let byte where Self.isLetter(byte):
        let tag = readTag(isEnd: false)
        if let tag, Self.rawTextNames.contains(tag.name) { rawText = tag.name }
        return tag
      default: break
      }
    }
    position = bytes.count
    return nil
  }

  // MARK: Steps

  private func find(_ byte: UInt8, from start: Int) -> Int? {
    guard start < bytes.count, let base = bytes.baseAddress,
      let found = memchr(base + start, Int32(byte), bytes.count - start)
    else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  /// Passes `<!…`: a comment, or a declaration up to `>`.
  private mutating func passMarkupDeclaration() {
    guard position + 2 < bytes.count, bytes[position + 1] == 0x2D, bytes[position + 2] == 0x2D else {
      return passBogusComment()
    }
    // `<!-->` and `<!--->` are whole comments.
    var search = position + 3
    if search < bytes.count, bytes[search] == 0x3E { return position = search + 1 }
    while let end = find(0x3E, from: search) {
      let first = position + 1
      if end - 2 > first, bytes[end - 1] == 0x2D, bytes[end - 2] == 0x2D { return position = end + 1 }
      if end - 3 > first, bytes[end - 1] == 0x21, bytes[end - 2] == 0x2D, bytes[end - 3] == 0x2D {
        return position = end + 1
      }
      search = end + 1
    }
    position = bytes.count
  }

  private mutating func passBogusComment() {
    position = find(0x3E, from: position).map { $0 + 1 } ?? bytes.count
  }

  private func nameCode(at start: Int) -> (code: UInt64, end: Int) {
    var index = start
    var code: UInt64 = 0
    while index < bytes.count {
      let byte = bytes[index]
      if Self.isSpace(byte) || byte == 0x2F || byte == 0x3E { break }
      code = index - start < 8 ? code << 8 | UInt64(Self.lower(byte)) : 0
      index += 1
    }
    return (code, index)
  }

  /// Reads a tag from its name on; nil when the page ends inside it, which makes it no tag.
  private mutating func readTag(isEnd: Bool) -> Tag? {
    let (code, end) = nameCode(at: position)
    var tag = Tag(name: code, isEnd: isEnd)
    position = end
    while true {
      while position < bytes.count, Self.isSpace(bytes[position]) || bytes[position] == 0x2F { position += 1 }
      guard position < bytes.count else { return nil }
      if bytes[position] == 0x3E {
        position += 1
        return tag
      }
      readAttribute(into: &tag)
    }
  }

  private mutating func readAttribute(into tag: inout Tag) {
    let start = position
    var code: UInt64 = 0
    while position < bytes.count {
      let byte = bytes[position]
      // An equals sign that comes first belongs to the name.
      if Self.isSpace(byte) || byte == 0x2F || byte == 0x3E || (byte == 0x3D && position > start) { break }
      code = position - start < 8 ? code << 8 | UInt64(Self.lower(byte)) : 0
      position += 1
    }
    let name = start..<position
    let value = readValue() ?? position..<position
    switch code {
    case Self.href: if tag.href == nil { tag.href = value }
    case Self.src: if tag.src == nil { tag.src = value }
    case Self.rel: if tag.rel == nil { tag.rel = value }
    case Self.name: if tag.nameAttribute == nil { tag.nameAttribute = value }
    case Self.content: if tag.content == nil { tag.content = value }
    default:
      if name.count == 10, tag.equivalent == nil, equals(name, "http-equiv") { tag.equivalent = value }
    }
  }

  /// Reads `= value` where it stands; nil for an attribute without one.
  private mutating func readValue() -> Range<Int>? {
    var index = position
    while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
    guard index < bytes.count, bytes[index] == 0x3D else { return nil }
    index += 1
    while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
    guard index < bytes.count else {
      position = index
      return nil
    }
    let quote = bytes[index]
    if quote == 0x22 || quote == 0x27 {
      let end = find(quote, from: index + 1) ?? bytes.count
      position = min(end + 1, bytes.count)
      return (index + 1)..<end
    }
    let start = index
    while index < bytes.count, !Self.isSpace(bytes[index]), bytes[index] != 0x3E { index += 1 }
    position = index
    return start..<index
  }

  // MARK: Bytes

  /// Whether a range holds an ASCII text, letters in either case.
  func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
    text.withUTF8Buffer { text in
      text.count == range.count && zip(range, text).allSatisfy { Self.lower(bytes[$0]) == $1 }
    }
  }

  /// Whether one of the words of a range, parted by spaces, is this ASCII text.
  func holds(_ range: Range<Int>, word: StaticString) -> Bool {
    var start = range.lowerBound
    while start < range.upperBound {
      var end = start
      while end < range.upperBound, !Self.isSpace(bytes[end]) { end += 1 }
      if equals(start..<end, word) { return true }
      start = end + 1
    }
    return false
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D ~= byte && byte != 0x0B) }

  private static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte | 0x20 }

  private static func lower(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }
}
