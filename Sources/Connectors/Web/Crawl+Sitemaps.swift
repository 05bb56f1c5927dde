internal import HTTPClient
internal import Pipelines

extension Crawl {
  /// Files of one crawl: an index may name 50,000.
  private static let maximumSitemaps = 1_000
  /// An index that names an index that names an index: the protocol knows one level.
  private static let maximumSitemapDepth = 3

  /// Reads the sitemaps of the starts' origins: those that robots.txt names, otherwise `/sitemap.xml`.
  ///
  /// - Returns: the listed pages in scope, in the files' order.
  func readSitemaps() async throws -> [String] {
    var waiting: [(url: WebURL, depth: Int, isNamed: Bool)] = []
    var seen: Set<WebURL> = []
    func wait(for url: WebURL, depth: Int, isNamed: Bool) {
      guard !seen.contains(url) else { return }
      guard seen.count < Self.maximumSitemaps else {
        cutShort = "there are more than \(Self.maximumSitemaps) sitemaps"
        return
      }
      seen.insert(url)
      waiting.append((url, depth, isNamed))
    }
    var origins: Set<String> = []
    for start in starts where origins.insert(start.origin ?? "").inserted {
      var named: [WebURL] = []
      if case .rules(let rules) = robots[start.origin ?? ""] {
        named = rules.sitemaps.compactMap { WebURL($0, base: start)?.withoutFragment }.filter(\.isHTTP)
      }
      if named.isEmpty, let usual = WebURL("/sitemap.xml", base: start) {
        wait(for: usual, depth: 1, isNamed: false)
      } else {
        for url in named { wait(for: url, depth: 1, isNamed: true) }
      }
    }
    var pages: [String] = []
    var known: Set<String> = []
    var next = 0
    files: while next < waiting.count {
      let (url, depth, isNamed) = waiting[next]
      next += 1
      switch try await fetcher.sitemap(url) {
      case .success(let sitemap):
        if sitemap.isCut { cutShort = "the sitemap \(url) could be read in part only" }
        for entry in sitemap.pages {
          let address = SessionParameters.removed(from: entry.url.withoutFragment)
          guard fetcher.scope.verdict(on: address) == .inside else { continue }
          let page = address.description
          if !known.contains(page) {
            guard pages.count < maximumKnown else {
              cutShort = "the sitemaps list more than \(maximumKnown) pages; narrow `include` or widen `exclude`"
              break files
            }
            known.insert(page)
            pages.append(page)
          }
          // Listed twice: the later date is the one to be believed.
          if let date = entry.lastModified { listed[page] = max(date, listed[page] ?? date) }
        }
        if depth < Self.maximumSitemapDepth {
          for file in sitemap.sitemaps { wait(for: file.url.withoutFragment, depth: depth + 1, isNamed: true) }
        }
      case .failure(let failure):
        // Nobody promised that the usual place holds one.
        if isNamed { cutShort = "the sitemap \(failure.url) could not be read: \(failure.reason)" }
      }
    }
    return pages
  }
}

extension PageFetcher {
  /// Gets and reads one sitemap.
  func sitemap(_ url: WebURL) async throws -> Swift.Result<Sitemap, SourceFailure> {
    do {
      guard let (found, response) = try await getFile(url, delay: settings.delay, maximumSize: Sitemap.maximumSize)
      else { return .failure(SourceFailure(url: url.description, reason: "it redirects too often or nowhere")) }
      guard response.status == 200 else {
        return .failure(SourceFailure(url: url.description, reason: "HTTP status \(response.status)"))
      }
      return .success(Sitemap(parsing: response.body, url: found))
    } catch let error as HTTPError {
      return .failure(SourceFailure(url: url.description, reason: error.message))
    }
  }
}
