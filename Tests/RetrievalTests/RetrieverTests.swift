import AcervoTesting
import Corpus
import Embedding
import SearchIndexes
import Snapshots
import Testing

@testable import Retrieval

@Suite struct RetrieverTests {
  private static let pages = [
    SamplePage(
      url: "a", texts: ["How to reset a password in the portal", "Backups run every night at two"], source: "web",
      modified: 100, fields: ["size": [.number(5)], "label": [.keyword("howto"), .keyword("users")]]),
    SamplePage(
      url: "b", texts: ["The password of the database is kept in a vault"], source: "wiki", modified: 200,
      fields: ["size": [.number(9)]]),
    SamplePage(url: "c", texts: ["Cómo restablecer la contraseña del portal"], language: "es", source: "web"),
    SamplePage(
      url: "d", texts: ["The password of the safe is under the plant"],
      access: .allOf([Set(["group:chiefs"].compactMap(Principal.init))])),
    SamplePage(url: "e", texts: ["Nobody may read this password"], access: .closed),
    SamplePage(url: "f", texts: ["How to reset a password in the portal", "Printers and their error codes ERR-4012"]),
  ]

  private func retriever(
    vectors: Bool = true, lexical: Bool = true, kinds: [String: FieldKind]? = nil
  ) async throws -> (Retriever, SampleSnapshot) {
    let sample = try await SampleSnapshot(Self.pages, vectors: vectors, lexical: lexical, kinds: kinds)
    return (try Retriever(snapshot: sample.snapshot, embedder: vectors ? HashingEmbedder() : nil), sample)
  }

  @Test(arguments: [(true, true), (true, false), (false, true)])
  func `the best chunk comes first, whichever indexes there are`(vectors: Bool, lexical: Bool) async throws {
    let (retriever, _) = try await retriever(vectors: vectors, lexical: lexical)
    let hits = try await retriever.search(SearchRequest(query: "reset password portal", topK: 3))
    #expect(hits.first?.url == "a" && hits.first?.chunk.text == Self.pages[0].texts[0])
    #expect((hits.first?.cosine != nil) == vectors)
    #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.score >= $1.score })
    let codes = try await retriever.search(SearchRequest(query: "ERR-4012", topK: 1))
    #expect(codes.first?.url == "f")
  }

  @Test func `the same text is found once`() async throws {
    let (retriever, _) = try await retriever()
    let hits = try await retriever.search(SearchRequest(query: "reset a password in the portal", topK: 10))
    #expect(Set(hits.map(\.chunk.text)).count == hits.count)
    #expect(!hits.contains { $0.url == "f" && $0.chunk.index == 0 })
  }

  @Test(arguments: [(true, true), (true, false), (false, true)])
  func `nobody finds what is not theirs to read`(vectors: Bool, lexical: Bool) async throws {
    let (retriever, _) = try await retriever(vectors: vectors, lexical: lexical)
    var request = SearchRequest(query: "password", topK: 10)
    let open = try await retriever.search(request)
    #expect(!open.isEmpty && !open.contains { ["d", "e"].contains($0.url) })
    request.principals = Set(["group:chiefs"].compactMap(Principal.init))
    let chiefs = try await retriever.search(request)
    #expect(chiefs.contains { $0.url == "d" } && !chiefs.contains { $0.url == "e" })
    // Not after the top: the only chunk asked for is one that may be seen.
    request.principals = []
    request.query = "The password of the safe is under the plant"
    request.topK = 1
    #expect(try await retriever.search(request).count == 1)
  }

