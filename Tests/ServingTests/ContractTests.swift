import AcervoTesting
import Corpus
import Testing

@testable import Serving

/// What `/openapi.json` says of the service as a whole; the oracle `contract_fuzz.py` asks about each answer.
@Suite(.timeLimit(.minutes(2))) struct ContractTests {
  private let handbook: PublishedHandbook

  init() async throws {
    handbook = try PublishedHandbook()
    try await handbook.publish(1)
  }

  private func contract(of service: QueryService) async throws -> JSONValue {
    try await request("GET", "/openapi.json", port: service.port).json
  }

  @Test func `it names every method that a path takes`() async throws {
    let service = try handbook.serve { $0.servesForge = true }
    let contract = try await contract(of: service)
    for path in contract["paths"]?.members ?? [] {
      let options = try await request("OPTIONS", path.name, port: service.port)
      let allowed = (options.headers["allow"] ?? "").split(separator: ",").map { $0.filter { $0 != " " }.lowercased() }
      #expect(
        Set(allowed).subtracting(["head", "options"]) == Set(path.value.members?.map(\.name) ?? []), "\(path.name)")
    }
  }

  @Test func `what it lets into a query is no longer than a request's target may be`() async throws {
    let contract = try await contract(of: try handbook.serve())
    for path in contract["paths"]?.members ?? [] {
      for operation in path.value.members ?? [] {
        let longest = (operation.value["parameters"]?.array ?? []).map { $0["schema"]?["maxLength"]?.int ?? 20 }
        #expect(longest.reduce(path.name.utf8.count, +) < ServerLimits().target, "\(path.name)")
      }
    }
  }

  @Test func `it says what each event of a stream is`() async throws {
    let paths = try await contract(of: try handbook.serve())["paths"]
    func events(_ path: String) -> [JSONValue] {
      paths?[path]?["post"]?["responses"]?["200"]?["content"]?["text/event-stream"]?["schema"]?["anyOf"]?.array ?? []
    }
    let names = events("/ask").map { $0["properties"]?["event"]?["const"]?.string }
    #expect(names == AnswerSyntax.events.map(\.name))
    #expect(events("/ask").allSatisfy { $0["properties"]?["data"]?["contentSchema"] != nil })
    let last = events("/v1/chat/completions").first?["properties"]?["data"]?["anyOf"]?.array?.first
    #expect(last?["const"]?.string == "[DONE]")
  }

  @Test func `it says where a key is needed`() async throws {
    func security(_ method: String, _ path: String, in contract: JSONValue) -> JSONValue? {
      contract["paths"]?[path]?[method]?["security"]
    }
    let keys: [JSONValue] = [["bearer": []], ["key": []]]
    let open = try await contract(of: try handbook.serve { $0.servesForge = true })
    #expect(security("post", "/ask", in: open) == .array([[:]] + keys))
    #expect(security("post", "/admin/reload", in: open) == .array(keys))
    #expect(security("post", "/forge/ui/ask", in: open) == .array([["bearer": []]]))
    #expect(security("get", "/health", in: open) == nil)
    let closed = try await contract(of: try handbook.serve(authenticator: CallersTests.callers))
    #expect(security("post", "/ask", in: closed) == .array(keys))
  }
}
