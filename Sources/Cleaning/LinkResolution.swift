/// Makes links absolute, by RFC 3986 section 5.2, leniently: what is not a URL stays as it is.
///
/// The crawler's `WebURL` knows more (hosts, percent-encoding); here a link's target is shown, not fetched.
struct LinkResolution {
  private let scheme: Substring
  private let authority: Substring?
  private let path: Substring
  private let query: Substring?

  /// Makes a resolution against a base; nil where the base is not an absolute URL.
  init?(base: String) {
    let parts = Self.split(base[...])
    guard let scheme = parts.scheme else { return nil }
    self.scheme = scheme
    authority = parts.authority
    path = parts.path
    query = parts.query
  }

  /// The absolute form of a reference, or the reference itself where there is no base; nil for what is no address
  /// (`javascript:`, `data:`, nothing).
  static func target(_ reference: String, base: LinkResolution?) -> String? {
    var trimmed = reference[...]
    while let first = trimmed.first, first.isWhitespace { trimmed = trimmed.dropFirst() }
    while let last = trimmed.last, last.isWhitespace { trimmed = trimmed.dropLast() }
    let text = trimmed.utf8.contains { $0 < 0x20 } ? trimmed.filter { !$0.isNewline && $0 != "\t" }[...] : trimmed
    guard !text.isEmpty, text.utf8.count <= 4096 else { return nil }
    let parts = split(text)
    if let scheme = parts.scheme {
      return ["javascript", "data", "vbscript", "about", "blob"].contains(scheme.lowercased()) ? nil : String(text)
    }
    guard let base else { return String(text) }
    return base.resolve(parts)
  }

  private struct Parts {
    var scheme: Substring?
    var authority: Substring?
    var path: Substring
    var query: Substring?
    var fragment: Substring?
  }

  private static func split(_ text: Substring) -> Parts {
    var rest = text
    var parts = Parts(path: "")
    if let colon = rest.firstIndex(of: ":"), let first = rest.first, first.isLetter, first.isASCII,
      rest[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) })
    {
      parts.scheme = rest[..<colon]
      rest = rest[rest.index(after: colon)...]
    }
    if let hash = rest.firstIndex(of: "#") {
      parts.fragment = rest[rest.index(after: hash)...]
      rest = rest[..<hash]
    }
    if let mark = rest.firstIndex(of: "?") {
      parts.query = rest[rest.index(after: mark)...]
      rest = rest[..<mark]
    }
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
      let end = rest.firstIndex(of: "/") ?? rest.endIndex
      parts.authority = rest[..<end]
      rest = rest[end...]
    }
    parts.path = rest
    return parts
  }

  private func resolve(_ reference: Parts) -> String {
    var result = String(scheme) + ":"
    let path: String
    var query = reference.query
    if let authority = reference.authority {
      result += "//" + authority
      path = Self.withoutDots(reference.path)
    } else {
      if let authority { result += "//" + authority }
      if reference.path.isEmpty {
        path = String(self.path)
        query = query ?? self.query
      } else if reference.path.hasPrefix("/") {
        path = Self.withoutDots(reference.path)
      } else {
        let folder = self.path.lastIndex(of: "/").map { self.path[...$0] } ?? "/"
        path = Self.withoutDots(folder + reference.path)
      }
    }
    result += path
    if let query { result += "?" + query }
    if let fragment = reference.fragment { result += "#" + fragment }
    return result
  }

  private static func withoutDots(_ path: Substring) -> String {
    guard path.contains(".") else { return String(path) }
    var segments: [Substring] = []
    let all = path.split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in all.enumerated() {
      let isLast = index == all.count - 1
      switch segment {
      case ".": if isLast { segments.append("") }
      case "..":
        if segments.count > 1 { segments.removeLast() }
        if isLast { segments.append("") }
      default: segments.append(segment)
      }
    }
    return segments.joined(separator: "/")
  }
}
