import AcervoTesting
import Connectors
import Corpus
import Pipelines
import Snapshots
import Synchronization
import Testing

@testable import Indexing

/// Nothing leaves the index without proof.
@Suite struct ProofTests {
  private let folder: RunFolder

  init() throws { folder = try RunFolder() }

  /// A site of pages whose answers a test replaces.
  private final class Site: Sendable {
    let loopback: LoopbackSite
    /// Answers instead of the page, or nil for the page.
    let trouble = Mutex<@Sendable (LoopbackSite.Request) -> LoopbackSite.Answer?>({ _ in nil })
    private let pages = Mutex<[String: String]>([:])

    init(pages count: Int) throws {
      var pages: [String: String] = [:]
      for (number, page) in samplePages(count).enumerated() { pages["/page-\(number)"] = page.html }
      let hub = Mutex<Site?>(nil)
      loopback = try LoopbackSite(fallback: { request in hub.withLock { $0 }?.answer(request) ?? .status(404) })
      let all = pages
      self.pages.withLock { $0 = all }
      hub.withLock { $0 = self }
    }

    func edit(_ body: (inout [String: String]) -> Void) { pages.withLock { body(&$0) } }

    private func answer(_ request: LoopbackSite.Request) -> LoopbackSite.Answer {
      if let answer = trouble.withLock({ $0 })(request) { return answer }
      let pages = pages.withLock { $0 }
      if request.path == "/" {
        let links = pages.keys.sorted().map { "<li><a href='\($0)'>\($0)</a></li>" }.joined()
        return .html(
          "<html><body><main><h1>Start</h1><p>All there is to read here.</p><ul>\(links)</ul></main></body></html>")
      }
      if request.path == "/sitemap.xml" {
        let urls = pages.keys.sorted().map { "<url><loc>\(loopback.url($0))</loc></url>" }.joined()
        return .text("<urlset>\(urls)</urlset>", type: "application/xml")
      }
      guard let page = pages[request.path] else { return .status(404) }
      let etag = "\"\(ContentHash.of(page).hex.prefix(16))\""
      if request.header("if-none-match") == etag { return LoopbackSite.Answer(status: 304) }
      return .html(page, headers: [("ETag", etag)])
    }
  }

  private func run(
    _ site: Site, acceptsShrink: Bool = false, shrink: Double = 0.2, failures: Double = 1,
    onlyFailed: IndexingRun.FailureFilter? = nil, _ change: (inout WebSettings) -> Void = { _ in }
  ) async throws -> RunReport {
    let (source, settings) = try folder.crawl(site.loopback, change)
    return try await folder.run(
      source, folder.pipeline(web: settings, failures: failures, shrink: shrink), acceptsShrink: acceptsShrink,
      onlyFailed: onlyFailed)
  }

  static let troubles: [(String, @Sendable (LoopbackSite.Request) -> LoopbackSite.Answer?)] = [
    ("connections are cut", { _ in .hangUp }),
    ("connections of most pages are cut", { $0.path.hasPrefix("/page-1") ? .hangUp : nil }),
    ("every page answers 500", { $0.path.hasPrefix("/page") ? .status(500) : nil }),
    ("everything answers 503", { _ in .status(503) }),
    (
      "the start leads nowhere",
      { $0.path == "/" ? .html("<html><body><main><p>Nothing to see today, sorry.</p></main></body></html>") : nil }
    ),
    (
      "the sitemap breaks off",
      { $0.path == "/sitemap.xml" ? .text("<urlset><url><loc>", type: "application/xml") : nil }
    ),
    ("the sitemap is empty", { $0.path == "/sitemap.xml" ? .text("<urlset></urlset>", type: "application/xml") : nil }),
    (
      "all redirect to a log-in page",
      { $0.path == "/login" ? Self.login("") : $0.path == "/robots.txt" ? nil : .redirect(to: "/login") }
    ),
    (
      "all redirect to a log-in page for good",
      {
        $0.path == "/login" ? Self.login("") : $0.path == "/robots.txt" ? nil : .redirect(to: "/login", status: 301)
      }
    ),
    (
      "all redirect for good to a log-in page, each by an address of its own",
      {
        if $0.path == "/login" { return Self.login("") }
        if $0.path.hasPrefix("/check") { return .redirect(to: "/login", status: 301) }
        return $0.path.hasPrefix("/page") ? .redirect(to: "/check" + $0.path, status: 301) : nil
      }
    ),
    (
      "pages show a log-in page with status 200",
      { $0.path.hasPrefix("/page") ? Self.login("") : nil }
    ),
    (
      "pages show log-in pages that differ in what is not seen",
      { $0.path.hasPrefix("/page") ? Self.login($0.path) : nil }
    ),
    ("pages redirect in circles", { $0.path.hasPrefix("/page") ? .redirect(to: $0.path + "x") : nil }),
    ("pages come as downloads", { $0.path.hasPrefix("/page") ? .text("x", type: "application/octet-stream") : nil }),
    ("pages are empty", { $0.path.hasPrefix("/page") ? .html("") : nil }),
    (
      "all pages call the start their own address",
      {
        $0.path.hasPrefix("/page")
          ? .html("<html><head><link rel=canonical href='/'></head><body><main><p>Page \($0.path).</p></main>") : nil
      }
    ),
    (
      "links go on without end",
      {
        $0.path.hasPrefix("/loop") || $0.path == "/"
          ? .html(
            "<html><body><main><p>This is \($0.path).</p><a href='\($0.path == "/" ? "/loop" : $0.path)/on'>on</a></main>"
          ) : nil
      }
    ),
  ]

