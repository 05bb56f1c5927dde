import AcervoTesting
import Corpus
import Foundation
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct FeedbackTests {
  let handbook: PublishedHandbook
  let ana = ConversationOwner(Caller("ana"))

  init() throws {
    handbook = try PublishedHandbook()
  }

  private func journal(
    at time: Int64 = 1_000, _ change: (inout JournalSettings) -> Void = { _ in }
  ) throws -> Journal {
    var settings = JournalSettings(path: handbook.folder.path + "/journal.mdb")
    change(&settings)
    return try Journal(settings, masking: [.email], log: ServiceLog { _ in }) { time }
  }

  private func asked(_ question: String, at time: Int64 = 1_000) -> Journal.Asked {
    Journal.Asked(id: InteractionID(), time: time, question: question, collection: "handbook", snapshot: "s")
  }

  private func all(_ journal: Journal, since: Int64 = 0) async throws -> [(Journal.Asked, Journal.Feedback?)] {
    var found: [(Journal.Asked, Journal.Feedback?)] = []
    try await journal.asked(since: since) { found += $0 }
    return found
  }

  // MARK: What is kept

  @Test func `what was asked is kept masked and cut, and read from a time on`() async throws {
    let journal = try journal()
    journal.record(asked("Write to ana@example.org", at: 990), of: ana)
    journal.record(asked(String(repeating: "ñ", count: 2_000), at: 995), of: ana)
    let found = try await all(journal)
    #expect(found.map(\.0.question) == ["Write to [email]", String(repeating: "ñ", count: 500)])
    #expect(try await all(journal, since: 991).map(\.0.time) == [995])
  }

  @Test func `more than one page is read, each question once`() async throws {
    let journal = try journal()
    for number in 0..<2_500 {
      journal.record(asked("\(number)"), of: ana)
      if number % 500 == 0 { _ = try await journal.conversations(of: ana) }
    }
    let found = try await all(journal)
    #expect(found.count == 2_500)
    #expect(Set(found.map(\.0.question)).count == 2_500)
  }

  @Test func `the owner alone says what an answer was worth, and may change their mind`() async throws {
    let journal = try journal()
    let one = asked("one")
    journal.record(one, of: ana)
    let other = ConversationOwner(Caller("bo"))
    #expect(try await journal.record(isUp: true, comment: "", on: one.id, of: other) == false)
    #expect(try await journal.record(isUp: true, comment: "", on: InteractionID(), of: ana) == false)
    #expect(try await journal.record(isUp: true, comment: "", on: one.id, of: ana))
    #expect(try await journal.record(isUp: false, comment: "ask bo@example.org", on: one.id, of: ana))
    let verdict = try #require(try await all(journal).first?.1)
    #expect(verdict == Journal.Feedback(isUp: false, comment: "ask [email]", time: 1_000))
  }

  @Test func `what is too old goes with what was thought of it, and its bytes are counted off`() async throws {
    do {
      let journal = try journal { $0.retentionSeconds = 100 }
      for number in 0..<250 { journal.record(asked("old \(number)", at: 950), of: ana) }
      let last = asked("new", at: 1_000)
      journal.record(last, of: ana)
      #expect(try await journal.record(isUp: true, comment: "", on: last.id, of: ana))
      #expect(try await all(journal).count == 251)
    }
    let journal = try journal(at: 1_060) { $0.retentionSeconds = 100 }
    #expect(try await all(journal).map(\.0.question) == ["new"])
    #expect(try journal.tables.asked.bytes() < 600)
    let later = try self.journal(at: 1_200) { $0.retentionSeconds = 100 }
    #expect(try await all(later).isEmpty)
    #expect(try later.tables.asked.bytes() == 0)
  }

  @Test func `above its share the oldest questions go`() async throws {
    let journal = try journal { $0.bytes = 200_000 }
    for number in 0..<300 { journal.record(asked("\(number)", at: 900 + Int64(number)), of: ana) }
    let found = try await all(journal)
    #expect(try journal.tables.asked.bytes() <= 20_000)
    #expect(found.count > 10)
    #expect(found.last?.0.question == "299")
    #expect(found.first?.0.question == "\(300 - found.count)")
  }

  @Test func `names of answers are read with and without hyphens`() {
    let id = InteractionID()
    #expect(InteractionID(id.text) == id)
    #expect(InteractionID(id.text.filter { $0 != "-" }) == id)
    for text in ["", "x", id.text + "0", id.text.uppercased() + "A"] { #expect(InteractionID(text) == nil) }
  }

  // MARK: The route

  private func serve(_ change: @escaping (inout ServiceSettings) -> Void = { _ in }) async throws -> QueryService {
    try await handbook.publish(7)
    let service = try handbook.serve { settings in
      settings.journal = JournalSettings(path: handbook.folder.path + "/journal.mdb")
      change(&settings)
    }
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    return service
  }

  private func post(_ path: String, _ body: String, _ service: QueryService) async throws -> RawResponse {
    try await request("POST", path, port: service.port, body: body)
  }

  @Test func `an answer can be judged by its name, whatever route gave it`() async throws {
    let service = try await serve()
    defer { service.stop() }
    let answers = [
      try await post("/ask", #"{"question": "What is the disk quota?"}"#, service),
      try await post("/api/v1/chat", #"{"message": "What is the disk quota?"}"#, service),
    ]
    for answer in answers {
      #expect(answer.status == 200)
      let id = try #require(answer.json["interaction_event_id"]?.string)
      let body = #"{"interaction_event_id": "\#(id)", "verdict": "down", "comment": "too short"}"#
      let kept = try await post("/api/v1/feedback", body, service)
      #expect(kept.status == 200)
      #expect(kept.json["kept"]?.bool == true)
    }
    let id = InteractionID().text
    #expect(
      try await post("/api/v1/feedback", #"{"interaction_event_id": "\#(id)", "verdict": "up"}"#, service).status == 404
    )
    let wrong = [
      #"{"interaction_event_id": "\#(id)", "verdict": "great"}"#, #"{"verdict": "up"}"#,
      #"{"interaction_event_id": "\#(id)", "verdict": "up", "stars": 5}"#,
    ]
    for body in wrong { #expect(try await post("/api/v1/feedback", body, service).status == 422) }
    let long = String(repeating: "x", count: 2_001)
    let body = #"{"interaction_event_id": "\#(id)", "verdict": "up", "comment": "\#(long)"}"#
    #expect(try await post("/api/v1/feedback", body, service).status == 413)
  }

  @Test func `without a journal nothing is named and nothing is kept`() async throws {
    let service = try await serve { $0.journal = nil }
    defer { service.stop() }
    let answer = try await post("/ask", #"{"question": "What is the disk quota?"}"#, service)
    #expect(answer.json["interaction_event_id"] == .null)
    let body = #"{"interaction_event_id": "\#(InteractionID().text)", "verdict": "up"}"#
    #expect(try await post("/api/v1/feedback", body, service).status == 404)
  }
}
