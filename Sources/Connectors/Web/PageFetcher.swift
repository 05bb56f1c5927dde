internal import Corpus
internal import HTTPClient
internal import Pipelines
internal import Synchronization

/// Makes the requests of one crawl, each with its turn, its tries and its limits, and reads what comes back.
final class PageFetcher: Sendable {
  /// A page that came, or is as it was.
  struct Page: Sendable {
    /// What came; nil where the page is as it was at its last visit.
    var content: Content?
    /// What the page says beside its content.
    var visit: PageVisit
    /// Whether `visit` differs from the one that was remembered.
    var isNewVisit: Bool

    /// Whether the page must not be kept at a moment, in seconds since 1970.
    func forbidsIndexing(at now: Int64) -> Bool {
      visit.noIndex || visit.unavailableAfter.map { now >= $0 } ?? false
    }
  }

  /// A page's bytes and what the header says of them.
  struct Content: Sendable {
    var mediaType: MediaType
    var charset: String?
    var body: [UInt8]
    var language: String?
    var modified: Int64?
  }

  /// What an address gave.
  enum Result: Sendable {
    case page(Page)
    case redirect(location: String, target: WebURL?, isPermanent: Bool)
    /// Nothing that is kept, for a reason that is no error; an absence where the address vouches for it.
    case left(reason: String, Absence?)
    case failed(reason: String)
  }

  /// Raised whenever `PageLinks` or `RobotsDirectives` read a page otherwise.
  private static let readingVersion: UInt64 = 1
  /// Links that take more bytes are not remembered: the page is asked for whole each time.
  private static let maximumRememberedLinks = 1 << 20

  let settings: WebSettings
  let scope: CrawlScope
  private let client: HTTPClient
  private let policy: RetryPolicy
  private let timing: RetryTiming
  private let pacer: HostPacer
  private let peers: PeerGuard
  private let deadline: ContinuousClock.Instant
  private let reading: ContentHash
  private let counts = Mutex((requests: 0, bytes: 0))

  init(
    settings: WebSettings, scope: CrawlScope, starts: [WebURL], client: HTTPClient, policy: RetryPolicy,
    timing: RetryTiming,
    deadline: ContinuousClock.Instant
  ) {
    self.settings = settings
    self.scope = scope
    self.client = client
    self.policy = policy
    self.timing = timing
    pacer = HostPacer(sleep: timing.sleep)
    peers = PeerGuard(starts: starts)
    self.deadline = deadline
    var reading = ContentHasher()
    reading.update(Self.readingVersion)
    reading.update(settings.userAgent)
    self.reading = reading.finish()
  }

  /// The time, in seconds since 1970.
  var now: Int64 { Int64(timing.now()) }

  /// How many requests were sent and how many bytes of bodies came.
  var totals: (requests: Int, bytes: Int) { counts.withLock { $0 } }

  // MARK: Requests

  /// Gets one address without following redirects.
  ///
  /// - Parameters:
  ///   - url: the address.
  ///   - delay: the seconds between two requests to its host.
  ///   - maximumSize: the largest body, in bytes.
  ///   - validators: header fields that ask for the page only if it is another one than before.
  ///   - wantsBody: judges the header before the body is read.
  /// - Returns: the response of the last try.
  /// - Throws: `HTTPError`; `CancellationError`.
  func get(
    _ url: WebURL, delay: Double, maximumSize: Int, validators: [(String, String)] = [],
    wantsBody: (@Sendable (HTTPResponse) -> Bool)? = nil
  ) async throws -> HTTPResponse {
    let host = CrawlScope.place(of: url)
    return try await policy.run(timing: timing) {
      try await pacer.waitForTurn(of: host, delay: delay)
      var request = HTTPRequest(url: url, maximumBodySize: maximumSize)
      request.headers = [
        ("User-Agent", settings.userAgent),
        ("Accept", "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, */*;q=0.1"),
      ]
      request.headers += validators
      let left = (deadline - ContinuousClock.now).components.seconds
      request.timeout = min(request.timeout, Double(max(1, left)))
      request.wantsBody = wantsBody
      request.acceptsPeer = { [peers] in peers.accepts($0, for: url) }
      counts.withLock { $0.requests += 1 }
      let response = try await client.send(request)
      counts.withLock { $0.bytes += response.body.count }
      if RetryPolicy.isTransient(status: response.status),
        let pause = response.header("retry-after").flatMap({ RetryAfter.seconds($0, now: timing.now()) })
      {
        // The whole host is overloaded, not the one page.
        pacer.hold(host, for: min(pause, policy.longestRetryAfter))
      }
      return response
    }
  }

