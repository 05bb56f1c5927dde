/// Somebody who may read: a user or a group, written `user:ID` or `group:ID`.
public struct Principal: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The written form, as it is stored and compared.
  public let name: String

  /// Takes the written form; nil without a known kind or with an empty id.
  public init?(_ name: String) {
    guard ["user:", "group:"].contains(where: { name.hasPrefix($0) && name.utf8.count > $0.utf8.count }) else {
      return nil
    }
    self.name = name
  }

  /// The written form.
  public var description: String { name }

  /// Whether this is a group, which has members, and not a user.
  public var isGroup: Bool { name.hasPrefix("group:") }

  /// Compares bytes: strings are equal, too, whose letters are only composed in another way, and those may be two people.
  public static func == (left: Principal, right: Principal) -> Bool {
    left.name.utf8.elementsEqual(right.name.utf8)
  }

  /// Hashes bytes.
  public func hash(into hasher: inout Hasher) {
    let isHashed: Void? = name.utf8.withContiguousStorageIfAvailable {
      hasher.combine(bytes: UnsafeRawBufferPointer($0))
    }
    if isHashed == nil { for byte in name.utf8 { hasher.combine(byte) } }
    hasher.combine(name.utf8.count)
  }

  /// Orders by the written form's bytes.
  public static func < (left: Principal, right: Principal) -> Bool {
    left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
  }
}

/// Who may read a document: everybody, nobody, or whoever is in each of several sets.
///
/// Confluence's rule is a conjunction (space, each restricted ancestor, the page itself), each part naming users and
/// groups of which one suffices. What is not known is closed.
public enum AccessRule: Hashable, Sendable {
  /// Everybody, known or not: always said explicitly by a source.
  case open
  /// Nobody: the rule of a page whose readers are not fully known.
  case closed
  /// Whoever holds at least one principal of every set.
  case allOf([Set<Principal>])

  /// Whether a reader who holds these principals may see the document.
  ///
  /// - Complexity: O(sets × principals held).
  public func admits(_ principals: Set<Principal>) -> Bool {
    switch self {
    case .open: true
    case .closed: false
    case .allOf(let sets): !sets.isEmpty && sets.allSatisfy { !$0.isDisjoint(with: principals) }
    }
  }

  /// How many sets a reader must meet; 0 where the rule is open or closed.
  public var setCount: Int { if case .allOf(let sets) = self { sets.count } else { 0 } }

  /// Everybody whom the rule names; none where it is open or closed.
  public var principals: Set<Principal> {
    if case .allOf(let sets) = self { sets.reduce(into: []) { $0.formUnion($1) } } else { [] }
  }
}
