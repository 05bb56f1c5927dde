internal import Corpus
internal import Pipelines

/// One reading of a site: inventory, proof, readers, bodies, in this order.
///
/// The inventory (ids, titles, versions, places) of all spaces is held at once: some 300 bytes a page. Bodies are not.
struct ConfluenceRun {
  /// Changes when the same site would give other bytes.
  static let readingVersion: UInt64 = 1

  /// What is known of one space.
  struct Space {
    var space: ConfluenceSpace
    var tree = ContentTree()
    /// Whether it was listed to its end.
    var isWhole = false
    /// Whether nothing is said of its pages in this run: they stay as they are.
    var isLeft = false
    var readers = SpaceReaders.refused("not asked yet")
    var details: [String: ContentDetails] = [:]
  }

  let source: String
  let settings: ConfluenceSettings
  let site: ConfluenceSite
  let memory: SourceMemory
  let emit: @Sendable (SourceEvent) async throws -> Void
  let progress: (@Sendable (SourceProgress) -> Void)?
  let reading: ContentHash
  var spaces: [Space] = []
  /// What cut the listing short.
  var cuts: [String] = []
  /// What operators should know though the listing is whole.
  var notes: [String] = []
  var counted = SourceProgress(known: 0, done: 0, kept: 0)
  /// Names of people, so far; empty for those that the site does not name.
  var people: [String: String] = [:]
  /// The comments that there are; nil where they are not read, or could not be listed.
  var comments: CommentInventory?
  /// Files by page; nil where they are not read, or could not be listed.
  var attachments: [String: [ConfluenceAttachment]]?
  /// Why files are not read, and how many for each reason.
  var unread: [String: Int] = [:]
  /// Pages that are read, and pages that the settings leave out: what becomes of files goes by it.
  var toldPages: Set<String> = []
  var leftPages: Set<String> = []
  /// Groups whose members were asked for.
  var toldGroups: Set<Principal> = []
  /// Bodies of pages that others include, by id.
  var included: [String: String] = [:]

  var face: any ConfluenceFace { site.face }

  init(
    source: String, settings: ConfluenceSettings, site: ConfluenceSite, memory: SourceMemory,
    emit: @escaping @Sendable (SourceEvent) async throws -> Void, progress: (@Sendable (SourceProgress) -> Void)?
  ) {
    self.source = source
    self.settings = settings
    self.site = site
    self.memory = memory
    self.emit = emit
    self.progress = progress
    var hasher = ContentHasher()
    hasher.update(Self.readingVersion)
    hasher.update(site.base)
    hasher.update(settings.comments ? 1 : 0)
    reading = hasher.finish()
  }

  /// Reads the site.
  ///
  /// - Returns: how it went; cut short where anything is missing that may be there.
  /// - Throws: what `emit` and `memory` throw; `CancellationError`.
  mutating func run() async throws -> SourceListing {
    do {
      try await findSpaces()
      for index in spaces.indices { try await list(index) }
      try await settleDoubles()
      try await askForMissing()
      try await listComments()
      try await listAttachments()
      if try isQuiet() {
        try await tellQuiet()
      } else {
        let time = face.client.now
        for index in spaces.indices where !spaces[index].isLeft { try await readReaders(of: index) }
        try await tellGroups()
        try await tellPages()
        try await tellAttachments()
        try await rememberSpaces(at: time)
      }
    } catch let error as ConfluenceError {
      cuts.append("\(error)")
    }
    if memory.only != nil { cuts.append("only \(memory.only?.count ?? 0) pages were asked for") }
    let totals = face.client.counted
    return SourceListing(
      cutShort: cuts.isEmpty ? nil : Self.text(of: cuts), requests: totals.requests, bytes: totals.bytes,
      points: totals.points, notes: Array(Set(notes).sorted().prefix(20)) + face.client.notes)
  }

  /// Texts that stand for all of several reasons.
  private static func text(of cuts: [String]) -> String {
    cuts.prefix(3).joined(separator: "; ") + (cuts.count > 3 ? "; and \(cuts.count - 3) more" : "")
  }

  // MARK: What is there

  private mutating func findSpaces() async throws {
    let found = try await face.spaces(settings.spaces)
    for key in settings.spaces where !found.contains(where: { Self.isSame($0.key, key) }) {
      let reason = "there is no space “\(key)”, or the account of `token` may not see it; check `spaces` and its rights"
      try await emit(.failed(SourceFailure(url: "\(site.base)/spaces/\(key)", reason: reason)))
      cuts.append("the space “\(key)” is not to be seen")
    }
    if found.isEmpty, settings.spaces.isEmpty { cuts.append("the account sees no space") }
    var seen: Set<String> = []
    for space in found.sorted(by: { $0.key < $1.key }) where seen.insert(space.id).inserted {
      guard settings.spaces.isEmpty || settings.spaces.contains(where: { Self.isSame($0, space.key) }) else { continue }
      spaces.append(Space(space: space))
    }
  }

