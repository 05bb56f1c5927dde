import AcervoTesting
import Embedding
import Retrieval
import Testing

@testable import Answering

/// Models for tests that only want one.
enum AcervoTestingModel {
  static func saying(_ text: String) -> ScriptedModel { ScriptedModel(saying: text) }
}

@Suite struct OrchestratorTests {
  static let good = "A new password needs at least 12 characters [1]."
  static let reply = """
    {"synthesis_text": "A new password needs at least 12 characters [1].", "key_themes": ["passwords"],
     "contradictions": [], "consensus_areas": ["length"], "recommendations": ["choose 12 characters"],
     "suggested_questions": ["How often?"], "research_areas": []}
    """

  static func orchestrated(_ models: [ScriptedModel], moderator: String? = nil, evidence: [SearchHit]? = nil) async
    -> OrchestratedAnswer
  {
    let answerer = Answerer(
      models: ModelChain(models.map { ModelChain.Member($0, tries: 1) }), embedder: ConceptEmbedder())
    return await Orchestrator(answerer, moderator: moderator).answer(
      AnswererTests.request("How long must a password be?", evidence: evidence ?? AnswererTests.evidence))
  }

  static func model(_ name: String, _ steps: [ScriptedModel.Step]...) -> ScriptedModel {
    ScriptedModel(steps, name: name, provider: name)
  }

  @Test func `several models answer, and a moderator makes one answer of theirs`() async {
    let moderator = Self.model("m", [.say(Self.good)], [.say("```json\n\(Self.reply)\n```")])
    let made = await Self.orchestrated([moderator, Self.model("b", [.say(Self.good)])])
    #expect(made.quality == .high && !made.isFallback && made.failure == nil)
    #expect(made.synthesis.text == "A new password needs at least 12 characters. [1]")
    #expect(made.synthesis.citations.map(\.chunk) == [1] && made.synthesis.provider == "m")
    #expect(made.keyThemes == ["passwords"] && made.consensusAreas == ["length"] && made.contradictions.isEmpty)
    #expect(made.responses.map(\.provider) == ["m", "b"] && made.responses.allSatisfy { $0.supportedShare == 1 })
    // The answers reach the moderator as data.
    let asked = moderator.requests.last?.messages.last?.text ?? ""
    #expect(asked.contains("Answer 2:\n| A new password needs at least 12 characters."))
    let names = made.json.map(\.name)
    #expect(
      names == [
        "synthesis_text", "moderator_quality", "key_themes", "contradictions", "consensus_areas", "recommendations",
        "suggested_questions", "research_areas", "individual_responses", "fallback_used",
      ])
  }

  @Test func `a model that fails takes nothing from the others`() async {
    let made = await Self.orchestrated([
      Self.model("m", [.say(Self.good)], [.say(Self.reply)]), Self.model("b", [.fail(.unavailable)]),
    ])
    #expect(made.quality == .high)
    #expect(made.responses[1].answer == nil && made.responses[1].failure?.kind == .unavailable)
  }

  @Test(arguments: [
    [ScriptedModel.Step.fail(.unavailable)], [.say("{\"synthesis_text\": ")], [.say("{}")], [.say("ok")],
    [.say(#"{"synthesis_text": "The moon is made of green cheese and butter."}"#)],
    [.say(#"{"synthesis_text": 7}"#)],
  ])
  func `where the moderator fails, the answer with the best support stands in`(_ steps: [ScriptedModel.Step]) async {
    let weak = "A new password needs at least 12 characters [1]. The moon shines on green cheese tonight."
    let made = await Self.orchestrated(
      [
        Self.model("a", [.say(weak)]), Self.model("b", [.say(Self.good)]), Self.model("m", [.say(weak)], steps),
      ], moderator: "m")
    #expect(made.quality == .failed && made.isFallback && made.failure != nil)
    #expect(made.synthesis.provider == "b")
    #expect(made.responses.count == 3)
  }

  @Test func `plain words of a moderator are used, at low quality, and half of the form at medium`() async {
    let plain = await Self.orchestrated([Self.model("m", [.say(Self.good)], [.say(Self.good)])])
    #expect(plain.quality == .low && plain.synthesis.text == "A new password needs at least 12 characters. [1]")
    let half = """
      {"synthesis_text": "A new password needs at least 12 characters [1].", "key_themes": ["a"],
       "contradictions": "none", "consensus_areas": [], "recommendations": [1], "suggested_questions": []}
      """
    let made = await Self.orchestrated([Self.model("m", [.say(Self.good)], [.say(half)])])
    #expect(made.quality == .medium && made.recommendations.isEmpty && made.contradictions.isEmpty)
  }

  @Test func `without any model quotes answer, and say so`() async {
    let made = await Self.orchestrated([Self.model("a", [.fail(.unreachable)]), Self.model("b", [.fail(.timedOut)])])
    #expect(made.isFallback && made.synthesis.provider == Answer.extractive && made.synthesis.isAnswered)
    #expect(made.synthesis.notice?.contains("did not answer in time") == true)
    let none = await Self.orchestrated([])
    #expect(none.isFallback && none.responses.isEmpty && none.synthesis.notice == nil)
  }
}
