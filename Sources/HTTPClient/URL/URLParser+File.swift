extension URLParser {
  /// Reads what follows `file:`.
  mutating func parseFile() -> Bool {
    host = []
    let base = base?.scheme == "file" ? base : nil
    if isSlash(current) {
      position += 1
      return parseFileAfterSlash(base)
    }
    guard let base else { return parsePath() }
    host = base.host.map { Array($0.utf8) }
    if startsWithDriveLetter() {
      // A drive letter starts anew at the root of the base's host.
      return parsePath()
    }
    return parseRelativePath(base)
  }

  private mutating func parseFileAfterSlash(_ base: WebURL?) -> Bool {
    if isSlash(current) {
      position += 1
      return parseFileHost()
    }
    if let base {
      host = base.host.map { Array($0.utf8) }
      let basePath = Array(base.path.utf8.prefix(4))
      if !startsWithDriveLetter(), Self.isDriveSegment(basePath.prefix(3)),
        basePath.count < 4 || basePath[3] == UInt8(ascii: "/")
      {
        path = Array(basePath.prefix(3))
      }
    }
    return parsePath()
  }

  private mutating func parseFileHost() -> Bool {
    let end = input[position...].firstIndex(where: endsAuthority) ?? input.count
    let name = input[position..<end]
    if name.count == 2, startsWithDriveLetter() {
      // `file://C:/` names a drive, not a host.
      return parsePath()
    }
    if !name.isEmpty {
      guard let parsed = HostParser.parse(name, isSpecial: true) else { return false }
      host = parsed == Array("localhost".utf8) ? [] : parsed
    }
    position = end
    return parsePathStart()
  }

  /// Whether the rest starts with a Windows drive letter (`C:` or `C|`) that ends there or at a separator.
  func startsWithDriveLetter() -> Bool {
    guard let letter = current, letter.isASCIILetter, let mark = byte(at: position + 1),
      mark == UInt8(ascii: ":") || mark == UInt8(ascii: "|")
    else { return false }
    guard let next = byte(at: position + 2) else { return true }
    return endsAuthority(next)
  }

  /// Whether a path is `/` and a normalised drive letter.
  static func isDriveSegment(_ path: ArraySlice<UInt8>) -> Bool {
    let start = path.startIndex
    return path.count == 3 && path[start] == UInt8(ascii: "/") && path[start + 1].isASCIILetter
      && path[start + 2] == UInt8(ascii: ":")
  }
}