  private static func isSame(_ first: String, _ second: String) -> Bool { first.lowercased() == second.lowercased() }

  /// Lists a space.
  ///
  /// One that cannot be listed to its end is still read as far as it came.
  private mutating func list(_ index: Int) async throws {
    let space = spaces[index].space
    var tree = ContentTree()
    do {
      try await face.inventory(of: space, blogposts: settings.blogposts) { tree.add($0) }
      spaces[index].isWhole = true
    } catch let error as ConfluenceError where !error.endsRun {
      cuts.append("space \(space.key): \(error)")
    }
    spaces[index].tree = tree
    counted.known += tree.entries.count
    progress?(counted)
  }

  /// A page that moved from one space to another while they were listed stands in both: the site is asked where it is.
  private mutating func settleDoubles() async throws {
    var places: [String: [Int]] = [:]
    for (index, space) in spaces.enumerated() {
      for id in space.tree.entries.keys { places[id, default: []].append(index) }
    }
    let doubles = places.filter { $0.value.count > 1 }
    guard !doubles.isEmpty else { return }
    let found = try await face.entries(doubles.keys.sorted())
    for (id, indices) in doubles {
      for index in indices { spaces[index].tree.leaveOut([id]) }
    }
    for entry in found { spaces.firstIndex { $0.space.id == entry.space }.map { spaces[$0].tree.add([entry]) } }
  }

  /// Asks for every page that the index holds and the listings do not: only what the site then denies is gone.
  private mutating func askForMissing() async throws {
    guard cuts.isEmpty, memory.only == nil else { return }
    var listed: Set<String> = []
    for space in spaces { listed.formUnion(space.tree.entries.keys) }
    let missing = try memory.pages().compactMap { site.id(in: $0) }.filter { !listed.contains($0) }.sorted()
    guard !missing.isEmpty else { return }
    // A token that is worth less than at the start makes pages vanish that are there.
    guard try await face.account() == site.account else {
      cuts.append("the site takes the account for another one than at the start: is the token expired?")
      return
    }
    do {
      let found = try await face.entries(missing)
      for entry in found {
        if let index = spaces.firstIndex(where: { $0.space.id == entry.space }) {
          // It came into view while the space was listed.
          spaces[index].tree.add([entry])
        } else {
          try await emit(.skipped(url: site.address(of: entry.id), reason: "it is in another space", .outOfScope))
        }
      }
      let there = Set(found.map(\.id))
      for id in missing where !there.contains(id) { try await confirm(id) }
    } catch let error as ConfluenceError where !error.endsRun {
      cuts.append("pages that are not listed could not be asked for: \(error)")
    }
  }

  /// Asks for one page by itself, in both ways in which it may be there.
  private mutating func confirm(_ id: String) async throws {
    let url = site.address(of: id)
    let kind = try memory.visit(url)?.etag.flatMap { PageMark($0) }?.kind
    for kind in kind.map({ [$0] }) ?? [.page, .blogpost] {
      if let entry = try await face.entry(id, kind: kind) {
        cuts.append("\(url) is there and was not listed")
        spaces.firstIndex { $0.space.id == entry.space }.map { spaces[$0].tree.add([entry]) }
        return
      }
    }
    let reason = "the site does not know it any more: it is deleted, or the account of `token` may not see it"
    try await emit(.skipped(url: url, reason: reason, .gone))
  }
}

/// What the state keeps of a page's version: which it was, and what stood in it of others.
struct PageMark: Equatable {
  /// What stands where comments are not read, and where they could not be listed.
  static let noComments = ""
  static let unknownComments = "?"

  var kind: ContentEntry.Kind
  var version: Int
  /// Of what its references stood for.
  var references: String
  /// Of the comments on it.
  var comments = noComments

  init(kind: ContentEntry.Kind, version: Int, references: String, comments: String) {
    self.kind = kind
    self.version = version
    self.references = references
    self.comments = comments
  }

  init?(_ text: String) {
    let parts = text.split(separator: " ")
    guard parts.count == 3 || parts.count == 4, let kind = ContentEntry.Kind(rawValue: String(parts[0])),
      let version = Int(parts[1])
    else { return nil }
    self.init(
      kind: kind, version: version, references: String(parts[2]),
      comments: parts.count == 4 ? String(parts[3]) : Self.noComments)
  }

  var text: String { "\(kind.rawValue) \(version) \(references)" + (comments.isEmpty ? "" : " \(comments)") }

  /// Whether a page is as it was when it was fetched, as far as that is known now.
  func isStill(_ before: PageMark) -> Bool {
    var before = before
    if comments == Self.unknownComments { before.comments = comments }
    return self == before
  }
}
