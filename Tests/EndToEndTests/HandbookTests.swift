import AcervoTesting
import Foundation
import Testing

/// The whole way on real files with the real model: `fixtures/handbook` in, answers out.
@Suite(.serialized, .enabled(if: Project.isThere(Project.models + "/use-multilingual-v3"), "scripts/setup models"))
struct HandbookTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// The handbook's pipeline with another place to publish to.
  private func pipeline(to snapshots: String) throws -> String {
    try folder.write(
      """
      acervo: 1
      name: handbook
      stages:
        - fetch:
            sources:
              - id: files
                folder: { path: "\(Project.root)/fixtures/handbook", url: "https://help.example/" }
        - clean: {}
        - chunk: { size: 2000, overlap: 400 }
        - embed: { model: use-multilingual-v3 }
        - index: { languages: [es, en] }
      publish: { to: "\(snapshots)" }
      """, to: "pipelines/\(snapshots.hashValue).yaml")
  }

  private func index(_ snapshots: String, threads: Int = 2) throws -> Ended {
    try run("acervo", "index", "--quiet", "--json", "--threads", "\(threads)", pipeline(to: snapshots))
  }

  @Test func `Both programs answer in both languages from pages in both languages`() throws {
    let snapshots = folder.path + "/snapshots"
    #expect(try index(snapshots).status == 0)
    #expect(try index(snapshots).status == 3)
    #expect(try run("acervo", "snapshots", "verify", "--snapshots", snapshots).status == 0)

    let server = try Server(snapshots: snapshots)
    let questions = [
      ("¿Cómo restablezco mi contraseña si la he olvidado?", "enlace"),
      ("How long does a refund take?", "working days"),
    ]
    for (question, words) in questions {
      let (status, json) = try server.post("/ask", ["question": question])
      #expect(status == 200)
      let answer = try #require(json["answer"] as? String)
      #expect(answer.contains(words), "\(question): \(answer)")
      let sources = try #require(json["sources"] as? [String])
      #expect(sources.contains { $0.hasPrefix("https://help.example/es/") })
      #expect(sources.contains { $0.hasPrefix("https://help.example/en/") })
      let citations = try #require(json["citations"] as? [[String: Any]])
      #expect(!citations.isEmpty)
      let command = try run("acervo", "ask", "--snapshots", snapshots, "--json", question)
      let same = try JSONSerialization.jsonObject(with: Data(command.output.utf8)) as? [String: Any]
      #expect(same?["answer"] as? String == answer)
    }
    let (status, json) = try server.post("/ask", ["question": "¿Cuál es la capital de Mongolia?"])
    #expect(status == 200)
    #expect((json["sources"] as? [String]) == [])
  }

  @Test func `Threads and folders do not change a byte of the index`() throws {
    let (first, second) = (folder.path + "/one", folder.path + "/two/deeper")
    #expect(try index(first, threads: 1).status == 0)
    #expect(try index(second, threads: 5).status == 0)
    let current = "/handbook/current/index.mdb"
    #expect(try run("/usr/bin/cmp", first + current, second + current).status == 0)
  }

  @Test func `The single-stage tools read files and standard input`() throws {
    let page = Project.root + "/fixtures/handbook/es/planes.html"
    let text = try run("acervo", "clean", page)
    #expect(text.output.contains("Plan: Negocio; Precio al mes: 24 €"))
    #expect(!text.output.contains("cookies"))

    let html = try String(contentsOfFile: page, encoding: .utf8)
    #expect(try run("acervo", "clean", "-", input: html).output == text.output)

    let chunks = try run("acervo", "chunk", "--size", "300", "--overlap", "0", "--json", page)
    #expect(chunks.lines.count > 1)
    for line in chunks.lines {
      let chunk = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let (start, end) = (try #require(chunk["start"] as? Int), try #require(chunk["end"] as? Int))
      #expect(Array(text.output.utf8)[start..<end].elementsEqual((chunk["text"] as? String ?? "").utf8))
    }

    let vectors = try run("acervo", "embed", input: "\"La factura\"\n\"The invoice\"\n\"A volcano\"\n")
    let numbers = try vectors.lines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [Double])
    }
    #expect(numbers.map(\.count) == [512, 512, 512])
    func cosine(_ other: [Double]) -> Double { zip(numbers[0], other).reduce(0) { $0 + $1.0 * $1.1 } }
    #expect(cosine(numbers[1]) > 2 * cosine(numbers[2]))
  }

  @Test func `Search answers many questions from a file`() throws {
    let snapshots = folder.path + "/snapshots"
    #expect(try index(snapshots).status == 0)
    let questions = try folder.write(
      #"{"id": "a", "text": "ERR-4012"}"# + "\n" + #"{"id": "b", "text": "impresora de tiques"}"# + "\n", to: "q.jsonl")
    let found = try run("acervo", "search", "--snapshots", snapshots, "--top", "3", "--json", "--queries", questions)
    let urls = try found.lines.map { line in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let results = try #require(object["results"] as? [[String: Any]])
      #expect(results.count == 3)
      return results.first?["url"] as? String
    }
    #expect(urls.count == 2)
    #expect(urls[0]?.contains("error") == true)
    #expect(urls[1] == "https://help.example/es/impresoras-de-tiques.md")
  }
}
