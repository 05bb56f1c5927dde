import Connectors
import HTTPClient
import Testing

@Suite struct CrawlTrapsTests {
  private func admitted(_ texts: [String], _ change: (inout CrawlTraps.Limits) -> Void = { _ in }) -> Int {
    var limits = CrawlTraps.Limits()
    change(&limits)
    var traps = CrawlTraps(limits: limits)
    return texts.compactMap { WebURL($0) }.filter { traps.refusal(of: $0) == nil }.count
  }

  @Test func `URLs that are too long or too deep are left out`() {
    let long = "https://e.org/" + String(repeating: "x", count: 2_100)
    let deep = "https://e.org" + (0..<40).map { "/s\($0)" }.joined()
    #expect(admitted([long, deep, "https://e.org/a"]) == 1)
  }

  @Test func `links that nest into themselves are left out`() {
    #expect(admitted(["https://e.org/docs/api/docs/api/docs/api/docs/api/"]) == 0)
    #expect(
      admitted(["https://e.org/docs/api/docs/api/docs/", "https://e.org/1/1/1/1/1", "https://e.org/a/a/a/a/a"]) == 3)
  }

  @Test func `a calendar ends and articles under a date do not`() {
    let days = (1...28).map { "https://e.org/calendar/2026/11/\($0)" }
    let dated = (1...9).map { "https://e.org/events?view=list&date=2026-11-0\($0)" }
    let months = (1...9).map { "https://e.org/cal?year=2026&month=\($0)" }
    let articles = (1...28).map { "https://e.org/news/2026/11/\($0)/title" }
    for (urls, expected) in [(days, 5), (dated, 5), (months, 5), (articles, 28)] {
      #expect(admitted(urls) { $0.dates = 5 } == expected, "\(urls[0])")
    }
  }

  @Test func `numbered pages are no calendar`() {
    #expect(admitted((1...30).map { "https://e.org/page/\($0)" }) { $0.dates = 5 } == 30)
    #expect(admitted((1...30).map { "https://e.org/list?page=\($0)" }) { $0.dates = 5 } == 30)
  }

  @Test func `queries of one path are bounded, combinations more tightly`() {
    let filters = (1...20).map { "https://e.org/shop?color=\($0)&size=\($0)&sort=\($0)" }
    #expect(admitted(filters) { $0.combinations = 7 } == 7)
    let pages = (1...20).map { "https://e.org/wiki?title=P\($0)" }
    #expect(admitted(pages) { $0.combinations = 7 } == 20)
    #expect(admitted(pages) { $0.queries = 9 } == 9)
    #expect(admitted((1...20).map { "https://e.org/\($0)?title=P" }) { $0.queries = 9 } == 20)
  }
}

@Suite struct SessionParametersTests {
  @Test(arguments: [
    ("https://e.org/a;jsessionid=0A1B?x=1", "https://e.org/a?x=1"),
    ("https://e.org/a?PHPSESSID=abc&x=1#f", "https://e.org/a?x=1#f"),
    ("https://e.org/a?utm_source=x", "https://e.org/a"),
    ("https://e.org:8080/a?b=1&utm_medium=x&c=2", "https://e.org:8080/a?b=1&c=2"),
    ("https://e.org/(S(abcdefghijklmnopqrstuvwx))/p.aspx", "https://e.org/p.aspx"),
    ("https://e.org/a?sid=0123456789abcdef0123", "https://e.org/a"),
    ("https://e.org/a?sid=42", "https://e.org/a?sid=42"),
    ("https://e.org/a?session=morning", "https://e.org/a?session=morning"),
    ("https://e.org/a?b=1&&c=", "https://e.org/a?b=1&&c="), ("https://e.org/a;v=1/b?", "https://e.org/a;v=1/b?"),
    ("https://e.org/a/..;jsessionid=x/b", "https://e.org/b"),
    ("https://e.org/a?phpsessid", "https://e.org/a?phpsessid"),
    ("mailto:a?utm_source=x", "mailto:a?utm_source=x"),
  ])
  func `only what surely names a visit or a campaign is taken out`(text: String, expected: String) throws {
    let url = try #require(WebURL(text))
    #expect(SessionParameters.removed(from: url).description == expected)
  }
}
