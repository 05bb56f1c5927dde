import AcervoTesting
import Corpus
import HTTPClient
import Testing

@Suite struct WebURLTests {
  static let data = "url/cases.json"

  @Test(.enabled(if: DevelopmentData.has(data), "needs shared/data/url"))
  func `every case of the web platform's own tests comes out as written there`() throws {
    let cases = try #require(try JSONValue(parsing: DevelopmentData.bytes(Self.data)).array)
    #expect(cases.count > 400)
    for item in cases {
      let input = try #require(item["input"]?.string)
      let url: WebURL?
      if let base = item["base"]?.string {
        url = WebURL(base).flatMap { WebURL(input, base: $0) }
      } else {
        url = WebURL(input)
      }
      if item["failure"]?.bool == true {
        #expect(url == nil, "\(input.debugDescription)")
        continue
      }
      guard let url else {
        Issue.record("not parsed: \(input.debugDescription)")
        continue
      }
      func field(_ name: String) -> String { item[name]?.string ?? "" }
      #expect(url.description == field("href"), "\(input.debugDescription)")
      #expect(url.scheme + ":" == field("protocol"))
      #expect(url.username == field("username"))
      #expect(url.password == field("password"))
      #expect(url.host ?? "" == field("hostname"), "\(input.debugDescription)")
      #expect(url.port.map(String.init) ?? "" == field("port"))
      #expect(url.path == field("pathname"))
      #expect((url.query ?? "").isEmpty ? field("search").isEmpty : "?" + (url.query ?? "") == field("search"))
      #expect((url.fragment ?? "").isEmpty ? field("hash").isEmpty : "#" + (url.fragment ?? "") == field("hash"))
      if item["origin"] != nil { #expect(url.origin ?? "null" == field("origin"), "\(input.debugDescription)") }
      #expect(WebURL(url.description) == url, "\(input.debugDescription)")
    }
  }

  @Test(arguments: [
    ("b", "https://example.org/a/b"),
    ("../x/./y/../z", "https://example.org/x/z"),
    ("/x?q=a b#f", "https://example.org/x?q=a%20b#f"),
    ("?n=2", "https://example.org/a/c?n=2"),
    ("#top", "https://example.org/a/c?k=v#top"),
    ("//other.example/x", "https://other.example/x"),
    ("HTTP://EXAMPLE.com:80", "http://example.com/"),
    ("mañana.html", "https://example.org/a/ma%C3%B1ana.html"),
    ("https://español.example/", "https://xn--espaol-zwa.example/"),
    ("https://straße.example/", "https://xn--strae-oqa.example/"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("http://[::FFFF:10.0.0.1]/", "http://[::ffff:a00:1]/"),
    ("a\\b", "https://example.org/a/a/b"),
  ])
  func `a reference resolves against its page`(reference: String, expected: String) throws {
    let base = try #require(WebURL("https://example.org/a/c?k=v#f"))
    #expect(WebURL(reference, base: base)?.description == expected)
  }

  @Test(arguments: [
    "", "no scheme", "http://", "http://a b/", "http://a:65536/", "http://a:-1/", "http://[::1", "http://1.2.3.4.5/",
    "http://xn--a\u{E9}\u{200D}b/", "//no.base/",
  ])
  func `a text that is no URL is refused`(text: String) {
    #expect(WebURL(text) == nil)
  }

  @Test func `the parts that a client needs are at hand`() throws {
    let url = try #require(WebURL("https://u:p@[2001:DB8::1]/a?b#c"))
    #expect(url.pathAndQuery == "/a?b")
    #expect(url.origin == "https://[2001:db8::1]")
    #expect(url.isHTTP)
    #expect(url.withoutFragment.description == "https://u:p@[2001:db8::1]/a?b")
    #expect(WebURL("mailto:a@b")?.isHTTP == false)
    #expect(WebURL("mailto:a@b")?.hasOpaquePath == true)
  }

  @Test func `the identity of a page drops the fragment and nothing else`() {
    func identity(_ text: String) -> String? { WebURL(text)?.withoutFragment.description }
    #expect(identity("http://a/b#c") == identity("HTTP://A:80/x/../b#d"))
    #expect(identity("http://a/b?x=1&y=2") != identity("http://a/b?y=2&x=1"))
    #expect(identity("http://a/b") != identity("http://a/b/"))
    #expect(identity("http://a/b") != identity("http://a/b?"))
    #expect(identity("http://a/b") != identity("http://a/B"))
    #expect(identity("http://a/b") != identity("https://a/b"))
  }

  @Test func `a URL beyond the length limit is refused`() {
    let room = WebURL.maximumLength - 100
    #expect(WebURL("http://a/" + String(repeating: "x", count: room)) != nil)
    #expect(WebURL("http://a/" + String(repeating: "x", count: WebURL.maximumLength)) == nil)
    #expect(WebURL("http://a/" + String(repeating: "ñ", count: WebURL.maximumLength / 4)) == nil)
  }

  @Test(
    .timeLimit(.minutes(1)), arguments: ["@", ":", "/..", "/a/..", "\\", "?", "[", "%2e%2e/", "a.", "é.", ".", "0."])
  func `repeated parts take no more than linear time`(part: String) {
    let count = (WebURL.maximumLength - 100) / part.utf8.count
    for prefix in ["http://", "http://h/", "x://", "x:", "file:"] {
      _ = WebURL(prefix + String(repeating: part, count: count))
    }
  }

}

@Suite struct WebURLFuzzTests {
  @Test func `any text gives a URL that reads back as itself, or none`() throws {
    let pieces = [
      "http:", "https://", "file:", "sc:", "blob:", "//", "/", "\\", ".", "..", "%2e", "%", "%41", "?", "#", "@", ":",
      "[", "]", "::1", "1.2.3.4", "0x", "example", "C|", "c:", "é", "💩", "\u{AD}", " ", "\t", "\n", "\0", "|", "^", "~",
      "xn--", "&", "=", "localhost", "65536", "80", "\u{200D}", "。",
    ]
    let bases = [nil] + ["http://h/a/b?c#d", "file:///C:/x", "sc://h/p/", "sc:/p", "mailto:x"].map { WebURL($0) }
    var parsed = 0
    for var random in FuzzRounds(6_000, seed: 3) {
      let text = random.text(from: pieces, upTo: 9)
      guard let url = WebURL(text, base: bases.randomElement(using: &random) ?? nil) else { continue }
      parsed += 1
      #expect(WebURL(url.description) == url, "\(text.debugDescription)")
      #expect(url.description.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
      let bare = url.withoutFragment
      #expect(WebURL(bare.description) == bare, "\(text.debugDescription)")
    }
    #expect(parsed > 1_000)
  }
}
