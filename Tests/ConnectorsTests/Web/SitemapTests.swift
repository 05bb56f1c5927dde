import AcervoTesting
import Connectors
import HTTPClient
import Testing

@Suite struct SitemapTests {
  fileprivate func read(_ text: String, at url: String = "https://e.org/sitemap.xml") -> Sitemap {
    Sitemap(parsing: Array(text.utf8), url: WebURL(url))
  }

  private func pages(_ text: String) -> [String] { read(text).pages.map(\.url.description) }

  @Test func `a list of pages is read with its dates`() {
    let sitemap = read(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- <url><loc>https://e.org/no</loc></url> -->
      <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
        <url><loc> https://e.org/a?x=1&amp;y=2 </loc><lastmod>2026-11-20</lastmod><priority>0.5</priority></url>
        <url><lastmod>soon</lastmod><loc><![CDATA[https://e.org/b?x=1&y=2]]></loc></url>
      </urlset>
      """)
    #expect(sitemap.pages.map(\.url.description) == ["https://e.org/a?x=1&y=2", "https://e.org/b?x=1&y=2"])
    #expect(sitemap.pages.map(\.lastModified) == [1_795_132_800, nil])
    #expect(sitemap.sitemaps.isEmpty && !sitemap.isCut && sitemap.invalid == 0)
  }

  @Test func `an index names further sitemaps`() {
    let sitemap = read("<sitemapindex><sitemap><loc>https://e.org/1.xml.gz</loc></sitemap></sitemapindex>")
    #expect(sitemap.sitemaps.map(\.url.description) == ["https://e.org/1.xml.gz"])
    #expect(sitemap.pages.isEmpty)
  }

  @Test(arguments: [
    "<s:urlset><s:url><s:loc>https://e.org/a</s:loc></s:url></s:urlset>",
    "<urlset><url><image:image><image:loc>https://e.org/i.png</image:loc></image:image><loc>https://e.org/a</loc></url>",
    "<URLSET><URL><LOC>https://e.org/a</LOC></URL></URLSET>",
    "<urlset><url><loc>https://e.org/a</url></urlset>", "<urlset><url><loc>https://e.org/a",
    "<!DOCTYPE x [<!ENTITY a \"<url><loc>https://e.org/n</loc></url>\">]><url><loc>https://e.org/a</loc></url>",
    "<urlset><url title=\"a>b\"><loc>https://e.org/&#x61;</loc></url></urlset>",
    "<url><loc><!-- x -->https://e.<!-- y -->org/a</loc><loc>https://e.org/second</loc></url>",
    "<url><loc>/a</loc></url>", "\u{FEFF}<url><loc>https://e.org/a</loc></url>",
    "\u{FEFF}https://e.org/a\r\n\r\n", "  https://e.org/a#x\n".replacing("#x", with: ""),
    "<url><loc/><loc>https://e.org/a</loc></url>", "< <url ><loc\n>https://e.org/a</loc ></url>",
  ])
  func `odd and broken files give what they hold`(text: String) {
    #expect(pages(text) == ["https://e.org/a"])
  }

  @Test func `what is no sitemap lists nothing`() {
    for text in ["", "<html><body><p>Not found</p></body></html>", "<", "<!--", "<![CDATA[", "&", "\0", "{}"] {
      let sitemap = read(text)
      #expect(sitemap.pages.isEmpty && sitemap.sitemaps.isEmpty, "\(text)")
    }
    #expect(read("ftp://e.org/a\nnonsense\nhttps://e.org/b").invalid == 2)
  }

  @Test func `the file may be in UTF-16`() {
    let units = Array("\u{FEFF}<url><loc>https://e.org/ñ</loc></url>".utf16)
    let little = units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    let big = units.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    for bytes in [little, big] {
      #expect(Sitemap(parsing: bytes).pages.map(\.url.description) == ["https://e.org/%C3%B1"])
    }
  }

  @Test func `no more than fifty thousand entries are read`() {
    let lines = String(repeating: "https://e.org/\n", count: Sitemap.maximumEntries)
    #expect(read(lines).pages.count == Sitemap.maximumEntries)
    #expect(!read(lines).isCut)
    let more = read(lines + "https://e.org/\n")
    #expect(more.pages.count == Sitemap.maximumEntries)
    #expect(more.isCut)
  }

  // gzip of "https://e.org/a\n" and of "https://e.org/b\n", made with gzip -n.
  static let gzipA: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 40, 41, 41, 40, 182, 210, 215, 79, 213, 203, 47, 74, 215, 79, 228, 2, 0, 154,
    108, 27, 109, 16, 0, 0, 0,
  ]
  static let gzipB: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 40, 41, 41, 40, 182, 210, 215, 79, 213, 203, 47, 74, 215, 79, 226, 2, 0, 89,
    63, 54, 70, 16, 0, 0, 0,
  ]

  @Test func `gzip is known by its first bytes, whole, in several members or cut off`() {
    #expect(Sitemap(parsing: Self.gzipA).pages.map(\.url.description) == ["https://e.org/a"])
    let both = Sitemap(parsing: Self.gzipA + Self.gzipB)
    #expect(both.pages.map(\.url.description) == ["https://e.org/a", "https://e.org/b"])
    #expect(!both.isCut)
    #expect(!Sitemap(parsing: Self.gzipA + [0, 0, 0]).isCut)
    #expect(Sitemap(parsing: Array(Self.gzipA.dropLast(9))).isCut)
    #expect(Sitemap(parsing: [0x1F, 0x8B]).isCut)
    #expect(Sitemap(parsing: [0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).pages.isEmpty)
  }

  @Test(
    arguments: [
      ("1970", 0), ("1970-02", 2_678_400), ("2026-11-20T12:30Z", 1_795_177_800),
      ("2026-11-20T12:30:15Z", 1_795_177_815),
      ("2026-11-20T12:30:15.75+02:00", 1_795_170_615), ("2026-11-20 12:30:15", 1_795_177_815),
      ("2026-11-20T12:30:15-0130", 1_795_183_215), ("2026-13-01", nil), ("2026-02-29", nil), ("26-01-01", nil),
      ("2026-11-20T25:00Z", nil), ("2026-11-20T12:30+99:00", nil), ("2026-11-20Tnoon", nil), ("2026-01-01-01", nil),
    ] as [(String, Int64?)])
  func `dates of any precision are read`(text: String, expected: Int64?) {
    #expect(read("<url><loc>/a</loc><lastmod>\(text)</lastmod></url>").pages.first?.lastModified == expected)
  }

}

@Suite struct SitemapFuzzTests {
  @Test func `no file stops the reader`() {
    let pieces = [
      "<", ">", "/", "url", "loc", "<url>", "<loc>", "</loc>", "</url>", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE",
      "[", "]", "\"", "'", "&", "&amp;", "&#x110000;", "&#xD800;", ";", "https://e.org/", "a", ":", "<?", "?>", "\0",
      "é",
    ]
    for var random in FuzzRounds(2_000, seed: 13) {
      let text = random.text(from: pieces, upTo: 30)
      _ = SitemapTests().read(text)
      var gzip = SitemapTests.gzipA
      gzip[Int.random(in: 2..<gzip.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = Sitemap(parsing: gzip)
    }
  }
}
