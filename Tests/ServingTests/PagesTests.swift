import AcervoTesting
import Foundation
import Pages
import Testing

@testable import Serving

/// The pages for people, as far as they can be judged without a browser.
@Suite struct PagesTests {
  private static func text(_ page: Page) -> String { String(decoding: page.bytes, as: UTF8.self) }

  @Test func `all pages together weigh less than 100 KB`() {
    #expect(Page.all.reduce(0) { $0 + $1.bytes.count } < 100_000)
  }

  @Test func `no page names another host`() {
    for page in Page.all {
      let text = Self.text(page).replacing("http://www.w3.org/2000/svg", with: "")
      #expect(!text.contains("http://") && !text.contains("https://") && !text.contains("\"//"), "\(page.path)")
    }
  }

  @Test func `no page needs what the policy forbids`() {
    for page in Page.all where page.contentType.hasPrefix("text/html") {
      let text = Self.text(page)
      #expect(!text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick="), "\(page.path)")
      #expect(text.matches(of: /<script[^>]*>/).allSatisfy { $0.output.contains("src=\"/assets/") }, "\(page.path)")
    }
  }

  @Test func `every text is there in both languages`() throws {
    var known: [String: Set<String>] = ["es": [], "en": []]
    var used: Set<String> = []
    for page in Page.all {
      let text = Self.text(page)
      for match in text.matches(of: /\bsay\("(\w+)"/) { used.insert(String(match.1)) }
      for match in text.matches(of: /data-say(?:-label|-hint)?="(\w+)"/) { used.insert(String(match.1)) }
      for match in text.matches(of: /(?m)^  (es|en): \{\n((?:    .*\n)+)  \},/) {
        for key in match.2.matches(of: /(?:^|[{,] ?|    )(\w+): "/) { known[String(match.1)]?.insert(String(key.1)) }
      }
    }
    #expect(known["es"] == known["en"])
    #expect(used.subtracting(known["en"] ?? []) == [])
    #expect(used.count > 30)
  }

  @Test func `a browser gets a page under a strict policy, and only once`() async throws {
    let handbook = try PublishedHandbook()
    try await handbook.publish(1)
    let service = try handbook.serve()
    defer { service.stop() }
    let page = try await request("GET", "/", port: service.port)
    #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
    let policy = try #require(page.headers["content-security-policy"])
    #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
    let tag = try #require(page.headers["etag"])
    let again = try await request("GET", "/", port: service.port, headers: ["If-None-Match: \(tag)"])
    #expect(again.status == 304 && again.body.isEmpty)
    let search = try await request("GET", "/search", port: service.port)
    #expect(search.status == 200 && search.headers["content-type"] == "text/html; charset=utf-8")
    #expect(try await request("GET", "/openapi.json", port: service.port).text.contains("\"/assets/") == false)
  }
}
