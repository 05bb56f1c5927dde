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

  /// The parents that are named and not there, with what kind they are said to be, in the order of their ids.
  var missingParents: [(id: String, kind: ContentEntry.Kind)] {
    var missing: [String: ContentEntry.Kind] = [:]
    for entry in entries.values {
      guard let parent = entry.parent, entries[parent] == nil, !absent.contains(parent) else { continue }
      missing[parent] = entry.parentKind
    }
    return missing.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
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
