/// The basic URL parser of the standard's section 4.4, over bytes.
///
/// The standard describes one loop over code points with a state; here each state is a function that reads what
/// it needs and names the next one. Every function moves `position` forward only, so the whole is linear.
struct URLParser {
  /// The text without surrounding blanks, tabs and line breaks.
  let input: [UInt8]
  let base: WebURL?
  var position = 0

  var scheme = ""
  var special: SpecialScheme?
  var username: [UInt8] = []
  var password: [UInt8] = []
  var host: [UInt8]?
  var port: Int?
  var path: [UInt8] = []
  var query: [UInt8]?
  var fragment: [UInt8]?

  init(_ text: some Collection<UInt8>, base: WebURL?) {
    var bytes = Array(text)
    while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
    bytes = Array(bytes.drop { $0 <= 0x20 })
    bytes.removeAll { $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    input = bytes
    self.base = base
  }

  /// The URL, after `parse` has succeeded.
  var url: WebURL? {
    WebURL(
      scheme: scheme, username: text(username), password: text(password), host: host.map(text), port: port,
      path: text(path), query: query.map(text), fragment: fragment.map(text))
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The byte at the position; nil at the end.
  var current: UInt8? { position < input.count ? input[position] : nil }

  func byte(at index: Int) -> UInt8? { index < input.count ? input[index] : nil }

  /// Whether a byte parts path segments: `/`, and `\` for special schemes.
  func isSlash(_ byte: UInt8?) -> Bool {
    byte == UInt8(ascii: "/") || (special != nil && byte == UInt8(ascii: "\\"))
  }

  /// Whether host, port and credentials end here.
  func endsAuthority(_ byte: UInt8) -> Bool {
    isSlash(byte) || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  mutating func setScheme(_ name: String) {
    scheme = name
    special = SpecialScheme(name)
  }

  /// Reads the whole text; false where the standard says failure.
  mutating func parse() -> Bool {
    guard let name = readScheme() else { return parseWithoutScheme() }
    setScheme(name)
    if special == .file { return parseFile() }
    if special != nil {
      let slashes = startsWithTwoSlashes()
      if let base, base.scheme == scheme, !slashes { return parseRelative(base) }
      if slashes { position += 2 }
      return parseAuthorityAfterSlashes()
    }
    guard current == UInt8(ascii: "/") else { return parseOpaquePath() }
    position += 1
    guard current == UInt8(ascii: "/") else { return parsePath() }
    position += 1
    return parseAuthority()
  }

  private func startsWithTwoSlashes() -> Bool {
    current == UInt8(ascii: "/") && byte(at: position + 1) == UInt8(ascii: "/")
  }

  /// Reads `scheme:`; nil, with the position unmoved, where the text starts otherwise.
  private mutating func readScheme() -> String? {
    guard let first = current, first.isASCIILetter else { return nil }
    var index = 0
    while let byte = byte(at: index), byte != UInt8(ascii: ":") {
      guard
        byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
          || byte == UInt8(ascii: ".")
      else { return nil }
      index += 1
    }
    guard index < input.count else { return nil }
    position = index + 1
    return String(decoding: input[..<index].lazy.map(\.asciiLowercased), as: UTF8.self)
  }

  private mutating func parseWithoutScheme() -> Bool {
    guard let base else { return false }
    if base.hasOpaquePath {
      guard current == UInt8(ascii: "#") else { return false }
      setScheme(base.scheme)
      path = Array(base.path.utf8)
      query = base.query.map { Array($0.utf8) }
      return parseQueryAndFragment()
    }
    if base.scheme == "file" {
      setScheme("file")
      return parseFile()
    }
    return parseRelative(base)
  }

  // MARK: Relative to a base

  private mutating func parseRelative(_ base: WebURL) -> Bool {
    setScheme(base.scheme)
    if isSlash(current) {
      position += 1
      if isSlash(current) {
        position += 1
        return special != nil ? parseAuthorityAfterSlashes() : parseAuthority()
      }
      takeAuthority(of: base)
      return parsePath()
    }
    takeAuthority(of: base)
    return parseRelativePath(base)
  }

  private mutating func takeAuthority(of base: WebURL) {
    username = Array(base.username.utf8)
    password = Array(base.password.utf8)
    host = base.host.map { Array($0.utf8) }
    port = base.port
  }

  /// Reads what follows when the base's path counts: nothing, a query, a fragment or a relative path.
  mutating func parseRelativePath(_ base: WebURL) -> Bool {
    path = Array(base.path.utf8)
    switch current {
    case nil, UInt8(ascii: "#"):
      query = base.query.map { Array($0.utf8) }
      return parseQueryAndFragment()
    case UInt8(ascii: "?"):
      return parseQueryAndFragment()
    default:
      shortenPath()
      return parsePath()
    }
  }

  // MARK: Credentials, host, port

  private mutating func parseAuthorityAfterSlashes() -> Bool {
    while isSlash(current) { position += 1 }
    return parseAuthority()
  }

  private mutating func parseAuthority() -> Bool {
    let end = input[position...].firstIndex(where: endsAuthority) ?? input.count
    if let sign = input[position..<end].lastIndex(of: UInt8(ascii: "@")) {
      let credentials = input[position..<sign]
      let colon = credentials.firstIndex(of: UInt8(ascii: ":"))
      PercentEncoding.append(credentials[..<(colon ?? sign)], to: &username, PercentEncoding.userinfo)
      if let colon {
        PercentEncoding.append(credentials[(colon + 1)...], to: &password, PercentEncoding.userinfo)
      }
      position = sign + 1
      guard position < end else { return false }
    }
    return parseHostAndPort(end: end) && parsePathStart()
  }

  private mutating func parseHostAndPort(end: Int) -> Bool {
    var colon: Int?
    var insideBrackets = false
    search: for index in position..<end {
      switch input[index] {
      case UInt8(ascii: "["): insideBrackets = true
      case UInt8(ascii: "]"): insideBrackets = false
      case UInt8(ascii: ":") where !insideBrackets:
        colon = index
        break search
      default: break
      }
    }
    let name = input[position..<(colon ?? end)]
    if name.isEmpty && (colon != nil || special != nil) { return false }
    guard let parsed = HostParser.parse(name, isSpecial: special != nil) else { return false }
    host = parsed
    if let colon {
      guard readPort(input[(colon + 1)..<end]) else { return false }
    }
    position = end
    return true
  }

  private mutating func readPort(_ digits: ArraySlice<UInt8>) -> Bool {
    guard !digits.isEmpty else { return true }
    var value = 0
    for digit in digits {
      guard digit.isASCIIDigit else { return false }
      value = value * 10 + Int(digit - 0x30)
      guard value <= 65_535 else { return false }
    }
    port = value == special?.defaultPort ? nil : value
    return true
  }
}
