internal import Corpus
internal import Pipelines

/// What becomes of each page: as it was, with what is known of it now, or fetched.
extension ConfluenceRun {
  /// A page that is to be told of.
  private struct Page {
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

  private mutating func advance(kept: Bool) {
    counted.done += 1
    if kept { counted.kept += 1 }
    counted.known = max(counted.known, counted.done)
    progress?(counted)
  }

  // MARK: Facts

  /// What is known of a page beside its bytes.
  private func facts(
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
  private static let inclusion = "i"
  private static let author = "a"
  private static let label = "l"
  private static let person = "u"

  /// What a visit keeps of a page: names that it refers to, its authors and labels.
  private static func kept(
    _ references: StorageReferences, people: [String: String], authors: [String], labels: [String]
  ) -> [String] {
    let links = references.pages.map { name in
      let kind = references.included.contains(name) ? inclusion : link
      return "\(kind)\t\(name.space)\t\(name.title)"
    }
    let named = people.filter { !$0.value.isEmpty }.map { "\(person)\t\($0.key)\t\($0.value)" }.sorted()
    return links.sorted() + named + authors.map { "\(author)\t\($0)" } + labels.map { "\(label)\t\($0)" }
  }

  private static func values(_ kind: String, of links: [String]) -> [String] {
    links.filter { $0.hasPrefix(kind + "\t") }.map { String($0.dropFirst(kind.count + 1)) }
  }

  private static func authors(_ visit: PageVisit) -> [String] { values(author, of: visit.links) }

  private static func labels(_ visit: PageVisit) -> [String] { values(label, of: visit.links) }

  private static func name(_ text: String) -> ContentNames.Name? {
    let parts = text.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    return ContentNames.Name(space: String(parts[0]), title: String(parts[1]))
  }

  /// The page of a name and its space's place, where its body may stand in another page: in a space that is read here,
  /// and with readers that are known.
  private func inclusion(_ name: ContentNames.Name, _ names: ContentNames) -> (id: String, space: Int)? {
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
  private func mark(of entry: ContentEntry, links: [String], _ names: ContentNames) -> PageMark {
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

  // MARK: Bodies

  /// What one request for bodies gave.
  private struct Batch: Sendable {
    var bodies: [ContentBody] = []
    var labels: [String: ContentDetails] = [:]
    /// The comments of those that may have some, by id.
    var comments: [String: [ConfluenceComment]] = [:]
    /// Why single pages did not come, by id.
    var faults: [String: String] = [:]
  }

  /// What is asked for with bodies of one kind.
  private struct Order: Sendable {
    var ids: [String]
    var kind: ContentEntry.Kind
    var wantsLabels: Bool
    /// Those whose comments are wanted.
    var talked: Set<String>
    /// The comments that are answered, if that is known.
    var answered: Set<String>?
  }

  private mutating func fetch(_ pages: [Page], _ names: ContentNames) async throws {
    var pieces: [[Page]] = []
    for kind in [ContentEntry.Kind.page, .blogpost] {
      pieces += pages.filter { $0.entry.kind == kind }.pieces(of: face.bodiesAtOnce)
    }
    // One window at a time: what it holds is told before more is asked for.
    for window in pieces.pieces(of: max(1, settings.concurrency)) {
      let face = face
      let wantsLabels = settings.access == .public && settings.labels.isEmpty
      let orders = window.map { piece in
        let talked = piece.filter { mayHaveComments($0.entry.id, before: $0.before) }.map(\.entry.id)
        return Order(
          ids: piece.map(\.entry.id), kind: piece.first?.entry.kind ?? .page, wantsLabels: wantsLabels,
          talked: Set(talked), answered: comments?.answered)
      }
      let batches = try await inWindow(of: settings.concurrency, orders) { try await Self.batch($0, face) }
      for (piece, batch) in zip(window, batches) { try await tell(piece, batch, names) }
    }
  }

  private static func batch(_ order: Order, _ face: any ConfluenceFace) async throws -> Batch {
    var batch = Batch()
    let (ids, kind) = (order.ids, order.kind)
    batch.bodies = try await VersionOne.halving(ids) {
      try await face.bodies($0, kind: kind)
    } failed: { id, error in
      batch.faults[id] = "its body cannot be had: \(error)"
    }
    // A list may leave out what was asked for: each is asked for by itself before it counts as missing.
    let came = Set(batch.bodies.map(\.entry.id))
    if ids.count > 1 {
      for id in ids where !came.contains(id) && batch.faults[id] == nil {
        do {
          batch.bodies += try await face.bodies([id], kind: kind)
        } catch let error as ConfluenceError where !error.endsRun {
          batch.faults[id] = "its body cannot be had: \(error)"
        }
      }
    }
    // After the body: what came in between is on the safe side of both.
    for body in batch.bodies where order.talked.contains(body.entry.id) {
      do {
        batch.comments[body.entry.id] = try await face.comments(on: body.entry, answered: order.answered)
      } catch let error as ConfluenceError where !error.endsRun {
        batch.faults[body.entry.id] = "its comments cannot be had: \(error)"
      }
    }
    batch.bodies.removeAll { batch.faults[$0.entry.id] != nil }
    if order.wantsLabels { batch.labels = (try? await face.details(of: batch.bodies.map(\.entry.id))) ?? [:] }
    return batch
  }

  private mutating func tell(_ pages: [Page], _ batch: Batch, _ names: ContentNames) async throws {
    let bodies = Dictionary(batch.bodies.map { ($0.entry.id, $0) }, uniquingKeysWith: { $1 })
    var references: [String: StorageReferences] = [:]
    for page in pages {
      guard let body = bodies[page.entry.id] else { continue }
      let key = spaces[page.space].space.key
      var named = StorageReferences(body.storage, space: key)
      for comment in batch.comments[page.entry.id] ?? [] {
        // What a comment includes is shown by its title.
        let own = StorageReferences(comment.storage, space: key)
        named.people.formUnion(own.people)
        named.pages.formUnion(own.pages)
      }
      references[page.entry.id] = named
    }
    let writers = bodies.values.flatMap { [$0.entry.author, $0.entry.editor] }
    try await namePeople(writers + batch.comments.values.joined().map(\.author), references.values)
    try await fetchIncluded(references.values, names)
    for page in pages {
      let url = site.address(of: page.entry.id)
      guard let body = bodies[page.entry.id], let references = references[page.entry.id] else {
        try await tellMissing(page, url, batch.faults[page.entry.id], names)
        advance(kept: false)
        continue
      }
      var page = page
      let comments = batch.comments[page.entry.id] ?? []
      guard try await isSettled(page, body.entry, url, isTalkKnown: areListed(comments, on: page.entry.id)) else {
        advance(kept: false)
        continue
      }
      page.entry.version = body.entry.version
      page.entry.modified = body.entry.modified
      page.entry.title = body.entry.title
      if let labels = batch.labels[page.entry.id]?.labels { page.labels = labels }
      let document = document(page, body, comments, references, names, url)
      try await emit(document)
      advance(kept: true)
    }
  }

  /// Whether a page is still where it was listed; readers of one that was edited or talked about since are asked for
  /// anew.
  ///
  /// People restrict a page and then write into it: a body must not be told with readers that are older than it is.
  private mutating func isSettled(
    _ page: Page, _ now: ContentEntry, _ url: String, isTalkKnown: Bool
  ) async throws -> Bool {
    let isMoved = now.parent != page.entry.parent || !now.space.isEmpty && now.space != page.entry.space
    guard !isMoved else {
      cuts.append("\(url) moved while the site was read")
      return false
    }
    guard now.version != page.entry.version || !isTalkKnown, settings.access == .restrictions else { return true }
    var chain = [page.entry.id]
    if case .whole(let above) = spaces[page.space].tree.chain(above: page.entry.id) { chain += above.map(\.id) }
    for id in chain {
      do {
        let restriction = try await face.restriction(of: id)
        spaces[page.space].details[id]?.restriction = restriction
      } catch let error as ConfluenceError where !error.endsRun {
        spaces[page.space].details[id]?.restriction = .unknown("\(error)")
        cuts.append("who may read \(url) cannot be had, so nobody may: \(error)")
      }
    }
    try await tellGroups(of: chain.compactMap { spaces[page.space].details[$0]?.restriction })
    return true
  }

  private mutating func tellMissing(
    _ page: Page, _ url: String, _ fault: String?, _ names: ContentNames
  ) async throws {
    if let fault {
      // What the index holds of it stays, for those who may read it now.
      if let visit = page.visit {
        try await emit(.unchanged(url: url, facts(of: page, authors: Self.authors(visit), links: visit.links, names)))
      }
      return try await emit(.failed(SourceFailure(url: url, reason: fault)))
    }
    guard try await face.entry(page.entry.id, kind: page.entry.kind) == nil else {
      return try await emit(.failed(SourceFailure(url: url, reason: "the site gives the page without a body")))
    }
    try await emit(.skipped(url: url, reason: "it was deleted while the site was read", .gone))
  }

  private func document(
    _ page: Page, _ body: ContentBody, _ comments: [ConfluenceComment], _ references: StorageReferences,
    _ names: ContentNames, _ url: String
  ) -> SourceEvent {
    let space = spaces[page.space].space
    var authors: [String] = []
    for account in [body.entry.author ?? page.entry.author, body.entry.editor ?? page.entry.editor] {
      if let name = account.flatMap({ people[$0] }), !name.isEmpty, !authors.contains(name) { authors.append(name) }
    }
    let persons = references.people.union(
      ([body.entry.author, body.entry.editor] + comments.map(\.author)).compactMap { $0 })
    let links = Self.kept(
      references, people: people.filter { persons.contains($0.key) }, authors: authors, labels: page.labels)
    var envelope = StorageEnvelope(body: body.storage)
    envelope.base = site.base
    envelope.id = page.entry.id
    envelope.space = space.key
    for person in references.people {
      if let name = people[person], !name.isEmpty { envelope.people[person] = name }
    }
    for name in references.pages {
      guard let id = names[name] else { continue }
      let target = StorageEnvelope.Page(space: name.space, title: name.title, url: site.address(of: id))
      envelope.pages.insert(target)
      if references.included.contains(name), let storage = inclusion(name, names).flatMap({ included[$0.id] }) {
        envelope.included[target] = storage
      }
    }
    envelope.comments = shown(comments)
    let bytes = envelope.encoded
    let document = Document(
      source: source, url: url, mediaType: .confluenceStorage, body: bytes,
      facts: facts(of: page, authors: authors, links: links, names))
    let visit = PageVisit(
      status: 200, fetched: face.client.now, hash: .of(bytes), etag: mark(of: page.entry, links: links, names).text,
      reading: reading, links: links)
    return .document(document, visit)
  }

  // MARK: What bodies name

  private static func people(_ visit: PageVisit) -> [(id: String, name: String)] {
    values(person, of: visit.links).compactMap { text in
      let parts = text.split(separator: "\t", maxSplits: 1).map(String.init)
      return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
  }

  /// Asks for the names of everybody whom pages show, where that costs a few requests: people change theirs.
  private mutating func renewNames() async throws {
    guard face.givesNamesTogether, memory.only == nil else { return }
    var shown: Set<String> = []
    for space in spaces where !space.isLeft {
      for entry in space.tree.entries.values where isRead(entry) {
        guard let visit = try memory.visit(site.address(of: entry.id)) else { continue }
        for person in Self.people(visit) { shown.insert(person.id) }
      }
    }
    guard !shown.isEmpty else { return }
    do {
      // Accounts that the site does not name any more keep the names that they had.
      people.merge(try await face.names(of: shown.sorted())) { $1 }
    } catch let error as ConfluenceError where !error.endsRun {
      notes.append("names of people stay as they were: \(error)")
    }
  }

  /// Whether the people whom a page shows are called as they were when it was fetched, as far as that is known.
  private func areNamed(_ visit: PageVisit) -> Bool {
    Self.people(visit).allSatisfy { person in people[person.id].map { $0 == person.name || $0.isEmpty } ?? true }
  }

  private mutating func namePeople(
    _ writers: [String?], _ references: some Sequence<StorageReferences>
  ) async throws {
    var unknown = Set(writers.compactMap { $0 })
    for reference in references { unknown.formUnion(reference.people) }
    unknown.subtract(people.keys)
    guard !unknown.isEmpty else { return }
    do {
      let names = try await face.names(of: unknown.sorted())
      for person in unknown { people[person] = names[person] ?? "" }
    } catch let error as ConfluenceError where !error.endsRun {
      notes.append("names of people: \(error)")
      for person in unknown { people[person] = "" }
    }
  }

  /// Bodies of included pages are held while they fit; then those held are asked for again.
  private mutating func fetchIncluded(
    _ references: some Sequence<StorageReferences>, _ names: ContentNames
  ) async throws {
    var wanted: Set<String> = []
    for reference in references {
      for name in reference.included { if let target = inclusion(name, names) { wanted.insert(target.id) } }
    }
    if included.values.reduce(0, { $0 + $1.utf8.count }) > Self.maximumIncluded {
      included = included.filter { wanted.contains($0.key) }
    }
    let missing = wanted.subtracting(included.keys).sorted()
    for piece in missing.pieces(of: face.bodiesAtOnce) {
      for kind in [ContentEntry.Kind.page, .blogpost] {
        let ids = piece.filter { id in spaces.contains { $0.tree.entries[id]?.kind == kind } }
        guard !ids.isEmpty else { continue }
        let bodies = try await VersionOne.halving(ids) {
          try await face.bodies($0, kind: kind)
        } failed: { _, error in
          notes.append("an included page: \(error)")
        }
        for body in bodies { included[body.entry.id] = body.storage }
      }
    }
  }

  /// How many bytes of included bodies are held between batches.
  private static let maximumIncluded = 64 << 20
}
