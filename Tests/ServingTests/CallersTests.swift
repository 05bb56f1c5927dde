import AcervoTesting
import Corpus
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct CallersTests {
  /// Knows callers by a token that is their name; `later` after a while, `broken` never.
  struct ByName: Authenticator {
    var callers: [String: Caller]

    func identify(_ head: ServerRequest, for route: Route) -> Identification {
      guard case .token(let token) = Credential(head) else { return .refused(.unknownCaller()) }
      if token == "broken" { return .pending { throw RequestFailure(503, "The keys cannot be had.") } }
      if token.hasPrefix("later-") {
        let caller = callers[String(token.dropFirst(6))]
        return .pending {
          await Task.yield()
          guard let caller else { throw RequestFailure.unknownCaller() }
          return caller
        }
      }
      return callers[token].map { .known($0) } ?? .refused(.unknownCaller())
    }
  }

  static let callers = ByName(callers: [
    "asker": Caller("asker", principals: [], scopes: [.ask]), "watcher": Caller("watcher", scopes: [.metrics]),
    "ana": Caller("ana", principals: Set(["user:ana", "group:staff"].compactMap { Principal($0) }), scopes: [.ask]),
  ])

  @Test(arguments: [
    ("", 401), ("asker", 200), ("watcher", 403), ("nobody", 401), ("later-asker", 200), ("later-watcher", 403),
    ("later-nobody", 401), ("broken", 503),
  ])
  func `a route is answered to whoever has its scope`(token: String, status: Int) async throws {
    let fixture = try HTTPServerTests.Fixture(authenticator: Self.callers)
    let headers = token.isEmpty ? [] : ["Authorization: Bearer \(token)"]
    let answer = try await request(
      "POST", "/echo", port: fixture.port, headers: headers, body: #"{"question": "x"}"#)
    #expect(answer.status == status)
    #expect(answer.headers["content-type"] == "application/json")
    #expect((answer.headers["www-authenticate"] == "Bearer") == (status == 401))
    #expect(try await request("GET", "/health", port: fixture.port, headers: headers).status == 200)
  }

  @Test func `an unknown caller is refused before the body is read`() async throws {
    let fixture = try HTTPServerTests.Fixture(authenticator: Self.callers)
    let client = try RawClient(port: fixture.port)
    client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n"
        + "Expect: 100-continue\r\n\r\n")
    #expect(await client.response().status == 401)
  }

  @Test(arguments: [
    (["Authorization: Bearer abc"], Credential.token("abc")), (["authorization: bEARER  abc "], .token("abc")),
    (["X-API-Key: abc"], .token("abc")), ([], Credential.none), (["Authorization: Basic abc"], .unreadable),
    (["Authorization: Bearer"], .unreadable), (["Authorization: Bearer a b"], .unreadable),
    (["Authorization: Bearer a", "Authorization: Bearer a"], .unreadable), (["X-API-Key: "], .unreadable),
    (["Authorization: Bearer a", "X-API-Key: a"], .unreadable), (["X-API-Key: ñ"], .unreadable),
    (["X-API-Key: " + String(repeating: "a", count: 16_385)], .unreadable),
  ])
  func `a credential is one token, sent once`(headers: [String], credential: Credential) {
    let fields = headers.map { line in
      let parts = line.split(separator: ": ", maxSplits: 1, omittingEmptySubsequences: false)
      return ServerRequest.Field(String(parts[0]), String(parts[1]))
    }
    #expect(Credential(ServerRequest(method: "GET", path: "/", headers: fields)) == credential)
  }

  @Test func `the caller's principals decide what is found`() async throws {
    let handbook = try PublishedHandbook()
    let readers = try #require(Principal("group:staff"))
    try await handbook.publish(7, readers: .allOf([[readers]]))
    let lines = HTTPServerTests.Lines()
    let service = try handbook.serve(lines: lines, authenticator: Self.callers)
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    func found(_ token: String) async throws -> Int? {
      let answer = try await request(
        "POST", "/search", port: service.port, headers: ["X-API-Key: \(token)"], body: #"{"query": "disk quota"}"#)
      return answer.json["results"]?.array?.count
    }
    #expect(try await found("asker") == 0)
    #expect(try await found("ana") == 2)
    let answer = try await request(
      "POST", "/ask", port: service.port, headers: ["X-API-Key: asker"],
      body: #"{"question": "What is the disk quota of version 7?"}"#)
    #expect(answer.json["sources"]?.array == [])
    #expect(lines.all.contains { $0.contains(#""caller":"ana""#) })
  }

  @Test func `a caller's name is fit for a log`() {
    #expect(Caller("a\nb").name == "a\u{FFFD}b")
    #expect(Caller(String(repeating: "ñ", count: 300)).name.utf8.count == 200)
  }
}
