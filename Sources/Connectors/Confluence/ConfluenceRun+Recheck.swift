internal import Corpus
internal import Pipelines

/// Runs in which nothing moved and readers were read not long ago: they are taken as they were, where `recheck` says so.
extension ConfluenceRun {
  private func address(of space: ConfluenceSpace) -> String { "\(site.base)/spaces/\(space.key)" }

  /// Of all that a list of a space shows.
  private func digest(_ tree: ContentTree) -> String {
    var hasher = ContentHasher()
    for entry in tree.entries.values.sorted(by: { $0.id < $1.id }) where entry.kind == .page || entry.kind == .blogpost
    {
      for text in [entry.id, entry.kind.rawValue, entry.status.rawValue, entry.title, entry.parent ?? ""] {
        hasher.update(text)
      }
      hasher.update(UInt64(clamping: entry.version))
      if settings.attachments != .none { hasher.update(filesMark(of: entry.id)) }
      if settings.comments { hasher.update(commentsMark(of: entry.id)) }
    }
    return hasher.finish().description
  }

  /// Whether every space is as it was when its readers were last read, and that is not too long ago.
  func isQuiet() throws -> Bool {
    guard settings.recheck > 0, settings.labels.isEmpty, memory.only == nil, cuts.isEmpty, !memory.settingsChanged
    else { return false }
    for space in spaces {
      guard let visit = try memory.visit(address(of: space.space)), visit.reading == reading,
        visit.etag == digest(space.tree), Double(face.client.now - visit.fetched) < settings.recheck,
        face.client.now >= visit.fetched
      else { return false }
      for entry in space.tree.entries.values where isRead(entry) {
        guard let visit = try memory.visit(site.address(of: entry.id)), visit.hasContent, visit.reading == reading
        else { return false }
      }
    }
    return true
  }

  /// Says of everything that it is as it was.
  mutating func tellQuiet() async throws {
    // People come and go in groups whatever the pages do.
    try await tellGroups(of: [.only(memory.groups())])
    for space in spaces {
      let url = address(of: space.space)
      if let visit = try memory.visit(url) { try await emit(.visited(url: url, visit)) }
      for entry in space.tree.entries.values.sorted(by: { $0.id < $1.id }) where isRead(entry) {
        try await emit(.unchanged(url: site.address(of: entry.id), nil))
        counted.done += 1
        counted.kept += 1
      }
      progress?(counted)
    }
    for url in try memory.pages() where isFile(url) { try await emit(.unchanged(url: url, nil)) }
    notes.append("nothing moved, and readers were read less than `recheck` ago: they are taken as they were")
  }

  /// Remembers what the lists showed when readers were read.
  func rememberSpaces(at time: Int64) async throws {
    guard settings.recheck > 0, cuts.isEmpty, memory.only == nil else { return }
    for space in spaces {
      let visit = PageVisit(
        status: 200, fetched: time, hash: .of([]), etag: digest(space.tree), reading: reading)
      try await emit(.visited(url: address(of: space.space), visit))
    }
  }
}
