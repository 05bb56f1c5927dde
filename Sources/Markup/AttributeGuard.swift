internal import Glibc

/// Blanks out attributes beyond a number that no honest page reaches.
///
/// libxml2 compares each attribute of a tag with all before it (`htmlParseStartTag`), so that one tag with a million
/// attributes takes hours. This walks the page's tags as that function does, in linear time, before it sees them.
enum AttributeGuard {
  static func bounded(_ page: [UInt8], attributes limit: Int) -> [UInt8] {
    var changes: [Range<Int>] = []
    page.withUnsafeBufferPointer { scan($0, limit, &changes) }
    guard !changes.isEmpty else { return page }
    var copy = page
    for range in changes {
      for index in range { copy[index] = 0x20 }
    }
    return copy
  }

  private static func scan(_ page: UnsafeBufferPointer<UInt8>, _ limit: Int, _ changes: inout [Range<Int>]) {
    var position = 0
    let count = page.count
    while let open = find(UInt8(ascii: "<"), in: page, from: position), open + 1 < count {
      let next = page[open + 1]
      if next == UInt8(ascii: "!"), open + 3 < count, page[open + 2] == 0x2D, page[open + 3] == 0x2D {
        position = endOfComment(page, open + 4)
      } else if isLetter(next) {
        position = tag(page, open + 1, limit, &changes)
        if let raw = rawName(page, open + 1) { position = endOfRaw(page, position, raw) }
      } else {
        position = open + 1
      }
    }
  }

  /// Walks one start tag from its name and answers where it ends.
  private static func tag(
    _ page: UnsafeBufferPointer<UInt8>, _ start: Int, _ limit: Int, _ changes: inout [Range<Int>]
  ) -> Int {
    let count = page.count
    var position = start
    while position < count, isName(page[position]) { position += 1 }
    var seen = 0
    var excess = -1
    while true {
      while position < count, isBlank(page[position]) { position += 1 }
      guard position < count, page[position] != UInt8(ascii: ">") else { break }
      if page[position] == UInt8(ascii: "/"), position + 1 < count, page[position + 1] == UInt8(ascii: ">") { break }
      seen += 1
      if seen > limit, excess < 0 { excess = position }
      position = attribute(page, position)
    }
    if excess >= 0 { changes.append(excess..<min(position, count)) }
    return position
  }

  private static func attribute(_ page: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    let count = page.count
    var position = start
    while position < count, isName(page[position]), position - start < 100 { position += 1 }
    if position == start {
      while position < count, !isBlank(page[position]), page[position] != UInt8(ascii: ">") { position += 1 }
      return max(position, start + 1)
    }
    var next = position
    while next < count, isBlank(page[next]) { next += 1 }
    guard next < count, page[next] == UInt8(ascii: "=") else { return position }
    next += 1
    while next < count, isBlank(page[next]) { next += 1 }
    guard next < count else { return count }
    let quote = page[next]
    if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      return find(quote, in: page, from: next + 1).map { $0 + 1 } ?? count
    }
    while next < count, !isBlank(page[next]), page[next] != UInt8(ascii: ">") { next += 1 }
    return next
  }

  private static func endOfComment(_ page: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    var position = start
    while let close = find(UInt8(ascii: ">"), in: page, from: position) {
      if close >= start + 2, page[close - 1] == 0x2D, page[close - 2] == 0x2D { return close + 1 }
      position = close + 1
    }
    return page.count
  }

  private static func rawName(_ page: UnsafeBufferPointer<UInt8>, _ start: Int) -> StaticString? {
    if matches("script", page, start) { return "script" }
    if matches("style", page, start) { return "style" }
    return nil
  }

  private static func endOfRaw(_ page: UnsafeBufferPointer<UInt8>, _ start: Int, _ name: StaticString) -> Int {
    var position = start
    while let open = find(UInt8(ascii: "<"), in: page, from: position) {
      if open + 1 < page.count, page[open + 1] == UInt8(ascii: "/"), matches(name, page, open + 2) { return open }
      position = open + 1
    }
    return page.count
  }

  private static func matches(_ name: StaticString, _ page: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    let count = name.utf8CodeUnitCount
    guard start + count <= page.count else { return false }
    for index in 0..<count where page[start + index] | 0x20 != name.utf8Start[index] { return false }
    return start + count == page.count || !isName(page[start + count])
  }

  private static func find(_ byte: UInt8, in page: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    guard start < page.count, let base = page.baseAddress,
      let found = memchr(base + start, Int32(byte), page.count - start)
    else { return nil }
    return UnsafeRawPointer(base).distance(to: found)
  }

  @inline(__always) private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  @inline(__always) private static func isName(_ byte: UInt8) -> Bool {
    isLetter(byte) || byte &- 0x30 < 11 || byte == 0x2D || byte == 0x2E || byte == 0x5F
  }

  @inline(__always) private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
