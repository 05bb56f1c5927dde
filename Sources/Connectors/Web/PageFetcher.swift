internal import Corpus
internal import HTTPClient
internal import Pipelines
internal import Synchronization

/// Makes the requests of one crawl, each with its turn, its tries and its limits, and reads what comes back.
final class PageFetcher: Sendable {
  /// A page that came.
  struct Page: Sendable {
    var mediaType: MediaType
    var charset: String?
    var body: [UInt8]
    var language: String?
    var modified: Int64?
    var hash: ContentHash
    /// Whether the page may be kept.
    var isIndexed: Bool
    /// The addresses in scope that it leads to, each once.
    var links: [String]
    /// The addresses that a rule leaves out, with the reason.
    var leftOut: [(url: String, reason: String)]
    /// The address that the page calls its own, where it is another one.
    var canonical: WebURL?
  }

  /// What an address gave.
  enum Result: Sendable {
    case page(Page)
    case redirect(location: String, target: WebURL?)
    /// Nothing that is kept, for a reason that is no error.
    case left(reason: String)
    case failed(reason: String)
  }

  let settings: WebSettings
  let scope: CrawlScope
  private let client: HTTPClient
  private let policy: RetryPolicy
  private let timing: RetryTiming
  private let pacer: HostPacer
  private let peers: PeerGuard
  private let deadline: ContinuousClock.Instant
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
  }

  /// How many requests were sent and how many bytes of bodies came.
  var totals: (requests: Int, bytes: Int) { counts.withLock { $0 } }

  // MARK: Requests

  /// Gets one address without following redirects.
  ///
  /// - Parameters:
  ///   - url: the address.
  ///   - delay: the seconds between two requests to its host.
  ///   - maximumSize: the largest body, in bytes.
  ///   - wantsBody: judges the header before the body is read.
  /// - Returns: the response of the last try.
  /// - Throws: `HTTPError`; `CancellationError`.
  func get(
    _ url: WebURL, delay: Double, maximumSize: Int, wantsBody: (@Sendable (HTTPResponse) -> Bool)? = nil
  ) async throws -> HTTPResponse {
    let host = CrawlScope.place(of: url)
    return try await policy.run(timing: timing) {
      try await pacer.waitForTurn(of: host, delay: delay)
      var request = HTTPRequest(url: url, maximumBodySize: maximumSize)
      request.headers = [
        ("User-Agent", settings.userAgent),
        ("Accept", "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, */*;q=0.1"),
      ]
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
  func page(_ url: WebURL, delay: Double) async throws -> Result {
    let response: HTTPResponse
    do {
      response = try await get(url, delay: delay, maximumSize: settings.maximumPageSize) {
        // An error's page and a file of another type would be read for nothing.
        200...299 ~= $0.status && Self.mediaType(of: $0, url: url) != nil
      }
    } catch let error as HTTPError {
      switch error.kind {
      case .peerRefused: return .left(reason: "\(error.message): it is in a private network, and no start is")
      default: return .failed(reason: error.mend.isEmpty ? error.message : "\(error.message); \(error.mend)")
      }
    }
    switch response.status {
    case 200, 203: return read(response, url: url)
    case let status where Self.isRedirect(status):
      guard let location = response.header("location") else {
        return .failed(reason: "HTTP status \(status) without a Location")
      }
      return .redirect(location: location, target: WebURL(location, base: url)?.withoutFragment)
    case 404, 410: return .left(reason: "HTTP status \(response.status): there is no such page")
    case 401, 403:
      return .failed(
        reason: "HTTP status \(response.status): the page is not public; exclude it or let this machine in")
    case 429: return .failed(reason: "HTTP status 429: too many requests; set `polite.delay` or a lower concurrency")
    default: return .failed(reason: "HTTP status \(response.status)")
    }
  }

  static func isRedirect(_ status: Int) -> Bool { [301, 302, 303, 307, 308].contains(status) }

  private func read(_ response: HTTPResponse, url: WebURL) -> Result {
    guard let (mediaType, charset) = Self.mediaType(of: response, url: url) else {
      return .left(reason: "its type is \(response.header("content-type") ?? "unknown"), which is no text page")
    }
    guard !(mediaType != .html && response.body.prefix(4096).contains(0) && charset?.hasPrefix("utf-16") != true) else {
      return .left(reason: "it says that it is text and is not")
    }
    var directives = RobotsDirectives(userAgent: settings.userAgent)
    for field in response.headers("x-robots-tag") { directives.addHeader(field) }
    var page = Page(
      mediaType: mediaType, charset: charset, body: response.body, language: Self.language(of: response),
      modified: response.header("last-modified").flatMap { HTTPDate.parse($0) }, hash: .of(response.body),
      isIndexed: true, links: [], leftOut: [])
    if mediaType == .html {
      let read = PageLinks(page: response.body, url: url, charset: charset, agent: settings.userAgent)
      for content in read.robots { directives.addMeta(content) }
      if let canonical = read.canonical, canonical != url { page.canonical = canonical }
      if !directives.noFollow { sort(read.links, into: &page) }
    }
    page.isIndexed = !directives.forbidsIndexing(at: Int64(timing.now()))
    return .page(page)
  }

  private func sort(_ links: [WebURL], into page: inout Page) {
    for link in links {
      let link = SessionParameters.removed(from: link)
      switch scope.verdict(on: link) {
      case .inside: page.links.append(link.description)
      case .leftOut(let reason): page.leftOut.append((link.description, reason))
      case .outside: break
      }
    }
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
