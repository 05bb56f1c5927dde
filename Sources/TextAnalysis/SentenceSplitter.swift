public import Corpus

/// Finds the sentences of a text by the punctuation of European and East Asian scripts, in linear time.
public enum SentenceSplitter {
  /// Changes whenever the same text would give other sentences.
  public static let version = 1

  /// The sentences of a text: byte ranges in order, without the white space around them.
  ///
  /// Everything but white space lies in exactly one sentence. Blank lines, and line breaks that do not continue a
  /// wrapped line, end a sentence too.
  public static func sentences(in text: String) -> [TextRange] {
    var text = text
    return text.withUTF8 { bytes in sentences(in: bytes, from: 0, to: bytes.count) }
  }

  /// The sentences of a part of valid UTF-8; the ranges count from the buffer's start.
  public static func sentences(in bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> [TextRange] {
    guard start >= 0, start < end, end <= bytes.count else { return [] }
    var scanner = SentenceScanner(bytes: bytes, start: start, end: end)
    return scanner.scan()
  }
}

/// One pass over a text.
private struct SentenceScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  let end: Int
  var sentenceStart: Int
  var found: [TextRange] = []

  init(bytes: UnsafeBufferPointer<UInt8>, start: Int, end: Int) {
    self.bytes = UnsafeBufferPointer(rebasing: bytes[0..<end])
    self.end = end
    sentenceStart = start
  }

  mutating func scan() -> [TextRange] {
    var offset = sentenceStart
    while offset < end {
      // Letters and spaces, which are most of a text, end nothing.
      if bytes[offset] &- 0x40 < 0xA2 || bytes[offset] == 0x20 {
        offset += 1
        continue
      }
      switch bytes[offset] {
      case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"):
        offset = stop(at: offset)
      case UInt8(ascii: "\n"):
        offset = lineBreak(at: offset)
      case 0xE2 where isEllipsis(offset):
        offset = stop(at: offset)
      case 0xE3, 0xEF:
        offset = wideStop(at: offset)
      default:
        offset += 1
      }
    }
    close(at: end)
    return found
  }

  /// Ends the current sentence at an offset.
  private mutating func close(at offset: Int) {
    var start = sentenceStart
    while start < offset, let length = spaceLength(at: start) { start += length }
    var last = offset
    while last > start, let length = spaceLength(before: last) { last -= length }
    if last > start { found.append(TextRange(start: start, end: last)) }
    sentenceStart = offset
  }

  // MARK: Stops

