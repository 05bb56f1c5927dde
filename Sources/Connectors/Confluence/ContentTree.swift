internal import Corpus

/// What hangs below what in a space: for breadcrumbs, and for whose restrictions hold.
struct ContentTree: Sendable {
  /// What stands above a content, from the top down.
  enum Chain: Sendable, Equatable {
    case whole([ContentEntry])
    /// Something above is not known, whatever it is.
    case broken
  }

  /// By id.
  private(set) var entries: [String: ContentEntry] = [:]
  /// Parents that nobody can tell anything of.
  private(set) var absent: Set<String> = []

  /// Deeper than this is no tree that people made.
  private static let maximumDepth = 1000

  /// Adds contents; one that is there already is replaced.
  mutating func add(_ contents: [ContentEntry]) {
    for content in contents { entries[content.id] = content }
  }

  mutating func leaveOut(_ ids: some Sequence<String>) {
    for id in ids { entries[id] = nil }
  }

  mutating func noteAbsent(_ id: String) { absent.insert(id) }

  /// A content that is not there, though one that is hangs below it.
  struct Missing: Sendable, Equatable {
    var id: String
    /// What kind it is said to be.
    var kind: ContentEntry.Kind
    /// Of those below it, the one that leads to it, with the least id.
    var child: String
  }

  /// What is missing above some contents, in the order of their ids.
  func missing(above isWanted: (ContentEntry) -> Bool) -> [Missing] {
    var missing: [String: Missing] = [:]
    var seen: Set<String> = []
    for entry in entries.values where isWanted(entry) {
      var below = entry
      while seen.insert(below.id).inserted, let parent = below.parent, !absent.contains(parent) {
        guard let next = entries[parent] else {
          let child = min(missing[parent]?.child ?? below.id, below.id)
          missing[parent] = Missing(id: parent, kind: below.parentKind, child: child)
          break
        }
        below = next
      }
    }
    return missing.values.sorted { $0.id < $1.id }
  }

  /// What stands above a content.
  func chain(above id: String) -> Chain {
    var above: [ContentEntry] = []
    var next = entries[id]?.parent
    while let parent = next {
      guard let entry = entries[parent], above.count < Self.maximumDepth else { return .broken }
      above.append(entry)
      next = entry.parent
    }
    return .whole(above.reversed())
  }
}

/// Pages by the names that links use.
struct ContentNames: Sendable {
  struct Name: Hashable, Sendable {
    /// The key of the space.
    var space: String
    var title: String
  }

  private var ids: [Name: String] = [:]

  /// Takes the current pages and blog posts of spaces.
  ///
  /// Titles are unique among a space's current pages; a page stands
  /// before a blog post, and the older one before the other.
  init(_ spaces: [(key: String, tree: ContentTree)]) {
    for (key, tree) in spaces {
      let contents = tree.entries.values.filter { $0.status == .current && ($0.kind == .page || $0.kind == .blogpost) }
      for entry in contents.sorted(by: Self.precedes) {
        let name = Name(space: key, title: entry.title)
        if ids[name] == nil { ids[name] = entry.id }
      }
    }
  }

  private static func precedes(_ first: ContentEntry, _ second: ContentEntry) -> Bool {
    if first.kind != second.kind { return first.kind == .page }
    return (first.id.utf8.count, first.id) < (second.id.utf8.count, second.id)
  }

  subscript(_ name: Name) -> String? { ids[name] }
}
