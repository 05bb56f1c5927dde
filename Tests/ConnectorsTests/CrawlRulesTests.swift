import AcervoTesting
import Connectors
import Corpus
import HTTPClient
import Pipelines
import Testing

@Suite struct CrawlRulesTests {
  // MARK: Redirects

  @Test func `A redirect's target is the document, once`() async throws {
    let site = try LoopbackSite([
      "/": [.links("old", "new", "older")], "/old": [.redirect(to: "/new", status: 301)],
      "/older": [.redirect(to: "old", status: 308)], "/new": [.links(text: "new")],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.paths(site) == ["/", "/new"])
    #expect(outcome.skipped[site.url("/old")] == "it redirects to \(site.url("/new"))")
    #expect(site.paths.filter { $0 == "/new" }.count == 1)
  }

  @Test func `A start may redirect`() async throws {
    let site = try LoopbackSite(["/": [.redirect(to: "/en/")], "/en/": [.links("a")], "/en/a": [.links(text: "a")]])
    #expect(try await crawl(site).paths(site) == ["/en/", "/en/a"])
  }

  @Test(arguments: [(10, true), (11, false)]) func `Ten redirects are followed and no more`(
    count: Int, isReached: Bool
  ) async throws {
    let site = try LoopbackSite(fallback: { request in
      guard let number = Int(request.path.dropFirst(2)) else { return .links("/r0") }
      return number == count ? .links(text: "end") : .redirect(to: "/r\(number + 1)")
    })
    let outcome = try await crawl(site) {
      $0.sitemap = .off
      $0.obeyRobots = false
    }
    #expect(outcome.documents.count == (isReached ? 2 : 1))
    #expect(outcome.failed.isEmpty == isReached)
  }

  @Test func `A circle of redirects fails`() async throws {
    let site = try LoopbackSite(["/": [.links("a")], "/a": [.redirect(to: "/b")], "/b": [.redirect(to: "/a")]])
    let outcome = try await crawl(site)
    #expect(outcome.failed[site.url("/b")] == "it redirects in a circle, through \(site.url("/a"))")
    let own = try LoopbackSite(["/": [.links("a")], "/a": [.redirect(to: "/a")]])
    #expect(try await crawl(own).failed.count == 1)
  }

  @Test func `A redirect does not leave the scope, nor robots.txt's permission`() async throws {
    let other = try LoopbackSite(["/": [.links()]])
    let site = try LoopbackSite([
      "/robots.txt": [.text("User-agent: *\nDisallow: /secret")], "/": [.links("a", "b", "c", "d")],
      "/a": [.redirect(to: other.url())], "/b": [.redirect(to: "/secret")], "/c": [.redirect(to: "/print/c")],
      "/d": [.redirect(to: "file:///etc/passwd")],
    ])
    let outcome = try await crawl(site) {
      $0.sitemap = .off
      $0.exclude = ["/print/**"]
    }
    #expect(outcome.paths(site) == ["/"])
    #expect(outcome.skipped[site.url("/a")] == "it redirects to \(other.url()), which is outside the crawl")
    #expect(outcome.skipped[site.url("/secret")] == "robots.txt disallows it")
    #expect(outcome.failed[site.url("/d")]?.contains("no http or https address") == true)
    #expect(other.requests.isEmpty)
    #expect(!site.paths.contains("/secret") && !site.paths.contains("/print/c"))
  }

  // MARK: Canonical addresses and duplicates

  private static func canonical(_ path: String) -> String { "<link rel=canonical href='\(path)'>" }

  @Test func `A page gives way to its canonical address`() async throws {
    let site = try LoopbackSite([
      "/": [.links("a?x=1", "a?x=2", "z")], "/a?x=1": [.links("/b", text: "1", head: Self.canonical("/a"))],
      "/a?x=2": [.links(text: "2", head: Self.canonical("/a"))],
      "/a": [.links(text: "a", head: Self.canonical("/a"))], "/b": [.links(text: "b")], "/z": [.links(text: "z")],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.paths(site) == ["/", "/z", "/a", "/b"])
    #expect(outcome.skipped[site.url("/a?x=1")] == "its canonical address is \(site.url("/a"))")
    #expect(outcome.skipped[site.url("/a?x=2")] == "its canonical address is \(site.url("/a"))")
  }

  @Test func `A page whose canonical address gives nothing is kept`() async throws {
    let site = try LoopbackSite([
      "/": [.links("a", "b", "c", "d")], "/a": [.links(text: "a", head: Self.canonical("/nowhere"))],
      "/b": [.links(text: "b", head: Self.canonical("http://elsewhere.example/b"))],
      "/c": [.links(text: "c", head: Self.canonical("/secret"))],
      "/d": [.links(text: "d", head: Self.canonical("/old"))], "/old": [.redirect(to: "/d")],
      "/robots.txt": [.text("User-agent: *\nDisallow: /secret")],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.paths(site).sorted() == ["/", "/a", "/b", "/c", "/d"])
  }

  @Test func `Canonical addresses in a circle keep one of the pages`() async throws {
    let site = try LoopbackSite([
      "/": [.links("a", "b", "x")], "/a": [.links(text: "a", head: Self.canonical("/b"))],
      "/b": [.links(text: "b", head: Self.canonical("/a"))], "/x": [.links(text: "x", head: Self.canonical("/y"))],
      "/y": [.links(text: "y", head: Self.canonical("/z"))], "/z": [.links(text: "z", head: Self.canonical("/x"))],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.paths(site) == ["/", "/b", "/z"])
  }

  @Test func `Of pages with one content the first is kept`() async throws {
    let site = try LoopbackSite([
      "/": [.links("index.html", "b", "a")], "/index.html": [.links("index.html", "b", "a")],
      "/a": [.html("same")], "/b": [.html("same")],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.paths(site) == ["/", "/a"])
    #expect(outcome.skipped[site.url("/b")] == "it has the same content as \(site.url("/a"))")
    #expect(outcome.skipped[site.url("/index.html")] == "it has the same content as \(site.url("/"))")
  }

  // MARK: Traps

  @Test func `Visits' numbers are dropped from links`() async throws {
    let site = try LoopbackSite(fallback: { request in
      .links("/b?PHPSESSID=\(request.path.count)", "/c;jsessionid=1", text: request.path)
    })
    #expect(
      try await crawl(site) {
        $0.sitemap = .off; $0.obeyRobots = false
      }.paths(site) == ["/", "/b", "/c"])
  }

  @Test func `A redirect that only gives a visit's number is followed`() async throws {
    let site = try LoopbackSite([
      "/": [.links("a")], "/a": [.redirect(to: "/a?PHPSESSID=1")], "/a?PHPSESSID=1": [.links(text: "a")],
    ])
    #expect(try await crawl(site).paths(site) == ["/", "/a?PHPSESSID=1"])
  }

  @Test func `Links that nest into themselves come to an end`() async throws {
    let site = try LoopbackSite(fallback: { .links("next/", text: $0.path) })
    let outcome = try await crawl(site) {
      $0.sitemap = .off
      $0.obeyRobots = false
      $0.maximumDepth = 1000
    }
    #expect(outcome.documents.count == 4)
    #expect(outcome.skipped[site.url("/next/next/next/next/")]?.contains("nest into themselves") == true)
  }

  // MARK: Robots

  @Test func `What robots.txt disallows is not fetched`() async throws {
    let site = try LoopbackSite([
      "/robots.txt": [
        .text("User-agent: acervo\nDisallow: /secret\nAllow: /secret/open\n\nUser-agent: *\nDisallow: /")
      ],
      "/": [.links("/secret/a", "/secret/open", "b")], "/secret/open": [.links(text: "open")],
      "/b": [.links(text: "b")],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.paths(site) == ["/", "/b", "/secret/open"])
    #expect(outcome.skipped[site.url("/secret/a")] == "robots.txt disallows it")
    #expect(!site.paths.contains("/secret/a"))
    #expect(site.paths.filter { $0 == "/robots.txt" }.count == 1)
    #expect(
      try await crawl(site) {
        $0.obeyRobots = false; $0.sitemap = .off
      }.skipped.count == 1)
  }

  @Test func `A robots.txt that the server cannot give forbids everything`() async throws {
    let site = try LoopbackSite(["/robots.txt": [.status(503)], "/": [.links()]])
    await #expect { try await crawl(site) } throws: {
      "\($0)".contains("/robots.txt answers with HTTP status 503, so nothing may be fetched")
    }
    #expect(!site.paths.contains("/"))
  }

  @Test(arguments: [(5, false), (6, true)]) func `Five redirects of robots.txt are followed`(
    count: Int, isAllowed: Bool
  ) async throws {
    let site = try LoopbackSite(fallback: { request in
      switch request.path {
      case "/": return .links()
      case "/robots.txt": return .redirect(to: "/1")
      case "/\(count)": return .text("User-agent: *\nDisallow: /")
      default: return .redirect(to: "/\((Int(request.path.dropFirst()) ?? 0) + 1)")
      }
    })
    #expect((try? await crawl(site))?.documents.count == (isAllowed ? 1 : nil))
  }

  @Test func `Pages that forbid it are not kept, their links followed unless they forbid that`() async throws {
    let site = try LoopbackSite([
      "/": [.links("a", "b", "c", "d")],
      "/a": [.links("a1", text: "a", head: "<meta name=robots content='noindex'>")], "/a1": [.links(text: "a1")],
      "/b": [.links("b1", text: "b", head: "<meta name=robots content='nofollow'>")],
      "/c": [.links("c1", text: "c", headers: [("X-Robots-Tag", "noindex, nofollow")])],
      "/d": [.links("d1", text: "d", headers: [("X-Robots-Tag", "other: noindex")])], "/d1": [.links(text: "d1")],
    ])
    let outcome = try await crawl(site)
    #expect(outcome.paths(site) == ["/", "/b", "/d", "/a1", "/d1"])
    #expect(outcome.skipped[site.url("/a")] == "its robots directive says noindex")
    #expect(!site.paths.contains("/b1") && !site.paths.contains("/c1"))
  }

  @Test func `Links with nofollow are not followed and a base moves the others`() async throws {
    let site = try LoopbackSite([
      "/": [.html("<base href=/docs/><a rel=nofollow href=no>x</a><a href=yes>y</a>")], "/docs/yes": [.links()],
    ])
    #expect(try await crawl(site).paths(site) == ["/", "/docs/yes"])
    #expect(!site.paths.contains("/docs/no"))
  }

  // MARK: Sitemaps

  private func sitemapSite() throws -> LoopbackSite {
    let site = try LoopbackSite()
    site.set("/robots.txt", .text("Sitemap: /index.xml"))
    site.set(
      "/index.xml",
      .text("<sitemapindex><sitemap><loc>\(site.url("/one.xml"))</loc></sitemap></sitemapindex>", type: "text/xml"))
    site.set(
      "/one.xml",
      .text(
        "<urlset><url><loc>\(site.url("/listed"))</loc></url><url><loc>http://else.example/</loc></url></urlset>",
        type: "text/xml"))
    site.set("/listed", .links("/deeper", text: "listed"))
    site.set("/deeper", .links(text: "deeper"))
    site.set("/linked", .links(text: "linked"))
    site.set("/", .links("/linked"))
    return site
  }

  @Test func `Sitemaps add pages, are left alone, or give all pages`() async throws {
    let site = try sitemapSite()
    #expect(try await crawl(site) { $0.sitemap = .auto }.paths(site) == ["/", "/linked", "/listed", "/deeper"])
    #expect(try await crawl(site) { $0.sitemap = .off }.paths(site) == ["/", "/linked"])
    #expect(try await crawl(site) { $0.sitemap = .only }.paths(site) == ["/listed"])
  }

  @Test func `Without one in robots.txt the usual sitemap is tried, and its absence is no fault`() async throws {
    let site = try LoopbackSite(["/": [.links()]])
    #expect(try await crawl(site) { $0.sitemap = .auto }.listing.cutShort == nil)
    #expect(site.paths.contains("/sitemap.xml"))
    await #expect(throws: SourceError.self) { try await crawl(site) { $0.sitemap = .only } }
  }

  @Test func `A named sitemap that cannot be read cuts the listing short`() async throws {
    let site = try LoopbackSite(["/robots.txt": [.text("Sitemap: /s.xml")], "/": [.links()]])
    let outcome = try await crawl(site) { $0.sitemap = .auto }
    #expect(outcome.listing.cutShort == "the sitemap \(site.url("/s.xml")) could not be read: HTTP status 404")
  }
}
