import AcervoTesting
import Connectors
import Corpus
import HTTPClient
import Pipelines
import Settings
import Synchronization

/// What an index would hold of a site after some runs: the least that stands for the state and the verdict.
final class ConfluenceIndex: Sendable {
  /// A page as the index holds it.
  struct Page: Sendable {
    var facts: DocumentFacts
    var body: [UInt8]
    var visit: PageVisit?
  }

  /// What one run said.
  struct Run: Sendable {
    var documents: [String] = []
    var unchanged: [String] = []
    var skipped: [String: String] = [:]
    var failed: [String: String] = [:]
    var listing = SourceListing()
    /// Pages whose facts differ from those of the run before.
    var refreshed: Set<String> = []
    var removed: Set<String> = []
  }

  private struct State {
    var pages: [String: Page] = [:]
    var groups: [Principal: Set<Principal>] = [:]
    var run = Run()
    var gone: [String: Absence] = [:]
    var visits: [String: PageVisit] = [:]
  }

  private let state = Mutex(State())

  var pages: [String: Page] { state.withLock { $0.pages } }

  /// A caller's own principals and every group that they are in.
  func principals(of user: String) -> Set<Principal> {
    guard let own = Principal("user:\(user)") else { return [] }
    return state.withLock { state in
      Set(state.groups.filter { $0.value.contains(own) }.keys).union([own])
    }
  }

  /// Whether a user may read a page of the index.
  func admits(_ user: String, to url: String) -> Bool {
    let principals = principals(of: user)
    return state.withLock { $0.pages[url]?.facts.access.admits(principals) ?? false }
  }

  /// Runs a source once and takes over what it says.
  @discardableResult
  func read(_ source: some Source, only: [String]? = nil) async throws -> Run {
    let known = state.withLock { state in
      state.run = Run()
      state.gone = [:]
      return state.pages
    }
    let memory = SourceMemory(
      pages: { known.keys.sorted() },
      visit: { [self] url in
        guard known[url] != nil else { return state.withLock { $0.visits[url] } }
        guard let page = known[url], var visit = page.visit else { return nil }
        visit.hasContent = true
        return visit
      }, groups: { [self] in state.withLock { Set($0.groups.keys) } }, only: only)
    let listing = try await source.fetch(memory) { [self] event in take(event) }
    return state.withLock { state in
      state.run.listing = listing
      if listing.cutShort == nil {
        for (url, _) in state.gone where state.pages[url] != nil {
          state.pages[url] = nil
          state.run.removed.insert(url)
        }
      }
      return state.run
    }
  }

  private func take(_ event: SourceEvent) {
    state.withLock { state in
      switch event {
      case .document(let document, let visit):
        if let old = state.pages[document.url], old.facts != document.facts { state.run.refreshed.insert(document.url) }
        state.pages[document.url] = Page(facts: document.facts, body: document.body, visit: visit)
        state.run.documents.append(document.url)
      case .unchanged(let url, let facts):
        if let facts, state.pages[url]?.facts != facts {
          state.run.refreshed.insert(url)
          state.pages[url]?.facts = facts
        }
        state.run.unchanged.append(url)
      case .group(let group, let members): state.groups[group] = members
      case .visited(let url, let visit): state.visits[url] = visit
      case .failed(let failure): state.run.failed[failure.url] = failure.reason
      case .skipped(let url, let reason, let absence):
        state.run.skipped[url] = reason
        if let absence { state.gone[url] = absence }
      }
    }
  }
}

/// A clock that sleeping moves on.
final class SleepingClock: Sendable {
  private let slept = Mutex(0.0)

  var total: Double { slept.withLock { $0 } }

  var timing: RetryTiming {
    let system = RetryTiming.system
    return RetryTiming(
      now: { [self] in system.now() + total }, sleep: { [self] seconds in slept.withLock { $0 += seconds } },
      random: { 0.5 })
  }
}

extension ConfluenceLab {
  /// Which of the lab's doors is taken.
  enum Door: String, Sendable, CaseIterable {
    case site, gateway, bearer, dataCenter
  }

  /// The settings of a source that reads the lab.
  func settings(
    _ door: Door = .site, spaces: [String] = [], _ change: (inout ConfluenceSettings) -> Void = { _ in }
  ) -> ConfluenceSettings {
    var settings =
      switch door {
      case .site: ConfluenceSettings(url: origin, user: email, token: Secret(Self.siteToken))
      case .gateway: ConfluenceSettings(url: gatewayURL, user: email, token: Secret(Self.scopedToken))
      case .bearer: ConfluenceSettings(url: gatewayURL, token: Secret(Self.bearerToken))
      case .dataCenter: ConfluenceSettings(url: dataCenterURL, token: Secret(Self.personalToken))
      }
    settings.spaces = spaces
    change(&settings)
    return settings
  }

  /// A source that reads the lab without waiting.
  func source(
    _ door: Door = .site, spaces: [String] = [], clock: SleepingClock = SleepingClock(),
    _ change: (inout ConfluenceSettings) -> Void = { _ in }
  ) throws -> ConfluenceSource {
    ConfluenceSource(
      id: "wiki", settings: settings(door, spaces: spaces, change), client: try HTTPClient(), timing: clock.timing)
  }

  /// The address of a page in the index.
  func address(_ id: Int64, _ door: Door = .site) -> String {
    (door == .dataCenter ? dataCenterURL : siteURL) + "/pages/viewpage.action?pageId=\(id)"
  }

  /// The pages and blog posts that the indexer's account may read, by their addresses.
  func truth(
    _ door: Door = .site, spaces: [String] = [], statuses: Set<LabSite.Status> = [.current]
  ) -> [String: Int64] {
    let site = site
    var truth: [String: Int64] = [:]
    for content in site.list(kinds: [.page, .blogpost], statuses: statuses) {
      guard site.mayRead(content.id, as: site.indexer), let space = site.space(content.space),
        spaces.isEmpty ? !space.isArchived : spaces.contains(space.key)
      else { continue }
      truth[address(content.id, door)] = content.id
    }
    return truth
  }

  /// What of an index is wrong beside the site: pages lost or kept, and readers.
  func faults(of index: ConfluenceIndex, _ door: Door = .site, spaces: [String] = []) -> [String] {
    let site = site
    let truth = truth(door, spaces: spaces)
    // Files stand beside their pages.
    let held = index.pages.filter { !$0.key.contains("/download/attachments/") }
    var faults = truth.keys.filter { held[$0] == nil }.map { "lost: \($0)" }
    faults += held.keys.filter { truth[$0] == nil }.map { "kept: \($0)" }
    for user in site.users.values {
      let principals = index.principals(of: door == .dataCenter ? user.userKey : user.accountID)
      for (url, id) in truth {
        guard let page = held[url] else { continue }
        let may = page.facts.access.admits(principals)
        guard may != site.mayRead(id, as: user.accountID) else { continue }
        faults.append("\(may ? "widened" : "hidden"): \(url) for \(user.displayName): \(page.facts.access)")
      }
    }
    return faults.sorted()
  }
}
