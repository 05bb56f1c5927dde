internal import Corpus
internal import Pipelines

/// Files attached to pages: each with a text is a document of its own, read by whoever may read its page.
extension ConfluenceRun {
  /// Larger files are left out, in bytes.
  static let maximumFile = 20_000_000
  /// So many files of one page are read.
  static let maximumFiles = 200

  /// The address of a file: the same for all its versions.
  private func address(of file: ConfluenceAttachment) -> String {
    "\(site.base)/download/attachments/\(file.content)/\(ConfluenceClient.encoded(file.name))"
  }

  func isFile(_ url: String) -> Bool { url.hasPrefix("\(site.base)/download/attachments/") }

  /// Lists all files.
  ///
  /// Before readers are asked for: so every file that is told of is older than what is known of its readers.
  mutating func listAttachments() async throws {
    guard settings.attachments != .none else { return }
    do {
      var files: [String: ConfluenceAttachment] = [:]
      try await face.attachments(in: spaces.map(\.space)) { for file in $0 { files[file.id] = file } }
      attachments = Dictionary(grouping: files.values, by: \.content)
        .mapValues { $0.sorted { ($0.id.utf8.count, $0.id) < ($1.id.utf8.count, $1.id) } }
    } catch let error as ConfluenceError where !error.endsRun {
      cuts.append("attachments cannot be listed, so they stay as they were: \(error)")
    }
  }

  /// What stands for the files of a page.
  func filesMark(of id: String) -> String {
    (attachments?[id] ?? []).map { "\($0.id) \($0.version)" }.joined(separator: ",")
  }

  /// Tells of every file of the pages that are read, and what became of those that the index holds.
  mutating func tellAttachments() async throws {
    let known = try memory.pages().filter(isFile).sorted()
    guard settings.attachments != .none else {
      for url in known { try await emit(.skipped(url: url, reason: "attachments are not read", .outOfScope)) }
      return
    }
    guard let attachments else { return }
    let only = memory.only.map { Set($0) }
    var listed: Set<String> = []
    for (index, space) in spaces.enumerated() where !space.isLeft {
      for page in space.tree.entries.values.sorted(by: { $0.id < $1.id }) where toldPages.contains(page.id) {
        for (count, file) in (attachments[page.id] ?? []).enumerated() {
          let url = address(of: file)
          // Of one name on one page there is one; of two the first holds.
          guard listed.insert(url).inserted, only?.contains(url) ?? true else { continue }
          try await tell(file, count, url, of: page, in: index)
        }
      }
    }
    guard only == nil, cuts.isEmpty else { return }
    for url in known where !listed.contains(url) { try await confirm(file: url) }
    if !unread.isEmpty {
      let kinds = unread.sorted { $0.key < $1.key }.map { "\($0.value) because \($0.key)" }
      notes.append("attachments that are not read (`acervo losses` names them): \(kinds.joined(separator: "; "))")
    }
  }

