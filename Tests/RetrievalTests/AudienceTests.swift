import AcervoTesting
import Corpus
import Embedding
import Retrieval
import Snapshots
import Testing

@Suite struct AudienceTests {
  private static func principals(_ names: String...) -> Set<Principal> { Set(names.compactMap(Principal.init)) }

  private static let staff = AccessRule.allOf([principals("group:staff")])
  private static let board = AccessRule.allOf([principals("group:staff"), principals("group:board", "user:eva")])

  /// Texts of the same number of words: the mean length, which all share, stays.
  private static let pages = [
    SamplePage(url: "a", texts: ["the quarterly budget of the garden club"]),
    SamplePage(url: "b", texts: ["the quarterly budget of the football team"], access: board),
    SamplePage(url: "c", texts: ["the secret merger of the football team"], access: board),
    SamplePage(url: "d", texts: ["el presupuesto trimestral del club de jardín"], language: "es", access: staff),
    SamplePage(url: "e", texts: ["the holiday calendar of the garden club"], access: staff),
    SamplePage(url: "f", texts: ["le budget secret du club de Lyon"], language: "fr", access: .closed),
    SamplePage(url: "g", texts: ["the opening hours of the garden gate"]),
  ]
  private static let groups: [Principal: Set<Principal>] = ["group:staff": ["user:ana", "user:eva"]]
    .reduce(into: [:]) { groups, entry in
      guard let group = Principal(entry.key) else { return }
      groups[group] = Set(entry.value.compactMap(Principal.init))
    }

  private func retriever(_ pages: [SamplePage], vectors: Bool = true) async throws -> (Retriever, SampleSnapshot) {
    let made = try await SampleSnapshot(pages, vectors: vectors, groups: Self.groups)
    return (try Retriever(snapshot: made.snapshot, embedder: vectors ? HashingEmbedder() : nil), made)
  }

  @Test func `An audience is whoever may read the same`() async throws {
    let (retriever, kept) = try await retriever(Self.pages)
    let ana = try retriever.audience(of: Self.principals("user:ana"))
    let eva = try retriever.audience(of: Self.principals("user:eva"))
    let nobody = try retriever.audience(of: [])
    #expect((ana.documents, eva.documents, nobody.documents) == (4, 6, 2))
    #expect((ana.chunks, eva.chunks, nobody.chunks) == (4, 6, 2))
    #expect(try retriever.audience(of: Self.principals("group:staff")).key == ana.key)
    #expect(try retriever.audience(of: Self.principals("user:ana", "user:bo")).key == ana.key)
    #expect(Set([ana.key, eva.key, nobody.key]).count == 3)
    let (other, alsoKept) = try await self.retriever(Array(Self.pages.dropLast()))
    #expect(try other.audience(of: Self.principals("user:ana")).key != ana.key)
    withExtendedLifetime((kept, alsoKept)) {}
  }

  /// As if the snapshot held nothing else: to the last bit, what is hidden moves no score.
  @Test(
    arguments: ["user:ana", "user:eva", "user:stranger"],
    ["quarterly budget", "secret merger", "budget", "garden club", "le budget secret", "presupuesto del club", "zzz"])
  func `What may not be read moves nothing`(name: String, query: String) async throws {
    for vectors in [true, false] {
      let (all, kept) = try await retriever(Self.pages, vectors: vectors)
      let asker = Self.principals(name)
      let principals = try all.snapshot.principals(of: asker)
      let (own, alsoKept) = try await retriever(Self.pages.filter { $0.access.admits(principals) }, vectors: vectors)
      for fusion in Fusion.allCases {
        var request = SearchRequest(query: query, topK: 10, principals: asker)
        request.fusion = fusion
        request.diversity = 0.3
        let (found, expected) = (try await all.search(request), try await own.search(request))
        #expect(found.map(\.url) == expected.map(\.url))
        #expect(found.map(\.score) == expected.map(\.score))
        #expect(found.map(\.cosine) == expected.map(\.cosine))
      }
      withExtendedLifetime((kept, alsoKept)) {}
    }
  }

  @Test func `The same filter of two askers finds each their own`() async throws {
    let (retriever, kept) = try await retriever(Self.pages)
    func urls(_ name: String) async throws -> [String] {
      let filter = Filter(field: "language", test: .anyOf([.keyword("en")]))
      let request = SearchRequest(query: "club", topK: 10, filters: [filter], principals: Self.principals(name))
      return try await retriever.search(request).map(\.url).sorted()
    }
    #expect(try await urls("user:eva") == ["a", "b", "c", "e", "g"])
    #expect(try await urls("user:ana") == ["a", "e", "g"])
    #expect(try await urls("user:nobody") == ["a", "g"])
    #expect(try await urls("user:eva") == ["a", "b", "c", "e", "g"])
    withExtendedLifetime(kept) {}
  }
}
