import AcervoTesting
import Corpus
import Embedding
import Foundation
import HTTPClient
import Indexing
import Pipelines
import Serving
import Synchronization

/// A wiki, indexed and served, and what is wrong with what the service says.
final class WikiService: Sendable {
  /// Knows callers by a token that is the number of a person.
  private struct ByNumber: Authenticator {
    let people: [WikiModel.Person]

    func identify(_ head: ServerRequest, for route: Route) -> Identification {
      let token = head.headers.first { $0.name.lowercased() == "x-api-key" }?.value ?? ""
      guard let number = Int(token), people.indices.contains(number) else {
        return .refused(RequestFailure(401, "Nobody is number “\(token)”."))
      }
      return .known(Caller("number \(number)", principals: WikiSource.principals(people[number]), scopes: [.ask]))
    }
  }

  /// What is wrong with the answers to one question.
  struct Faults {
    var leaks: [String] = []
    var hidden: [String] = []
    /// Whether the page of the question may be read.
    var mayRead = false
  }

  let wiki: WikiModel
  private let folder: TemporaryFolder
  private let service: QueryService
  private let client: HTTPClient

  init(_ wiki: WikiModel, client: HTTPClient) async throws {
    self.wiki = wiki
    self.client = client
    folder = try TemporaryFolder()
    let pipeline = PipelineFile(
      path: "test.yaml", name: "wiki",
      sources: [SourceSettings(id: "wiki", kind: .web(WebSettings(start: ["https://wiki.example/"])))],
      clean: CleanSettings(), chunk: ChunkSettings(), embed: EmbedSettings(), index: IndexSettings(),
      publish: PublishSettings(to: folder.path))
    _ = try await IndexingRun(
      pipeline: pipeline, sources: [WikiSource(wiki: wiki)], embedders: [HashingEmbedder()], threads: 2,
      now: { 1_795_000_000 }
    ).run()
    var settings = ServiceSettings(snapshots: folder.path)
    settings.authenticator = ByNumber(people: wiki.people)
    settings.port = 0
    settings.pollSeconds = 60
    settings.limits.graceSeconds = 1
    service = try QueryService(
      settings, embedders: EmbedderPool { _ in HashingEmbedder() }, log: ServiceLog { _ in })
    for _ in 0..<3_000 {
      if try await send("GET", "/ready", as: nil, nil).status == 200 { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw NotReady()
  }

  private struct NotReady: Error {}

  func stop() { service.stop() }

  private func send(
    _ method: String, _ path: String, as person: Int?, _ body: String?
  ) async throws -> (status: Int, text: String, json: JSONValue) {
    guard let url = WebURL(service.url + path) else { throw NotReady() }
    var request = HTTPRequest(method: method, url: url)
    if let person { request.headers.append(("X-API-Key", "\(person)")) }
    if let body {
      request.headers.append(("Content-Type", "application/json"))
      request.body = Array(body.utf8)
    }
    let response = try await client.send(request)
    return (
      response.status, String(decoding: response.body, as: UTF8.self),
      (try? JSONValue(parsing: response.body)) ?? .null
    )
  }

  /// Asks both routes and compares with the model.
  func faults(of question: WikiQuestion) async throws -> Faults {
    let person = wiki.people[question.person]
    let mayRead = wiki.pages.map { wiki.mayRead(person, $0) }
    var faults = Faults(mayRead: mayRead[question.page])
    let search = try await send(
      "POST", "/search", as: question.person, question.body(wiki, "query", topK: question.topK))
    let ask = try await send(
      "POST", "/ask", as: question.person, question.body(wiki, "question", topK: min(question.topK, 4)))
    let list = try await send("GET", "/collections", as: question.person, nil)
    guard search.status == 200, ask.status == 200, list.status == 200 else {
      faults.hidden.append("statuses \(search.status), \(ask.status), \(list.status): \(search.text) \(ask.text)")
      return faults
    }
    // What somebody asked is told back to them: their own words, and nothing but those.
    let echo = ask.json["standalone"]?.string ?? ""
    if echo != question.text(wiki) { faults.leaks.append("/ask searched for “\(echo)”") }
    let told = ask.text.replacing("\"standalone\":\"\(echo)\"", with: "")
    // A word that only a page has stands in its address, its title and its text: it covers quotes and sources, too.
    for page in wiki.pages where !mayRead[page.id] {
      for (route, text) in [("/search", search.text), ("/ask", told), ("/collections", list.text)]
      where text.contains(WikiSource.marker(page)) {
        faults.leaks.append("\(route) speaks of page \(page.id): \(text)")
      }
    }
    let readable = wiki.pages.filter { mayRead[$0.id] }
    if list.json["collections"]?.array?.first?["documents"]?.int != readable.count {
      faults.leaks.append("/collections counts other than \(readable.count) documents: \(list.text)")
    }
    let results = search.json["results"]?.array ?? []
    let urls = results.compactMap { $0["url"]?.string }
    let wanted = wanted(question, of: readable)
    if urls.count > min(question.topK, readable.count) || Set(urls).count != urls.count {
      faults.leaks.append("/search gives \(urls.count) results of \(readable.count) pages")
    }
    if case .page = question.subject {
      // The word stands in this page alone: it comes first, whatever else there is.
      if mayRead[question.page], urls.first != wanted.first {
        faults.hidden.append("/search does not find page \(question.page): \(urls)")
      }
      let sources = (ask.json["sources"]?.array ?? []).compactMap(\.string)
      if mayRead[question.page], !sources.contains(where: { wanted.contains($0) }) {
        faults.hidden.append("/ask does not know page \(question.page): \(ask.text)")
      }
    } else if question.topK >= wiki.pages.count, Set(urls) != Set(wanted) {
      faults.hidden.append("/search finds \(urls), not \(wanted)")
    }
    return faults
  }

  /// The addresses that a question leads to, of those that may be read.
  private func wanted(_ question: WikiQuestion, of readable: [WikiModel.Page]) -> [String] {
    let asked = wiki.pages[question.page]
    return readable.filter { page in
      switch question.subject {
      case .page(let number): page.id == number
      case .everything: true
      case .filtered(let filter): filter.contains("space") ? page.space == asked.space : page.id == asked.id
      }
    }.map(WikiSource.url)
  }
}
