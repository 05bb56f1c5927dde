import AcervoTesting
import Answering
import Corpus
import Embedding
import Foundation
import Testing

@testable import Serving

extension AnswerRoutesTests {
  @Test func `a project asks its models side by side and answers with the issue's members`() async throws {
    let reply = """
      {"synthesis_text": "The disk quota of version 7 is 7 gigabytes [1].", "key_themes": ["quota"], "contradictions": [],
      "consensus_areas": ["7 gigabytes"], "recommendations": [], "suggested_questions": [], "research_areas": []}
      """
    let one = ScriptedModel([[.say(Self.sentence)], [.say(reply)]], name: "m1", provider: "one")
    let two = ScriptedModel([[.fail(.unavailable)]], name: "m2", provider: "two")
    let readers = [Principal("user:ana")].compactMap { $0 }
    let service = try await serve([one, two], authenticator: ByName()) { settings in
      var closed = ProjectSettings(id: "closed", collection: "handbook")
      closed.readers = readers
      settings.projects = [
        ProjectSettings(id: "support", collection: "handbook"), closed,
        ProjectSettings(id: "gone", collection: "nothing"),
      ]
    }
    let body =
      #"{"user_prompt_text": "What is the disk quota?", "include_context": true, "temperature": 0.3, "max_tokens": 200}"#
    let answer = try await post("/api/v1/projects/support/query", body, service)
    #expect(answer.status == 200, "\(answer.text)")
    #expect(
      answer.json.members?.map(\.name).sorted() == [
        "consensus_areas", "contradictions", "created_at", "fallback_used", "individual_responses",
        "interaction_event_id", "key_themes", "moderator_quality", "processing_time_ms", "recommendations",
        "research_areas", "suggested_questions", "synthesis_text",
      ])
    #expect(answer.json["moderator_quality"]?.string == "high")
    #expect(answer.json["fallback_used"]?.bool == false)
    #expect(answer.json["individual_responses"]?.array?.map { $0["success"]?.bool } == [true, false])
    #expect(try await post("/api/v1/projects/none/query", body, service).status == 404)
    #expect(try await post("/api/v1/projects/closed/query", body, service).status == 403)
    #expect(try await post("/api/v1/projects/gone/query", body, service).status == 503)
    #expect(try await post("/api/v1/projects/support/query", "{", service).status == 400)
    let base = "/api/v1/health/orchestration"
    let metrics = try await request("GET", base + "/metrics?days=1", port: service.port).json
    #expect(metrics["total"]?.int == 1)
    #expect(metrics["failures"]?["unavailable"]?.int == 1)
    #expect(metrics["moderator_quality"]?["high"]?.int == 1)
    #expect((metrics["times"]?["total_processing_time_ms"]?["max"]?.double ?? 0) > 0)
    #expect(try await request("GET", base + "/active", port: service.port).json["count"]?.int == 0)
    let performance = try await request("GET", base + "/performance", port: service.port).json
    #expect(performance["models"]?.array?.count == 2)
    let cleaned = try await request("POST", base + "/cleanup?days_to_keep=0", port: service.port)
    #expect(cleaned.status == 200)
    #expect(try await request("POST", base + "/cleanup?days=0", port: service.port).status == 422)
  }

  @Test func `the numbers about projects outlive the service where there is a journal`() async throws {
    let model = ScriptedModel([[.fail(.unavailable)]], name: "m1", provider: "one")
    let journal = JournalSettings(path: handbook.folder.path + "/journal.mdb")
    let change = { (settings: inout ServiceSettings) in
      settings.journal = journal
      settings.projects = [ProjectSettings(id: "support", collection: "handbook")]
    }
    let base = "/api/v1/health/orchestration"
    var before: JSONValue?
    do {
      let service = try await serve([model], authenticator: ByName(), change)
      for _ in 0..<2 {
        let answer = try await post(
          "/api/v1/projects/support/query", #"{"user_prompt_text": "What is the disk quota?"}"#, service)
        #expect(answer.status == 200)
      }
      before = try await request("GET", base + "/metrics?days=3", port: service.port).json
      service.stop()
    }
    let service = try await serve([model], authenticator: ByName(), isPublished: true, change)
    let after = try await request("GET", base + "/metrics?days=3", port: service.port).json
    #expect(after == before)
    #expect(after["total"]?.int == 2 && after["fallbacks"]?.int == 2)
    #expect(after["failures"]?["unavailable"]?.int == 2)
    // Those of a coming second are older than none, so that nothing is left.
    try await Task.sleep(for: .milliseconds(1_100))
    let cleaned = try await request("POST", base + "/cleanup?days_to_keep=0", port: service.port).json
    #expect(cleaned["removed"]?.int == 2 && cleaned["kept"]?.int == 0)
    service.stop()
    let last = try await serve([model], authenticator: ByName(), isPublished: true, change)
    #expect(try await request("GET", base + "/metrics?days=3", port: last.port).json["total"]?.int == 0)
  }

  @Test func `what models took is counted by model and key, also where nothing came of it`() async throws {
    let usage = ModelUsage(promptTokens: 1_000, completionTokens: 100)
    let broken = ScriptedModel(
      [[.say("The disk quota "), .fail(.cut)]], name: "m1", provider: "broken")
    let good = ScriptedModel([[.say(Self.sentence), .usage(usage)]], name: "m2", provider: "good")
    let metrics = Metrics()
    let service = try await serve([], authenticator: ByName()) { settings in
      settings.metrics = metrics
      let price = ModelSettings.Price(prompt: 2, completion: 10)
      settings.models = ModelChain([
        .init(broken, tries: 1, price: price), .init(good, tries: 1, price: price),
      ])
    }
    let answer = try await post("/ask", #"{"question": "What is the disk quota?"}"#, service)
    #expect(answer.json["provider"]?.string == "good")
    #expect(answer.json["failures"]?.array?.map { $0["kind"]?.string } == ["cut"])
    #expect(answer.json["cost"]?.double == 0.003 && answer.json["checks"]?["unsupported"]?.int == 0)
    let uses = metrics.meter.reading.uses
    #expect(uses.map(\.provider) == ["broken", "good"] && uses.map(\.calls) == [1, 1])
    #expect(uses[0].failures == ["cut": 1] && uses[0].promptTokens > 0 && uses[0].completionTokens > 0)
    #expect(uses[1].promptTokens == 1_000 && uses[1].completionTokens == 100)
    #expect(abs(uses[1].cost - 0.003) < 1e-12)
    let answers = Meter.Answers(route: "/ask", provider: "good", outcome: .answered, count: 1)
    #expect(metrics.meter.reading.answers == [answers])
    #expect(metrics.meter.reading.failures == ["cut": 1])
    let text = try await request("GET", "/metrics", port: service.port).text
    #expect(text.contains(#"acervo_model_cost_total{provider="good",key="-",kind="chat"} 0.003"#))
    #expect(text.contains(#"acervo_step_seconds_count{step="answer"} 1"#))
  }
}
