internal import Corpus
internal import Pipelines

/// What becomes of each page: as it was, with what is known of it now, or fetched.
extension ConfluenceRun {
  /// A page that is to be told of.
  struct Page {
    var entry: ContentEntry
    var space: Int
    var labels: [String]
    /// As it was fetched last; nil for one that is new or whose bytes are needed in any case.
    var visit: PageVisit?

    var before: PageMark? { visit?.etag.flatMap { PageMark($0) } }
  }

  /// Tells of every page: first of those whose bytes are as they were, then of the others as they come.
  mutating func tellPages() async throws {
    try await renewNames()
    let names = ContentNames(spaces.map { ($0.space.key, $0.tree) })
    let only = memory.only.map { Set($0) }
    var needed: [Page] = []
    for index in spaces.indices where !spaces[index].isLeft {
      let space = spaces[index]
      for entry in space.tree.entries.values.sorted(by: Self.precedes) {
        guard entry.kind == .page || entry.kind == .blogpost else { continue }
        let url = site.address(of: entry.id)
        guard isRead(entry) else {
          leftPages.insert(entry.id)
          guard only?.contains(url) ?? true else { continue }
          let what = entry.kind == .blogpost ? "blog posts are not read" : "it is archived"
          try await emit(.skipped(url: url, reason: what, .outOfScope))
          continue
        }
        // A listing that broke off may lack what stands above.
        if !space.isWhole, space.tree.chain(above: entry.id) == .broken { continue }
        let visit = try memory.visit(url).flatMap { $0.reading == reading && $0.hasContent ? $0 : nil }
        guard let labels = space.details[entry.id]?.labels ?? visit.map(Self.labels) ?? unknownLabels else {
          try await emit(
            .failed(SourceFailure(url: url, reason: "its labels cannot be had, which decide whether it is read")))
          continue
        }
        if !settings.labels.isEmpty, Set(labels).isDisjoint(with: settings.labels) {
          leftPages.insert(entry.id)
          try await emit(.skipped(url: url, reason: "it has none of the labels of `include.labels`", .outOfScope))
          continue
        }
        toldPages.insert(entry.id)
        if let only, !only.contains(url) { continue }
        let page = Page(entry: entry, space: index, labels: labels, visit: visit)
        guard let visit, let before = page.before, mark(of: entry, links: visit.links, names).isStill(before),
          areNamed(visit)
        else {
          needed.append(page)
          continue
        }
        try await emit(.unchanged(url: url, facts(of: page, authors: Self.authors(visit), links: visit.links, names)))
        advance(kept: true)
      }
    }
    try await fetch(needed, names)
  }

  /// Labels that are not known: none where they decide nothing, nil where they do.
  private var unknownLabels: [String]? { settings.labels.isEmpty ? [] : nil }

  private static func precedes(_ first: ContentEntry, _ second: ContentEntry) -> Bool {
    (first.id.utf8.count, first.id) < (second.id.utf8.count, second.id)
  }

  mutating func advance(kept: Bool) {
    counted.done += 1
    if kept { counted.kept += 1 }
    counted.known = max(counted.known, counted.done)
    progress?(counted)
  }

  // MARK: Facts

  /// What is known of a page beside its bytes.
  func facts(
    of page: Page, authors: [String], links: [String], _ names: ContentNames
  ) -> DocumentFacts {
    let space = spaces[page.space]
    var (rule, origins) = rule(for: page.entry, in: space)
    for (id, place) in includes(links, names) {
      guard let entry = spaces[place].tree.entries[id] else { continue }
      (rule, origins) = Self.both((rule, origins), self.rule(for: entry, in: spaces[place]), entry)
    }
    var breadcrumbs = [space.space.name]
    if case .whole(let above) = space.tree.chain(above: page.entry.id) {
      breadcrumbs += above.filter { $0.id != space.space.home }.map(\.title)
    }
    var fields: [String: [FieldValue]] = [
      "space": [.keyword(space.space.key)], "type": [.keyword(page.entry.kind.rawValue)],
    ]
    if !page.labels.isEmpty { fields["label"] = page.labels.map { .keyword($0) } }
    if !authors.isEmpty { fields["author"] = authors.map { .keyword($0) } }
    return DocumentFacts(
      title: page.entry.title, access: rule, accessOrigins: origins, modified: page.entry.modified,
      breadcrumbs: breadcrumbs, fields: fields)
  }