  /// Gets an address that is no page (robots.txt, a sitemap), following at most five redirects.
  ///
  /// - Returns: the last response; nil in place of one that redirects too often or nowhere.
  func getFile(_ url: WebURL, delay: Double, maximumSize: Int) async throws -> (url: WebURL, response: HTTPResponse)? {
    var url = url
    for _ in 0...5 {
      let response = try await get(url, delay: delay, maximumSize: maximumSize)
      guard Self.isRedirect(response.status) else { return (url, response) }
      guard let next = response.header("location").flatMap({ WebURL($0, base: url) }), next.isHTTP else { return nil }
      url = next.withoutFragment
    }
    return nil
  }

  // MARK: Pages

  /// Gets a page and reads what the crawl needs of it.
  ///
  /// - Parameters:
  ///   - url: the address.
  ///   - delay: the seconds between two requests to its host.
  ///   - visit: how it was last visited; nil asks for it whole.
  ///   - listed: the `lastmod` of the sitemap that lists it, in seconds since 1970.
  /// - Returns: what the address gave.
  /// - Throws: `CancellationError`.
  func page(_ url: WebURL, delay: Double, visit: PageVisit? = nil, listed: Int64? = nil) async throws -> Result {
    let visit = visit?.reading == reading ? visit : nil
    if let visit, isCurrent(visit, listed: listed) {
      return .page(Page(content: nil, visit: visit, isNewVisit: false))
    }
    let validators = visit.map(Self.validators) ?? []
    let response: HTTPResponse
    do {
      response = try await get(url, delay: delay, maximumSize: settings.maximumPageSize, validators: validators) {
        // An error's page and a file of another type would be read for nothing.
        200...299 ~= $0.status && Self.mediaType(of: $0, url: url) != nil
      }
    } catch let error as HTTPError {
      switch error.kind {
      case .peerRefused:
        return .left(reason: "\(error.message): it is in a private network, and no start is", nil)
      default: return .failed(reason: error.mend.isEmpty ? error.message : "\(error.message); \(error.mend)")
      }
    }
    if response.status == 304, var visit, !validators.isEmpty {
      // The time of the check decides only whether a page with a `lastmod` is asked for at all.
      let isNew = listed != nil || visit.listed != listed
      if isNew { (visit.listed, visit.checked) = (listed, now) }
      return .page(Page(content: nil, visit: visit, isNewVisit: isNew))
    }
    let result = judge(response, url: url)
    if case .page(var page) = result {
      page.visit.listed = listed
      page.isNewVisit = page.isNewVisit && !page.visit.isRepeat(of: visit, listed: listed)
      return .page(page)
    }
    return result
  }

  /// Whether a sitemap vouches that nothing has changed since a page was fetched.
  ///
  /// Its date is the one known then, and lies a day or more (dates may be days) before the fetch. As sites forget to
  /// move the date, that holds for a time.
  private func isCurrent(_ visit: PageVisit, listed: Int64?) -> Bool {
    guard let listed, visit.listed == listed, settings.revisit > 0 else { return false }
    return listed < visit.fetched - 86_400 && Double(now - visit.checked) < settings.revisit && now >= visit.checked
  }

  private static func validators(_ visit: PageVisit) -> [(String, String)] {
    var fields: [(String, String)] = []
    if let etag = visit.etag { fields.append(("If-None-Match", etag)) }
    if let date = visit.lastModified { fields.append(("If-Modified-Since", date)) }
    return fields
  }

  private func judge(_ response: HTTPResponse, url: WebURL) -> Result {
    switch response.status {
    case 200, 203: return read(response, url: url)
    case let status where Self.isRedirect(status):
      guard let location = response.header("location") else {
        return .failed(reason: "HTTP status \(status) without a Location")
      }
      return .redirect(
        location: location, target: WebURL(location, base: url)?.withoutFragment,
        isPermanent: response.status == 301 || response.status == 308)
    case 404, 410: return .left(reason: "HTTP status \(response.status): there is no such page", .gone)
    case 401, 403:
      return .failed(
        reason: "HTTP status \(response.status): the page is not public; exclude it or let this machine in")
    case 429: return .failed(reason: "HTTP status 429: too many requests; set `polite.delay` or a lower concurrency")
    default: return .failed(reason: "HTTP status \(response.status)")
    }
  }