  /// Handles `.`, `!`, `?` and `…`, with whatever repeats and closes them.
  private mutating func stop(at offset: Int) -> Int {
    var position = offset
    var dots = 0
    var isStrong = false
    while position < end {
      let byte = bytes[position]
      if byte == UInt8(ascii: ".") {
        dots += 1
        position += 1
      } else if byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?") {
        isStrong = true
        position += 1
      } else if byte == 0xE2, isEllipsis(position) {
        dots += 3
        position += 3
      } else {
        break
      }
    }
    let afterStops = position
    while position < end, let length = closerLength(at: position) { position += length }
    guard position < end else { return position }
    guard spaceLength(at: position) != nil else { return max(afterStops, offset + 1) }
    let next = followingStart(position)
    guard next < end else { return position }
    if bytes[position] == UInt8(ascii: "\n") { return position }
    let kind = ScalarTraits.kind(decodeScalar(bytes, at: next).scalar)
    // What goes on in lower case has not ended: "etc. and", "¡Hola! dijo".
    if kind.contains(.lower), !kind.contains(.upper) { return position }
    if !isStrong, dots == 1, isAbbreviation(endingAt: offset, followedByDigit: kind.contains(.digit)) {
      return position
    }
    close(at: position)
    return position
  }

  /// Handles the full stops of East Asian scripts, which need no space behind them.
  private mutating func wideStop(at offset: Int) -> Int {
    guard offset + 2 < end else { return offset + 1 }
    let value = (bytes[offset + 1], bytes[offset + 2])
    let isStop =
      bytes[offset] == 0xE3
      ? value == (0x80, 0x82) : value == (0xBC, 0x81) || value == (0xBC, 0x9F) || value == (0xBD, 0xA1)
    guard isStop else { return offset + 1 }
    var position = offset + 3
    while position < end, let length = closerLength(at: position) { position += length }
    close(at: position)
    return position
  }

  /// Handles a line break: it ends a sentence unless the next line goes on in lower case.
  private mutating func lineBreak(at offset: Int) -> Int {
    var position = offset + 1
    var breaks = 1
    while position < end, let length = spaceLength(at: position) {
      if bytes[position] == UInt8(ascii: "\n") { breaks += 1 }
      position += length
    }
    guard position < end else { return position }
    let kind = ScalarTraits.kind(decodeScalar(bytes, at: position).scalar)
    let continues = breaks == 1 && kind.contains(.lower) && !endsWithStop(before: offset)
    if !continues { close(at: offset) }
    return position
  }

  private func endsWithStop(before offset: Int) -> Bool {
    var position = offset
    while position > sentenceStart, let length = spaceLength(before: position) { position -= length }
    guard position > sentenceStart else { return true }
    switch bytes[position - 1] {
    case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: ":"), UInt8(ascii: ";"): return true
    default: return false
    }
  }

  // MARK: Abbreviations

  /// Whether the full stop at an offset belongs to an abbreviation, an initial or a list item's number.
  private func isAbbreviation(endingAt offset: Int, followedByDigit: Bool) -> Bool {
    var start = offset
    // No abbreviation is longer than this.
    let limit = max(sentenceStart, offset - 24)
    while start > limit {
      let byte = bytes[start - 1]
      if byte <= 0x20 || byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "\"") { break }
      start -= 1
    }
    guard start < offset else { return false }
    let word = UnsafeBufferPointer(rebasing: bytes[start..<offset])
    let atStart = isOnlySpace(from: sentenceStart, to: start)
    if word.allSatisfy({ $0 &- 0x30 < 10 }) { return atStart && word.count <= 3 }
    if word.count == 1, (word[0] | 0x20) &- 0x61 < 26 {
      // An initial, unless it ends its sentence: "vitamin C. Then" is rarer than "J. Smith".
      return word[0] &- 0x41 < 26 || atStart || word[0] == UInt8(ascii: "p") || word[0] == UInt8(ascii: "n")
    }
    // U.S., e.g., EE.UU., a.m.
    if word.contains(UInt8(ascii: ".")), word.split(separator: UInt8(ascii: ".")).allSatisfy({ $0.count <= 2 }),
      word.allSatisfy({ $0 == UInt8(ascii: ".") || ($0 | 0x20) &- 0x61 < 26 })
    {
      return true
    }
    var folded: [UInt8] = []
    Folding.fold(word, into: &folded)
    let spelling = String(decoding: folded, as: UTF8.self)
    return Abbreviations.always.contains(spelling)
      || (followedByDigit && Abbreviations.beforeNumbers.contains(spelling))
  }

  private func isOnlySpace(from start: Int, to end: Int) -> Bool {
    var position = start
    while position < end, let length = spaceLength(at: position) { position += length }
    return position >= end
  }

  // MARK: Scalars

  private func isEllipsis(_ offset: Int) -> Bool {
    offset + 2 < end && bytes[offset + 1] == 0x80 && bytes[offset + 2] == 0xA6
  }

  /// The length of the white space at an offset; nil where there is none.
  private func spaceLength(at offset: Int) -> Int? {
    let byte = bytes[offset]
    if byte < 0x80 { return byte == 0x20 || byte &- 9 < 5 ? 1 : nil }
    let (scalar, length) = decodeScalar(bytes, at: offset)
    return ScalarTraits.kind(scalar).contains(.space) ? length : nil
  }

  private func spaceLength(before offset: Int) -> Int? {
    var start = offset - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return spaceLength(at: start)
  }

  /// The length of a closing quote or bracket, or of a note's reference `[3]`; nil where there is none.
  private func closerLength(at offset: Int) -> Int? {
    switch bytes[offset] {
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "\""), UInt8(ascii: "'"),
      UInt8(ascii: "*"):
      return 1
    case 0xC2 where offset + 1 < end && bytes[offset + 1] == 0xBB: return 2
    case 0xE2
    where offset + 2 < end && bytes[offset + 1] == 0x80 && (bytes[offset + 2] == 0x99 || bytes[offset + 2] == 0x9D):
      return 3
    case 0xE3
    where offset + 2 < end && bytes[offset + 1] == 0x80 && (bytes[offset + 2] == 0x8D || bytes[offset + 2] == 0x8F):
      return 3
    case UInt8(ascii: "["):
      var position = offset + 1
      while position < end, position - offset < 5, bytes[position] &- 0x30 < 10 { position += 1 }
      return position > offset + 1 && position < end && bytes[position] == UInt8(ascii: "]")
        ? position + 1 - offset : nil
    default: return nil
    }
  }

  /// Where the text goes on after white space, opening quotes and brackets.
  private func followingStart(_ offset: Int) -> Int {
    var position = offset
    while position < end {
      if let length = spaceLength(at: position) {
        position += length
        continue
      }
      switch bytes[position] {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "'"): position += 1
      case 0xC2 where position + 1 < end && [0xAB, 0xBF, 0xA1].contains(bytes[position + 1]): position += 2
      case 0xE2 where position + 2 < end && bytes[position + 1] == 0x80 && [0x98, 0x9C].contains(bytes[position + 2]):
        position += 3
      default: return position
      }
    }
    return position
  }
}
