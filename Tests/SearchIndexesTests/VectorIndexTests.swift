import AcervoTesting
import CKernels
import SearchIndexes
import Testing

@Suite struct VectorIndexTests {
  private func vectors(_ count: Int, _ dimensions: Int, seed: UInt64 = 1) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count * dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  private func index(_ vectors: [Float], _ dimensions: Int, blockBytes: Int = 4096) throws -> (
    VectorIndex, MemorySections
  ) {
    let sections = MemorySections()
    var writer = try VectorIndexWriter(dimensions: dimensions, blockBytes: blockBytes) { sections.put($0, $1, $2) }
    // In two uneven pieces: what is written does not depend on them.
    let cut = vectors.count / dimensions / 3 * dimensions
    try writer.append(Array(vectors[..<cut]))
    try writer.append(Array(vectors[cut...]))
    try writer.finish()
    return (try #require(try VectorIndex(owner: sections, source: sections.get)), sections)
  }

  /// The definition in `scan.h`, once more in Swift.
  private func reference(_ row: ArraySlice<Float>, _ query: [Float]) -> Float {
    var lanes = [Float](repeating: 0, count: 16)
    for (place, pair) in zip(row, query).enumerated() {
      lanes[place % 16] = lanes[place % 16].addingProduct(pair.0, pair.1)
    }
    for width in [8, 4, 2, 1] { for lane in 0..<width { lanes[lane] += lanes[lane + width] } }
    return lanes[0]
  }

  private func expected(
    _ vectors: [Float], _ query: [Float], _ limit: Int, where allowed: (Int) -> Bool = { _ in true }
  )
    -> [ScoredChunk]
  {
    let all = (0..<vectors.count / query.count).filter(allowed).map { row in
      ScoredChunk(chunk: row, score: reference(vectors[row * query.count..<(row + 1) * query.count], query))
    }
    return Array(
      all.sorted { $0.score != $1.score ? $0.score > $1.score : $0.chunk < $1.chunk }.prefix(limit))
  }

  @Test(arguments: [1, 15, 16, 17, 64, 100], VectorIndex.Kernel.allCases)
  func `every kernel finds what the reference finds, to the last bit`(dimensions: Int, kernel: VectorIndex.Kernel)
    throws
  {
    let rows = vectors(203, dimensions)
    let query = vectors(1, dimensions, seed: 2)
    let (index, _) = try index(rows, dimensions)
    #expect(try index.search(query, limit: 20, kernel: kernel) == expected(rows, query, 20))
  }

  @Test(arguments: [1, 2, 3, 4, 5, 9], VectorIndex.Kernel.allCases)
  func `queries searched together find what each finds alone, to the last bit`(
    count: Int, kernel: VectorIndex.Kernel
  ) throws {
    let rows = vectors(203, 48)
    let (index, _) = try index(rows, 48)
    var even = ChunkSet(count: 203)
    for chunk in stride(from: 0, to: 203, by: 2) { even.insert(chunk..<chunk + 1) }
    let queries = (0..<count).map { number in
      let vector = vectors(1, 48, seed: UInt64(10 + number))
      return VectorQuery(vector, limit: 5 + number, allowed: number == 2 ? even : nil)
    }
    for threads in [1, 3] {
      let found = try index.search(queries, threads: threads, kernel: kernel)
      for (number, query) in queries.enumerated() {
        #expect(
          found[number] == expected(rows, query.vector, query.limit) { number != 2 || $0.isMultiple(of: 2) })
      }
    }
  }

  @Test(arguments: [1, 2, 3, 8])
  func `the number of threads changes nothing`(threads: Int) throws {
    let rows = vectors(500, 32)
    let query = vectors(1, 32, seed: 3)
    let (index, _) = try index(rows, 32)
    #expect(try index.search(query, limit: 30, threads: threads) == expected(rows, query, 30))
  }

  @Test func `equal scores come in the order of their numbers`() throws {
    let rows = [Float](repeating: 0.25, count: 16 * 100)
    let (index, _) = try index(rows, 16)
    #expect(try index.search([Float](repeating: 1, count: 16), limit: 7).map(\.chunk) == Array(0..<7))
    #expect(try index.search([Float](repeating: 1, count: 16), limit: 7, threads: 4).map(\.chunk) == Array(0..<7))
  }

  @Test func `only what is allowed is found, and as much of it as there is`() throws {
    let rows = vectors(300, 16)
    let query = vectors(1, 16, seed: 4)
    let (index, _) = try index(rows, 16)
    var allowed = ChunkSet(count: 300)
    allowed.insert(60..<70)
    allowed.insert(127..<129)
    allowed.insert(299..<400)
    #expect(allowed.members == 13)
    let inside = { (60..<70).contains($0) || (127..<129).contains($0) || $0 == 299 }
    #expect(try index.search(query, limit: 5, allowed: allowed) == expected(rows, query, 5, where: inside))
    #expect(try index.search(query, limit: 50, allowed: allowed).count == 13)
    #expect(try index.search(query, limit: 50, allowed: ChunkSet(count: 300)).isEmpty)
  }

  @Test func `one vector is read and scored as the search does`() throws {
    let rows = vectors(50, 20)
    let query = vectors(1, 20, seed: 5)
    let (index, _) = try index(rows, 20)
    let best = try #require(try index.search(query, limit: 1).first)
    #expect(try index.scores(query, chunks: [best.chunk, 0, best.chunk])[2] == best.score)
    #expect(try index.vector(chunk: 49) == Array(rows[980...]))
    #expect(throws: SearchIndexError.self) { _ = try index.vector(chunk: 50) }
    #expect(throws: SearchIndexError.self) { _ = try index.search([1], limit: 1) }
    #expect(throws: SearchIndexError.self) { _ = try index.search(query, limit: 1, allowed: ChunkSet(count: 3)) }
  }

  @Test func `an index without vectors is none, an empty one finds nothing`() throws {
    let none = MemorySections()
    #expect(try VectorIndex(owner: none, source: none.get) == nil)
    let (empty, _) = try index([], 8)
    #expect(try empty.search([Float](repeating: 1, count: 8), limit: 3).isEmpty)
  }

  @Test func `numbers that are none are refused`() throws {
    var writer = try VectorIndexWriter(dimensions: 2) { _, _, _ in }
    #expect(throws: SearchIndexError.self) { try writer.append([1, .nan]) }
    #expect(throws: SearchIndexError.self) { try writer.append([1, 2, 3]) }
    #expect(throws: SearchIndexError.self) { _ = try VectorIndexWriter(dimensions: 0) { _, _, _ in } }
  }

  @Test func `a damaged header or block is refused, not read`() throws {
    let (_, sections) = try index(vectors(100, 16), 16)
    for byte in 0..<(sections.all["vectors"]?[.max]?.count ?? 0) {
      for mask in [1, 0x80] as [UInt8] {
        sections.flip("vectors", .max, byte: byte, mask)
        _ = try? VectorIndex(owner: sections, source: sections.get)?.search([Float](repeating: 1, count: 16), limit: 3)
        sections.flip("vectors", .max, byte: byte, mask)
      }
    }
    #expect(throws: SearchIndexError.self) {
      _ = try VectorIndex(owner: sections) { $1 == 1 ? nil : sections.get($0, $1) }
    }
  }
}
