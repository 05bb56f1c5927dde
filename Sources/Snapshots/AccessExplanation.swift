public import Corpus

/// Why somebody may or may not read a page of a snapshot.
public struct AccessExplanation: Sendable, Equatable {
  /// One set of the page's rule: of its principals one is needed.
  public struct Part: Sendable, Equatable {
    /// Somebody that the set names.
    public struct Reader: Sendable, Equatable {
      /// Who is named.
      public var principal: Principal
      /// How many are in the group; nil for users, and for a group that nothing is known of: nobody is in it.
      public var members: Int?
      /// Whether the asker holds it.
      public var isHeld: Bool

      /// Whether it is a group that nothing is known of.
      public var isUnknown: Bool { principal.isGroup && members == nil }
    }

    /// What the set stands for, as the source told: “space SUP”; nil where it did not.
    public var origin: String?
    /// Whom it names, in the order of their names; those who are held first.
    public var readers: [Reader]

    /// Whether one of them is held.
    public var isMet: Bool { readers.contains(where: \.isHeld) }
  }

  /// The page's address.
  public var url: String
  /// Its title.
  public var title: String
  /// Its rule.
  public var rule: AccessRule
  /// Who asks, by their own principals.
  public var asker: Set<Principal>
  /// The asker's groups that the snapshot knows, by whatever way.
  public var groups: Set<Principal>
  /// The sets of the rule, all of which must be met; none where it is open or closed.
  public var parts: [Part]
  /// Whether the asker may read the page.
  public var isAllowed: Bool

  /// Explains a document's rule to somebody.
  ///
  /// - Throws: `SnapshotError` where there is no such document or its bytes are damaged.
  public init(of document: Int, as asker: Set<Principal>, in snapshot: Snapshot) throws {
    let page = try snapshot.document(document)
    let all = try snapshot.principals(of: asker)
    url = page.url
    title = page.title
    rule = page.access
    self.asker = asker
    groups = all.subtracting(asker)
    isAllowed = page.access.admits(all)
    parts = []
    guard case .allOf(let sets) = page.access else { return }
    let members = try snapshot.groups()
    for (place, set) in sets.enumerated() {
      let readers = set.sorted().map {
        Part.Reader(principal: $0, members: members[$0]?.count, isHeld: all.contains($0))
      }
      parts.append(
        Part(
          origin: page.accessOrigins.indices.contains(place) ? page.accessOrigins[place] : nil,
          readers: readers.filter(\.isHeld) + readers.filter { !$0.isHeld }))
    }
  }

  /// As `--json` prints it.
  public var json: JSONValue {
    func names(_ principals: Set<Principal>) -> JSONValue { .array(principals.sorted().map { .string($0.name) }) }
    return [
      "url": .string(url), "title": .string(title), "as": names(asker), "groups": names(groups),
      "allowed": .bool(isAllowed), "rule": rule.json,
      "sets": .array(
        parts.map { part in
          [
            "origin": part.origin.map { .string($0) } ?? .null, "met": .bool(part.isMet),
            "readers": .array(
              part.readers.map { reader in
                [
                  "principal": .string(reader.principal.name), "held": .bool(reader.isHeld),
                  "members": reader.members.map { .integer(Int64($0)) } ?? .null,
                  "unknown": .bool(reader.isUnknown),
                ]
              }),
          ]
        }),
    ]
  }

  /// In words, a line for each set.
  public var text: String {
    var lines = ["“\(title)” \(url)"]
    let who = asker.isEmpty ? "somebody unknown" : asker.sorted().map(\.name).joined(separator: " and ")
    lines.append("asked by  \(who)")
    if !groups.isEmpty { lines.append("in        \(groups.sorted().map(\.name).joined(separator: ", "))") }
    switch rule {
    case .open: lines.append("yes       open: everybody may read it")
    case .closed: lines.append("no        closed: its readers are not fully known, so nobody may read it")
    case .allOf(let sets) where sets.isEmpty: lines.append("no        its rule names nobody")
    case .allOf:
      for part in parts {
        let origin = part.origin ?? "a set of its rule"
        let held = part.readers.filter(\.isHeld).map(\.principal.name)
        lines.append(
          part.isMet
            ? "yes       \(origin): \(held.joined(separator: ", "))"
            : "no        \(origin): needs \(Self.needed(part))")
      }
    }
    lines.append(isAllowed ? "so        may read it" : "so        may not read it")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func needed(_ part: Part) -> String {
    guard !part.readers.isEmpty else { return "somebody, and names nobody" }
    let shown = part.readers.prefix(10).map { reader in
      guard reader.principal.isGroup else { return reader.principal.name }
      let members = reader.members.map { "\($0) \($0 == 1 ? "member" : "members")" } ?? "not known: nobody is in it"
      return "\(reader.principal.name) (\(members))"
    }
    let more = part.readers.count > 10 ? " or one of \(part.readers.count - 10) more" : ""
    return shown.joined(separator: " or ") + more
  }
}
