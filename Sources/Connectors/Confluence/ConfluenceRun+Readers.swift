internal import Corpus
internal import Pipelines

/// Who may read: the space's readers, every restricted ancestor's and the page's own, all at once.
extension ConfluenceRun {
  /// Whether the space is read for restrictions and labels.
  private var needsDetails: Bool { settings.access == .restrictions || !settings.labels.isEmpty }

  /// Reads who may read a space and its pages, and what stands above them.
  mutating func readReaders(of index: Int) async throws {
    let space = spaces[index].space
    if settings.access == .restrictions {
      do {
        spaces[index].readers = try await face.readers(of: space)
        // Whoever asks reads it, and so somebody does.
        if case .only(let readers) = spaces[index].readers, readers.isEmpty {
          spaces[index].readers = .refused("the site names nobody who may read it")
        }
      } catch let error as ConfluenceError where !error.endsRun {
        // As if the space had not been listed: its pages stay as they are.
        spaces[index].isLeft = true
        cuts.append("who may read the space \(space.key) cannot be had: \(error)")
        return
      }
      if case .refused(let why) = spaces[index].readers {
        let reason =
          "who may read the space is not told, so nobody may read its pages (\(why)); let the account of `token` see "
          + "the space's permissions, or write access: public"
        try await emit(.failed(SourceFailure(url: "\(site.base)/spaces/\(space.key)", reason: reason)))
      }
    }
    var isSwept = false
    if needsDetails {
      do {
        var details: [String: ContentDetails] = [:]
        let above = missingParents(of: index).count > 3
        try await face.details(of: space, above: above) { details.merge($0) { $1 } }
        spaces[index].details = details
        isSwept = true
      } catch let error as ConfluenceError where !error.endsRun {
        notes.append("space \(space.key): restrictions are asked for page by page: \(error)")
      }
      takeContainers(index, spaces[index].details.compactMapValues(\.above))
    } else {
      try await askContainers(index)
    }
    try await findParents(index)
    if needsDetails { try await completeDetails(index, isSwept: isSwept) }
  }

  /// Folders and the like, which no listing has, from what the site says stands above pages.
  ///
  /// Believed only where it ends in the parent that the listing names: a site that left folders out of it would not.
  private mutating func takeContainers(_ index: Int, _ told: [String: [ContentEntry]]) {
    let tree = spaces[index].tree
    for (id, above) in told.sorted(by: { $0.key < $1.key }) {
      guard let entry = tree.entries[id], let parent = entry.parent, entry.parentKind != .page,
        above.last?.id == parent
      else { continue }
      for container in above where container.kind != .page && spaces[index].tree.entries[container.id] == nil {
        spaces[index].tree.add([container])
      }
    }
  }

  /// Asks what stands above one page of each folder, many at a time: what that does not bring is asked for by itself.
  private mutating func askContainers(_ index: Int) async throws {
    let missing = missingParents(of: index)
    guard missing.count > 3 else { return }
    do {
      takeContainers(index, try await face.above(missing.map(\.child)))
    } catch let error as ConfluenceError where !error.endsRun {
      notes.append("space \(spaces[index].space.key): folders are asked for one by one: \(error)")
    }
  }

  /// What the listing of a space does not have above the pages that are read.
  private func missingParents(of index: Int) -> [ContentTree.Missing] {
    spaces[index].tree.missing { isRead($0) }
  }

  /// Asks for parents that the listing did not have, up to the top.
  private mutating func findParents(_ index: Int) async throws {
    while true {
      let missing = missingParents(of: index)
      guard !missing.isEmpty else { return }
      for parent in missing {
        let id = parent.id
        do {
          if let entry = try await face.entry(id, kind: parent.kind) {
            spaces[index].tree.add([entry])
          } else {
            spaces[index].tree.noteAbsent(id)
            guard settings.access == .restrictions else { continue }
            let reason = "the site does not know it (any more), though pages hang below it: nobody may read those"
            try await emit(.failed(SourceFailure(url: site.address(of: id), reason: reason)))
          }
        } catch let error as ConfluenceError where !error.endsRun {
          spaces[index].tree.noteAbsent(id)
          cuts.append("what stands above pages of \(spaces[index].space.key) cannot be had: \(error)")
        }
      }
    }
  }

  /// Asks one by one for what the space's search did not bring: it lags behind, cuts long lists and has no folders.
  private mutating func completeDetails(_ index: Int, isSwept: Bool) async throws {
    let space = spaces[index]
    var needed: Set<String> = []
    for entry in space.tree.entries.values where isRead(entry) {
      needed.insert(entry.id)
      if case .whole(let above) = space.tree.chain(above: entry.id) { needed.formUnion(above.map(\.id)) }
    }
    func isLacking(_ id: String) -> Bool {
      guard let details = spaces[index].details[id] else { return true }
      return details.restriction == .cut
    }
    var lacking = needed.filter(isLacking).sorted()
    // Folders and the like, mostly; after a search that failed, everything. What this does not bring is asked for by itself.
    if lacking.count > (isSwept ? 3 : 20) {
      do {
        spaces[index].details.merge(try await face.details(of: lacking)) { $1 }
        lacking = lacking.filter(isLacking)
      } catch let error as ConfluenceError where isSwept && !error.endsRun {
        notes.append("space \(space.space.key): restrictions are asked for one by one: \(error)")
      }
    }
    if settings.access == .restrictions {
      for (id, restriction) in try await restrictions(of: lacking) {
        spaces[index].details[id, default: .init(restriction: restriction)].restriction = restriction
        switch restriction {
        case .unrestricted, .only, .cut: break
        case .unknown(let why):
          cuts.append("who may read \(site.address(of: id)) cannot be had, so nobody may: \(why)")
        case .refused(let why):
          let reason = "the site does not tell who may read it, so nobody may read it and what is below it: \(why)"
          try await emit(.failed(SourceFailure(url: site.address(of: id), reason: reason)))
        }
      }
    }
    for entry in space.tree.entries.values.sorted(by: { $0.id < $1.id })
    where isRead(entry) && spaces[index].details[entry.id]?.labels == nil {
      do {
        let labels = try await face.labels(of: entry)
        spaces[index].details[entry.id, default: .init(restriction: .cut)].labels = labels
      } catch let error as ConfluenceError where !error.endsRun {
        notes.append("labels: \(error)")
      }
    }
  }

