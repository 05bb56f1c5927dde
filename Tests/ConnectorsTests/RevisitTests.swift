import AcervoTesting
import Connectors
import Corpus
import HTTPClient
import Pipelines
import Testing

/// A second crawl: what is asked again, and what it proves.
@Suite struct RevisitTests {
  private static let etag = [(name: "ETag", value: "\"1\"")]

  /// A site whose pages answer 304 to the validator that they gave.
  private func site(_ pages: [String: LoopbackSite.Answer]) throws -> LoopbackSite {
    try LoopbackSite(fallback: { request in
      guard var page = pages[request.path] else { return .status(404) }
      if request.header("if-none-match") == "\"1\"" { return LoopbackSite.Answer(status: 304) }
      page.headers += Self.etag
      return page
    })
  }

  @Test func `An unchanged page costs one request without a body, and its links are followed from memory`() async throws
  {
    let site = try site(["/": .links("a", text: "start"), "/a": .links("b", text: "a"), "/b": .links(text: "b")])
    let first = try await crawl(site)
    #expect(first.paths(site) == ["/", "/a", "/b"])
    let second = try await crawl(site, memory: SourceMemory(after: first))
    #expect(second.documents.isEmpty)
    #expect(second.unchanged == ["/", "/a", "/b"].map { site.url($0) })
    #expect(second.visits.isEmpty)
    #expect(second.listing.cutShort == nil)
    #expect(second.listing.requests == 4)
    #expect(second.listing.bytes == 3)  // robots.txt: “404”
  }

  @Test func `A changed page comes whole, and what it newly leads to is found`() async throws {
    let before = try site(["/": .links("a", text: "start"), "/a": .links(text: "a")])
    var memory = SourceMemory(after: try await crawl(before))
    let visits = memory.visit
    memory.visit = { url in
      var visit = try visits(url)
      if url.hasSuffix("/a") { visit?.etag = "\"0\"" }
      return visit
    }
    before.set("/a", .links("new", text: "a, edited", headers: Self.etag))
    before.set("/new", .links(text: "new"))
    let second = try await crawl(before, memory: memory)
    #expect(second.paths(before) == ["/a", "/new"])
    #expect(second.unchanged == [before.url()])
  }

  @Test func `A page whose content nobody kept is asked for once more, whole`() async throws {
    let site = try site(["/": .links("a", text: "start"), "/a": .links(text: "a")])
    let first = try await crawl(site)
    var memory = SourceMemory(after: first)
    let visits = memory.visit
    memory.visit = { url in
      var visit = try visits(url)
      visit?.hasContent = false
      return visit
    }
    let second = try await crawl(site, memory: memory)
    #expect(second.paths(site) == ["/", "/a"])
    #expect(second.listing.requests == 5)
  }

  @Test func `Visits that another user agent made are not trusted`() async throws {
    let site = try site(["/": .links("a", text: "start"), "/a": .links(text: "a")])
    let first = try await crawl(site)
    let second = try await crawl(site, memory: SourceMemory(after: first)) {
      ($0.sitemap, $0.userAgent) = (.off, "another")
    }
    #expect(second.paths(site) == ["/", "/a"])
  }

  @Test func `A page whose date in the sitemap stays is not asked for until it is time to look again`() async throws {
    let clock = Clock(now: 1_800_000_000)
    let sitemap = "<urlset><url><loc>SITE/a</loc><lastmod>2020-01-01</lastmod></url></urlset>"
    let site = try LoopbackSite()
    site.set("/", .links("a", text: "start"))
    site.set("/a", .links(text: "a", headers: Self.etag))
    site.set("/sitemap.xml", .text(sitemap.replacing("SITE", with: site.url("")), type: "application/xml"))
    var timing = RetryTiming.instant
    timing.now = { clock.now }
    let change: (inout WebSettings) -> Void = { $0.revisit = 86_400 }
    let first = try await crawl(site, timing: timing, change)
    #expect(first.visits[site.url("/a")]?.listed == 1_577_836_800)
    let asked = site.paths.count { $0 == "/a" }
    clock.now += 3600
    let second = try await crawl(site, timing: timing, memory: SourceMemory(after: first), change)
    #expect(second.unchanged == [site.url("/a")])
    #expect(site.paths.count { $0 == "/a" } == asked)
    clock.now += 86_400
    _ = try await crawl(site, timing: timing, memory: SourceMemory(after: first), change)
    #expect(site.paths.count { $0 == "/a" } == asked + 1)
  }

  @Test func `A known page that nothing names is asked: gone, there, or not to be told`() async throws {
    let site = try LoopbackSite([
      "/": [.links("a", text: "start")], "/a": [.links(text: "a")], "/alive": [.links("/hidden", text: "alive")],
      "/broken": [.status(500)], "/moved": [.redirect(to: "/a", status: 301)], "/login": [.redirect(to: "/a")],
      "/wrong": [.text("x", type: "application/pdf")],
    ])
    let known = ["/", "/a", "/alive", "/broken", "/gone", "/moved", "/login", "/wrong"].map { site.url($0) }
    let memory = SourceMemory(pages: { known + ["https://elsewhere.example/"] })
    let outcome = try await crawl(site, memory: memory)
    #expect(outcome.listing.cutShort == nil)
    #expect(outcome.paths(site) == ["/", "/a", "/alive"])
    #expect(!site.paths.contains("/hidden"))
    #expect(outcome.absences[site.url("/gone")] == .gone)
    #expect(outcome.absences[site.url("/moved")] == .moved(to: site.url("/a")))
    #expect(outcome.absences["https://elsewhere.example/"] == .outOfScope)
    #expect(outcome.absences[site.url("/login")] == nil)
    #expect(outcome.absences[site.url("/wrong")] == nil)
    #expect(outcome.failed.keys.sorted() == [site.url("/broken")])

    let changed = try await crawl(site, memory: SourceMemory(pages: { known }, settingsChanged: true))
    #expect(changed.absences[site.url("/alive")] == .outOfScope)
  }

  @Test func `A crawl that was cut short asks nothing more`() async throws {
    let site = try LoopbackSite(["/": [.links("a", text: "start")], "/a": [.status(503)]])
    let outcome = try await crawl(site, memory: SourceMemory(pages: { [site.url("/old")] }))
    #expect(outcome.listing.cutShort != nil)
    #expect(!site.paths.contains("/old"))
  }

  @Test func `What a page that fails led to is still visited`() async throws {
    let site = try LoopbackSite([
      "/": [.links("hub", text: "start")], "/hub": [.links("leaf", text: "hub"), .status(500)],
      "/leaf": [.links(text: "leaf")],
    ])
    let first = try await crawl(site)
    let second = try await crawl(site, memory: SourceMemory(after: first))
    #expect(second.failed.keys.sorted() == [site.url("/hub")])
    #expect(second.paths(site) == ["/", "/leaf"])
  }

  @Test func `Asked for single addresses, a crawl fetches these and their redirects only`() async throws {
    let site = try LoopbackSite([
      "/": [.links("a", text: "start")], "/a": [.links("b", text: "a")], "/b": [.links(text: "b")],
    ])
    let outcome = try await crawl(site, memory: SourceMemory(only: [site.url("/a")]))
    #expect(outcome.paths(site) == ["/a"])
    #expect(outcome.listing.cutShort == "only 1 address was asked for")
  }
}

/// A time that a test moves.
private final class Clock: @unchecked Sendable {
  // Set between crawls only, never while one reads it.
  var now: Double
  init(now: Double) { self.now = now }
}
