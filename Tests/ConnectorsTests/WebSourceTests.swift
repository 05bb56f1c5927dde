import AcervoTesting
import Connectors
import Corpus
import HTTPClient
import Pipelines
import Synchronization
import Testing

@Suite struct WebSourceTests {
  // MARK: Documents

  @Test func `A site is crawled breadth-first, each page once, in sorted order`() async throws {
    let site = try LoopbackSite([
      "/": [.links("b", "a", "/c#x", "c")], "/a": [.links("/d", "/", text: "a")], "/b": [.links("/d", text: "b")],
      "/c": [.links(text: "c")], "/d": [.links("/a", text: "d")],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.paths(site) == ["/", "/a", "/b", "/c", "/d"])
    #expect(outcome.listing.cutShort == nil)
    #expect(outcome.listing.requests == 6)
    #expect(site.paths.sorted() == ["/", "/a", "/b", "/c", "/d", "/robots.txt"])
    #expect(site.requests.allSatisfy { $0.header("user-agent") == "acervo" })
  }

  @Test func `A document carries what the header says`() async throws {
    let headers = [
      (name: "Content-Type", value: "text/html; charset=ISO-8859-1"), ("Content-Language", "es"),
      ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ]
    let site = try LoopbackSite(["/": [.html("<p>hola", headers: headers)]])
    let document = try #require(try await crawl(site).documents.first)
    #expect(
      document
        == Document(
          source: "site", url: site.url(), mediaType: .html, charset: "iso-8859-1", body: Array("<p>hola".utf8),
          language: "es", access: .open, modified: 784_111_777))
  }

