import AcervoTesting
import Markup
import Testing

@Suite struct MarkupDocumentTests {
  private func parse(_ html: String) throws -> MarkupDocument { try MarkupDocument.html(Array(html.utf8)) }

  @Test func `elements come in document order with their attributes`() throws {
    let page = try parse("<title>T</title><body><p>a <a HREF='/x?a=1&amp;b=2' rel=nofollow>b</a></p><a name=n>c</a>")
    let links = page.elements.filter { page.tag(of: $0) == .a }
    #expect(links.map { page.value(of: .href, in: $0) } == ["/x?a=1&b=2", nil])
    #expect(links.map { page.value(named: "name", in: $0) } == [nil, "n"])
    #expect(links.map { page.text(of: $0) } == ["b", "c"])
    #expect(page.value(of: .rel, in: links[0]) == "nofollow")
  }

  @Test func `children, parents and ends agree`() throws {
    let page = try parse("<ul><li>1<li>2<b>3</b></ul><x-y data-z=1>w</x-y>")
    let list = try #require(page.elements.first { page.tag(of: $0) == .ul })
    let items = Array(page.children(of: list))
    #expect(items.map { page.text(of: $0) } == ["1", "23"])
    #expect(items.allSatisfy { page.parent(of: $0) == list && page.end(of: $0) <= page.end(of: list) })
    let custom = try #require(page.elements.first { page.name(of: $0) == "x-y" })
    #expect(page.tag(of: custom) == .other && page.value(named: "data-z", in: custom) == "1")
  }

  @Test func `character references become characters`() throws {
    let page = try parse("<p>&eacute;&#241;&#x20AC;&nbsp;&bogus;&lt;</p>")
    #expect(page.text(of: 0) == "éñ€\u{A0}&bogus;<")
  }

  @Test func `nothing gives an empty document`() throws {
    #expect(try parse("").count == 0)
    #expect(try parse("   ").count == 0)
  }

  @Test func `a page over the limit is refused`() {
    var limits = MarkupDocument.Limits()
    limits.bytes = 3
    #expect(throws: MarkupError.tooLong(bytes: 4, limit: 3)) {
      try MarkupDocument.html(Array("abcd".utf8), limits: limits)
    }
  }

  @Test func `elements below the depth limit are flattened and lose no text`() throws {
    let depth = 100_000
    let page = try parse(String(repeating: "<div>x", count: depth) + "end")
    #expect(page.text(of: 0) == String(repeating: "x", count: depth) + "end")
    var deepest = 0
    for node in page.elements {
      var depth = 1
      var above = page.parent(of: node)
      while let next = above {
        depth += 1
        above = page.parent(of: next)
      }
      deepest = max(deepest, depth)
    }
    #expect(deepest == 256)
    #expect(!page.isTruncated)
  }

  @Test(arguments: ["b", "table", "frameset", "x", "head", "a href=x"])
  func `a hundred thousand open tags and as many wrong end tags take bounded time`(tag: String) throws {
    let name = tag.prefix { $0 != " " }
    let clock = ContinuousClock()
    let taken = try clock.measure {
      let page = try parse(
        String(repeating: "<\(tag)>", count: 100_000) + String(repeating: "</i>", count: 100_000)
          + String(repeating: "</\(name)>", count: 100_000))
      #expect(page.count < 1_000_000)
    }
    #expect(taken < Patience.seconds(60))
  }

  @Test func `a tag with a million attributes keeps the first 500`() throws {
    let attributes = (0..<300_000).map { "a\($0)" }.joined(separator: " ")
    let page = try parse("<!-- <a \" --><script>'<b \"'</script><p \(attributes)>text</p><p id=\"x>y\">z")
    let paragraphs = page.elements.filter { page.tag(of: $0) == .p }
    #expect(page.value(named: "a499", in: paragraphs[0]) != nil)
    #expect(page.value(named: "a500", in: paragraphs[0]) == nil)
    #expect(page.text(of: paragraphs[0]) == "text")
    #expect(page.value(of: .id, in: paragraphs[1]) == "x>y")
  }

  @Test func `XML keeps prefixes, CDATA and HTML's characters, and expands no entity of its own`() throws {
    let xml = """
      <!DOCTYPE x [<!ENTITY bomb "&lol;&lol;"><!ENTITY file SYSTEM "file:///etc/passwd">]>
      <x><ac:macro ac:name="code"><ac:body><![CDATA[a < b]]></ac:body></ac:macro>&nbsp;&bomb;&file;</x>
      """
    let page = try MarkupDocument.xml(Array(xml.utf8))
    let macro = try #require(page.elements.first { page.name(of: $0) == "ac:macro" })
    #expect(page.value(named: "ac:name", in: macro) == "code")
    #expect(page.text(of: macro) == "a < b")
    #expect(page.text(of: 0).hasSuffix("\u{A0}&bomb;&file;"))
  }

  @Test func `pages parse on many threads at once`() async throws {
    let texts = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<32 {
        group.addTask { @Sendable in
          let page = try MarkupDocument.html(Array("<p>n<b>\(number)</b>".utf8))
          return page.text(of: 0)
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(texts == Set((0..<32).map { "n\($0)" }))
  }
}
