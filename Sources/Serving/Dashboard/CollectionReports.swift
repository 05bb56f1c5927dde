internal import Corpus
internal import Dispatch
internal import Retrieval
internal import Snapshots
internal import Synchronization

/// What an operator wants to know of each collection: the snapshot that answers, what it changed, how the last run went.
final class CollectionReports: Sendable {
  /// What a snapshot changed over the one before.
  struct Difference: Sendable, Equatable {
    var added = 0
    var removed = 0
    var moved = 0
    var changed = 0
    /// Pages whose readers changed.
    var readers = 0
  }

  private let store: CollectionStore
  private let folder: String
  /// By collection; a nil difference: it cannot be told.
  private let known = Mutex<[String: (snapshot: String, difference: Difference?)]>([:])
  private let queue = DispatchQueue(label: "acervo.dashboard", qos: .utility)

  /// Above so many pages two snapshots are not compared for a look at the dashboard.
  private static let mostCompared = 200_000
  /// The failures that are shown of a run.
  static let mostFailures = 20

  init(store: CollectionStore, folder: String) {
    self.store = store
    self.folder = folder
  }

  static let schema = JSONSchema.object([
    .required("name", .text, "The collection's name."),
    .required("snapshot", .nullable(.text), "The snapshot that answers now."),
    .required("created", .nullable(.text), "When it was published (RFC 3339, UTC)."),
    .required("age_seconds", .integer(0...Int(Int32.max)), "How long ago that was."),
    .required("documents", .integer(DashboardRoutes.many), "All its documents."),
    .required("chunks", .integer(DashboardRoutes.many), "All their chunks."),
    .required("bytes", .integer(0...Int.max), "The size of its index."),
    .required(
      "difference",
      .nullable(
        .object([
          .required("added", .integer(DashboardRoutes.many), "Pages that were not there before."),
          .required("removed", .integer(DashboardRoutes.many), "Pages that are gone."),
          .required("moved", .integer(DashboardRoutes.many), "Pages at another address."),
          .required("changed", .integer(DashboardRoutes.many), "Pages that differ."),
          .required("readers", .integer(DashboardRoutes.many), "Pages whose readers differ."),
        ])), "What it changed over its parent; null where that is not there any more or too large to compare."),
    .required("refused", .nullable(.text), "Why the snapshot that was published last does not answer."),
    .required(
      "last_run",
      .nullable(
        .object([
          .required("outcome", .text, "How it ended: “published”, “unchanged”, “refused” …"),
          .required("reason", .nullable(.text), "Why nothing was published."),
          .required("ended", .text, "When (RFC 3339, UTC)."), .required("seconds", .number, "How long it took."),
          .required("failed", .integer(DashboardRoutes.many), "Documents that failed."),
          .required(
            "failures",
            .array(
              of: .object([
                .required("url", .text, "Its address."), .required("stage", .text, "Where it failed."),
                .required("reason", .text, "Why."),
              ]), count: 0...mostFailures), "The first of them."),
          .required(
            "incomplete",
            .array(
              of: .object([.required("source", .text, "The source."), .required("reason", .text, "Why.")]),
              count: 0...mostFailures), "Sources whose listing was cut short."),
        ])), "The last run, whether it published or not; null where no report stands beside the snapshots."),
  ])

  /// A report of each collection, in the order of names; those of which nothing answers come last.
  func reports(at now: Int64) async -> [JSONValue] {
    let refused = Dictionary(store.refused.map { ($0.collection, $0.reason) }) { first, _ in first }
    var reports: [JSONValue] = []
    let served = store.served
    for one in served {
      let difference = await difference(of: one)
      reports.append(report(one.manifest, difference, refused[one.manifest.collection], now))
    }
    let names = Set(served.map(\.manifest.collection))
    for (name, reason) in refused.sorted(by: { $0.key < $1.key }) where !names.contains(name) {
      reports.append(report(name, reason))
    }
    return reports
  }

  private func report(
    _ manifest: SnapshotManifest, _ difference: Difference?, _ refused: String?, _ now: Int64
  ) -> JSONValue {
    [
      "name": .string(manifest.collection), "snapshot": .string(manifest.id),
      "created": .string(Moment.text(manifest.created)), "age_seconds": .integer(max(0, now - manifest.created)),
      "documents": .integer(Int64(manifest.documents)), "chunks": .integer(Int64(manifest.chunks)),
      "bytes": .integer(Int64(manifest.indexBytes)), "difference": difference.map(Self.json) ?? .null,
      "refused": refused.map { .string($0) } ?? .null, "last_run": lastRun(manifest.collection),
    ]
  }

  /// Of a collection of which nothing answers.
  private func report(_ name: String, _ refused: String) -> JSONValue {
    [
      "name": .string(name), "snapshot": .null, "created": .null, "age_seconds": 0, "documents": 0, "chunks": 0,
      "bytes": 0, "difference": .null, "refused": .string(refused), "last_run": lastRun(name),
    ]
  }

  private static func json(_ difference: Difference) -> JSONValue {
    [
      "added": .integer(Int64(difference.added)), "removed": .integer(Int64(difference.removed)),
      "moved": .integer(Int64(difference.moved)), "changed": .integer(Int64(difference.changed)),
      "readers": .integer(Int64(difference.readers)),
    ]
  }

  // MARK: The last run

  private func lastRun(_ collection: String) -> JSONValue {
    guard let folder = try? CollectionFolder(snapshots: folder, collection: collection), let run = folder.lastRun,
      let outcome = run["outcome"]?.string, let ended = run["ended"]?.string
    else { return .null }
    func rows(_ name: String, _ members: [String]) -> JSONValue {
      .array(
        (run[name]?.array ?? []).prefix(Self.mostFailures).map { row in
          .object(members.map { .init($0, .string(String((row[$0]?.string ?? "").prefix(500)))) })
        })
    }
    return [
      "outcome": .string(outcome), "reason": run["reason"]?.string.map { .string($0) } ?? .null,
      "ended": .string(ended), "seconds": .number(run["seconds"]?.double ?? 0),
      "failed": .integer(Int64(max(0, run["run"]?["failed"]?.int ?? 0))),
      "failures": rows("failures", ["url", "stage", "reason"]),
      "incomplete": rows("incomplete", ["source", "reason"]),
    ]
  }

  // MARK: Differences

  /// What a snapshot changed over its parent: compared once, off the threads that answer.
  private func difference(of served: ServedSnapshot) async -> Difference? {
    let manifest = served.manifest
    if let known = known.withLock({ $0[manifest.collection] }), known.snapshot == manifest.id {
      return known.difference
    }
    guard let parent = manifest.parent, manifest.documents <= Self.mostCompared else { return nil }
    let difference = await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.compared(served, with: parent)) }
    }
    known.withLock { $0[manifest.collection] = (manifest.id, difference) }
    return difference
  }

  private func compared(_ served: ServedSnapshot, with parent: String) -> Difference? {
    // A parent that has been pruned, or cannot be opened any more, is no fault of the snapshot that answers.
    guard let folder = try? CollectionFolder(snapshots: folder, collection: served.manifest.collection),
      let path = try? folder.folder(ofSnapshot: parent), let before = try? Snapshot(folder: path),
      before.manifest.documents <= Self.mostCompared,
      let diff = try? SnapshotDiff(from: before, to: served.retriever.snapshot)
    else { return nil }
    return Difference(
      added: diff.added.count, removed: diff.removed.count, moved: diff.moved.count, changed: diff.changed.count,
      readers: diff.access.count)
  }
}
