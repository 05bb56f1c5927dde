/// What a request shows to say who asks.
enum Credential: Equatable {
  /// Nothing.
  case none
  /// `Authorization: Bearer …` or `X-API-Key: …`.
  case token(String)
  /// Something that cannot be read: another scheme, or more than one.
  case unreadable

  /// The longest token that is looked at, in bytes.
  static let maximumBytes = 16_384

  /// Looks at the headers: exactly one of them, once.
  init(_ head: ServerRequest) {
    let shown = head.headers.filter {
      sameHeaderName($0.name, "Authorization") || sameHeaderName($0.name, "X-API-Key")
    }
    guard let field = shown.first else {
      self = .none
      return
    }
    guard shown.count == 1, field.value.utf8.count <= Self.maximumBytes + 16 else {
      self = .unreadable
      return
    }
    var text = field.value[...]
    if sameHeaderName(field.name, "Authorization") {
      // The scheme's case does not matter (RFC 9110, 11.1).
      guard text.utf8.count > 7, sameHeaderName(String(text.prefix(7)), "bearer ") else {
        self = .unreadable
        return
      }
      text = text.dropFirst(7)
    }
    text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    self = text.isEmpty || text.utf8.count > Self.maximumBytes || !isPlain ? .unreadable : .token(String(text))
  }
}
