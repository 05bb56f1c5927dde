import Corpus
import Testing

@Suite struct AccessRuleTests {
  private let ana = Principal("user:ana")
  private let support = Principal("group:support")

  @Test func `Every set must be met, by any of its principals`() throws {
    let ana = try #require(ana)
    let support = try #require(support)
    let rule = AccessRule.allOf([[ana, support], [support]])
    #expect(rule.admits([support]))
    #expect(!rule.admits([ana]))
    #expect(!rule.admits([]))
  }

  @Test func `Open admits everybody; closed and a rule without sets admit nobody`() throws {
    let ana = try #require(ana)
    #expect(AccessRule.open.admits([]))
    #expect(!AccessRule.closed.admits([ana]))
    #expect(!AccessRule.allOf([]).admits([ana]))
    #expect(!AccessRule.allOf([[]]).admits([ana]))
  }

  @Test func `Names are told apart by their bytes`() throws {
    let composed = try #require(Principal("user:jos\u{E9}"))
    let decomposed = try #require(Principal("user:jose\u{301}"))
    #expect(composed != decomposed && Set([composed, decomposed]).count == 2)
    #expect(!AccessRule.allOf([[composed]]).admits([decomposed]))
  }

  @Test(arguments: ["", "user:", "ana", "role:x", "USER:x"])
  func `A principal has a known kind and an id`(name: String) {
    #expect(Principal(name) == nil)
  }
}