  /// Own restrictions, several requests at a time.
  private func restrictions(of ids: [String]) async throws -> [(String, ReadRestriction)] {
    let face = face
    return try await inWindow(of: settings.concurrency, ids) { id in
      do {
        return (id, try await face.restriction(of: id))
      } catch let error as ConfluenceError where !error.endsRun {
        return (id, error.isRefusal ? .refused("\(error)") : .unknown("\(error)"))
      }
    }
  }

  /// Whether a content is one that is read, as far as its kind and status go.
  func isRead(_ entry: ContentEntry) -> Bool {
    (entry.kind == .page || entry.kind == .blogpost && settings.blogposts)
      && (entry.status == .current || settings.archived)
  }

  // MARK: Rules

  /// Who may read a page, with a word for where each set of readers is from: closed where anything is not known.
  func rule(for entry: ContentEntry, in space: Space) -> (rule: AccessRule, origins: [String]) {
    guard settings.access == .restrictions else { return (.open, []) }
    guard case .only(let readers) = space.readers, !readers.isEmpty,
      case .whole(let above) = space.tree.chain(above: entry.id)
    else { return (.closed, []) }
    var sets = [readers]
    var origins = ["space \(space.space.key)"]
    for content in above + [entry] {
      guard let restriction = space.details[content.id]?.restriction else { return (.closed, []) }
      switch restriction {
      case .unrestricted: continue
      case .only(let some):
        guard !sets.contains(some) else { continue }
        sets.append(some)
        origins.append(
          content.id == entry.id ? "this page" : "\(content.kind.rawValue) \(content.id) “\(content.title)”")
      case .cut, .unknown, .refused: return (.closed, [])
      }
    }
    return (.allOf(sets), origins)
  }

  /// Tells who is in the groups that the rules name.
  mutating func tellGroups() async throws {
    guard settings.access == .restrictions else { return }
    var restrictions: [ReadRestriction] = []
    for space in spaces where !space.isLeft {
      if case .only(let readers) = space.readers { restrictions.append(.only(readers)) }
      restrictions += space.details.values.map(\.restriction)
    }
    try await tellGroups(of: restrictions)
  }

  /// Tells who is in groups that were not told yet.
  mutating func tellGroups(of restrictions: [ReadRestriction]) async throws {
    var groups: Set<Principal> = []
    for case .only(let some) in restrictions { groups.formUnion(some.filter(\.isGroup)) }
    groups.subtract(toldGroups)
    toldGroups.formUnion(groups)
    let face = face
    let told = try await inWindow(of: settings.concurrency, groups.sorted()) { group in
      do {
        return GroupMembers(group: group, members: try await face.members(of: group))
      } catch let error as ConfluenceError where !error.endsRun {
        return GroupMembers(group: group, fault: error)
      }
    }
    for group in told {
      if let members = group.members {
        try await emit(.group(group.group, members: members))
      } else if let fault = group.fault, !fault.isRefusal {
        cuts.append("who is in \(group.group) cannot be had, so nobody counts as a member: \(fault)")
      } else {
        let why = group.fault.map { "\($0)" } ?? "there is no such group"
        let reason = "who is in it is not told, so nobody counts as a member: \(why)"
        try await emit(.failed(SourceFailure(url: "\(site.base)/\(group.group)", reason: reason)))
      }
    }
  }

  private struct GroupMembers: Sendable {
    var group: Principal
    var members: Set<Principal>?
    var fault: ConfluenceError?
  }
}

/// Runs so many at a time; the results are in the order of what they were made of.
func inWindow<Input: Sendable, Output: Sendable>(
  of width: Int, _ inputs: [Input], _ body: @escaping @Sendable (Input) async throws -> Output
) async throws -> [Output] {
  var outputs: [Output?] = Array(repeating: nil, count: inputs.count)
  try await withThrowingTaskGroup(of: (Int, Output).self) { group in
    var next = 0
    while next < min(max(1, width), inputs.count) {
      let index = next
      group.addTask { (index, try await body(inputs[index])) }
      next += 1
    }
    while let (index, output) = try await group.next() {
      outputs[index] = output
      if next < inputs.count {
        let index = next
        group.addTask { (index, try await body(inputs[index])) }
        next += 1
      }
    }
  }
  return outputs.compactMap { $0 }
}
