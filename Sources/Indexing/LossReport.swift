internal import Connectors
public import Corpus

/// What became of the macros of Confluence's pages in a collection: by page, by space, in all.
public struct LossReport: Sendable, Equatable {
  /// What became of one page's macros.
  public struct Page: Sendable, Equatable {
    /// The page's source.
    public var source: String
    /// Its address.
    public var url: String
    /// Its title, where the source gave one.
    public var title: String
    /// The key of its space; empty where it has none.
    public var space: String
    /// The counts.
    public var macros: MacroReport
  }

  /// An attachment of which no text is read.
  public struct File: Sendable, Equatable {
    /// Its source.
    public var source: String
    /// Its address.
    public var url: String
    /// The key of its page's space.
    public var space: String
    /// Why not.
    public var reason: String
  }

  /// Attachments of which no text is read, in the order of their addresses.
  public var files: [File] = []
  /// Pages with macros, in the order of their addresses.
  public var pages: [Page] = []
  /// Counts by space.
  public var spaces: [String: MacroReport] = [:]
  /// Pages in storage format, also those without any macro.
  public var count = 0

  /// All pages' counts together.
  public var total: MacroReport {
    spaces.values.reduce(into: MacroReport()) { $0.add($1) }
  }

  /// As `--json` prints it.
  public var json: JSONValue {
    [
      "documents": .integer(Int64(count)), "macros": total.json,
      "spaces": .object(spaces.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.json) }),
      "unread_files": .array(
        files.map { file in
          [
            "source": .string(file.source), "url": .string(file.url), "space": .string(file.space),
            "reason": .string(file.reason),
          ]
        }),
      "pages": .array(
        pages.map { page in
          [
            "source": .string(page.source), "url": .string(page.url), "title": .string(page.title),
            "space": .string(page.space), "macros": page.macros.json,
          ]
        }),
    ]
  }
}

extension CollectionState {
  /// What became of the macros of the pages that the state knows.
  ///
  /// - Complexity: reads the cleaned form of every page in storage format.
  public func losses() throws -> LossReport {
    var report = LossReport()
    guard let state else { return report }
    var records: [PageRecord] = []
    try state.forEachPage { if $0.mediaType == .confluenceStorage { records.append($0) } }
    for record in records {
      let macros = try state.result(.clean, record.cleanKey) { try StageResults.decodePage($0).document.macros }
      guard let macros else { continue }
      report.count += 1
      guard !macros.isEmpty else { continue }
      var space = ""
      if case .keyword(let key)? = record.facts.fields["space"]?.first { space = key }
      report.spaces[space, default: MacroReport()].add(macros)
      report.pages.append(
        .init(source: record.source, url: record.url, title: record.facts.title ?? "", space: space, macros: macros))
    }
    try state.forEachVisit { source, url, visit in
      guard visit.etag?.hasPrefix(PageVisit.unreadFile + " ") == true, visit.links.count == 2 else { return }
      report.files.append(.init(source: source, url: url, space: visit.links[0], reason: visit.links[1]))
    }
    report.files.sort { $0.url.utf8.lexicographicallyPrecedes($1.url.utf8) }
    report.pages.sort { $0.url.utf8.lexicographicallyPrecedes($1.url.utf8) }
    return report
  }
}
