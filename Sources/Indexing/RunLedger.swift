internal import Connectors
internal import Corpus
internal import Synchronization

/// What sources said in a run: the ground on which pages may leave.
final class RunLedger: Sendable {
  /// What was said of an address that gave no document.
  struct Skipped {
    var reason: String
    var absence: Absence?
  }

  /// A document that failed in this run.
  struct Failed: Equatable {
    var source: String
    var url: String
    var stage: String
    var reason: String

    var key: [UInt8] { PageRecord.key(source: source, url: url) }
  }

  private struct State {
    var seen: Set<[UInt8]> = []
    var skipped: [[UInt8]: Skipped] = [:]
    var failures: [[UInt8]: Failed] = [:]
    var listings: [String: SourceListing] = [:]
  }

  private let state = Mutex(State())

  /// A page that its source gave, or of which it said that it is as it was.
  func see(source: String, url: String) {
    let key = PageRecord.key(source: source, url: url)
    state.withLock { _ = $0.seen.insert(key) }
  }

  func skip(source: String, url: String, reason: String, _ absence: Absence?) {
    let key = PageRecord.key(source: source, url: url)
    state.withLock { $0.skipped[key] = Skipped(reason: reason, absence: absence) }
  }

  func fail(source: String, url: String, stage: String, reason: String) {
    let failed = Failed(source: source, url: url, stage: stage, reason: reason)
    let key = failed.key
    state.withLock { $0.failures[key] = failed }
  }

  func end(source: String, _ listing: SourceListing) {
    state.withLock { $0.listings[source] = listing }
  }

  func hasSeen(_ key: [UInt8]) -> Bool { state.withLock { $0.seen.contains(key) } }

  func skipped(_ key: [UInt8]) -> Skipped? { state.withLock { $0.skipped[key] } }

  func hasFailed(_ key: [UInt8]) -> Bool { state.withLock { $0.failures[key] != nil } }

  /// Whether a source said anything of an address.
  func knows(_ key: [UInt8]) -> Bool {
    state.withLock { $0.seen.contains(key) || $0.skipped[key] != nil || $0.failures[key] != nil }
  }

  /// How many addresses sources said anything of.
  var knownCount: Int { state.withLock { $0.seen.count + $0.skipped.count + $0.failures.count } }

  /// Sorted, so that a report does not depend on timing.
  var failures: [Failed] {
    state.withLock { Array($0.failures.values) }.sorted { ($0.source, $0.url) < ($1.source, $1.url) }
  }

  var listings: [String: SourceListing] { state.withLock { $0.listings } }
}
