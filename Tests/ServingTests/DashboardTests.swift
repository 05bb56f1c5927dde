import AcervoTesting
import Answering
import Corpus
import Foundation
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct DashboardTests {
  let handbook: PublishedHandbook

  init() throws {
    handbook = try PublishedHandbook()
  }

  private static let adminKey = "admin-key-of-the-dashboard-tests-000"

  private func serve(
    _ models: [any LanguageModel] = [], _ change: @escaping (inout ServiceSettings) -> Void = { _ in }
  ) async throws -> QueryService {
    let service = try handbook.serve(adminKey: AdminKey(Self.adminKey, from: "test")) { settings in
      settings.journal = JournalSettings(path: handbook.folder.path + "/journal.mdb")
      settings.models = ModelChain(models.map { ModelChain.Member($0, tries: 1) })
      settings.moderation.masked = [.email]
      change(&settings)
    }
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    return service
  }

  private func dashboard(_ service: QueryService, days: Int = 7) async throws -> RawResponse {
    try await request(
      "GET", "/api/v1/dashboard?days=\(days)", port: service.port,
      headers: ["Authorization: Bearer \(Self.adminKey)"])
  }

  private func ask(_ question: String, _ service: QueryService) async throws -> RawResponse {
    try await request("POST", "/ask", port: service.port, body: #"{"question": "\#(question)"}"#)
  }

  @Test func `the dashboard tells what was asked, answered, judged and published`() async throws {
    try await handbook.publish(7)
    try await handbook.publish(8)
    let report = """
      {"outcome": "refused", "reason": "too many failed", "ended": "2026-11-01T00:00:00Z", "seconds": 2.5,
       "run": {"failed": 3}, "failures": [{"url": "https://a.example/", "stage": "fetch", "reason": "HTTP 500"}],
       "incomplete": [{"source": "web", "reason": "cut short"}]}
      """
    try Data(report.utf8).write(to: URL(filePath: handbook.folder.path + "/handbook/last-run.json"))
    let service = try await serve()
    defer { service.stop() }
    let answer = try await ask("What is the disk quota?", service)
    _ = try await ask("what is the DISK quota", service)
    let unknown = try await ask("¿Quién es ana@example.org en Zaragoza?", service)
    #expect(unknown.json["answered"]?.bool == false)
    let id = try #require(answer.json["interaction_event_id"]?.string)
    let body = #"{"interaction_event_id": "\#(id)", "verdict": "down", "comment": "old, says bo@example.org"}"#
    #expect(try await request("POST", "/api/v1/feedback", port: service.port, body: body).status == 200)

    let response = try await dashboard(service)
    #expect(response.status == 200)
    let told = response.json
    let document = try await request("GET", "/openapi.json", port: service.port)
    #expect(document.text.contains("/api/v1/dashboard"))
    let today = try #require(told["traffic"]?.array?.last)
    #expect(told["traffic"]?.array?.count == 7)
    #expect((today["questions"]?.int, today["answered"]?.int) == (3, 2))
    // Of the two ways of writing it in one second, either.
    #expect(told["asked"]?.array?.first?["question"]?.string?.lowercased().hasPrefix("what is the disk quota") == true)
    #expect(told["asked"]?.array?.first?["count"]?.int == 2)
    #expect(told["unanswered"]?.array?.map { $0["question"]?.string } == ["¿Quién es [email] en Zaragoza?"])
    #expect(told["providers"]?.array?.first?["provider"]?.string == "extractive")
    #expect(told["providers"]?.array?.first?["answers"]?.int == 3)
    #expect(told["feedback"]?["down"]?.int == 1)
    #expect(told["feedback"]?["latest"]?.array?.first?["comment"]?.string == "old, says [email]")
    #expect(told["feedback"]?["latest"]?.array?.first?["answer"]?.string == answer.json["id"]?.string)
    let steps = told["steps"]?.array?.map { $0["name"]?.string }
    #expect(steps == ["retrieve", "answer", "whole"])
    let collection = try #require(told["collections"]?.array?.first)
    #expect(collection["difference"]?["changed"]?.int == 2)
    #expect(collection["last_run"]?["failed"]?.int == 3)
    #expect(collection["last_run"]?["failures"]?.array?.first?["reason"]?.string == "HTTP 500")
    #expect(collection["bytes"]?.int ?? 0 > 1_000)
    #expect(!response.text.contains("@example.org"))
  }

  @Test func `nobody else reads it, and without a journal nothing of what was asked is in it`() async throws {
    try await handbook.publish(7)
    let service = try await serve { $0.journal = nil }
    defer { service.stop() }
    #expect(try await request("GET", "/api/v1/dashboard", port: service.port).status == 401)
    _ = try await ask("What is the disk quota?", service)
    let told = try await dashboard(service).json
    #expect(told["journal"]?.bool == false)
    for name in ["traffic", "asked", "unanswered", "providers", "intents"] { #expect(told[name]?.array == []) }
    #expect(told["requests"]?["answered"]?.int ?? 0 > 0)
    #expect(told["answers"]?["answered"]?.int == 1)
    #expect(try await dashboard(service, days: 1).status == 200)
    for days in [0, 91] { #expect(try await dashboard(service, days: days).status == 422) }
  }

  @Test func `tokens and cost stand with whom they went to, once where an answer is remembered`() async throws {
    try await handbook.publish(7)
    let service = try await serve([ScriptedModel(saying: "The disk quota of version 7 is 7 gigabytes [1].")])
    defer { service.stop() }
    _ = try await ask("What is the disk quota?", service)
    let once = try #require(try await dashboard(service).json["providers"]?.array?.first)
    #expect(once["provider"]?.string == "scripted")
    #expect(once["prompt_tokens"]?.int ?? 0 > 0)
    _ = try await ask("What is the disk quota?", service)
    let twice = try #require(try await dashboard(service).json["providers"]?.array?.first)
    #expect(twice["answers"]?.int == 2)
    #expect(twice["prompt_tokens"] == once["prompt_tokens"])
    let model = try #require(try await dashboard(service).json["models"]?.array?.first)
    #expect((model["provider"]?.string, model["calls"]?.int) == ("scripted", 1))
  }

  // MARK: Parts

  private func asked(_ text: String, _ count: Int) -> QuestionSummary.Asked {
    QuestionSummary.Asked(text: text, collection: "c", count: count, unanswered: count)
  }

  @Test func `questions join the group that they are most like, the most frequent one names it`() {
    let questions = [asked("a", 5), asked("b", 3), asked("c", 2), asked("d", 1)]
    // a and c point the same way, d lies between a and b and nearer to b.
    let vectors: [Float] = [1, 0, 0, 1, 0.8, 0.6, 0.6, 0.8]
    let groups = QuestionGroups.groups(of: questions, vectors)
    #expect(groups.map(\.question) == ["a", "b"])
    #expect(groups.map(\.count) == [7, 4])
    #expect(groups.map(\.similar) == [["c"], ["d"]])
    #expect(QuestionGroups.groups(of: questions, nil).count == 4)
    #expect(QuestionGroups.groups(of: [], nil).isEmpty)
  }

  @Test func `times are read off the histogram's buckets`() {
    let metrics = Metrics()
    #expect(metrics.stepTimes.isEmpty)
    for _ in 0..<90 { metrics.took(.retrieve, .milliseconds(3)) }
    for _ in 0..<10 { metrics.took(.retrieve, .milliseconds(700)) }
    let time = metrics.stepTimes.first
    #expect(time?.count == 100)
    #expect((2.5...5).contains(time?.half ?? 0))
    #expect((500...1_000).contains(time?.most ?? 0))
  }
}
