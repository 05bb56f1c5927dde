import AcervoTesting
import CKernels
import SearchIndexes
import Testing

@Suite struct VectorCodesTests {
  private func index(_ vectors: [Float], _ dimensions: Int, blockBytes: Int = 4096) throws -> (
    VectorIndex, MemorySections
  ) {
    let sections = MemorySections()
    var writer = try VectorIndexWriter(dimensions: dimensions, blockBytes: blockBytes) { sections.put($0, $1, $2) }
    try writer.append(vectors)
    try writer.finish()
    return (try #require(try VectorIndex(owner: sections, source: sections.get)), sections)
  }

  /// The bits of what is found: `==` would let two zeros pass as one and no number as none.
  private func bits(_ hits: [ScoredChunk]) -> [[Int]] { hits.map { [$0.chunk, Int($0.score.bitPattern)] } }

  private func expectTheSame(_ index: VectorIndex, _ queries: [VectorQuery], _ note: Comment) throws {
    let exact = try index.search(queries, threads: 1, reading: .floats).map(bits)
    for kernel in VectorIndex.Kernel.allCases {
      for threads in [1, 3] {
        let found = try index.search(queries, threads: threads, kernel: kernel, reading: .codes)
        #expect(found.map(bits) == exact, note)
      }
    }
    #expect(try index.search(queries, reading: .automatic).map(bits) == exact, note)
  }

  /// Kinds of collections, `count` rows each.
  enum Rows: String, CaseIterable, Sendable {
    case random, near, equal, zero, oneHot, ties, tiny, subnormal, huge, mixed

    func make(_ count: Int, _ dimensions: Int) -> [Float] {
      var generator = SeededGenerator(seed: 11)
      func any(_ range: ClosedRange<Float> = -1...1) -> Float { Float.random(in: range, using: &generator) }
      var center: [Float] = []
      for _ in 0..<dimensions { center.append(any()) }
      return (0..<count).flatMap { row in
        (0..<dimensions).map { column in
          switch self {
          case .random: any()
          // Closer together than the codes can tell.
          case .near: center[column] + 1e-5 * any()
          case .equal: center[column]
          case .zero: row.isMultiple(of: 3) ? any() : 0
          case .oneHot: column == row % dimensions ? 1 : 0
          case .ties: Float(Int(any(-2...2)))
          case .tiny: 1e-20 * any()
          case .subnormal: 70 * .leastNonzeroMagnitude * any()
          // Sums of products overflow, to infinity or to no number.
          case .huge: .greatestFiniteMagnitude * any()
          case .mixed: any() * [1e-30, 1e-3, 1, 1e3, 1e30][row % 5]
          }
        }
      }
    }
  }

  @Test(arguments: Rows.allCases, [1, 17, 64, 100])
  func `codes find what the floats find, to the last bit`(rows: Rows, dimensions: Int) throws {
    let (index, _) = try index(rows.make(331, dimensions), dimensions)
    for asked in Rows.allCases {
      let vectors = asked.make(2, dimensions)
      let queries = [1, 7, 50, 331, 1_000].map { VectorQuery(Array(vectors[dimensions...]), limit: $0) }
      try expectTheSame(index, queries, "\(asked) in \(rows)")
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 9, 17, 35])
  func `queries with and without filters share a pass over codes`(count: Int) throws {
    let (index, _) = try index(Rows.random.make(333, 48), 48)
    let vectors = Rows.random.make(count, 48)
    let queries = (0..<count).map { number in
      var allowed: ChunkSet?
      if number % 3 == 1 {
        var set = ChunkSet(count: 333)
        for chunk in stride(from: 0, to: 333, by: number % 2 + 2) { set.insert(chunk..<chunk + 1) }
        allowed = set
      } else if number % 3 == 2 {
        allowed = ChunkSet(count: 333)
        allowed?.insert(120..<(number.isMultiple(of: 2) ? 120 : 131))
      }
      return VectorQuery(Array(vectors[number * 48..<(number + 1) * 48]), limit: 3 * (number % 5), allowed: allowed)
    }
    try expectTheSame(index, queries, "\(count) queries")
  }

  @Test(.timeLimit(.minutes(1))) func `more candidates than are kept at once change nothing`() throws {
    // All equal: bounds rule nothing out.
    let (index, _) = try index([Float](repeating: 0.25, count: 16 * 20_000), 16, blockBytes: 64 * 1_000)
    let query = VectorQuery([Float](repeating: 1, count: 16), limit: 300)
    let found = try index.search([query], threads: 1, reading: .codes)[0]
    #expect(found.map(\.chunk) == Array(0..<300))
    #expect(try bits(found) == bits(index.search([query], reading: .floats)[0]))
  }

  @Test func `a query that is no number finds what the floats find`() throws {
    let (index, _) = try index(Rows.random.make(200, 16), 16)
    for number in [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude] {
      var vector = [Float](repeating: 0.5, count: 16)
      vector[3] = number
      let queries = [VectorQuery(vector, limit: 5), VectorQuery([Float](repeating: 0.5, count: 16), limit: 5)]
      try expectTheSame(index, queries, "\(number)")
    }
  }

  @Test func `every kernel has the exact dot product of codes`() {
    var generator = SeededGenerator(seed: 9)
    for stride in [64, 128, 512, 65_536] {
      for isWorst in [false, true] {
        let row = (0..<stride).map { _ in isWorst ? UInt8.max : UInt8.random(in: 1...255, using: &generator) }
        let query = (0..<stride).map { _ in isWorst ? Int8(127) : Int8.random(in: -127...127, using: &generator) }
        let exact = zip(row, query).reduce(0) { $0 + Int($1.0) * Int($1.1) }
        for kind in [ACERVO_SCAN_SCALAR, ACERVO_SCAN_AVX2, ACERVO_SCAN_AVX512]
        where kind.rawValue <= acervo_scan_best().rawValue {
          #expect(Int(acervo_code_dot(kind, row, query, stride)) == exact)
        }
      }
    }
  }

  @Test(arguments: Rows.allCases) func `norms and residuals are not less than what they stand for`(rows: Rows) {
    let all = rows.make(40, 48)
    for start in stride(from: 0, to: all.count, by: 48) {
      let row = Array(all[start..<start + 48])
      var codes = [UInt8](repeating: 0, count: 64)
      let facts = acervo_code_row(row, 48, &codes)
      let left = zip(row, codes).map { Double($0) - Double(facts.scale) * (Double($1) - 128) }
      #expect(Double(facts.norm) >= row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
      #expect(Double(facts.residual) >= left.reduce(0) { $0 + $1 * $1 }.squareRoot())
      #expect(codes[48...].allSatisfy { $0 == 128 } && codes.allSatisfy { $0 > 0 })
      // Nearest codes leave out half a step at most; a step that is itself rounded coarsely, a whole one.
      #expect(left.allSatisfy { abs($0) <= Double(facts.scale) * 0.5001 } || rows == .subnormal)
    }
  }

  @Test func `an index without codes is searched by its floats, damaged ones are refused`() throws {
    let (_, sections) = try index(Rows.random.make(300, 16), 16)
    let plain = try #require(
      try VectorIndex(owner: sections) { $0 == "vectors.codes" ? nil : sections.get($0, $1) })
    let whole = try #require(try VectorIndex(owner: sections, source: sections.get))
    let query = [VectorQuery([Float](repeating: 0.5, count: 16), limit: 9)]
    #expect(try plain.search(query, reading: .codes) == whole.search(query, reading: .codes))
    #expect(throws: SearchIndexError.self) {
      _ = try VectorIndex(owner: sections) { $0 == "vectors.codes" && $1 == 1 ? nil : sections.get($0, $1) }
    }
    #expect(throws: SearchIndexError.self) {
      _ = try VectorIndex(owner: sections) { name, part in
        sections.get(name, part).map { name == "vectors.codes" ? UnsafeRawBufferPointer(rebasing: $0.dropLast()) : $0 }
      }
    }
  }

  @Test func `bytes of codes that mean nothing are searched without harm`() throws {
    let (index, sections) = try index(Rows.random.make(100, 16), 16)
    let query = VectorQuery([Float](repeating: 0.5, count: 16), limit: 9)
    let size = try #require(sections.all["vectors.codes"]?[0]?.count)
    for byte in stride(from: 48, to: size, by: 7) {
      sections.flip("vectors.codes", 0, byte: byte, 0xFF)
      #expect(try index.search([query], reading: .codes)[0].count <= 9)
    }
  }
}