  static func isRedirect(_ status: Int) -> Bool { [301, 302, 303, 307, 308].contains(status) }

  private func read(_ response: HTTPResponse, url: WebURL) -> Result {
    // Neither is proof that the page is gone: a server that forgets its types says this of every page.
    guard let (mediaType, charset) = Self.mediaType(of: response, url: url) else {
      return .left(reason: "its type is \(response.header("content-type") ?? "unknown"), which is no text page", nil)
    }
    guard !(mediaType != .html && response.body.prefix(4096).contains(0) && charset?.hasPrefix("utf-16") != true) else {
      return .left(reason: "it says that it is text and is not", nil)
    }
    var directives = RobotsDirectives(userAgent: settings.userAgent)
    for field in response.headers("x-robots-tag") { directives.addHeader(field) }
    let lastModified = response.header("last-modified")
    let content = Content(
      mediaType: mediaType, charset: charset, body: response.body, language: Self.language(of: response),
      modified: lastModified.flatMap { HTTPDate.parse($0) })
    var visit = PageVisit(
      status: response.status, fetched: now, hash: .of(response.body), etag: response.header("etag"),
      lastModified: lastModified, reading: reading)
    if mediaType == .html {
      let read = PageLinks(page: response.body, url: url, charset: charset, agent: settings.userAgent)
      for text in read.robots { directives.addMeta(text) }
      if let canonical = read.canonical, canonical != url { visit.canonical = canonical.description }
      if !directives.noFollow { visit.links = read.links.map { SessionParameters.removed(from: $0).description } }
    }
    visit.noIndex = directives.noIndex
    visit.unavailableAfter = directives.unavailableAfter
    let linkBytes = visit.links.reduce(0) { $0 + $1.utf8.count }
    return .page(Page(content: content, visit: visit, isNewVisit: linkBytes <= Self.maximumRememberedLinks))
  }

  /// The type of a page that is taken; nil for others.
  ///
  /// Without a `Content-Type` the address decides, and HTML is assumed where it says nothing.
  private static func mediaType(of response: HTTPResponse, url: WebURL) -> (MediaType, charset: String?)? {
    guard let field = response.header("content-type").flatMap({ ContentTypeHeader($0) }) else {
      let ending = url.path.split(separator: "/").last?.split(separator: ".").dropFirst().last.map(String.init)
      return ending.map { MediaType(fileExtension: $0) ?? .html }.map { ($0, nil) } ?? (.html, nil)
    }
    switch field.mediaType {
    case "text/html", "application/xhtml+xml": return (.html, field.charset)
    case "text/markdown", "text/x-markdown": return (.markdown, field.charset)
    case "text/plain":
      return (url.path.lowercased().hasSuffix(".md") ? .markdown : .plainText, field.charset)
    default: return nil
    }
  }

  /// `Content-Language` where it names exactly one.
  private static func language(of response: HTTPResponse) -> String? {
    guard let field = response.header("content-language") else { return nil }
    let isTag =
      !field.isEmpty && field.utf8.count <= 35 && field.utf8.allSatisfy { $0 == 0x2D || Self.isAlphanumeric($0) }
    return isTag ? field : nil
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    0x30...0x39 ~= byte || 0x61...0x7A ~= byte | 0x20
  }
}

extension PageVisit {
  /// Whether remembering this visit instead of an earlier one would change nothing but the times.
  fileprivate func isRepeat(of earlier: PageVisit?, listed: Int64?) -> Bool {
    guard var earlier, listed == nil else { return false }
    (earlier.fetched, earlier.checked, earlier.hasContent) = (fetched, checked, hasContent)
    return self == earlier
  }
}

extension MediaType {
  /// The type that files with this ending have; nil for endings that are no pages.
  init?(fileExtension: some StringProtocol) {
    switch fileExtension.lowercased() {
    case "html", "htm", "xhtml", "xht": self = .html
    case "md", "markdown": self = .markdown
    case "txt", "text": self = .plainText
    default: return nil
    }
  }
}
