import Connectors
import Testing

@Suite struct RobotsDirectivesTests {
  private func header(_ values: String...) -> RobotsDirectives {
    var directives = RobotsDirectives(userAgent: "Acervo/1.0")
    for value in values { directives.addHeader(value) }
    return directives
  }

  @Test(arguments: [
    ("noindex", true, false), ("NoIndex, NOFOLLOW", true, true), ("none", true, true), ("nofollow", false, true),
    ("all", false, false), ("index, follow", false, false), ("googlebot: noindex", false, false),
    ("acervo: noindex", true, false), ("ACERVO: none", true, true), ("*: noindex", true, false),
    ("otherbot: noindex, nofollow", false, false), ("otherbot: noindex, acervo: nofollow", false, true),
    ("nofollow, otherbot: noindex", false, true), ("max-snippet: 20, noindex", true, false), ("", false, false),
    (",,:,noindexed", false, false),
  ])
  func `directives for everybody and for the crawler count`(value: String, noIndex: Bool, noFollow: Bool) {
    let directives = header(value)
    #expect(directives.noIndex == noIndex)
    #expect(directives.noFollow == noFollow)
  }

  @Test func `header fields and meta tags add up`() {
    var directives = header("otherbot: noindex", "nofollow")
    #expect(!directives.noIndex && directives.noFollow)
    directives.addMeta("noarchive,noindex")
    #expect(directives.noIndex)
  }

  @Test(arguments: [
    "unavailable_after: 25 Jun 2010 15:00:00 PST", "unavailable_after: Friday, 25-Jun-10 15:00:00 GMT",
    "unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT, noarchive", "acervo: unavailable_after: 2010-06-25T15:00:00Z",
    "unavailable_after: 2010-06-25T15:00:00+00:00",
  ])
  func `a page is not indexed after its date`(value: String) {
    let directives = header(value)
    #expect(directives.unavailableAfter == 1_277_478_000)
    #expect(!directives.forbidsIndexing(at: 1_277_477_999))
    #expect(directives.forbidsIndexing(at: 1_277_478_000))
  }

  @Test func `a date that cannot be read says nothing, and what follows still counts`() {
    let directives = header("unavailable_after: someday, noindex")
    #expect(directives.unavailableAfter == nil)
    #expect(directives.noIndex)
    #expect(header("otherbot: unavailable_after: 2010-06-25").unavailableAfter == nil)
  }
}
