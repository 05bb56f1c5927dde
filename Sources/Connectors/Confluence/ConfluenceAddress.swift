/// The addresses of Confluence's pages: the one that stays, and those that people see.
public enum ConfluenceAddress {
  /// The address under which an index holds the page of an address that a browser shows.
  ///
  /// - Parameter address: such as `https://acme.atlassian.net/wiki/spaces/SUP/pages/12/Some+title#part`.
  /// - Returns: `https://acme.atlassian.net/wiki/pages/viewpage.action?pageId=12`; nil where the address tells no id, as
  ///   `/display/SUP/Some+title` does.
  public static func indexed(_ address: String) -> String? {
    let bare = address.prefix { $0 != "#" }
    if let place = bare.firstRange(of: "/pages/viewpage.action?") {
      let id = bare[place.upperBound...].split(separator: "&").first { $0.hasPrefix("pageId=") }?.dropFirst(7)
      return id.flatMap { named(bare[..<place.lowerBound], id: $0) }
    }
    guard let place = bare.firstRange(of: "/spaces/") else { return nil }
    let parts = bare[place.upperBound...].prefix { $0 != "?" }.split(separator: "/")
    guard parts.count > 2, ["pages", "blog"].contains(parts[1]) else { return nil }
    // A blog post's id stands behind its day.
    let id = parts[1] == "pages" ? parts[2] : parts.count > 5 ? parts[5] : ""
    return named(bare[..<place.lowerBound], id: id)
  }

  private static func named(_ base: Substring, id: Substring) -> String? {
    guard !id.isEmpty, id.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return "\(base)/pages/viewpage.action?pageId=\(id)"
  }
}
