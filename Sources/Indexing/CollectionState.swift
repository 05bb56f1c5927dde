public import Corpus
public import Pipelines

/// A collection's state file, looked at without changing it.
public struct CollectionState: Sendable {
  private let folder: String
  let state: StateFile?

  /// Opens the state of a pipeline; one that was never run has an empty state.
  ///
  /// - Throws: `IndexingError` for a file of another version or one that cannot be read.
  public init(pipeline: PipelineFile) throws {
    try self.init(collectionFolder: pipeline.publish.to + "/" + pipeline.name)
  }

  /// Opens the state beside a collection's snapshots; one that was never run has an empty state.
  ///
  /// - Throws: `IndexingError` for a file of another version or one that cannot be read.
  public init(collectionFolder: String) throws {
    folder = collectionFolder
    state = try StateFile.reading(collectionFolder: folder)
  }

  /// The documents that failed in the last run, in the order of their sources and addresses.
  public func failures() throws -> [FailureRecord] { try state?.failureRecords() ?? [] }

  /// Sizes, counts and ages.
  public func summary() throws -> StateSummary {
    var summary = StateSummary(path: folder + "/" + StateFile.name)
    guard let state else { return summary }
    summary.fileBytes = StateFile.fileSize(summary.path)
    summary.liveBytes = try state.liveBytes
    summary.pages = try state.count(state.pages)
    summary.pending = try state.count(state.superseded)
    summary.visits = try state.count(state.visits)
    summary.failures = try state.count(state.failures)
    var oldest: Int64?
    var unused: [[UInt8]: Int] = [:]
    try state.forEach(in: state.unused) { key, value in
      let since = Int64(bitPattern: value.loadUnaligned(as: UInt64.self))
      oldest = min(oldest ?? since, since)
      unused[key] = 0
    }
    summary.oldestUnused = oldest
    var sizes: [UInt8: StateSummary.Results] = [:]
    try state.forEach(in: state.memo) { key, value in
      guard let stage = key.first else { return }
      sizes[stage, default: .init()].count += 1
      sizes[stage, default: .init()].bytes += value.count
      if unused[key] != nil {
        sizes[stage, default: .init()].unusedCount += 1
        sizes[stage, default: .init()].unusedBytes += value.count
      }
    }
    summary.results = StateFile.Stage.allCases.map { ($0.name, sizes[$0.rawValue] ?? .init()) }
    return summary
  }
}

/// What a state file holds.
public struct StateSummary: Sendable {
  /// Results of one stage.
  public struct Results: Sendable, Equatable {
    /// How many there are.
    public var count = 0
    /// Their bytes.
    public var bytes = 0
    /// How many of them no page uses.
    public var unusedCount = 0
    /// The bytes of those.
    public var unusedBytes = 0
  }

  /// The file.
  public var path: String
  /// Its length, in bytes.
  public var fileBytes = 0
  /// What its tables take of that; the rest is free for new entries.
  public var liveBytes = 0
  /// Known pages.
  public var pages = 0
  /// Pages that differ from the current snapshot: work of runs that did not publish.
  public var pending = 0
  /// Addresses whose last visit is remembered.
  public var visits = 0
  /// Documents that failed in the last run.
  public var failures = 0
  /// Stage results, by stage.
  public var results: [(stage: String, Results)] = []
  /// Since when the longest unused result is unused, in seconds since 1970.
  public var oldestUnused: Int64?

  init(path: String) { self.path = path }

  /// As `--json` prints it.
  public var json: JSONValue {
    [
      "path": .string(path), "file_bytes": .integer(Int64(fileBytes)), "live_bytes": .integer(Int64(liveBytes)),
      "pages": .integer(Int64(pages)), "pending": .integer(Int64(pending)), "visits": .integer(Int64(visits)),
      "failures": .integer(Int64(failures)),
      "results": .object(
        results.map { stage, results in
          .init(
            stage,
            [
              "count": .integer(Int64(results.count)), "bytes": .integer(Int64(results.bytes)),
              "unused_count": .integer(Int64(results.unusedCount)),
              "unused_bytes": .integer(Int64(results.unusedBytes)),
            ])
        }), "oldest_unused": oldestUnused.map { .string(Moment.text($0)) } ?? .null,
    ]
  }
}
