public import Corpus

/// What changed from one snapshot to another, page by page.
public struct SnapshotDiff: Sendable, Equatable {
  /// A page, as people name it.
  public struct Page: Sendable, Equatable {
    /// Its address.
    public var url: String
    /// Its title.
    public var title: String
  }

  /// A page with the same content at another address.
  public struct Move: Sendable, Equatable {
    /// The page where it was.
    public var from: Page
    /// The page where it is.
    public var to: Page
  }

  /// A page that is in both and not the same.
  public struct Change: Sendable, Equatable {
    /// What differs.
    public enum Part: String, Sendable, CaseIterable {
      case title, content, language, source, modified, breadcrumbs, fields
    }

    /// The page as it is now.
    public var page: Page
    /// Its title before.
    public var titleBefore: String
    /// What differs, in this order; never empty.
    public var parts: [Part]
  }

  /// A page whose readers are not the same.
  public struct Access: Sendable, Equatable {
    /// The page as it is now.
    public var page: Page
    /// How its readers changed.
    public var change: AccessRule.Change
    /// Who could read it.
    public var before: AccessRule
    /// Who can read it.
    public var after: AccessRule
  }

  /// A group whose members are not the same: the readers of every page whose rule names it changed with them.
  public struct Group: Sendable, Equatable {
    /// The group.
    public var group: Principal
    /// Who is in it now and was not.
    public var added: [Principal]
    /// Who was in it and is not.
    public var removed: [Principal]
  }

  /// A setting of a stage, or the version of its code, that is not the same.
  public struct Setting: Sendable, Equatable {
    /// Where it stands: `chunk.size`.
    public var name: String
    /// Its value before, as JSON; nil where it was not there.
    public var before: String?
    /// Its value now.
    public var after: String?
  }

  /// The two snapshots.
  public var before: SnapshotManifest
  /// The later one.
  public var after: SnapshotManifest
  /// Settings of the stages that differ; none where one of the manifests does not tell them.
  public var settings: [Setting] = []
  /// Pages that are only in the later one, in the order of their addresses, as in the other lists.
  public var added: [Page] = []
  /// Pages that are only in the earlier one.
  public var removed: [Page] = []
  /// Pages with the same content at another address; neither added nor removed.
  public var moved: [Move] = []
  /// Pages that differ in something else than their readers.
  public var changed: [Change] = []
  /// Pages whose readers differ.
  public var access: [Access] = []
  /// Groups whose members differ, in the order of their names; only of groups that a page's rule names anything is known.
  public var groups: [Group] = []
  /// Chunks of the later one that the earlier one has at the same page with the same words: their vectors stayed.
  public var chunksKept = 0
  /// Chunks of the later one that were embedded for it, or by another model.
  public var chunksEmbedded = 0

  /// Compares two snapshots.
  ///
  /// - Complexity: O(pages and their chunks); memory grows with the pages that were added or removed, and with the
  ///   members of groups.
  public init(from before: Snapshot, to after: Snapshot) throws {
    self.before = before.manifest
    self.after = after.manifest
    if let old = before.manifest.stages, let new = after.manifest.stages {
      settings = Self.settings(old, new, at: "")
    }
    var gone: [Candidate] = []
    var come: [Candidate] = []
    var (left, right) = (0, 0)
    let (leftCount, rightCount) = (before.manifest.documents, after.manifest.documents)
    // Both stand in the order of their addresses.
    var old = try left < leftCount ? before.document(left) : nil
    var new = try right < rightCount ? after.document(right) : nil
    while old != nil || new != nil {
      let order = Self.order(old?.url, new?.url)
      if let page = old, order < 0 {
        gone.append(try Candidate(left, page, in: before))
      } else if let page = new, order > 0 {
        come.append(try Candidate(right, page, in: after))
      } else if let old, let new {
        try compare(old, left, in: before, with: new, right, in: after)
      }
      if order <= 0 {
        left += 1
        old = try left < leftCount ? before.document(left) : nil
      }
      if order >= 0 {
        right += 1
        new = try right < rightCount ? after.document(right) : nil
      }
    }
    try pair(gone, come, before, after)
    groups = try Self.groups(try before.groups(), try after.groups())
  }

  private static func groups(
    _ old: [Principal: Set<Principal>], _ new: [Principal: Set<Principal>]
  ) throws -> [Group] {
    Set(old.keys).union(new.keys).sorted().compactMap { group in
      let (before, after) = (old[group] ?? [], new[group] ?? [])
      guard before != after else { return nil }
      return Group(
        group: group, added: after.subtracting(before).sorted(), removed: before.subtracting(after).sorted())
    }
  }

  /// Whether nothing differs.
  public var isEmpty: Bool {
    added.isEmpty && removed.isEmpty && moved.isEmpty && changed.isEmpty && access.isEmpty && groups.isEmpty
      && chunksEmbedded == 0
      && before.pipeline == after.pipeline && before.embedder == after.embedder
  }