  @Test(arguments: [
    (Filter(field: "source", test: .anyOf([.keyword("wiki")])), ["b"]),
    (Filter(field: "language", test: .anyOf([.keyword("es")])), ["c"]),
    (Filter(field: "url", test: .prefix("a")), ["a"]),
    (Filter(field: "date", test: .range(.date(150), nil)), ["b"]),
    (Filter(field: "date", test: .range(nil, .date(150))), ["a"]),
    (Filter(field: "size", test: .range(.number(5), .number(5))), ["a"]),
    (Filter(field: "label", test: .anyOf([.keyword("users"), .keyword("x")])), ["a"]),
    (Filter(field: "size", test: .anyOf([.keyword("5")])), []),
    (Filter(field: "source", test: .prefix("w")), ["a", "b", "c", "f"]),
    (Filter(field: "url", test: .anyOf([.keyword("b"), .keyword("bb")])), ["b"]),
    (Filter(field: "url", test: .range(.keyword("b"), .keyword("c"))), ["b", "c"]),
    (Filter(field: "url", test: .range(nil, .keyword("b"))), ["a", "b"]),
    (Filter(field: "date", test: .dates([100...100, 150...160])), ["a"]),
    (Filter(field: "label", test: .prefix("how")), ["a"]),
    (Filter(field: "space", test: .anyOf([.keyword("x")])), []),
  ])
  func `conditions hold for every hit`(filter: Filter, urls: [String]) async throws {
    // With columns in the snapshot, and made of its records where it has none.
    for kinds in [nil, FieldKind.standard] {
      for (vectors, lexical) in [(true, true), (true, false), (false, true)] {
        let (retriever, _) = try await retriever(vectors: vectors, lexical: lexical, kinds: kinds)
        let request = SearchRequest(query: "password portal contraseña errors", topK: 20, filters: [filter])
        let found = Set(try await retriever.search(request).map(\.url))
        if vectors { #expect(found == Set(urls)) } else { #expect(found.isSubset(of: urls)) }
        // The second time from the cache.
        #expect(Set(try await retriever.search(request).map(\.url)) == found)
      }
    }
  }

  @Test func `conditions are met inside the search, not among its best`() async throws {
    // Thirty pages that fit better than the one that may be found.
    let pages =
      (0..<300).map {
        SamplePage(url: "page\($0)", texts: ["password reset password \($0)"], fields: ["n": [.number(1)]])
      }
      + [SamplePage(url: "zz", texts: ["other words and one password"], fields: ["n": [.number(2)]])]
    for (vectors, lexical) in [(true, true), (true, false), (false, true)] {
      let sample = try await SampleSnapshot(pages, vectors: vectors, lexical: lexical, kinds: ["n": .number])
      let retriever = try Retriever(snapshot: sample.snapshot, embedder: vectors ? HashingEmbedder() : nil)
      let filter = Filter(field: "n", test: .anyOf([.number(2)]))
      let hits = try await retriever.search(SearchRequest(query: "password reset", topK: 1, filters: [filter]))
      #expect(hits.map(\.url) == ["zz"])
    }
  }

  @Test(arguments: [(true, true), (true, false), (false, true)])
  func `a page with hundreds of chunks does not keep the others away`(vectors: Bool, lexical: Bool) async throws {
    let pages =
      [SamplePage(url: "big", texts: (0..<900).map { "password reset \($0)" })]
      + (0..<6).map { SamplePage(url: "small\($0)", texts: ["among other words of page \($0) one password"]) }
    let sample = try await SampleSnapshot(pages, vectors: vectors, lexical: lexical)
    for reranker in [nil, WordCounter(word: "among")] {
      let retriever = try Retriever(
        snapshot: sample.snapshot, embedder: vectors ? HashingEmbedder() : nil, reranker: reranker)
      let hits = try await retriever.search(SearchRequest(query: "password reset", topK: 5, perDocument: 1))
      #expect(hits.count == 5 && Set(hits.map(\.url)).count == 5)
      #expect(hits.contains { $0.url == "big" } || reranker != nil)
    }
  }

  @Test func `conditions compare bytes, not letters`() async throws {
    let spellings = ["caf\u{E9}", "cafe\u{301}"]
    let pages = spellings.enumerated().map { number, text in
      SamplePage(
        url: "page\(number)", texts: ["password \(number)"], fields: ["label": [.keyword(text)]])
    }
    let sample = try await SampleSnapshot(pages, kinds: FieldKind.standard)
    let retriever = try Retriever(snapshot: sample.snapshot, embedder: HashingEmbedder())
    for (number, text) in spellings.enumerated() {
      let filter = Filter(field: "label", test: .anyOf([.keyword(text)]))
      let hits = try await retriever.search(SearchRequest(query: "password", filters: [filter]))
      #expect(hits.map(\.url) == ["page\(number)"])
    }
  }

  @Test func `a field that the collection does not have is named, with those that it has`() async throws {
    let (retriever, _) = try await retriever(kinds: ["size": .number])
    #expect(try retriever.fields["size"] == .number && retriever.fields["url"] == .keyword)
    let request = SearchRequest(query: "x", filters: [Filter(field: "colour", test: .prefix("r"))])
    let error = await #expect(throws: RetrievalError.self) { _ = try await retriever.search(request) }
    #expect(error?.code == .badRequest)
    #expect(
      error?.description == "“filters.colour” is no field of this collection; its fields are date (date), "
        + "label (keyword), language (keyword), size (number), source (keyword), url (keyword)")
  }

