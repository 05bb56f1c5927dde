internal import Corpus
public import Pipelines
internal import Synchronization

/// Rows of a table, each a document: CSV, JSON lines, or what a query of PostgreSQL gives.
///
/// A row whose text is as it was costs its reading and a hash; one whose fields alone changed, no embedding. Rows that a
/// whole reading does not give are gone. Memory: about a megabyte of rows, and 32 bytes for each row's address.
public struct TableSource: Source {
  /// The `id` of the pipeline file.
  public let id: String
  private let settings: TableSettings
  private let progress: (@Sendable (SourceProgress) -> Void)?

  /// Makes a source; nothing is read before `fetch`.
  ///
  /// - Parameters:
  ///   - id: the `id` of the pipeline file.
  ///   - settings: the table and what its rows become.
  ///   - progress: told now and then how far the source is; nil for nobody.
  public init(id: String, settings: TableSettings, progress: (@Sendable (SourceProgress) -> Void)? = nil) {
    self.id = id
    self.settings = settings
    self.progress = progress
  }

  /// Reads the table from its first row to its last.
  ///
  /// - Parameters:
  ///   - memory: the rows of earlier runs.
  ///   - emit: called for each event, one at a time.
  /// - Returns: whether every row could be read.
  /// - Throws: `SourceError` when the table cannot be read at all; what `emit` throws; `CancellationError`.
  public func fetch(
    _ memory: SourceMemory, _ emit: @escaping @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing {
    let feed: RowFeed
    var writer: RowWriter
    do {
      feed = try await RowFeed(settings)
      writer = try RowWriter(source: id, settings: settings, columns: await feed.columns)
    } catch let fault as TableFault {
      throw SourceError(source: id, fault.description)
    }
    var reading = Reading(only: memory.only.map(Set.init))
    let end = ContinuousClock.now.advanced(by: .seconds(settings.maximumTime))
    while reading.cutShort == nil {
      let rows: [RowOutcome]
      do { rows = try await feed.next() } catch let fault as TableFault {
        guard reading.rows > 0 else { throw SourceError(source: id, fault.description) }
        reading.cutShort = fault.description
        break
      }
      guard !rows.isEmpty else { break }
      for row in rows {
        guard reading.rows < settings.maximumRows else {
          reading.cutShort = "there are more than \(settings.maximumRows) rows (limits.rows)"
          break
        }
        try await pass(row, &writer, &reading, emit)
      }
      progress?(SourceProgress(known: reading.rows, done: reading.rows, kept: reading.kept))
      if ContinuousClock.now >= end { reading.cutShort = reading.cutShort ?? "the time ran out (limits.time)" }
    }
    return try await conclude(reading, writer, doubt: await feed.doubt, memory, emit)
  }

  /// What was read so far.
  private struct Reading {
    var only: Set<String>?
    var rows = 0
    var kept = 0
    var bytes = 0
    /// Rows of which nobody knows which they are.
    var lost = 0
    var cutShort: String?
    var seen: Set<ContentHash> = []
  }

  private func pass(
    _ outcome: RowOutcome, _ writer: inout RowWriter, _ reading: inout Reading,
    _ emit: @Sendable (SourceEvent) async throws -> Void
  ) async throws {
    try Task.checkCancellation()
    reading.rows += 1
    switch outcome {
    case .fault(let place, let reason):
      reading.lost += 1
      try await emit(.failed(SourceFailure(url: RowWriter.placeURL(id, place), reason: "\(place): \(reason)")))
    case .row(let row):
      reading.bytes += row.bytes
      switch writer.document(of: row) {
      case .failure(let failure):
        if failure.url.hasPrefix("table:\(id)#") { reading.lost += 1 }
        try await emit(.failed(failure))
      case .success(let document):
        guard reading.seen.insert(ContentHash.of(document.url)).inserted else {
          reading.lost += 1
          let reason = "\(row.place): an earlier row has the same address, \(document.url); the first one counts"
          return try await emit(.failed(SourceFailure(url: RowWriter.placeURL(id, row.place), reason: reason)))
        }
        if let only = reading.only, !only.contains(document.url) { return }
        reading.kept += 1
        try await emit(.document(document, nil))
      }
    }
  }

  /// Says which rows are gone, if that can be known.
  private func conclude(
    _ reading: Reading, _ writer: RowWriter, doubt: String?, _ memory: SourceMemory,
    _ emit: @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing {
    var cutShort = reading.cutShort ?? doubt
    if cutShort == nil, reading.lost > 0 { cutShort = "\(reading.lost) rows could not be told from others" }
    if let only = memory.only {
      cutShort = "only \(only.count) rows were asked for"
    } else {
      let known = try memory.pages()
      if reading.rows == 0, !known.isEmpty, !memory.settingsChanged {
        cutShort = cutShort ?? "the table is empty and was not: is it being filled?"
      }
      if cutShort == nil {
        for url in known.sorted() where !reading.seen.contains(ContentHash.of(url)) {
          try await emit(.skipped(url: url, reason: "the table has no such row", .gone))
        }
      }
    }
    var notes = writer.notes
    if reading.cutShort == nil, reading.rows > reading.lost, let absent = writer.absent { notes.append(absent) }
    return SourceListing(cutShort: cutShort, requests: 0, bytes: reading.bytes, notes: notes)
  }
}

/// Rows read off the pool, one batch at a time.
private final class RowFeed: Sendable {
  private let reader: Mutex<any RowReader>
  private let stop: @Sendable () -> Void

  init(_ settings: TableSettings) async throws {
    let size = settings.maximumRowSize
    switch settings.origin {
    case .csv(let csv):
      reader = Mutex(try await offPool { try CSVReader(csv, maximumSize: size) })
      stop = {}
    case .jsonLines(let path):
      reader = Mutex(try await offPool { try JSONLinesReader(path: path, maximumSize: size) })
      stop = {}
    case .postgresql(let server):
      let link = PostgreSQLLink(server)
      stop = { link.stop() }
      reader = Mutex(
        try await withTaskCancellationHandler {
          try await offPool { try PostgreSQLReader(link, maximumSize: size) }
        } onCancel: {
          link.stop()
        })
    }
  }

  var columns: [String]? { get async { reader.withLock { $0.columns } } }

  var doubt: String? { get async { reader.withLock { $0.doubt } } }

  func next() async throws -> [RowOutcome] {
    try await withTaskCancellationHandler {
      try await offPool { [self] in try reader.withLock { try $0.next() } }
    } onCancel: {
      stop()
    }
  }
}
