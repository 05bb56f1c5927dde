internal import Corpus

/// Who is in which group, as the snapshot takes it from what all sources told.
///
/// A snapshot has one set of names. Where several sources speak of one group, by telling its members or by naming it in
/// a page's rule, it has the members whom all of them tell: a name that means somebody else elsewhere opens nothing.
struct Memberships {
  /// The effective members of each group that a rule names and of which is told.
  let members: [Principal: Set<Principal>]

  /// - Parameters:
  ///   - records: what sources told.
  ///   - pages: the pages that the snapshot takes.
  init(_ records: [GroupRecord], pages: [PageRecord]) {
    var told: [Principal: [String: Set<Principal>]] = [:]
    for record in records { told[record.group, default: [:]][record.source] = record.members }
    var speakers: [Principal: Set<String>] = [:]
    for (group, sources) in told {
      // A group within another is spoken of by whoever tells that.
      for (source, members) in sources {
        for principal in members where principal.isGroup { speakers[principal, default: []].insert(source) }
      }
      speakers[group, default: []].formUnion(sources.keys)
    }
    var named: Set<Principal> = []
    for page in pages {
      for principal in page.access.principals where principal.isGroup {
        named.insert(principal)
        speakers[principal, default: []].insert(page.source)
      }
    }
    let agreed = told.mapValues { sources in
      sources.values.dropFirst().reduce(sources.values.first ?? []) { $0.intersection($1) }
    }.filter { group, _ in speakers[group]?.count == told[group]?.count }
    members = named.reduce(into: [:]) { result, group in
      guard agreed[group] != nil else { return }
      result[group] = Self.members(of: group, in: agreed)
    }
  }

  /// Everybody in a group, also by way of groups within it; groups may hold one another in circles.
  private static func members(of group: Principal, in direct: [Principal: Set<Principal>]) -> Set<Principal> {
    var found: Set<Principal> = []
    var open = [group]
    while let next = open.popLast() {
      for member in direct[next] ?? [] where member != group && found.insert(member).inserted {
        if member.isGroup { open.append(member) }
      }
    }
    return found
  }

  /// Adds what of it decides a snapshot's bytes.
  func update(_ hasher: inout ContentHasher) {
    var writer = ByteWriter()
    for (group, members) in members.sorted(by: { $0.key < $1.key }) {
      writer.write(group.name)
      writer.write(list: members.sorted()) { $0.write($1.name) }
    }
    hasher.update(writer.bytes)
  }
}
