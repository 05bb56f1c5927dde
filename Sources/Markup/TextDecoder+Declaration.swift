extension TextDecoder {
  /// The encoding that a page's `<meta>` names in its first 1,024 bytes.
  ///
  /// After <https://html.spec.whatwg.org/#prescan-a-byte-stream-to-determine-its-encoding>.
  static func declaredCharset(_ bytes: [UInt8]) -> Charset? {
    let head = Array(bytes.prefix(1024))
    if let declared = xmlDeclaration(head) { return declared }
    var position = 0
    while position < head.count, let open = head[position...].firstIndex(of: UInt8(ascii: "<")) {
      position = open + 1
      if head[open...].starts(with: "<!--".utf8) {
        position = endOfComment(head, open + 4)
      } else if isMeta(head, open) {
        var tag = MetaTag(head, open + 5)
        if let charset = tag.charset() { return charset }
        position = tag.position
      }
    }
    return nil
  }

  private static func xmlDeclaration(_ head: [UInt8]) -> Charset? {
    guard head.starts(with: "<?xml".utf8), let end = head.firstIndex(of: UInt8(ascii: ">")) else { return nil }
    let text = String(decoding: head[..<end], as: UTF8.self)
    guard let key = text.firstRange(of: "encoding") else { return nil }
    let quoted = text[key.upperBound...].split(separator: "=", maxSplits: 1).first.map { _ in text[key.upperBound...] }
    let words = (quoted ?? "").split { $0 == "\"" || $0 == "'" || $0 == "=" || $0 == " " || $0 == "?" }
    return words.first.flatMap { Charset(label: String($0)) }.map(byASCII)
  }

  private static func endOfComment(_ head: [UInt8], _ start: Int) -> Int {
    var index = start
    while index + 2 < head.count {
      if head[index] == 0x2D, head[index + 1] == 0x2D, head[index + 2] == UInt8(ascii: ">") { return index + 3 }
      index += 1
    }
    return head.count
  }

  private static func isMeta(_ head: [UInt8], _ open: Int) -> Bool {
    guard open + 5 < head.count, head[open + 5] <= 0x20 || head[open + 5] == UInt8(ascii: "/") else { return false }
    return zip(head[(open + 1)...], "meta".utf8).allSatisfy { $0 | 0x20 == $1 }
  }

  /// A declaration that could be read as ASCII cannot mean UTF-16.
  fileprivate static func byASCII(_ charset: Charset) -> Charset {
    charset == .utf16LittleEndian || charset == .utf16BigEndian ? .utf8 : charset
  }
}

/// One `<meta>` tag of the first bytes.
private struct MetaTag {
  private let head: [UInt8]
  private(set) var position: Int

  init(_ head: [UInt8], _ position: Int) {
    self.head = head
    self.position = position
  }

  mutating func charset() -> Charset? {
    var direct: String?
    var content: String?
    var isContentType = false
    while let (name, value) = attribute() {
      switch name {
      case "charset": direct = direct ?? value
      case "content": content = content ?? value
      case "http-equiv": isContentType = value.lowercased() == "content-type"
      default: break
      }
    }
    if let direct { return Charset(label: direct).map(TextDecoder.byASCII) }
    guard isContentType, let content, let key = content.lowercased().firstRange(of: "charset") else { return nil }
    let words = content.lowercased()[key.upperBound...].split { " \t\n=;\"'".contains($0) }
    return words.first.flatMap { Charset(label: String($0)) }.map(TextDecoder.byASCII)
  }

  private mutating func attribute() -> (String, String)? {
    while position < head.count, head[position] <= 0x20 || head[position] == UInt8(ascii: "/") { position += 1 }
    guard position < head.count, head[position] != UInt8(ascii: ">") else { return nil }
    let name = word { $0 <= 0x20 || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "/") }
    skipSpace()
    guard position < head.count, head[position] == UInt8(ascii: "=") else {
      // Not even a name: step over it, or the tag would never end.
      if name.isEmpty { position += 1 }
      return (name, "")
    }
    position += 1
    skipSpace()
    guard position < head.count else { return (name, "") }
    let quote = head[position]
    if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      position += 1
      let value = word { $0 == quote }
      position += 1
      return (name, value)
    }
    return (name, word { $0 <= 0x20 || $0 == UInt8(ascii: ">") })
  }

  private mutating func skipSpace() {
    while position < head.count, head[position] <= 0x20 { position += 1 }
  }

  private mutating func word(until isEnd: (UInt8) -> Bool) -> String {
    let start = min(position, head.count)
    while position < head.count, !isEnd(head[position]) { position += 1 }
    return String(decoding: head[start..<min(position, head.count)], as: UTF8.self).lowercased()
  }
}