  private static func login(_ token: String) -> LoopbackSite.Answer {
    .html(
      "<html><head><title>Log in</title></head><body><main><h1>Log in</h1><form><input type=hidden name=next value='\(token)'>"
        + "<p>Please log in to read this page, with the name that your company gave you.</p>"
        + "<input name=user><input type=password name=password></form></main>")
  }

  @Test(arguments: troubles.indices)
  func `No trouble of the site makes pages leave or changes them`(number: Int) async throws {
    let (what, trouble) = Self.troubles[number]
    let site = try Site(pages: 20)
    #expect(try await run(site).isPublished)
    let (pages, text) = (try folder.urls(), try folder.text())
    #expect(pages.count == 21)
    site.trouble.withLock { $0 = trouble }
    for _ in 0..<2 {
      // Two runs, as a page that is not believed the first time must not be believed the second time.
      let report = try? await run(site, shrink: 1)
      #expect(report?.counts.removed ?? 0 == 0, "\(what)")
      #expect(Set(try folder.urls()).isSuperset(of: pages.dropFirst()), "\(what)")
    }
    let kept = try folder.text()
    for number in 0..<20 { #expect(kept.contains("sentences. It is short.") && text.contains("\(number)"), "\(what)") }
    #expect(!kept.contains("Please log in to read") || what.contains("redirect"), "\(what)")
    site.trouble.withLock { $0 = { _ in nil } }
    let healed = try await run(site)
    #expect(healed.counts.failed == 0, "\(what)")
    #expect(Set(try folder.urls()).isSuperset(of: pages), "\(what)")
  }

  @Test func `A page that answers 404 leaves, and one that answers nothing stays and is listed`() async throws {
    let site = try Site(pages: 20)
    _ = try await run(site)
    site.edit { $0["/page-3"] = nil }
    let gone = try await run(site)
    #expect(gone.isPublished)
    #expect(gone.counts.removed == 1)
    #expect(try folder.urls().count == 20)
    #expect(!(try folder.urls()).contains(site.loopback.url("/page-3")))

    site.trouble.withLock { $0 = { $0.path == "/page-4" ? .status(500) : nil } }
    for attempt in 1...3 {
      let report = try await run(site)
      #expect(report.isUnchanged)
      #expect(report.failures.map(\.attempts) == [attempt])
      #expect(report.failures.first?.since == report.failures.map(\.since).min())
    }
    let failures = try CollectionState(pipeline: folder.pipeline()).failures()
    #expect(failures.map(\.url) == [site.loopback.url("/page-4")])
    #expect(failures.first.map { $0.last - $0.since } == 7200)

    let asked = site.loopback.requests.count
    let retried = try await run(site, onlyFailed: .init())
    #expect(retried.failures.map(\.attempts) == [4])
    site.trouble.withLock { $0 = { _ in nil } }
    let mended = try await run(site, onlyFailed: .init())
    #expect(mended.counts.failed == 0)
    #expect(mended.counts.removed == 0)
    #expect(site.loopback.requests.count - asked < 12)
    #expect(try CollectionState(pipeline: folder.pipeline()).failures().isEmpty)
  }

  @Test func `Pages leave when the settings leave them out`() async throws {
    let site = try Site(pages: 20)
    _ = try await run(site)
    let excluded = try await run(site, shrink: 1) { $0.exclude = ["/page-1*"] }
    #expect(excluded.counts.removed == 11)
    #expect(try folder.urls().count == 10)
  }

  @Test func `A run that saw a log-in page everywhere says so and publishes nothing`() async throws {
    let site = try Site(pages: 20)
    _ = try await run(site)
    site.trouble.withLock { $0 = { $0.path.hasPrefix("/page") ? Self.login($0.path) : nil } }
    let refusal = try #require(try await run(site, failures: 0.02).refusal)
    #expect(refusal.contains("20 of 21 documents failed"))
    #expect(refusal.contains("the same text as 19 other pages at once: a log-in or error page?"))
    // Believed when a person says so.
    let accepted = try await run(site, acceptsShrink: true, failures: 0.02)
    #expect(accepted.isPublished)
    #expect(try folder.text().contains("Please log in to read"))
  }

  @Test func `A page that moves for good leaves under its old address`() async throws {
    let site = try Site(pages: 20)
    _ = try await run(site)
    site.edit { pages in
      pages["/renamed"] = pages["/page-7"]
      pages["/page-7"] = nil
    }
    site.trouble.withLock { $0 = { $0.path == "/page-7" ? .redirect(to: "/renamed", status: 301) : nil } }
    let report = try await run(site)
    #expect(report.counts.removed == 1)
    #expect(report.counts.new == 1)
    #expect(try folder.urls().contains(site.loopback.url("/renamed")))
  }

  @Test func `A page leaves that moves for good by way of another address, or to one that is gone`() async throws {
    let site = try Site(pages: 20)
    _ = try await run(site)
    site.edit { pages in
      pages["/renamed"] = pages["/page-7"]
      pages["/page-7"] = nil
    }
    site.trouble.withLock {
      $0 = { request in
        switch request.path {
        case "/page-7": .redirect(to: "/moved", status: 301)
        case "/moved": .redirect(to: "/renamed", status: 301)
        case "/page-8": .redirect(to: "/nowhere", status: 301)
        default: nil
        }
      }
    }
    let report = try await run(site)
    #expect(report.counts.failed == 0, "\(report.failures)")
    #expect(report.counts.removed == 2)
    let urls = try folder.urls()
    #expect(urls.contains(site.loopback.url("/renamed")))
    for path in ["/page-7", "/page-8", "/moved"] { #expect(!urls.contains(site.loopback.url(path))) }
  }

  @Test func `Trying failures again publishes what is mended, however many fail again`() async throws {
    let site = try Site(pages: 20)
    site.trouble.withLock { $0 = { ["/page-4", "/page-5"].contains($0.path) ? .status(500) : nil } }
    #expect(try await run(site).documents == 19)
    site.trouble.withLock { $0 = { $0.path == "/page-5" ? .status(500) : nil } }
    let report = try await run(site, failures: 0.02, onlyFailed: .init())
    #expect(report.isPublished)
    #expect(report.documents == 20)
    #expect(report.failures.map(\.url) == [site.loopback.url("/page-5")])
  }

  @Test func `Unchanged pages are neither sent nor read, only asked for`() async throws {
    let site = try Site(pages: 20)
    let first = try await run(site)
    let second = try await run(site)
    #expect(second.isUnchanged)
    #expect(second.counts.unchanged == 21)
    #expect(second.counts.requests == first.counts.requests)
    // The start page has no validator.
    #expect(second.counts.bytes * 5 < first.counts.bytes)
    #expect(second.counts.cleaned + second.counts.chunked + second.counts.chunksEmbedded == 0)
  }

  @Test func `With changed settings a failing page's last version is cut and embedded anew`() async throws {
    let site = try Site(pages: 10)
    _ = try await run(site)
    site.trouble.withLock { $0 = { $0.path == "/page-4" ? .status(500) : nil } }
    let (source, web) = try folder.crawl(site.loopback)
    let pipeline = folder.pipeline(chunk: ChunkSettings(size: 90, overlap: 0), web: web, failures: 1)
    let report = try await folder.run(source, pipeline)
    #expect(report.isPublished)
    #expect(report.documents == 11)
    let snapshot = try folder.collection.openCurrent()
    for number in 0..<snapshot.manifest.chunks { #expect(try snapshot.chunk(number).text.count <= 90) }
  }
}
