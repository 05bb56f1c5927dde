extension URLParser {
  /// Reads the path that may follow a host, then query and fragment.
  mutating func parsePathStart() -> Bool {
    if special != nil {
      if isSlash(current) { position += 1 }
      return parsePath()
    }
    guard current == UInt8(ascii: "/") else { return parseQueryAndFragment() }
    position += 1
    return parsePath()
  }

  /// Reads path segments, the first one starting here, onto what `path` holds already.
  mutating func parsePath() -> Bool {
    while true {
      let start = position
      while let byte = current, !isSlash(byte), byte != UInt8(ascii: "?"), byte != UInt8(ascii: "#") {
        position += 1
      }
      appendSegment(input[start..<position], isLast: !isSlash(current))
      guard isSlash(current) else { return parseQueryAndFragment() }
      position += 1
    }
  }

  private mutating func appendSegment(_ segment: ArraySlice<UInt8>, isLast: Bool) {
    switch Self.dots(segment) {
    case 2:
      shortenPath()
      if isLast { path.append(UInt8(ascii: "/")) }
    case 1:
      if isLast { path.append(UInt8(ascii: "/")) }
    default:
      let isFirst = path.isEmpty
      path.append(UInt8(ascii: "/"))
      let start = segment.startIndex
      if special == .file, isFirst, segment.count == 2, segment[start].isASCIILetter,
        segment[start + 1] == UInt8(ascii: "|")
      {
        path += [segment[start], UInt8(ascii: ":")]
      } else {
        PercentEncoding.append(segment, to: &path, PercentEncoding.path)
      }
    }
  }

  /// How many dots a segment consists of, escaped ones counted: 1, 2 or, for any other segment, 0.
  private static func dots(_ segment: ArraySlice<UInt8>) -> Int {
    guard !segment.isEmpty, segment.count <= 6 else { return 0 }
    var rest = segment
    var count = 0
    while let first = rest.first {
      if first == UInt8(ascii: ".") {
        rest = rest.dropFirst()
      } else if rest.count >= 3, first == UInt8(ascii: "%"), rest[rest.startIndex + 1] == UInt8(ascii: "2"),
        rest[rest.startIndex + 2] | 0x20 == UInt8(ascii: "e")
      {
        rest = rest.dropFirst(3)
      } else {
        return 0
      }
      count += 1
    }
    return count <= 2 ? count : 0
  }

  /// Removes the last segment; a file URL keeps its drive letter.
  mutating func shortenPath() {
    if special == .file, Self.isDriveSegment(path[...]) { return }
    if let slash = path.lastIndex(of: UInt8(ascii: "/")) { path.removeSubrange(slash...) }
  }

  /// Reads a path without segments.
  mutating func parseOpaquePath() -> Bool {
    while let byte = current, byte != UInt8(ascii: "?"), byte != UInt8(ascii: "#") {
      let next = self.byte(at: position + 1)
      if byte == 0x20, next == UInt8(ascii: "?") || next == UInt8(ascii: "#") {
        // A blank at the very end would be lost when the URL is written without query and fragment.
        PercentEncoding.appendEscape(byte, to: &path)
      } else {
        PercentEncoding.append(byte, to: &path, PercentEncoding.c0Control)
      }
      position += 1
    }
    return parseQueryAndFragment()
  }

  /// Reads `?query` and `#fragment`, each where it stands; what was there before stays where it does not.
  mutating func parseQueryAndFragment() -> Bool {
    if current == UInt8(ascii: "?") {
      let end = input[position...].firstIndex(of: UInt8(ascii: "#")) ?? input.count
      var encoded: [UInt8] = []
      let set = special != nil ? PercentEncoding.specialQuery : PercentEncoding.query
      PercentEncoding.append(input[(position + 1)..<end], to: &encoded, set)
      query = encoded
      position = end
    }
    if current == UInt8(ascii: "#") {
      var encoded: [UInt8] = []
      PercentEncoding.append(input[(position + 1)...], to: &encoded, PercentEncoding.fragment)
      fragment = encoded
      position = input.count
    }
    return true
  }
}
