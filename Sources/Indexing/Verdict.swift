internal import Connectors
internal import Corpus
internal import LMDB

/// What a run may conclude of the pages that the index holds: which leave, which stay though they gave nothing, and
/// which must go back to what they were.
///
/// A page leaves only with proof: its source's listing ran to its end, and the page itself is gone, out of scope, or
/// says that another one stands for it. What looks like proof of too many pages at once is none: a site behind a
/// log-in page or in maintenance redirects all of them to one address, or shows the same text on each.
struct Verdict {
  /// Keys of the pages that leave.
  private(set) var removals: [[UInt8]] = []
  /// Pages that stay as they are, and why that is to be looked at.
  private(set) var doubts: [RunLedger.Failed] = []
  /// Keys of the pages whose new version is not believed.
  private(set) var restored: [[UInt8]] = []
  /// Set when a source would shrink beyond its limit.
  private(set) var refusal: String?

  /// So many pages of one source that come to the same at once are taken for a fault of the site: three, or one in a
  /// hundred of a large source.
  private static func suspicious(known: Int) -> Int { max(3, known / 100) }

  /// So many addresses are followed from one that gives way to the next; HTTP clients follow about as many redirects.
  private static let maximumHops = 20

  private struct Moved {
    var page: PageRecord
    var isDuplicate: Bool
    var end: Target
  }

  /// Where it ends that one address gives way to another.
  private struct Target {
    var url: String
    /// Whether what it leads to is known: a page, nothing any more, or no page of ours.
    var isSettled: Bool
  }

  /// Draws the conclusions of a run.
  ///
  /// - Parameters:
  ///   - state: the pages, with those of this run.
  ///   - sources: the ids of the pipeline's sources.
  ///   - ledger: what the sources said.
  ///   - toleratedShrink: the share of its pages that a source may lose.
  ///   - tables: of those, the ones whose documents are rows: many may say the same.
  ///   - believesAll: take the site at its word: nothing is suspicious.
  /// - Throws: `LMDBError`.
  init(
    state: StateFile, sources: [String], ledger: RunLedger, toleratedShrink: Double, tables: Set<String> = [],
    believesAll: Bool
  ) throws {
    let listings = ledger.listings
    var known: [String: Int] = [:]
    var gone: [String: Int] = [:]
    var moved: [Moved] = []
    try state.forEachPage { page in
      known[page.source, default: 0] += 1
      let key = page.key
      guard sources.contains(page.source) else { return removals.append(key) }
      guard let listing = listings[page.source], !ledger.hasSeen(key), !ledger.hasFailed(key),
        let skipped = ledger.skipped(key)
      else { return }
      switch skipped.absence {
      case nil: doubt(page, skipped.reason)
      case .gone, .outOfScope:
        guard listing.cutShort == nil else { return }
        removals.append(key)
        gone[page.source, default: 0] += 1
      case .moved(let target):
        moved.append(.init(page: page, isDuplicate: false, end: Self.end(of: target, page.source, ledger)))
      case .duplicate(let target):
        moved.append(.init(page: page, isDuplicate: true, end: Self.end(of: target, page.source, ledger)))
      }
    }
    if !believesAll { try restoreAlike(state: state, known: known, besides: tables) }
    try judge(moved, state: state, ledger: ledger, known: known, gone: &gone, believesAll: believesAll)
    for source in sources {
      guard let gone = gone[source], let known = known[source] else { continue }
      let share = Double(gone) / Double(known)
      guard share > toleratedShrink, !believesAll else { continue }
      refusal =
        "source “\(source)” would lose \(gone) of its \(known) documents (\(percent(share))), more than "
        + "publish.tolerate.shrink allows (\(percent(toleratedShrink)))\n"
        + "  mend: look why they are missing; if it is right, run once with --accept-shrink"
      return
    }
  }

  private mutating func doubt(_ page: PageRecord, _ reason: String) {
    doubts.append(
      .init(source: page.source, url: page.url, stage: "fetch", reason: reason + "; its last good version stays"))
  }

