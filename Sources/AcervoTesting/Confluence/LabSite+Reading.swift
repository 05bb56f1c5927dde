internal import Glibc

extension LabSite {
  /// What time it is: milliseconds since 1970.
  public var now: Int64 {
    if let clock { return clock }
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// A space by its key.
  public func space(_ key: String) -> Space? { spaces.first { $0.key == key } }

  /// A space by its id.
  public func space(_ id: Int64) -> Space? { spaces.first { $0.id == id } }

  /// A content's storage-format body; empty for kinds without one.
  public func body(_ id: Int64) -> String { contents[id].map(body) ?? "" }

  func body(of content: Content) -> String {
    switch content.kind {
    case .page, .blogpost: content.text ?? LabBodies.body(of: content, in: self)
    case .folder, .whiteboard, .database, .embed: ""
    }
  }

  /// What a content hangs below, from the top down; ids of contents that are gone are left out.
  public func ancestors(_ id: Int64) -> [Int64] {
    var chain: [Int64] = []
    var next = contents[id]?.parent
    while let parent = next, let content = contents[parent], chain.count < 1_000 {
      chain.append(parent)
      next = content.parent
    }
    return chain.reversed()
  }

  /// What hangs directly below a content, in the order of its place, all statuses.
  public func children(_ id: Int64) -> [Content] {
    order.compactMap { contents[$0] }.filter { $0.parent == id }.sorted { ($0.position, $0.id) < ($1.position, $1.id) }
  }

  /// Every content of a space of some kinds and statuses, by ascending id.
  public func list(
    space: String? = nil, kinds: Set<Kind> = [.page], statuses: Set<Status> = [.current, .archived]
  ) -> [Content] {
    let wanted = space.map { key in spaces.first { $0.key == key }?.id }
    return order.compactMap { contents[$0] }.filter { content in
      kinds.contains(content.kind) && statuses.contains(content.status) && (wanted == nil || content.space == wanted)
    }
  }

  /// The groups that an account is in, by id.
  public func groups(of account: String) -> Set<String> {
    Set(groups.filter { $0.members.contains(account) }.map(\.id))
  }

  /// Who may read a content, as the rule says: one of each list must fit.
  ///
  /// The first is the space's, then every restricted ancestor's from the top down, then its own.
  public func readers(of id: Int64) -> [Subjects] {
    guard let content = contents[id], let space = space(content.space) else { return [Subjects()] }
    return [space.readers] + (ancestors(id) + [id]).compactMap { contents[$0]?.readers }
  }

  /// Whether an account may read a content: the space's readers, every restricted ancestor's and its own all fit.
  public func mayRead(_ id: Int64, as account: String) -> Bool {
    let groups = groups(of: account)
    return readers(of: id).allSatisfy { $0.users.contains(account) || !$0.groups.isDisjoint(with: groups) }
  }

  /// Whether an account may read a space.
  public func mayRead(space: Space, as account: String) -> Bool {
    space.readers.users.contains(account) || !space.readers.groups.isDisjoint(with: groups(of: account))
  }

  /// What an account sees, all kinds and statuses, by ascending id.
  ///
  /// - Complexity: one step per content and the depth of its tree, once; each restriction is looked at once.
  func visible(to account: String, seesRestricted: Bool) -> [Int64] {
    let groups = groups(of: account)
    func fits(_ subjects: Subjects) -> Bool {
      subjects.users.contains(account) || !subjects.groups.isDisjoint(with: groups)
    }
    let open = Set(spaces.filter { fits($0.readers) }.map(\.id))
    var known: [Int64: Bool] = [:]
    known.reserveCapacity(contents.count)
    func passes(_ id: Int64) -> Bool {
      if let answer = known[id] { return answer }
      guard let content = contents[id] else { return true }
      // Against a cycle, which no mutation makes.
      known[id] = false
      let own = seesRestricted || content.readers.map(fits) ?? true
      let answer = own && (content.parent.map(passes) ?? true)
      known[id] = answer
      return answer
    }
    return order.filter { id in contents[id].map { open.contains($0.space) && passes(id) } ?? false }
  }
}