  @Test func `Text pages are taken and other types are skipped without their bodies`() async throws {
    let site = try LoopbackSite([
      "/": [.links("a.md", "b.txt", "c.xhtml", "d.pdf", "e.png")], "/a.md": [.text("# a", type: "text/markdown")],
      "/b.txt": [.text("b")], "/c.xhtml": [.text("<p>c</p>", type: "application/xhtml+xml")],
      "/d.pdf": [.text("%PDF", type: "application/pdf")], "/e.png": [.text("png", type: "image/png")],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.paths(site) == ["/", "/a.md", "/b.txt", "/c.xhtml"])
    #expect(outcome.documents.map(\.mediaType) == [.html, .markdown, .plainText, .html])
    #expect(outcome.skipped[site.url("/d.pdf")] == "its type is application/pdf, which is no text page")
    #expect(outcome.skipped.count == 2)
  }

  @Test func `What links to nothing is skipped, what is refused fails and cuts the listing short`() async throws {
    let site = try LoopbackSite([
      "/": [.links("gone", "private", "broken", "lost")], "/gone": [.status(404)], "/private": [.status(403)],
      "/broken": [.status(500)], "/lost": [.hangUp],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.skipped[site.url("/gone")] == "HTTP status 404: there is no such page")
    #expect(outcome.failed.keys.sorted() == ["/broken", "/lost", "/private"].map { site.url($0) })
    #expect(outcome.failed[site.url("/broken")] == "HTTP status 500")
    #expect(outcome.listing.cutShort == "3 addresses failed, and what they lead to is unknown")
  }

  @Test func `A page that fails a while is tried again`() async throws {
    let site = try LoopbackSite([
      "/": [.links("/a", "/b", "/c")], "/a": [.status(503), .hangUp, .links(text: "a")],
      "/b": [.status(429, headers: [("Retry-After", "3")]), .links(text: "b")],
    ])
    let outcome = try await crawl(site, policy: RetryPolicy(tries: 3))
    #expect(outcome.paths(site) == ["/", "/a", "/b"])
    #expect(site.paths.filter { $0 == "/a" }.count == 3)
  }

  // MARK: Scope

  @Test func `Other hosts and ports are not visited`() async throws {
    let other = try LoopbackSite(["/": [.links()]])
    let site = try LoopbackSite([
      "/": [.links(other.url(), "http://localhost:1/", "ftp://127.0.0.1/x", "a")], "/a": [.links()],
    ])
    #expect(try await crawl(site).documents.count == 2)
    #expect(other.requests.isEmpty)
  }

  @Test func `Include and exclude choose the pages, and an excluded one is said`() async throws {
    let site = try LoopbackSite(
      ["/": [.links("/docs/a", "/docs/print/a", "/blog/b", "/docs/a?x=1")]],
      fallback: { .links("/docs/deep/z", text: $0.path) })
    let outcome = try await crawl(site) {
      $0.sitemap = .off
      $0.include = ["/docs/**"]
      $0.exclude = ["**/print/**", "**[?]*"]
    }
    #expect(outcome.paths(site) == ["/docs/a", "/docs/deep/z"])
    #expect(outcome.skipped[site.url("/docs/print/a")] == "excluded by **/print/**")
    #expect(outcome.skipped[site.url()] == "it is a start outside the crawl's scope: its links are followed")
    #expect(outcome.skipped[site.url("/blog/b")] == nil)
  }

  @Test func `A glob with a scheme takes in another host`() async throws {
    let other = try LoopbackSite(["/x": [.links("/y")], "/y": [.links(text: "y")]])
    let site = try LoopbackSite(["/": [.links(other.url("/x"))]])
    let outcome = try await crawl(site) {
      $0.sitemap = .off
      $0.include = ["/**", "http://127.0.0.1:\(other.port)/x"]
    }
    #expect(outcome.documents.map(\.url) == [site.url(), other.url("/x")])
  }

  @Test(arguments: [(0, 1), (1, 2), (3, 4)]) func `Depth is limited`(depth: Int, pages: Int) async throws {
    let site = try LoopbackSite(fallback: { .links($0.path + "x", text: $0.path) })
    let outcome = try await crawl(site) {
      $0.sitemap = .off
      $0.maximumDepth = depth
      $0.obeyRobots = false
    }
    #expect(outcome.documents.count == pages)
    #expect(outcome.listing.cutShort == nil)
  }

  @Test func `A limit of pages takes the same pages whatever the timing`() async throws {
    let names = (10..<40).map { "p\($0)" }
    var sets: [[String]] = []
    for round in 0..<3 {
      let site = try LoopbackSite(fallback: { request in
        if request.path == "/robots.txt" { return .status(404) }
        if request.path == "/" { return .html(names.shuffled().map { "<a href=\($0)>" }.joined()) }
        if request.path == "/p12" { return .status(404) }
        let hash = request.path.utf8.reduce(round) { ($0 &* 31 &+ Int($1)) % 97 }
        return .html(request.path, delay: Double(hash % 10) / 1000)
      })
      let outcome = try await crawl(site) {
        $0.sitemap = .off
        $0.maximumPages = 8
      }
      #expect(outcome.listing.cutShort == "the limit of 8 pages was reached (`limits.pages`)")
      #expect(site.requests.count < 16)
      sets.append(outcome.paths(site))
    }
    #expect(sets[0] == ["/", "/p10", "/p11", "/p13", "/p14", "/p15", "/p16", "/p17"])
    #expect(sets[1] == sets[0] && sets[2] == sets[0])
  }

  @Test func `A limit of pages that is just enough cuts nothing`() async throws {
    let site = try LoopbackSite(["/": [.links("a")], "/a": [.links(text: "a")]])
    let outcome = try await crawl(site) {
      $0.sitemap = .off
      $0.maximumPages = 2
    }
    #expect(outcome.listing.cutShort == nil)
    #expect(outcome.documents.count == 2)
  }

  @Test func `A page over the size limit fails`() async throws {
    let site = try LoopbackSite(["/": [.links("big")], "/big": [.html(String(repeating: "x", count: 5000))]])
    let outcome = try await crawl(site) {
      $0.sitemap = .off
      $0.maximumPageSize = 4000
    }
    #expect(
      outcome.failed[site.url("/big")]
        == "the body has more than 4000 bytes; allow a larger size if it is wanted")
  }

  @Test func `Time is limited`() async throws {
    let site = try LoopbackSite(fallback: { .links($0.path + "x", text: $0.path) })
    let outcome = try await crawl(site, timing: .system) {
      $0.sitemap = .off
      // Long enough for a first page on a busy machine; the site itself has no end.
      $0.maximumTime = 5
      $0.delay = 0.4
      $0.maximumDepth = 1000
    }
    #expect((1...13).contains(outcome.documents.count))
    #expect(outcome.listing.cutShort == "the limit of 5.0 seconds was reached (`limits.time`)")
  }

  // MARK: Politeness

  @Test func `No more requests than allowed run at once`() async throws {
    let names = (0..<20).map { "/p\($0)" }
    let site = try LoopbackSite(fallback: { request in
      request.path == "/" ? .html(names.map { "<a href=\($0)>" }.joined()) : .html(request.path, delay: 0.01)
    })
    let outcome = try await crawl(site) {
      $0.sitemap = .off
      $0.concurrency = 3
      $0.obeyRobots = false
    }
    #expect(outcome.documents.count == 21)
    #expect(site.mostConcurrentRequests <= 3)
    #expect(site.mostConcurrentRequests > 1)
  }

  @Test(arguments: [true, false]) func `The delay between requests is kept, that of robots.txt too`(
    isFromRobots: Bool
  ) async throws {
    let site = try LoopbackSite([
      "/robots.txt": [.text(isFromRobots ? "User-agent: *\nCrawl-delay: 0.1" : "")],
      "/": [.links("a", "b", "c")], "/a": [.links(text: "a")], "/b": [.links(text: "b")], "/c": [.links(text: "c")],
    ])
    _ = try await crawl(site, timing: .system) {
      $0.sitemap = .off
      $0.delay = isFromRobots ? 0 : 0.1
    }
    let times = site.requests.filter { $0.path != "/robots.txt" }.map(\.time).sorted()
    // Three gaps of 0.1 s; a busy machine may deliver one request late and so seem to shorten the next gap.
    #expect(times.count == 4)
    #expect((times.last ?? 0) - (times.first ?? 0) > 0.25)
  }

  @Test func `The crawl does not run ahead of who takes the documents`() async throws {
    let site = try LoopbackSite(fallback: { request in
      request.path == "/" ? .html((0..<200).map { "<a href=/p\($0)>" }.joined()) : .html(request.path)
    })
    let settings = WebSettings(start: [site.url()], obeyRobots: false, sitemap: .off)
    let source = WebSource(id: "site", settings: settings, client: try HTTPClient(), timing: .instant)
    let task = Task {
      try await source.fetch(SourceMemory()) { event in
        if case .document(let document, _) = event, document.url.hasSuffix("/p0") {
          try await Task.sleep(for: .seconds(60))
        }
      }
    }
    while site.requests.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
    try await Task.sleep(for: .milliseconds(300))
    #expect(site.requests.count <= 1 + 16)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `What emit throws ends the crawl`() async throws {
    struct Full: Error {}
    let site = try LoopbackSite(fallback: { .links($0.path + "x", text: $0.path) })
    let settings = WebSettings(start: [site.url()], obeyRobots: false, sitemap: .off)
    let source = WebSource(id: "site", settings: settings, client: try HTTPClient(), timing: .instant)
    await #expect(throws: Full.self) { try await source.fetch(SourceMemory()) { _ in throw Full() } }
  }

  // MARK: Starts

  @Test func `A start that cannot be reached is an error that says how to mend it`() async throws {
    let site = try LoopbackSite()
    let url = site.url()
    site.stop()
    await #expect { try await crawl(site, from: [url]) } throws: {
      guard let error = $0 as? SourceError else { return false }
      return error.source == "site"
        && error.description.hasPrefix("no start leads to a page: \(url): robots.txt cannot be")
        && error.description.contains("check that the server runs")
    }
  }