  @Test func `an embedder that did not make the vectors is refused with both names`() async throws {
    let sample = try await SampleSnapshot(Self.pages)
    let other = #expect(throws: RetrievalError.self) {
      _ = try Retriever(snapshot: sample.snapshot, embedder: HashingEmbedder(dimensions: 32))
    }
    #expect(other?.code == .otherEmbedder)
    let digests = [HashingEmbedder(dimensions: 32), HashingEmbedder()].map { $0.fingerprint.digest.hex.prefix(12) }
    #expect(digests.allSatisfy { other?.description.contains($0) == true })
    let missing = #expect(throws: RetrievalError.self) { _ = try Retriever(snapshot: sample.snapshot, embedder: nil) }
    #expect(missing?.code == .missingEmbedder)
  }

  @Test func `a request out of its limits is refused, an empty one finds nothing`() async throws {
    let (retriever, _) = try await retriever()
    for topK in [-1, 1001] {
      await #expect(throws: RetrievalError.self) {
        _ = try await retriever.search(SearchRequest(query: "x", topK: topK))
      }
    }
    #expect(try await retriever.search(SearchRequest(query: "password", topK: 0)).isEmpty)
    #expect(try await retriever.search(SearchRequest(query: "", topK: 4)).isEmpty)
  }

  @Test func `many tasks search at once and agree`() async throws {
    let (retriever, _) = try await retriever()
    let expected = try await retriever.search(SearchRequest(query: "password vault database"))
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<20 {
            guard let hits = try? await retriever.search(SearchRequest(query: "password vault database")) else {
              return false
            }
            if hits != expected { return false }
          }
          return true
        }
      }
      for await agrees in group { #expect(agrees) }
    }
  }

  @Test func `scores add up in deviations, and a list in doubt weighs less`() throws {
    var lists = CandidateLists()
    let near = [ScoredChunk(chunk: 1, score: 0.9), ScoredChunk(chunk: 2, score: 0.1)]
    lists.vectors = SemanticList(hits: near) { $0.map { _ in 0.1 } }
    lists.lexical = [ScoredChunk(chunk: 3, score: 8), ScoredChunk(chunk: 2, score: 6)]
    // Cosines: mean .5, deviation .4. BM25: 0 for chunk 1, which has no word of the question, so mean 14/3.
    #expect(try lists.fused().map(\.chunk) == [3, 1, 2])
    #expect(try abs((lists.fused().first?.score ?? 9) - (-1 + 10 / 104.0.squareRoot())) < 1e-6)
    lists.lexicalWeight = 0.1
    #expect(try lists.fused().map(\.chunk) == [1, 3, 2])
    // The one chunk that has a word of the question stands out though a list of one has no spread.
    lists.lexicalWeight = 1
    lists.lexical = [ScoredChunk(chunk: 2, score: 6)]
    let others = (4..<40).map { ScoredChunk(chunk: $0, score: 0.1 * Float(40 - $0) / 40) }
    lists.vectors = SemanticList(hits: others) { $0.map { _ in 0.05 } }
    #expect(try lists.fused().first?.chunk == 2)
    lists.vectors = SemanticList(hits: near)
    lists.lexicalWeight = 0
    #expect(try lists.fused().map(\.chunk) == [1, 2])
  }

  // MARK: Order and choice

  private struct WordCounter: Reranker {
    /// Passages that hold this word come first.
    var word: String

    func scores(of passages: [String], for question: String) async throws -> [Float] {
      passages.map { Float($0.lowercased().split { !$0.isLetter }.count { $0 == word }) }
    }
  }

  @Test func `a reranker decides the order of the best`() async throws {
    let sample = try await SampleSnapshot(Self.pages)
    let retriever = try Retriever(
      snapshot: sample.snapshot, embedder: HashingEmbedder(), reranker: WordCounter(word: "vault"))
    let hits = try await retriever.search(SearchRequest(query: "reset a password in the portal", topK: 5))
    #expect(hits.first?.url == "b")
    #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.score >= $1.score })
  }

  @Test func `diversity takes what differs before what is alike`() async throws {
    let sample = try await SampleSnapshot([
      SamplePage(url: "a", texts: ["reset the password of the portal"]),
      SamplePage(url: "b", texts: ["reset the password of the portal now"]),
      SamplePage(url: "c", texts: ["password rules for guests"]),
    ])
    let retriever = try Retriever(snapshot: sample.snapshot, embedder: HashingEmbedder())
    var request = SearchRequest(query: "reset the password of the portal", topK: 2)
    #expect(try await retriever.search(request).map(\.url) == ["a", "b"])
    request.diversity = 0.7
    #expect(try await retriever.search(request).map(\.url) == ["a", "c"])
  }

  @Test func `both embedders are asked for, and neither may be another`() async throws {
    let second = HashingEmbedder(dimensions: 32)
    let sample = try await SampleSnapshot(Self.pages, second: second)
    let retriever = try Retriever(snapshot: sample.snapshot, embedder: HashingEmbedder(), second: second)
    #expect(try await retriever.search(SearchRequest(query: "vault", topK: 1)).first?.url == "b")
    #expect(throws: RetrievalError.self) {
      _ = try Retriever(snapshot: sample.snapshot, embedder: HashingEmbedder())
    }
    #expect(throws: RetrievalError.self) {
      _ = try Retriever(
        snapshot: sample.snapshot, embedder: HashingEmbedder(), second: HashingEmbedder(dimensions: 16))
    }
  }

  @Test func `neighbours are what stands around a chunk, told once`() async throws {
    // The chunks of a sample page lie 1000 bytes apart: nothing is shared between them.
    let page = SamplePage(url: "a", texts: ["one alpha", "two beta", "three gamma", "four delta"])
    let sample = try await SampleSnapshot([page])
    let retriever = try Retriever(snapshot: sample.snapshot, embedder: HashingEmbedder())
    var request = SearchRequest(query: "beta", topK: 1)
    #expect(try await retriever.search(request).first.map { [$0.before, $0.after] } == ["", ""])
    request.neighbours = 1
    #expect(try await retriever.search(request).first.map { [$0.before, $0.after] } == ["one alpha", "three gamma"])
    request.neighbours = 3
    let after = try await retriever.search(request).first?.after
    #expect(after == "three gamma\n\nfour delta")
  }
}
