import AcervoTesting
import Connectors
import Corpus
import HTTPClient
import Pipelines
import Synchronization

/// What a source emitted, sorted into kinds.
struct CrawlOutcome: Sendable {
  var documents: [Document] = []
  var skipped: [String: String] = [:]
  var failed: [String: String] = [:]
  var unchanged: [String] = []
  var absences: [String: Absence] = [:]
  var visits: [String: PageVisit] = [:]
  var listing = SourceListing()

  /// The documents' addresses in the order in which they came, without the site's own address.
  func paths(_ site: LoopbackSite) -> [String] {
    documents.map { $0.url.replacing(site.url(""), with: "") }
  }

  /// Runs a source to its end.
  init(of source: some Source, _ memory: SourceMemory = SourceMemory()) async throws {
    let collected = Mutex(CrawlOutcome())
    let listing = try await source.fetch(memory) { event in
      collected.withLock { outcome in
        switch event {
        case .document(let document, let visit):
          outcome.documents.append(document)
          if let visit { outcome.visits[document.url] = visit }
        case .unchanged(let url, _): outcome.unchanged.append(url)
        case .visited(let url, let visit): outcome.visits[url] = visit
        // Neither folders nor sites have groups.
        case .group: break
        case .skipped(let url, let reason, let absence):
          outcome.skipped[url] = reason
          outcome.absences[url] = absence
        case .failed(let failure): outcome.failed[failure.url] = failure.reason
        }
      }
    }
    self = collected.withLock { $0 }
    self.listing = listing
  }

  private init() {}
}

extension SourceMemory {
  /// What is remembered after a crawl that kept all its documents.
  init(after outcome: CrawlOutcome, settingsChanged: Bool = false, only: [String]? = nil) {
    let pages = outcome.documents.map(\.url) + outcome.unchanged
    let contents = Set(pages)
    let visits = outcome.visits
    self.init(
      pages: { pages },
      visit: { url in
        var visit = visits[url]
        visit?.hasContent = contents.contains(url)
        return visit
      }, settingsChanged: settingsChanged, only: only)
  }
}

/// Waits that take no time.
extension RetryTiming {
  static let instant = RetryTiming(now: { 0 }, sleep: { _ in try Task.checkCancellation() }, random: { 0.5 })
}

/// Crawls a site from `/` or from elsewhere.
func crawl(
  _ site: LoopbackSite, from starts: [String] = ["/"], policy: RetryPolicy = RetryPolicy(tries: 2),
  timing: RetryTiming = .instant, memory: SourceMemory = SourceMemory(),
  _ change: (inout WebSettings) -> Void = { $0.sitemap = .off }
) async throws -> CrawlOutcome {
  var settings = WebSettings(start: starts.map { $0.contains("://") ? $0 : site.url($0) })
  change(&settings)
  let source = WebSource(id: "site", settings: settings, client: try HTTPClient(), policy: policy, timing: timing)
  return try await CrawlOutcome(of: source, memory)
}

extension LoopbackSite.Answer {
  /// A page with links to these addresses; its text makes its content its own.
  static func links(
    _ targets: String..., text: String = "", head: String = "", headers: [(name: String, value: String)] = []
  ) -> Self {
    let anchors = targets.map { "<a href='\($0)'>\($0)</a>" }.joined()
    return .html("<head>\(head)</head><body><p>\(text)\(anchors)", headers: headers)
  }
}
