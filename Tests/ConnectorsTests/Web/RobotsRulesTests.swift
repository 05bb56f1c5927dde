import AcervoTesting
import Connectors
import Corpus
import HTTPClient
import Testing

@Suite struct RobotsRulesTests {
  static let data = "robots/cases.json"

  private func allows(_ robots: String, _ path: String, agent: String = "acervo") -> Bool {
    guard let url = WebURL("https://example.org" + path) else { return false }
    return RobotsRules(parsing: Array(robots.utf8), userAgent: agent).allows(url)
  }

  @Test(.enabled(if: DevelopmentData.has(data), "needs shared/data/robots"))
  func `every decision of the reference parser that the RFC covers is the same here`() throws {
    let root = try JSONValue(parsing: DevelopmentData.bytes(Self.data))
    let cases = try #require(root["cases"]?.array).filter { $0["google_only"]?.bool == false }
    #expect(cases.count > 30)
    for item in cases {
      let robots = try #require(item["robots"]?.string)
      let url = try #require(WebURL(item["url"]?.string ?? ""))
      let rules = RobotsRules(parsing: Array(robots.utf8), userAgent: item["agent"]?.string ?? "")
      #expect(rules.allows(url) == item["allow"]?.bool, "case \(item["id"]?.int ?? -1): \(robots)")
    }
  }

