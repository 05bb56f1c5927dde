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
    /// Addresses of which a visit came: it is not forgotten.
    var visited: Set<[UInt8]> = []
    var skipped: [[UInt8]: Skipped] = [:]
    var failures: [[UInt8]: Failed] = [:]
    var listings: [String: SourceListing] = [:]
    /// By source.
    var toldGroups: [String: [Principal: Set<Principal>]] = [:]
    var namedGroups: [String: Set<Principal>] = [:]
    var changes: [(url: String, change: PageChange)] = []
  }

  private let state = Mutex(State())

  /// A page that its source gave, or of which it said that it is as it was.
  func see(source: String, url: String) {
    let key = PageRecord.key(source: source, url: url)
    state.withLock { _ = $0.seen.insert(key) }
  }

  /// An address whose visit is to be remembered, whatever it is.
  func visit(source: String, url: String) {
    let key = PageRecord.key(source: source, url: url)
    state.withLock { _ = $0.visited.insert(key) }
  }

  func hasVisited(_ key: [UInt8]) -> Bool { state.withLock { $0.visited.contains(key) } }

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

  /// A group's members; where a source tells them twice and not alike, those whom it tells both times.
  func tell(source: String, group: Principal, members: Set<Principal>) {
    state.withLock { state in
      let before = state.toldGroups[source]?[group]
      state.toldGroups[source, default: [:]][group] = before?.intersection(members) ?? members
    }
  }

  /// Notes the groups that a page's rule names.
  ///
  /// - Returns: those of which the source has not told yet in this run.
  func name(_ groups: Set<Principal>, source: String) -> Set<Principal> {
    guard !groups.isEmpty else { return [] }
    return state.withLock { state in
      let unnamed = groups.subtracting(state.namedGroups[source] ?? [])
      state.namedGroups[source, default: []].formUnion(unnamed)
      return unnamed.filter { state.toldGroups[source]?[$0] == nil }
    }
  }

  var toldGroups: [String: [Principal: Set<Principal>]] { state.withLock { $0.toldGroups } }

  var namedGroups: [String: Set<Principal>] { state.withLock { $0.namedGroups } }

  /// What a page is against what the state knew of it.
  func note(_ change: PageChange, url: String) {
    if case .same = change { return }
    state.withLock { $0.changes.append((url, change)) }
  }

  /// The pages that are new or changed, sorted.
  var changes: [(url: String, change: PageChange)] {
    state.withLock { $0.changes }.sorted { $0.url.utf8.lexicographicallyPrecedes($1.url.utf8) }
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
