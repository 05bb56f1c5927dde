import AcervoTesting
import Answering
import Corpus
import Foundation
import Retrieval
import Synchronization
import Testing

@testable import Embedding
@testable import Serving

@Suite(.timeLimit(.minutes(1))) struct EvidenceFinderTests {
  @Test func `a bounded memory forgets what was used least and what is too old`() {
    let time = Mutex(ContinuousClock.now)
    let memory = BoundedCache<Int, String>(bytes: 4_000, life: .seconds(60)) { time.withLock { $0 } }
    for number in 0..<100 {
      memory.remember("\(number)", of: number, bytes: 100)
      _ = memory.value(of: 0)
    }
    #expect(memory.value(of: 0) == "0")
    #expect(memory.value(of: 99) == "99")
    #expect(memory.value(of: 50) == nil)
    #expect((1...4_000).contains(memory.counts.bytes))
    memory.remember("large", of: 1_000, bytes: 2_001)
    #expect(memory.value(of: 1_000) == nil)
    time.withLock { $0 = $0.advanced(by: .seconds(61)) }
    #expect(memory.value(of: 0) == nil)
    let none = BoundedCache<Int, String>(bytes: 0)
    none.remember("x", of: 1, bytes: 1)
    #expect(none.value(of: 1) == nil)
  }

  @Test func `a deadline ends the waiting and cancels the work`() async throws {
    let wasCancelled = Mutex(false)
    let late = try await inTime(.now.advanced(by: .milliseconds(20))) {
      do { try await Task.sleep(for: .seconds(100)) } catch { wasCancelled.withLock { $0 = true } }
      return 1
    }
    #expect(late == nil)
    #expect(try await eventually { wasCancelled.withLock { $0 } })
    #expect(try await inTime(.now.advanced(by: .seconds(50))) { 2 } == 2)
    await #expect(throws: RequestFailure.self) {
      _ = try await inTime(.now.advanced(by: .seconds(50))) { () -> Int in throw RequestFailure(422, "no") }
    }
    let task = Task { try await inTime(.now.advanced(by: .seconds(50))) { try await Task.sleep(for: .seconds(100)) } }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }

  /// A provider's embedder that can be told to fail, or never to answer.
  final class Moody: Embedder {
    enum Mood { case well, failing, silent }
    struct Fault: Error {}
    let inner = HashingEmbedder()
    let mood = Mutex(Mood.well)
    let asked = Atomic(0)
    var fingerprint: EmbedderFingerprint { inner.fingerprint }
    var spent: ProviderCounts? { ProviderCounts() }
    func tokenCount(_ text: Substring) -> Int { inner.tokenCount(text) }
    func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
      asked.wrappingAdd(1, ordering: .relaxed)
      switch mood.withLock({ $0 }) {
      case .well: break
      case .failing: throw Fault()
      case .silent: await withCheckedContinuation { (_: CheckedContinuation<Void, Never>) in }
      }
      return try await inner.embed(texts, as: role)
    }
  }

  private func served(_ handbook: PublishedHandbook, _ embedder: Moody) throws -> ServedSnapshot {
    let store = CollectionStore(
      folder: handbook.folder.path, embedders: EmbedderPool { _ in embedder }, metrics: Metrics(),
      log: ServiceLog { _ in })
    store.refresh()
    return try store.snapshot(of: nil)
  }

  @Test func `what was found is remembered for the same caller, snapshot and request alone`() async throws {
    let handbook = try PublishedHandbook()
    let ana = Caller("ana", principals: Set([Principal("user:ana")].compactMap { $0 }))
    try await handbook.publish(1, readers: .allOf([ana.principals]))
    let served = try served(handbook, Moody())
    let finder = EvidenceFinder(rememberedBytes: 1_000_000)
    let request = SearchRequest(query: "disk quota")
    let soon = ContinuousClock.now.advanced(by: .seconds(50))
    let first = try await finder.find(request, in: served, for: ana, before: soon)
    #expect(!first.hits.isEmpty)
    #expect(try await finder.find(request, in: served, for: ana, before: soon).hits == first.hits)
    #expect(finder.counts.hits == 1)
    #expect(try await finder.find(request, in: served, for: .anonymous, before: soon).hits.isEmpty)
    // Whatever the request says of who asks, the caller is searched for.
    var smuggled = request
    smuggled.principals = ana.principals
    #expect(try await finder.find(smuggled, in: served, for: .anonymous, before: soon).hits.isEmpty)
    var other = request
    other.topK = 1
    #expect(try await finder.find(other, in: served, for: ana, before: soon).hits.count == 1)
    try await handbook.publish(2, readers: .allOf([ana.principals]))
    let next = try self.served(handbook, Moody())
    let found = try await finder.find(request, in: next, for: ana, before: soon)
    #expect(found.hits != first.hits)
  }

  @Test(arguments: [Moody.Mood.failing, .silent])
  func `without the question's vector its words are searched, and it is said`(mood: Moody.Mood) async throws {
    let handbook = try PublishedHandbook()
    try await handbook.publish(1)
    let embedder = Moody()
    let served = try served(handbook, embedder)
    embedder.mood.withLock { $0 = mood }
    let finder = EvidenceFinder(rememberedBytes: 1_000_000)
    let request = SearchRequest(query: "disk quota")
    let found = try await finder.find(
      request, in: served, for: .anonymous, before: .now.advanced(by: .milliseconds(50)))
    #expect(found.isByWordsAlone)
    #expect(found.hits.first?.url == "https://help.example/disk")
    embedder.mood.withLock { $0 = .well }
    let again = try await finder.find(
      request, in: served, for: .anonymous, before: .now.advanced(by: .seconds(50)))
    #expect(!again.isByWordsAlone)
  }

  @Test func `paths with parts and queries are matched and checked`() throws {
    let result = (type: "application/json", schema: JSONSchema.any)
    let route = Route(
      "GET", "/things/{thing}/parts", name: "parts", summary: "", scope: .open,
      parameters: [
        .path("thing", .string(bytes: 1...8), "Which."), .query("days", .integer(1...9), "How many."),
        .query("of", .text, "Whose."),
      ], result: result, handler: .immediate { _ in .json(.null) })
    let router = Router([route])
    guard case .route(_, let values) = try router.match(ServerRequest(method: "GET", path: "/things/a b/parts")) else {
      Issue.record("no route")
      return
    }
    let good = try router.parameters(of: route, path: values, query: [.init("days", "3"), .init("of", "me%20+you")])
    #expect(good == ["thing": .string("a b"), "days": .integer(3), "of": .string("me  you")])
    for path in ["/things//parts", "/things/a", "/things/a/parts/", "/things/a/b/parts"] {
      #expect(throws: RequestFailure.self) { try router.match(ServerRequest(method: "GET", path: path)) }
    }
    for query in [[("days", "0")], [("days", "x")], [("dais", "1")], [("days", "1"), ("days", "2")], [("of", "%zz")]] {
      #expect(throws: RequestFailure.self) {
        try router.parameters(of: route, path: values, query: query.map { .init($0.0, $0.1) })
      }
    }
    #expect(throws: RequestFailure(422, "“thing” is longer than 8 bytes.")) {
      try router.parameters(of: route, path: ["thing": "123456789"], query: [])
    }
    let wrong = try? router.match(ServerRequest(method: "POST", path: "/things/a/parts"))
    #expect(wrong == nil)
  }
}
