public import Corpus

/// Finds the words of a text: letters, digits and marks of any script, identifiers whole as well as in parts.
public enum WordSplitter {
  /// What kind of word was found.
  public enum Kind: Sendable, Hashable {
    /// A word of its own, a number or a version (`192.168.1.1`), or a camel-case name taken whole.
    case word
    /// A joined name, whole: `ERR-4012`, `max_connections`, `C++`; its parts follow.
    case compound
    /// A part of the name before it.
    case part
    /// Two neighbouring characters of a script that writes no spaces, or its single one.
    case bigram
  }

  /// A word and where it stands.
  public struct Word: Sendable, Hashable {
    /// What kind of word it is.
    public var kind: Kind
    /// Its bytes in the text.
    public var range: TextRange
  }

  /// The words of a text in the order of their starts, names before their parts.
  public static func words(in text: String) -> [Word] {
    var text = text
    return text.withUTF8 { bytes in
      var words: [Word] = []
      scan(bytes) { start, end, kind in
        words.append(Word(kind: kind, range: TextRange(start: start, end: end)))
      }
      return words
    }
  }

  /// Names of more parts than this are not split further.
  static let partLimit = 32

  /// Calls `emit` with start, end and kind of each word of valid UTF-8.
  @inline(__always)
  static func scan(_ bytes: UnsafeBufferPointer<UInt8>, emit: (Int, Int, Kind) -> Void) {
    let ascii = asciiKinds
    var token = Token()
    var offset = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte < 0x80 {
        if ascii[Int(byte)] & ScalarTraits.Kind.word.rawValue == 0 {
          offset += 1
          continue
        }
      } else {
        let (scalar, length) = decodeScalar(bytes, at: offset)
        let kind = ScalarTraits.kind(scalar)
        if !kind.contains(.word) {
          offset += length
          continue
        }
        if kind.contains(.unspaced) {
          offset = scanUnspaced(bytes, from: offset, emit: emit)
          continue
        }
      }
      // Most words are plain lower-case ASCII and end before anything that could join them to more.
      var end = offset
      while end < bytes.count, bytes[end] &- 0x61 < 26 { end += 1 }
      if end > offset, end == bytes.count || bytes[end] == 0x20 || bytes[end] == 0x2C || bytes[end] == 0x0A {
        emit(offset, end, .word)
        offset = end
        continue
      }
      token.read(bytes, from: offset, ascii: ascii)
      offset = token.end
      emitToken(token, bytes, emit: emit)
    }
  }

  /// The kinds of the ASCII characters.
  static let asciiKinds: [UInt8] = (0..<128).map { ScalarTraits.kind($0).rawValue }

  private static func emitToken(_ token: Token, _ bytes: UnsafeBufferPointer<UInt8>, emit: (Int, Int, Kind) -> Void) {
    emit(token.start, token.end, token.isJoined ? .compound : .word)
    if token.parts.count > 1, token.parts.count <= partLimit {
      for part in token.parts { emit(part.start, part.end, .part) }
    } else if token.hasDottedNumber, token.parts.count == 1, token.end - token.start > 1,
      bytes[token.start] | 0x20 == UInt8(ascii: "v"), bytes[token.start + 1] &- 0x30 < 10
    {
      // v2.3 is found by 2.3 too.
      emit(token.start + 1, token.end, .part)
    }
  }

  private static func scanUnspaced(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, emit: (Int, Int, Kind) -> Void
  ) -> Int {
    var previous: Int?
    var last = start
    var offset = start
    while offset < bytes.count {
      let (scalar, length) = decodeScalar(bytes, at: offset)
      let kind = ScalarTraits.kind(scalar)
      guard kind.contains(.unspaced) || (kind.contains(.accent) && offset > start) else { break }
      if !kind.contains(.accent) {
        if let previous { emit(previous, offset + length, .bigram) }
        previous = offset
        last = offset
      }
      offset += length
    }
    if last == start { emit(start, offset, .bigram) }
    return offset
  }
}

/// A run of word characters and the joiners within, with the bounds of its parts.
struct Token {
  private(set) var start = 0
  private(set) var end = 0
  /// Whether joiners hold it together, rather than letter case alone.
  private(set) var isJoined = false
  private(set) var hasDottedNumber = false
  private(set) var parts: [TextRange] = []

  /// Reads the token at an offset that holds a word character.
  mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, from offset: Int, ascii: [UInt8]) {
    start = offset
    isJoined = false
    hasDottedNumber = false
    parts.removeAll(keepingCapacity: true)
    var partStart = offset
    var position = offset
    var previous: ScalarTraits.Kind = []
    var previousStart = offset
    var wasUpperTwice = false
    while position < bytes.count {
      let (kind, length) = Self.kind(bytes, at: position, ascii: ascii)
      if kind.contains(.word), !kind.contains(.unspaced) {
        if kind.contains(.upper), previous.contains(.lower) {
          parts.append(TextRange(start: partStart, end: position))
          partStart = position
        } else if kind.contains(.lower), wasUpperTwice, previousStart > partStart {
          parts.append(TextRange(start: partStart, end: previousStart))
          partStart = previousStart
        }
        if !kind.contains(.accent) {
          wasUpperTwice = kind.contains(.upper) && previous.contains(.upper)
          previous = kind
          previousStart = position
        }
        position += length
        continue
      }
      guard let next = joinEnd(bytes, at: position, ascii: ascii) else { break }
      if bytes[position] == UInt8(ascii: "."), previous.contains(.digit), bytes[next] &- 0x30 < 10 {
        hasDottedNumber = true
      } else {
        parts.append(TextRange(start: partStart, end: position))
        partStart = next
        isJoined = true
        previous = []
        wasUpperTwice = false
      }
      position = next
    }
    if position > partStart { parts.append(TextRange(start: partStart, end: position)) }
    end = position
    takeSigns(bytes)
  }

  /// The offset after a joiner that has a word character behind it; nil where no joiner stands.
  private func joinEnd(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int, ascii: [UInt8]) -> Int? {
    var next = offset + 1
    switch bytes[offset] {
    case UInt8(ascii: "_"):
      while next < bytes.count, bytes[next] == UInt8(ascii: "_"), next - offset < 8 { next += 1 }
    case UInt8(ascii: "-"), UInt8(ascii: "."): break
    default: return nil
    }
    guard next < bytes.count else { return nil }
    let kind = Self.kind(bytes, at: next, ascii: ascii).kind
    return kind.contains(.word) && !kind.contains(.unspaced) ? next : nil
  }

  /// Takes in what ends a language's name: `C++`, `C#`.
  private mutating func takeSigns(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard parts.count == 1, end < bytes.count else { return }
    let isLetter = end - start == 1 && (bytes[start] | 0x20) &- 0x61 < 26
    if isLetter, bytes[end] == UInt8(ascii: "#") {
      end += 1
    } else if end + 1 < bytes.count, bytes[end] == UInt8(ascii: "+"), bytes[end + 1] == UInt8(ascii: "+") {
      end += 2
    } else {
      return
    }
    isJoined = true
  }

  @inline(__always)
  private static func kind(
    _ bytes: UnsafeBufferPointer<UInt8>, at offset: Int, ascii: [UInt8]
  ) -> (kind: ScalarTraits.Kind, length: Int) {
    let byte = bytes[offset]
    if byte < 0x80 { return (ScalarTraits.Kind(rawValue: ascii[Int(byte)]), 1) }
    let (scalar, length) = decodeScalar(bytes, at: offset)
    return (ScalarTraits.kind(scalar), length)
  }
}
