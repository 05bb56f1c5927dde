import AcervoTesting
import Corpus
import Foundation
import Synchronization
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(1))) struct JournalTests {
  let folder: TemporaryFolder
  let ana = ConversationOwner(Caller("ana"))
  let bo = ConversationOwner(Caller("bo"))

  init() throws {
    folder = try TemporaryFolder()
  }

  private func journal(at time: Int64 = 1_000, _ change: (inout JournalSettings) -> Void = { _ in }) throws -> Journal {
    var settings = JournalSettings(path: folder.path + "/journal.mdb")
    change(&settings)
    return try Journal(settings, log: ServiceLog { _ in }) { time }
  }

  private func turn(_ question: String, at time: Int64 = 1_000) -> Journal.Turn {
    Journal.Turn(question: question, answer: "A: " + question, sources: ["https://a.example/"], time: time)
  }

  @Test func `a conversation is read back by its owner alone, under the title of its first question`() async throws {
    let journal = try journal()
    let id = ConversationID()
    let long = String(repeating: "¿Cómo entro? ", count: 20)
    journal.record(turn(long), in: id, of: ana)
    journal.record(turn("two", at: 1_001), in: id, of: ana)
    let found = try #require(try await journal.conversation(id, of: ana))
    #expect(found.0.turns == 2)
    #expect(found.0.updated == 1_001)
    #expect(found.0.title.hasPrefix("¿Cómo entro? ¿Cómo entro?"))
    #expect(found.0.title.hasSuffix("…"))
    #expect(found.0.title.count <= 81)
    #expect(found.1 == [turn(long), turn("two", at: 1_001)])
    #expect(try await journal.conversation(id, of: bo) == nil)
    #expect(try await journal.turns(of: id, bo, last: 10) == nil)
    #expect(try await journal.conversations(of: bo).isEmpty)
    #expect(try await journal.remove(id, of: bo) == false)
    #expect(try await journal.conversations(of: ana).map(\.id) == [id])
  }

  @Test func `the last turns are given, and the first ones of very long conversations go`() async throws {
    let journal = try journal()
    let id = ConversationID()
    for number in 0..<(Journal.mostTurns + 5) {
      journal.record(turn("\(number)"), in: id, of: ana)
      // Not more at once than may wait.
      if number % 500 == 499 { _ = try await journal.turns(of: id, ana, last: 1) }
    }
    let last = try #require(try await journal.turns(of: id, ana, last: 3))
    #expect(last.map(\.question) == ["1002", "1003", "1004"])
    let whole = try #require(try await journal.conversation(id, of: ana))
    #expect(whole.0.turns == Journal.mostTurns)
    #expect(whole.1.first?.question == "5")
  }

  @Test func `what is removed is gone, and its bytes are counted off`() async throws {
    let journal = try journal()
    let (one, two) = (ConversationID(), ConversationID())
    journal.record(turn("one"), in: one, of: ana)
    _ = try await journal.turns(of: one, ana, last: 1)
    let bytes = journal.counts.bytes
    journal.record(turn("two"), in: two, of: ana)
    #expect(try await journal.remove(two, of: ana))
    #expect(try await journal.turns(of: two, ana, last: 1) == nil)
    #expect(try await journal.turns(of: one, ana, last: 1)?.count == 1)
    #expect(journal.counts.bytes == bytes)
    #expect(bytes > 0)
  }

  @Test func `conversations that are too old go, at the start and with every turn`() async throws {
    let (old, new) = (ConversationID(), ConversationID())
    do {
      let journal = try journal { $0.retentionSeconds = 100 }
      journal.record(turn("old", at: 950), in: old, of: ana)
      journal.record(turn("new", at: 1_000), in: new, of: bo)
      #expect(try await journal.conversations(of: ana).count == 1)
    }
    let journal = try journal(at: 1_060) { $0.retentionSeconds = 100 }
    #expect(try await journal.conversations(of: ana).isEmpty)
    #expect(try await journal.conversations(of: bo).map(\.id) == [new])
  }

  @Test func `above its size the oldest conversations go`() async throws {
    let journal = try journal { $0.bytes = 20_000 }
    let text = String(repeating: "x", count: 2_000)
    var ids: [ConversationID] = []
    for number in 0..<20 {
      let id = ConversationID()
      ids.append(id)
      journal.record(turn(text, at: 900 + Int64(number)), in: id, of: ana)
    }
    let left = try await journal.conversations(of: ana)
    #expect(journal.counts.bytes <= 20_000)
    #expect(!left.isEmpty)
    #expect(left.map(\.id) == Array(ids.suffix(left.count).reversed()))
  }

  @Test func `a file that cannot be kept fails no one and is told`() async throws {
    #expect(throws: (any Error).self) {
      try Journal(JournalSettings(path: folder.path + "/none/journal.mdb"), log: ServiceLog { _ in })
    }
    let journal = try journal()
    // More than may wait: dropped and counted, not waited for.
    let id = ConversationID()
    for number in 0..<20_000 { journal.record(turn("\(number)"), in: id, of: ana) }
    _ = try await journal.turns(of: id, ana, last: 1)
    let counts = journal.counts
    #expect(counts.written + counts.failed == 20_000)
    #expect(counts.failed > 0)
  }

  @Test func `names of conversations are checked`() {
    #expect(ConversationID(ConversationID().text) != nil)
    for text in ["", "x", String(repeating: "A", count: 32), String(repeating: "0", count: 33)] {
      #expect(ConversationID(text) == nil)
    }
    let key = Caller("ana", keyID: "k1")
    #expect(ConversationOwner(key) != ConversationOwner(Caller("ana")))
  }
}
