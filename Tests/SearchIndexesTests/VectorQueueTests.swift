import AcervoTesting
import SearchIndexes
import Testing

@Suite struct VectorQueueTests {
  private func index() throws -> VectorIndex {
    var generator = SeededGenerator(seed: 5)
    let sections = MemorySections()
    var writer = try VectorIndexWriter(dimensions: 16) { sections.put($0, $1, $2) }
    try writer.append((0..<400 * 16).map { _ in Float.random(in: -1...1, using: &generator) })
    try writer.finish()
    return try #require(try VectorIndex(owner: sections, source: sections.get))
  }

  @Test func `a hundred searches at once find what each finds alone`() async throws {
    let index = try index()
    let queue = VectorQueue(index)
    let queries = try (0..<100).map { VectorQuery(try index.vector(chunk: $0), limit: 1 + $0 % 7) }
    let found = try await withThrowingTaskGroup(of: (Int, [ScoredChunk]).self) { group in
      for (number, query) in queries.enumerated() {
        group.addTask { (number, try await queue.search(query)) }
      }
      return try await group.reduce(into: [Int: [ScoredChunk]]()) { $0[$1.0] = $1.1 }
    }
    for (number, query) in queries.enumerated() {
      #expect(try found[number] == index.search(query.vector, limit: query.limit))
    }
  }

  @Test func `a query that does not fit fails alone`() async throws {
    let queue = VectorQueue(try index())
    async let right: [ScoredChunk] = queue.search(VectorQuery([Float](repeating: 1, count: 16), limit: 3))
    await #expect(throws: SearchIndexError.self) { try await queue.search(VectorQuery([1, 2], limit: 3)) }
    #expect(try await right.count == 3)
  }

  @Test func `one search after the other is answered`() async throws {
    let index = try index()
    let queue = VectorQueue(index)
    for chunk in 0..<20 {
      let vector = try index.vector(chunk: chunk)
      let found = try await queue.search(VectorQuery(vector, limit: 3))
      #expect(try found == index.search(vector, limit: 3))
    }
  }
}