  private mutating func tell(
    _ file: ConfluenceAttachment, _ count: Int, _ url: String, of page: ContentEntry, in place: Int
  ) async throws {
    let space = spaces[place].space
    guard let form = FileText(name: file.name, type: file.mediaType) else {
      let type = file.mediaType.isEmpty ? "of no known type" : "of type \(file.mediaType)"
      return try await leave(file, url, space, "it is \(type), of which no text is read")
    }
    if let lack = form.lack { return try await leave(file, url, space, lack) }
    guard count < Self.maximumFiles else {
      return try await leave(file, url, space, "its page has more than \(Self.maximumFiles) files")
    }
    guard file.size ?? 0 <= Self.maximumFile else {
      return try await leave(file, url, space, "it is larger than \(Self.maximumFile) bytes")
    }
    let facts = facts(of: file, page, in: place)
    let visit = try memory.visit(url)
    if let visit, visit.reading == reading, visit.etag == Self.mark(of: file, isRead: true), visit.hasContent {
      try await emit(.unchanged(url: url, facts))
      return
    }
    if let visit, visit.reading == reading, visit.etag == Self.mark(of: file, isRead: false),
      let reason = visit.links.last
    {
      return try await leave(file, url, space, reason)
    }
    do {
      let (bytes, type) = try await face.client.file(file.download, largest: Self.maximumFile)
      let isPage = type.lowercased().hasPrefix("text/html") && form.form != .html
      guard file.size.map({ $0 == bytes.count }) ?? true, !isPage else {
        let what = isPage ? "HTML came in its place: a log-in page?" : "\(bytes.count) bytes came of \(file.size ?? 0)"
        return try await emit(.failed(SourceFailure(url: url, reason: "the file cannot be had: \(what)")))
      }
      switch try await form.text(of: bytes) {
      case .failed(let why): try await emit(.failed(SourceFailure(url: url, reason: why)))
      case .unreadable(let why): try await leave(file, url, space, why)
      case .text(let text):
        let document = Document(source: source, url: url, mediaType: form.mediaType, body: text, facts: facts)
        let visit = PageVisit(
          status: 200, fetched: face.client.now, hash: .of(text), etag: Self.mark(of: file, isRead: true),
          reading: reading)
        try await emit(.document(document, visit))
      }
    } catch let error as ConfluenceError where !error.endsRun {
      try await emit(.failed(SourceFailure(url: url, reason: "the file cannot be had: \(error)")))
    }
  }

  private static func mark(of file: ConfluenceAttachment, isRead: Bool) -> String {
    "\(isRead ? "file" : PageVisit.unreadFile) \(file.version) \(file.id)"
  }

  /// Leaves out a file of which no text can be had, and remembers why.
  private mutating func leave(
    _ file: ConfluenceAttachment, _ url: String, _ space: ConfluenceSpace, _ reason: String
  ) async throws {
    unread[reason, default: 0] += 1
    try await emit(.skipped(url: url, reason: reason, .outOfScope))
    let visit = PageVisit(
      status: 0, fetched: face.client.now, hash: .of([]), etag: Self.mark(of: file, isRead: false), reading: reading,
      links: [space.key, reason])
    try await emit(.visited(url: url, visit))
  }

  private func facts(of file: ConfluenceAttachment, _ page: ContentEntry, in place: Int) -> DocumentFacts {
    let space = spaces[place]
    let (rule, origins) = rule(for: page, in: space)
    var breadcrumbs = [space.space.name]
    if case .whole(let above) = space.tree.chain(above: page.id) {
      breadcrumbs += above.filter { $0.id != space.space.home }.map(\.title)
    }
    return DocumentFacts(
      title: file.name, access: rule,
      accessOrigins: origins.map { $0 == "this page" ? "page \(page.id) “\(page.title)”" : $0 },
      modified: file.modified, breadcrumbs: breadcrumbs + [page.title],
      fields: ["space": [.keyword(space.space.key)], "type": [.keyword("attachment")]])
  }

  /// Asks for a file that the index holds and no list has: gone only when the site denies it by itself.
  private mutating func confirm(file url: String) async throws {
    let parts = try memory.visit(url)?.etag?.split(separator: " ") ?? []
    guard parts.count == 3 else { return }
    do {
      guard let file = try await face.attachment(String(parts[2])) else {
        let reason = "the site does not know it any more: it is deleted, or the account of `token` may not see it"
        return try await emit(.skipped(url: url, reason: reason, .gone))
      }
      if toldPages.contains(file.content), address(of: file) == url {
        cuts.append("\(url) is there and was not listed")
      } else if toldPages.contains(file.content) || leftPages.contains(file.content)
        || !spaces.contains(where: { $0.tree.entries[file.content] != nil })
      {
        try await emit(.skipped(url: url, reason: "its page is not read, or it has another name", .outOfScope))
      }
    } catch let error as ConfluenceError where !error.endsRun {
      cuts.append("attachments that are not listed could not be asked for: \(error)")
    }
  }
}

extension PageVisit {
  /// What the `etag` of a file begins with of which no text is read; `links` are the space's key and the reason then.
  public static let unreadFile = "unread"
}
