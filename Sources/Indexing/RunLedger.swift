internal import Connectors
internal import Corpus
internal import Synchronization

/// Who was seen in a run and what went wrong: the ground on which pages may leave.
final class RunLedger: Sendable {
  private struct State {
    var seen: Set<[UInt8]> = []
    var failures: [RunReport.Failure] = []
    var listings: [String: SourceListing] = [:]
  }

  private let state = Mutex(State())

  /// A page that its source gave or tried to give.
  func see(source: String, url: String) {
    let key = PageRecord.key(source: source, url: url)
    state.withLock { _ = $0.seen.insert(key) }
  }

  func fail(source: String, url: String, stage: String, reason: String) {
    see(source: source, url: url)
    state.withLock { $0.failures.append(.init(url: url, stage: stage, reason: reason)) }
  }

  func end(source: String, _ listing: SourceListing) {
    state.withLock { $0.listings[source] = listing }
  }

  func hasSeen(_ key: [UInt8]) -> Bool { state.withLock { $0.seen.contains(key) } }

  /// Sorted, so that a report does not depend on timing.
  var failures: [RunReport.Failure] {
    state.withLock { $0.failures }.sorted { ($0.url, $0.stage, $0.reason) < ($1.url, $1.stage, $1.reason) }
  }

  var listings: [String: SourceListing] { state.withLock { $0.listings } }
}

/// What a run would take out of the index.
struct Removals {
  var keys: [[UInt8]] = []
  /// Set when a source would shrink beyond its limit.
  var refusal: String?

  /// A page may leave when its source's listing ran to its end without it, or when its source left the pipeline.
  init(state: StateFile, sources: [String], ledger: RunLedger, toleratedShrink: Double) throws {
    let listings = ledger.listings
    var known: [String: Int] = [:]
    var gone: [String: Int] = [:]
    var keys: [[UInt8]] = []
    try state.forEachPage { page in
      known[page.source, default: 0] += 1
      if !sources.contains(page.source) {
        keys.append(page.key)
      } else if let listing = listings[page.source], listing.cutShort == nil, !ledger.hasSeen(page.key) {
        keys.append(page.key)
        gone[page.source, default: 0] += 1
      }
    }
    self.keys = keys
    for source in sources {
      guard let gone = gone[source], let known = known[source] else { continue }
      let share = Double(gone) / Double(known)
      guard share > toleratedShrink else { continue }
      refusal =
        "source “\(source)” would lose \(gone) of its \(known) documents (\(percent(share))), more than "
        + "publish.tolerate.shrink allows (\(percent(toleratedShrink)))\n"
        + "  mend: look why they are missing; if it is right, run once with --accept-shrink"
      return
    }
  }
}

/// A share as people write it: `2.5 %`.
func percent(_ share: Double) -> String {
  let tenths = Int((share * 1000).rounded())
  return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
}
