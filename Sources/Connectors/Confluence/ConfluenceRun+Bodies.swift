internal import Corpus
internal import Pipelines

/// The bodies of pages that are new or changed, and what they name: included pages and people.
extension ConfluenceRun {
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

  mutating func fetch(_ pages: [Page], _ names: ContentNames) async throws {
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
  mutating func renewNames() async throws {
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
  func areNamed(_ visit: PageVisit) -> Bool {
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