  /// Follows an address that may give way to another one itself.
  private static func end(of target: String, _ source: String, _ ledger: RunLedger) -> Target {
    var url = target
    for _ in 0..<maximumHops {
      let key = PageRecord.key(source: source, url: url)
      if ledger.hasSeen(key) || !ledger.knows(key) { return Target(url: url, isSettled: true) }
      guard !ledger.hasFailed(key), let absence = ledger.skipped(key)?.absence else {
        return Target(url: url, isSettled: false)
      }
      switch absence {
      case .gone, .outOfScope: return Target(url: url, isSettled: true)
      case .moved(let next), .duplicate(let next): url = next
      }
    }
    // In a circle: no address of it stands for the others.
    return Target(url: target, isSettled: false)
  }

  /// Pages for which another address stands: believed where that one is in the index or is no page of ours, and where
  /// not too many give way to the same at once, by whatever ways.
  private mutating func judge(
    _ moved: [Moved], state: StateFile, ledger: RunLedger, known: [String: Int], gone: inout [String: Int],
    believesAll: Bool
  ) throws {
    let groups = Dictionary(grouping: moved) { PageRecord.key(source: $0.page.source, url: $0.end.url) }
    for (target, group) in groups.sorted(by: { $0.value[0].page.url < $1.value[0].page.url }) {
      guard let first = group.first else { continue }
      let source = first.page.source
      // The page with whose bytes the others came has changed with them.
      let changed = try state.superseded(target)
      let isChangedTwin = changed != nil && group.contains(where: \.isDuplicate)
      let isSuspicious =
        !believesAll && group.count + (isChangedTwin ? 1 : 0) >= Self.suspicious(known: known[source] ?? 0)
      if isSuspicious {
        for member in group {
          let what = member.isDuplicate ? "it has the same content as" : "it gives way to"
          doubt(
            member.page,
            "\(what) \(member.end.url), as \(group.count - 1) other pages do at once: a log-in or error page?")
        }
        if isChangedTwin, let changed, !restored.contains(target) {
          restored.append(target)
          doubt(changed, "it has the same content as \(group.count) other pages at once: a log-in or error page?")
        }
        continue
      }
      guard ledger.listings[source]?.cutShort == nil else { continue }
      for member in group {
        if member.end.isSettled {
          removals.append(member.page.key)
          gone[source, default: 0] += 1
        } else {
          doubt(member.page, "it gives way to \(member.end.url), which gives no page")
        }
      }
    }
  }

  /// Pages whose texts differed and now are one and the same: their new versions are not believed.
  private mutating func restoreAlike(
    state: StateFile, known: [String: Int], besides tables: Set<String>
  ) throws {
    var groups: [[UInt8]: [(old: PageRecord, new: PageRecord)]] = [:]
    for (old, new) in try state.supersededPairs() where old.contentHash != new.contentHash {
      guard !tables.contains(new.source), old.cleanHash != new.cleanHash, let text = try state.text(of: new) else {
        continue
      }
      var hasher = ContentHasher()
      hasher.update(new.source)
      hasher.update(text)
      groups[hasher.finish().bytes, default: []].append((old, new))
    }
    for group in groups.values {
      let count = group.count
      guard let source = group.first?.new.source, count >= Self.suspicious(known: known[source] ?? 0) else { continue }
      let texts = Set(try group.compactMap { try state.text(of: $0.old).map { ContentHash.of($0) } })
      guard texts.count >= Self.suspicious(known: known[source] ?? 0) else { continue }
      for (old, _) in group {
        restored.append(old.key)
        doubt(old, "it came with the same text as \(count - 1) other pages at once: a log-in or error page?")
      }
    }
  }
}

extension StateFile {
  /// What a page is in the current snapshot, where it is another now.
  func superseded(_ key: [UInt8]) throws -> PageRecord? {
    try environment.read { transaction in
      guard let bytes = try transaction.address(key, in: superseded) else { return nil }
      return try PageRecord(bytes)
    }
  }

  /// Pages as they are in the current snapshot and as they are now, where both differ.
  fileprivate func supersededPairs() throws -> [(PageRecord, PageRecord)] {
    var pairs: [(PageRecord, PageRecord)] = []
    try forEach(in: superseded) { _, value in
      let old = try PageRecord(value)
      if let new = try page(old.key) { pairs.append((old, new)) }
    }
    return pairs
  }

  /// The text of a page's cleaned form.
  fileprivate func text(of page: PageRecord) throws -> String? {
    try result(.clean, page.cleanKey) { try StageResults.decodePage($0).document.text }
  }
}

/// A share as people write it: `2.5 %`.
func percent(_ share: Double) -> String {
  let tenths = Int((share * 1000).rounded())
  return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
}