  /// Whoever may read both a page and one that stands in it.
  private static func both(
    _ own: (rule: AccessRule, origins: [String]), _ other: (rule: AccessRule, origins: [String]), _ entry: ContentEntry
  ) -> (AccessRule, [String]) {
    switch (own.rule, other.rule) {
    case (.open, .open): return own
    case (.allOf(var sets), .allOf(let more)):
      var origins = own.origins
      for (index, set) in more.enumerated() where !sets.contains(set) {
        sets.append(set)
        let from = index < other.origins.count ? other.origins[index] : ""
        let what = "included page \(entry.id) “\(entry.title)”"
        origins.append(from == "this page" ? what : "\(what), \(from)")
      }
      return (.allOf(sets), origins)
    default: return (.closed, [])
    }
  }

  // MARK: References

  private static let link = "p"
  static let inclusion = "i"
  private static let author = "a"
  private static let label = "l"
  static let person = "u"

  /// What a visit keeps of a page: names that it refers to, its authors and labels.
  static func kept(
    _ references: StorageReferences, people: [String: String], authors: [String], labels: [String]
  ) -> [String] {
    let links = references.pages.map { name in
      let kind = references.included.contains(name) ? inclusion : link
      return "\(kind)\t\(name.space)\t\(name.title)"
    }
    let named = people.filter { !$0.value.isEmpty }.map { "\(person)\t\($0.key)\t\($0.value)" }.sorted()
    return links.sorted() + named + authors.map { "\(author)\t\($0)" } + labels.map { "\(label)\t\($0)" }
  }

  static func values(_ kind: String, of links: [String]) -> [String] {
    links.filter { $0.hasPrefix(kind + "\t") }.map { String($0.dropFirst(kind.count + 1)) }
  }

  static func authors(_ visit: PageVisit) -> [String] { values(author, of: visit.links) }

  private static func labels(_ visit: PageVisit) -> [String] { values(label, of: visit.links) }

  private static func name(_ text: String) -> ContentNames.Name? {
    let parts = text.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    return ContentNames.Name(space: String(parts[0]), title: String(parts[1]))
  }

  /// The page of a name and its space's place, where its body may stand in another page: in a space that is read here,
  /// and with readers that are known.
  func inclusion(_ name: ContentNames.Name, _ names: ContentNames) -> (id: String, space: Int)? {
    guard let id = names[name],
      let place = spaces.firstIndex(where: { $0.space.key == name.space && $0.tree.entries[id] != nil }),
      !spaces[place].isLeft, let entry = spaces[place].tree.entries[id], isRead(entry),
      rule(for: entry, in: spaces[place]).rule != .closed
    else { return nil }
    return (id, place)
  }

  private func includes(_ links: [String], _ names: ContentNames) -> [(id: String, space: Int)] {
    Self.values(Self.inclusion, of: links).compactMap { Self.name($0).flatMap { inclusion($0, names) } }
  }

  /// The version of a page and what its references stand for now: the same as at its fetch, and so are its bytes.
  func mark(of entry: ContentEntry, links: [String], _ names: ContentNames) -> PageMark {
    var hasher = ContentHasher()
    for link in links {
      if link.hasPrefix(Self.link + "\t"), let name = Self.name(String(link.dropFirst(2))) {
        hasher.update(link)
        hasher.update(names[name] ?? "")
      } else if link.hasPrefix(Self.inclusion + "\t"), let name = Self.name(String(link.dropFirst(2))) {
        hasher.update(link)
        let target = inclusion(name, names)
        hasher.update(target?.id ?? "")
        let version = target.flatMap { spaces[$0.space].tree.entries[$0.id]?.version } ?? 0
        hasher.update(UInt64(clamping: version))
      }
    }
    return PageMark(
      kind: entry.kind, version: entry.version, references: String(hasher.finish().description.prefix(16)),
      comments: commentsMark(of: entry.id))
  }
}