  private static func settings(_ old: JSONValue?, _ new: JSONValue?, at path: String) -> [Setting] {
    guard old != new else { return [] }
    let members = (old?.members ?? []) + (new?.members ?? [])
    guard old?.members != nil || old == nil, new?.members != nil || new == nil, !members.isEmpty else {
      return [Setting(name: path, before: old?.text(), after: new?.text())]
    }
    var seen: Set<String> = []
    return members.map(\.name).filter { seen.insert($0).inserted }.flatMap { name in
      settings(old?[name], new?[name], at: path.isEmpty ? name : path + "." + name)
    }
  }

  private static func order(_ left: String?, _ right: String?) -> Int {
    guard let left else { return 1 }
    guard let right, left != right else { return right == nil ? -1 : 0 }
    return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
  }

  private mutating func compare(
    _ old: DocumentRecord, _ left: Int, in before: Snapshot, with new: DocumentRecord, _ right: Int, in after: Snapshot
  ) throws {
    let page = Page(url: new.url, title: new.title)
    let differs: [(Change.Part, Bool)] = [
      (.title, old.title != new.title), (.content, old.hash != new.hash), (.language, old.language != new.language),
      (.source, old.source != new.source), (.modified, old.modified != new.modified),
      (.breadcrumbs, old.breadcrumbs != new.breadcrumbs), (.fields, old.fields != new.fields),
    ]
    let parts = differs.filter(\.1).map(\.0)
    if !parts.isEmpty { changed.append(Change(page: page, titleBefore: old.title, parts: parts)) }
    if let change = old.access.change(to: new.access) {
      access.append(Access(page: page, change: change, before: old.access, after: new.access))
    }
    try count(old, left, in: before, new, right, in: after)
  }

  private mutating func count(
    _ old: DocumentRecord, _ left: Int, in before: Snapshot, _ new: DocumentRecord, _ right: Int, in after: Snapshot
  ) throws {
    guard self.before.embedder == self.after.embedder else {
      chunksEmbedded += new.chunkCount
      return
    }
    if old.title == new.title,
      try before.chunkBytes(ofDocument: left).elementsEqual(try after.chunkBytes(ofDocument: right))
    {
      chunksKept += new.chunkCount
      return
    }
    var known: Set<ContentHash> = []
    for number in before.chunkNumbers(ofDocument: left) {
      known.insert(Self.words(of: try before.chunk(number), title: old.title))
    }
    for number in after.chunkNumbers(ofDocument: right) {
      if known.contains(Self.words(of: try after.chunk(number), title: new.title)) {
        chunksKept += 1
      } else {
        chunksEmbedded += 1
      }
    }
  }

  /// What of a chunk decides its vector: title, headings and text.
  private static func words(of chunk: Chunk, title: String) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update(title)
    for heading in chunk.headingPath { hasher.update(heading) }
    hasher.update(UInt64(chunk.headingPath.count))
    hasher.update(chunk.text)
    return hasher.finish()
  }

  // MARK: Moves

  /// A page that is in one snapshot only, and what its content is recognised by.
  private struct Candidate {
    var number: Int
    var page: Page
    /// The hash of its chunks; nil for a page without any, which could be any other.
    var content: ContentHash?

    init(_ number: Int, _ document: DocumentRecord, in snapshot: Snapshot) throws {
      self.number = number
      page = Page(url: document.url, title: document.title)
      guard document.chunkCount > 0 else { return }
      var hasher = ContentHasher()
      hasher.update(raw: try snapshot.chunkBytes(ofDocument: number))
      content = hasher.finish()
    }
  }

  /// Finds pages again at another address; of several alike, the first goes to the first.
  private mutating func pair(_ gone: [Candidate], _ come: [Candidate], _ before: Snapshot, _ after: Snapshot) throws {
    var waiting: [ContentHash: [Candidate]] = [:]
    for page in come.reversed() { if let content = page.content { waiting[content, default: []].append(page) } }
    var arrived: Set<Int> = []
    for page in gone {
      guard let content = page.content, let target = waiting[content]?.popLast() else {
        removed.append(page.page)
        continue
      }
      arrived.insert(target.number)
      moved.append(Move(from: page.page, to: target.page))
      let (old, new) = (try before.document(page.number), try after.document(target.number))
      if let change = old.access.change(to: new.access) {
        access.append(Access(page: target.page, change: change, before: old.access, after: new.access))
      }
      try count(old, page.number, in: before, new, target.number, in: after)
    }
    for page in come where !arrived.contains(page.number) {
      added.append(page.page)
      chunksEmbedded += after.chunkNumbers(ofDocument: page.number).count
    }
    access.sort { $0.page.url.utf8.lexicographicallyPrecedes($1.page.url.utf8) }
  }
}
