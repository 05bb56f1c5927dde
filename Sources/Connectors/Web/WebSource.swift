internal import Corpus
public import HTTPClient
public import Pipelines

/// A crawled web site: breadth-first within its scope, politely, and with the same result whatever the timing.
///
/// Levels are fetched one after the other: a page's depth is its distance from a start. Within a level addresses are
/// taken in sorted order, so that limits and duplicates come out the same on every run
/// (docs/decisions/0004-crawl-level-by-level.md).
public struct WebSource: Source {
  /// The `id` of the pipeline file.
  public let id: String
  private let settings: WebSettings
  private let client: HTTPClient
  private let policy: RetryPolicy
  private let timing: RetryTiming
  private let progress: (@Sendable (SourceProgress) -> Void)?

  /// Makes a source; nothing is sent before `fetch`.
  ///
  /// - Parameters:
  ///   - id: the `id` of the pipeline file.
  ///   - settings: where to begin and what belongs to the crawl.
  ///   - client: sends the requests.
  ///   - policy: when a request is sent again.
  ///   - timing: the clock, the sleep and the dice of retries and delays.
  ///   - progress: told now and then how far the crawl is; nil for nobody.
  public init(
    id: String, settings: WebSettings, client: HTTPClient, policy: RetryPolicy = RetryPolicy(),
    timing: RetryTiming = .system, progress: (@Sendable (SourceProgress) -> Void)? = nil
  ) {
    self.id = id
    self.settings = settings
    self.client = client
    self.policy = policy
    self.timing = timing
    self.progress = progress
  }

  /// Crawls the site, asking pages that were visited before with their validators.
  ///
  /// - Parameters:
  ///   - memory: the pages of earlier runs and their visits.
  ///   - emit: called for each event, one at a time; while it suspends only the requests under way go on.
  /// - Returns: whether the crawl ran to its end: no limit cut it and no page failed.
  /// - Throws: `SourceError` when no start leads to a page; what `emit` throws; `CancellationError`.
  public func fetch(
    _ memory: SourceMemory, _ emit: @escaping @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing {
    let starts = try settings.start.map { text in
      guard let url = WebURL(text)?.withoutFragment, url.isHTTP, url.host?.isEmpty == false else {
        throw SourceError(source: id, "\(text) is no absolute http:// or https:// address; mend `web.start`")
      }
      return url
    }
    guard !starts.isEmpty else { throw SourceError(source: id, "`web.start` is empty; name at least one address") }
    let deadline = ContinuousClock.now + .seconds(min(max(settings.maximumTime, 1), 1e9))
    let scope: CrawlScope
    do {
      scope = try CrawlScope(settings: settings, starts: starts)
    } catch {
      throw SourceError(source: id, "a glob of `web.include` or `web.exclude` cannot be read: \(error)")
    }
    let fetcher = PageFetcher(
      settings: settings, scope: scope, starts: starts, client: client, policy: policy, timing: timing,
      deadline: deadline)
    let crawl = Crawl(
      source: id, starts: starts, memory: memory, fetcher: fetcher, deadline: deadline, emit: emit,
      progress: progress)
    return try await crawl.run()
  }
}
