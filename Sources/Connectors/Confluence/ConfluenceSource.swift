internal import Corpus
public import HTTPClient
public import Pipelines

/// Spaces of a Confluence site, Cloud or Data Center: pages and blog posts with their readers.
///
/// Each run lists what is there without bodies, and fetches only the bodies that changed. Readers are read anew in every
/// run, because a change of them moves no version (docs/decisions/0027-confluence-as-a-source.md).
public struct ConfluenceSource: Source {
  /// The `id` of the pipeline file.
  public let id: String
  private let settings: ConfluenceSettings
  private let client: HTTPClient
  private let timing: RetryTiming
  private let isShared: Bool
  private let progress: (@Sendable (SourceProgress) -> Void)?

  /// Makes a source; nothing is sent before `fetch`.
  ///
  /// - Parameters:
  ///   - id: the `id` of the pipeline file.
  ///   - settings: the site, the account and what is read.
  ///   - client: sends the requests.
  ///   - timing: the clock, the sleep and the dice of retries; nil for the system's, with which all sources of the
  ///     process that read one site wait together.
  ///   - progress: told now and then how far the source is; nil for nobody.
  public init(
    id: String, settings: ConfluenceSettings, client: HTTPClient, timing: RetryTiming? = nil,
    progress: (@Sendable (SourceProgress) -> Void)? = nil
  ) {
    self.id = id
    self.settings = settings
    self.client = client
    self.timing = timing ?? .system
    isShared = timing == nil
    self.progress = progress
  }

  /// Lists the spaces, asks who may read, and fetches what changed.
  ///
  /// - Parameters:
  ///   - memory: the pages of earlier runs and their visits.
  ///   - emit: called for each event, one at a time.
  /// - Returns: whether every space was listed to its end.
  /// - Throws: `SourceError` when the site cannot be read at all, or takes the account for another one; what `emit`
  ///   throws; `CancellationError`.
  public func fetch(
    _ memory: SourceMemory, _ emit: @escaping @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing {
    let connection = ConfluenceConnection(
      settings: settings, http: client, timing: timing,
      deadline: ContinuousClock.now + .seconds(min(max(settings.maximumTime, 1), 1e9)),
      limiter: isShared ? nil : SiteLimiter(concurrency: settings.concurrency, timing: timing))
    let site: ConfluenceSite
    do {
      site = try await connection.open()
    } catch let error as ConfluenceError {
      throw SourceError(source: id, "\(error)")
    }
    guard site.account != nil || settings.token == nil else {
      throw SourceError(
        source: id,
        "\(settings.url): the site takes the owner of `token` for nobody (anonymous), so that pages would be missing; "
          + "is the token expired or of another site?")
    }
    var run = ConfluenceRun(
      source: id, settings: settings, site: site, memory: memory, emit: emit, progress: progress)
    return try await run.run()
  }
}
