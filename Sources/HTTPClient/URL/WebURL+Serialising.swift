extension WebURL {
  /// The URL as the standard serialises it.
  public var description: String {
    var text = ""
    text.reserveCapacity(serialisedLength)
    text += scheme
    text += ":"
    if let host {
      text += "//"
      if !username.isEmpty || !password.isEmpty {
        text += username
        if !password.isEmpty {
          text += ":"
          text += password
        }
        text += "@"
      }
      text += host
      if let port { text += ":\(port)" }
    } else if path.utf8.starts(with: "//".utf8) {
      // Read back, two slashes would start a host.
      text += "/."
    }
    text += path
    if let query {
      text += "?"
      text += query
    }
    if let fragment {
      text += "#"
      text += fragment
    }
    return text
  }

  /// An upper bound of the description's bytes, near enough to hold the length limit.
  var serialisedLength: Int {
    var length = scheme.utf8.count + username.utf8.count + password.utf8.count + path.utf8.count
    for part in [host, query, fragment] { length += part?.utf8.count ?? 0 }
    return length + 15
  }

  /// Scheme, host and port, as the standard's origin is written; nil for schemes without one.
  public var origin: String? {
    if scheme == "blob" {
      guard let inner = WebURL(path), inner.isHTTP else { return nil }
      return inner.origin
    }
    guard SpecialScheme(scheme)?.defaultPort != nil, let host else { return nil }
    guard let port else { return "\(scheme)://\(host)" }
    return "\(scheme)://\(host):\(port)"
  }
}