  @Test func `the longest rule wins, and of equals the one that allows`() {
    let robots = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\nAllow: /a/b/c\nDisallow: /a/*/z/\n"
    #expect(!allows(robots, "/a/x"))
    #expect(allows(robots, "/a/b/x"))
    #expect(allows(robots, "/a/b/c"))
    #expect(!allows(robots, "/a/b/z/"))
    #expect(allows(robots, "/"))
  }

  @Test(arguments: [
    ("/*.pdf$", "/a/b.pdf", true), ("/*.pdf$", "/a/b.pdf?x", false), ("/*.pdf", "/a/b.pdf?x", true),
    ("/a*b*c", "/a-b-c-d", true), ("/a*b*c", "/acb", false), ("/$", "/", true), ("/$", "/a", false),
    ("*", "/x", true), ("*/private/", "/a/private/", true), ("/a**b", "/ab", true), ("/a*b$", "/abab", true),
    ("/a*ab$", "/ab", false), ("/x?q=", "/x?q=1", true), ("/a%2ab", "/a*b", true), ("/cost%24", "/cost$", true),
    ("/ñ", "/%C3%B1", true), ("/%c3%b1", "/ñ", true), ("/%7Ejoe/", "/~joe/", true), ("/~joe/", "/%7ejoe/", true),
    ("/a%2Fb", "/a/b", false), ("x", "/x", false), ("", "/x", false), ("/*", "/", true),
  ])
  func `stars, ends and escapes in a rule`(rule: String, path: String, matches: Bool) {
    #expect(allows("User-agent: *\nDisallow: \(rule)\n", path) == !matches)
  }

  @Test func `groups of one crawler are merged, and those for everybody are not added`() {
    let robots = """
      User-agent: Acervo
      Disallow: /a/
      User-agent: other
      User-agent: ACERVO/2.0
      Crawl-delay: 3
      Disallow: /b/
      User-agent: *
      Disallow: /
      """
    #expect(!allows(robots, "/a/"))
    #expect(!allows(robots, "/b/"))
    #expect(allows(robots, "/c/"))
    #expect(!allows(robots, "/b/", agent: "other"))
    #expect(allows(robots, "/a/", agent: "other"))
    #expect(!allows(robots, "/c/", agent: "acervobot"))
    #expect(RobotsRules(parsing: Array(robots.utf8), userAgent: "acervo/1.0 (+https://x)").crawlDelay == 3)
  }

  @Test func `a group without rules lets its crawler everywhere`() {
    #expect(allows("User-agent: *\nDisallow: /\n\nUser-agent: acervo\n", "/x"))
    #expect(!allows("User-agent: acervo\n\nUser-agent: *\nDisallow: /\n", "/x"))
  }

  @Test(arguments: ["\n", "\r", "\r\n", "\n\n\r"])
  func `every line end, a byte order mark and comments are understood`(end: String) {
    let lines = [
      "\u{FEFF}# all", "User-Agent : * # x", " disallow:\t/a/ # y", "nonsense", "Sitemap: https://e/s.xml", "",
    ]
    let rules = RobotsRules(parsing: Array(lines.joined(separator: end).utf8), userAgent: "acervo")
    #expect(WebURL("https://e/a/").map(rules.allows) == false)
    #expect(WebURL("https://e/b/").map(rules.allows) == true)
    #expect(rules.sitemaps == ["https://e/s.xml"])
  }

  @Test func `crawl delay is bounded and does not part a group`() {
    func delay(_ text: String) -> Double? {
      RobotsRules(parsing: Array(text.utf8), userAgent: "acervo").crawlDelay
    }
    #expect(delay("User-agent: *\nCrawl-delay: 0.5") == 0.5)
    #expect(delay("User-agent: *\nCrawl-delay: 1e300") == RobotsRules.longestCrawlDelay)
    #expect(delay("User-agent: *\nCrawl-delay: -1") == nil)
    #expect(delay("User-agent: *\nCrawl-delay: nan") == nil)
    #expect(delay("Crawl-delay: 5") == nil)
    #expect(!allows("User-agent: acervo\nCrawl-delay: 1\nUser-agent: b\nDisallow: /", "/x"))
  }

  @Test func `robots txt itself may always be fetched`() {
    #expect(allows("User-agent: *\nDisallow: /", "/robots.txt"))
    #expect(!allows("User-agent: *\nDisallow: /", "/robots.txt.bak"))
  }

  @Test func `half a mebibyte is read and a cut line does not count`() {
    let head = "User-agent: *\nDisallow: /a/\n"
    let filler = String(repeating: "#", count: RobotsRules.maximumSize - head.utf8.count - 13) + "\nDisallow: /"
    #expect(allows(head + filler + "private/\n", "/x"))
    #expect(!allows(head + filler + "private/\n", "/a/"))
    #expect(!allows(head + "Disallow: /b\n" + filler + filler, "/b"))
  }

  @Test func `the status decides where there is no file`() throws {
    let url = try #require(WebURL("https://e/x"))
    let body = Array("User-agent: *\nDisallow: /".utf8)
    func allowed(_ status: Int?) -> Bool {
      RobotsRules.outcome(status: status, body: body, userAgent: "acervo").allows(url)
    }
    #expect(!allowed(200))
    #expect(allowed(404))
    #expect(allowed(403))
    #expect(allowed(301))
    #expect(!allowed(500))
    #expect(!allowed(503))
    #expect(!allowed(nil))
  }

  @Test(.timeLimit(.minutes(1)))
  func `stars and repetitions take linear time`() {
    let path = "/" + String(repeating: "a", count: 20_000)
    for rule in [
      String(repeating: "*", count: 5_000) + "b", String(repeating: "*a", count: 5_000) + "b",
      "/*" + String(repeating: "a", count: 10_000) + "b",
    ] {
      #expect(allows("User-agent: *\nDisallow: /\(rule)$\n", path))
    }
  }

}

@Suite struct RobotsRulesFuzzTests {
  @Test func `no file stops the reader`() throws {
    let pieces = [
      "User-agent", "disallow", "Allow", "Sitemap", "crawl-delay", ":", " ", "\n", "\r", "*", "/", "$", "%", "%4",
      "%C3",
      "ñ", "\0", "#", "acervo", "a", "1e9", "\u{FEFF}",
    ]
    let url = try #require(WebURL("https://e/a/%41*$?x"))
    for var random in FuzzRounds(2_000, seed: 9) {
      let bytes = Array(random.text(from: pieces, upTo: 40).utf8) + [UInt8.random(in: 0...255, using: &random)]
      _ = RobotsRules(parsing: bytes, userAgent: "acervo").allows(url)
    }
  }
}