  @Test func `A start without a page is an error, beside another one a failure`() async throws {
    let site = try LoopbackSite(["/ok": [.links()], "/bad": [.status(500)]])
    await #expect(throws: SourceError(source: "site", "no start leads to a page: \(site.url("/bad")): HTTP status 500"))
    {
      try await crawl(site, from: ["/bad"])
    }
    let outcome = try await crawl(site, from: ["/bad", "/ok"])
    #expect(outcome.documents.count == 1)
    #expect(outcome.listing.cutShort != nil)
  }

  @Test(arguments: ["docs.example", "ftp://docs.example/", "http://", ""]) func `A start has to be an http address`(
    start: String
  ) async throws {
    let source = WebSource(id: "s", settings: WebSettings(start: [start]), client: try HTTPClient())
    await #expect(throws: SourceError.self) { try await source.fetch(SourceMemory()) { _ in } }
  }

  // MARK: Progress

  @Test(arguments: [(100, [8, 8, 4]), (2, [3, 3, 2])])
  func `Progress ends with nothing to come, also where a limit leaves pages over`(
    limit: Int, end: [Int]
  ) async throws {
    let site = try LoopbackSite([
      "/": [.links("a", "b", "gone", "old", "/private/x", "broken")], "/a": [.links("/", "/b", "c", text: "a")],
      "/b": [.links("/a", text: "b")], "/c": [.links(text: "c")], "/gone": [.status(404)], "/broken": [.status(403)],
      "/old": [.redirect(to: "/b")],
    ])
    let told = Mutex<[SourceProgress]>([])
    var settings = WebSettings(start: [site.url("/")])
    (settings.sitemap, settings.exclude, settings.maximumPages) = (.off, ["/private/**"], limit)
    let source = WebSource(
      id: "site", settings: settings, client: try HTTPClient(), policy: RetryPolicy(tries: 1), timing: .instant,
      progress: { progress in told.withLock { $0.append(progress) } })
    _ = try await CrawlOutcome(of: source)
    let all = told.withLock { $0 }
    for (before, after) in zip(all, all.dropFirst()) { #expect(before.done <= after.done) }
    for progress in all { #expect(progress.kept <= progress.done && progress.done <= progress.known) }
    let last = try #require(all.last)
    #expect([last.known, last.done, last.kept] == end)
  }
}
