public import HTTPClient

/// Parts of a URL that name a visit or a campaign, never a page.
public enum SessionParameters {
  /// Names that mean nothing else, in lower case.
  private static let known: Set<String> = [
    "phpsessid", "jsessionid", "aspsessionid", "asp.net_sessionid", "oscsid", "zenid", "cfid", "cftoken", "gclid",
    "gclsrc", "dclid", "fbclid", "msclkid", "yclid", "igshid", "mc_cid", "mc_eid", "_hsenc", "_hsmi", "utm_source",
    "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id",
  ]
  /// Names that may mean something else; they count with a value that looks drawn by lot.
  private static let doubtful: Set<String> = ["sid", "session", "sessionid", "session_id", "sess_id", "sessid"]

  /// The URL without them; the URL itself where there are none.
  ///
  /// Taken out are `;jsessionid=…` in the path, the `(S(…))` segment of ASP.NET, and query parameters; all else stays
  /// as it was written, in its order.
  public static func removed(from url: WebURL) -> WebURL {
    let path = cleanPath(url.path)
    let query = url.query.flatMap(cleanQuery)
    guard path != url.path || query != url.query else { return url }
    // Read again: a segment may have become a dot segment.
    guard let site = url.origin, url.isHTTP else { return url }
    let text = site + path + (query.map { "?" + $0 } ?? "") + (url.fragment.map { "#" + $0 } ?? "")
    guard url.username.isEmpty, url.password.isEmpty, let clean = WebURL(text) else { return url }
    return clean
  }

  private static func cleanPath(_ path: String) -> String {
    guard path.contains(";") || path.contains("(S(") else { return path }
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).compactMap { segment -> Substring? in
      if segment.hasPrefix("(S("), segment.hasSuffix("))"), segment.utf8.count == 29 { return nil }
      guard segment.contains(";") else { return segment }
      let parts = segment.split(separator: ";", omittingEmptySubsequences: false)
      let kept = parts.enumerated().filter { $0.offset == 0 || !$0.element.lowercased().hasPrefix("jsessionid=") }
      return kept.count == parts.count ? segment : kept.map(\.element).joined(separator: ";")[...]
    }
    return segments.joined(separator: "/")
  }

  /// The query without session parameters; nil when nothing is left.
  private static func cleanQuery(_ query: String) -> String? {
    let parameters = query.split(separator: "&", omittingEmptySubsequences: false)
    let kept = parameters.filter { !isSession($0) }
    if kept.count == parameters.count { return query }
    return kept.allSatisfy(\.isEmpty) ? nil : kept.joined(separator: "&")
  }

  private static func isSession(_ parameter: Substring) -> Bool {
    let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return false }
    let name = parts[0].lowercased()
    return known.contains(name) || name.hasPrefix("aspsessionid") || (doubtful.contains(name) && isDrawn(parts[1]))
  }

  /// Sixteen or more letters and digits, of both kinds.
  private static func isDrawn(_ value: Substring) -> Bool {
    let bytes = value.utf8
    return bytes.count >= 16 && bytes.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit }
      && bytes.contains(where: \.isASCIILetter) && bytes.contains(where: \.isASCIIDigit)
  }
}
