public import Corpus

/// Who is in which group, as far as the rules of the snapshot's pages ask.
extension Snapshot {
  /// Somebody's principals and those of every group that they are in: what rules are asked with.
  ///
  /// Of a group that no rule names, or that nothing is known of, nobody is a member; whoever is asked for by the group's
  /// own name holds it.
  ///
  /// - Complexity: O(principals × log members).
  /// - Throws: `SnapshotError` where the bytes are damaged.
  public func principals(of caller: Set<Principal>) throws -> Set<Principal> {
    var all = caller
    for principal in caller { all.formUnion(try groups(of: principal)) }
    return all
  }

  /// The groups of which something is known, with their members: users, groups, and those who are in them.
  ///
  /// - Complexity: O(memberships).
  /// - Throws: `SnapshotError` where the bytes are damaged.
  public func groups() throws -> [Principal: Set<Principal>] {
    var groups: [Principal: Set<Principal>] = [:]
    for number in file.groups.indices { groups[try group(number)] = [] }
    for number in 0..<file.memberCount {
      let member = try member(number)
      guard let principal = Principal(member.name) else { throw damaged(number, "it is neither user nor group") }
      for number in member.groups { groups[try group(number), default: []].insert(principal) }
    }
    return groups
  }

  /// Members stand in the order of their names: a binary search, as for addresses.
  private func groups(of principal: Principal) throws -> [Principal] {
    let wanted = Array(principal.name.utf8)
    var (low, high) = (0, file.memberCount)
    while low < high {
      let middle = (low + high) / 2
      let member = try member(middle)
      if member.name.utf8.elementsEqual(wanted) { return try member.groups.map(group) }
      if member.name.utf8.lexicographicallyPrecedes(wanted) { low = middle + 1 } else { high = middle }
    }
    return []
  }

  private func member(_ number: Int) throws -> MemberRecord {
    let bytes = try value(ofMember: number)
    do {
      return try MemberRecord(bytes)
    } catch {
      throw damaged(number, error.description)
    }
  }

  private func group(_ number: Int) throws -> Principal {
    guard file.groups.indices.contains(number), let group = Principal(file.groups[number]), group.isGroup else {
      throw SnapshotError.damaged(file.path, "there is no group \(number) among \(file.groups.count)")
    }
    return group
  }

  private func damaged(_ member: Int, _ reason: String) -> SnapshotError {
    .damaged(file.path, "member \(member): \(reason)")
  }

  /// Reads every group and member.
  func verifyMembers() throws {
    let names = file.groups
    guard zip(names, names.dropFirst()).allSatisfy({ $0.utf8.lexicographicallyPrecedes($1.utf8) }) else {
      throw SnapshotError.damaged(file.path, "groups are out of the order of their names")
    }
    var previous: String?
    for number in 0..<file.memberCount {
      let member = try member(number)
      if let previous, !previous.utf8.lexicographicallyPrecedes(member.name.utf8) {
        throw damaged(number, "it is out of the order of names")
      }
      guard zip(member.groups, member.groups.dropFirst()).allSatisfy(<), !member.groups.isEmpty else {
        throw damaged(number, "its groups are out of order")
      }
      previous = member.name
    }
    _ = try groups()
  }
}
