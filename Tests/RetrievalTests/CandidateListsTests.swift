import SearchIndexes
import Testing

@testable import Retrieval

@Suite struct CandidateListsTests {
  private func list(_ cosines: [Float]) -> SemanticList {
    let hits = cosines.enumerated().map { ScoredChunk(chunk: $0.offset, score: $0.element) }
    return SemanticList(hits: hits.sorted { $0.score > $1.score }) { $0.map { cosines[$0] } }
  }

  private let first: [Float] = [0.9, 0.7, 0.5, 0.3, 0.1, 0.1, 0.1, 0.1]

  @Test func `an embedder that agrees decides between near ones`() throws {
    var lists = CandidateLists(vectors: list([0.80, 0.81, 0.5, 0.3, 0.1, 0.1, 0.1, 0.1]))
    #expect(try lists.fused().first?.chunk == 1)
    lists.second = list([0.9, 0.6, 0.5, 0.3, 0.1, 0.1, 0.1, 0.1])
    #expect(try lists.fused().first?.chunk == 0)
  }

  @Test func `an embedder that contradicts has no voice`() throws {
    var lists = CandidateLists(vectors: list(first))
    let alone = try lists.fused()
    lists.second = list(first.reversed())
    #expect(try lists.fused() == alone)
  }

  @Test func `agreement is the root of the correlation, never below nothing`() {
    #expect(CandidateLists.agreement([1, 2, 3], [2, 4, 6]) > 0.999_999)
    #expect(CandidateLists.agreement([1, 2, 3], [6, 4, 2]) == 0)
    #expect(CandidateLists.agreement([1, 1, 1], [1, 2, 3]) == 0)
    #expect(CandidateLists.agreement([], []) == 0)
    // Cosines 0, 1, 0 and 0, 1, 1 correlate by ½.
    #expect(abs(CandidateLists.agreement([0, 1, 0], [0, 1, 1]) - 0.5.squareRoot()) < 1e-9)
  }

  @Test func `ranks are added as the paper adds them`() throws {
    var lists = CandidateLists(vectors: list([0.9, 0.8, 0.7]))
    lists.lexical = [ScoredChunk(chunk: 2, score: 9), ScoredChunk(chunk: 0, score: 1)]
    let fused = try lists.fusedByRanks()
    #expect(fused.map(\.chunk) == [0, 2, 1])
    #expect(abs(fused[0].score - (1.0 / 61 + 1.0 / 62)) < 1e-12)
  }
}
