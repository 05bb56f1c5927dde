import AcervoTesting
import Corpus
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct ForgeRoutesTests {
  let forge: FakeForge
  let handbook: PublishedHandbook
  let lines = HTTPServerTests.Lines()
  let service: QueryService

  init() async throws {
    forge = try FakeForge()
    handbook = try PublishedHandbook()
    let readers = try #require(Principal("user:" + FakeForge.user))
    try await handbook.publish(7, readers: .allOf([[readers]]))
    var settings = ServiceSettings(snapshots: handbook.folder.path)
    settings.port = 0
    var authentication = AuthenticationSettings()
    let keys = forge.keysURL
    authentication.forge = ForgeTokenTests.settings { ($0.keys, $0.leeway) = (keys, 30) }
    let lines = lines
    let log = ServiceLog { lines.add($0) }
    settings.authenticator = try Authentication(authentication, log: log, metrics: settings.metrics)
    settings.servesForge = true
    let started = try QueryService(settings, embedders: EmbedderPool { _ in HashingEmbedder() }, log: log)
    service = started
    let port = started.port
    let isReady = try await eventually { try await request("GET", "/ready", port: port).status == 200 }
    try #require(isReady)
  }

  private func post(_ path: String, _ body: String, token: String?) async throws -> RawResponse {
    try await request(
      "POST", path, port: service.port, headers: token.map { ["Authorization: Bearer \($0)"] } ?? [], body: body)
  }

  @Test func `users find as themselves, functions for whom they name`() async throws {
    let question = #""question": "What is the disk quota of version 7?""#
    let page = try await post("/forge/ui/ask", "{\(question)}", token: forge.token())
    #expect(page.status == 200)
    let pages: [JSONValue] = [.string("https://help.example/disk"), .string("https://help.example/disco")]
    #expect(page.json["sources"]?.array == pages, "\(page.text)")
    let other = forge.token { $0.claims["principal"] = .string("somebody-else") }
    #expect(try await post("/forge/ui/ask", "{\(question)}", token: other).json["sources"]?.array == [])
    let function = forge.token(isFromFunction: true)
    let named = "{\(question), \"asUser\": \"\(FakeForge.user)\"}"
    #expect(try await post("/forge/fn/ask", named, token: function).json["sources"]?.array == pages)
    #expect(
      try await post("/forge/fn/ask", "{\(question), \"asUser\": \"other\"}", token: function).json["sources"]?.array
        == [])
    #expect(try await post("/forge/fn/ask", "{\(question)}", token: function).status == 422)
    #expect(try await post("/forge/fn/ask", "{\(question), \"asUser\": \"a b\"}", token: function).status == 422)
    let rovo = "{\(question), \"context\": {\"moduleKey\": \"x\", \"confluence\": {\"spaceKey\": \"ENG\"}}}"
    #expect(try await post("/forge/rovo/ask", rovo, token: forge.token()).json["sources"]?.array == pages)
  }

  @Test func `a page cannot ask for another user, nor use another's door`() async throws {
    let body = #"{"query": "disk", "asUser": "somebody-else"}"#
    #expect(try await post("/forge/ui/search", body, token: forge.token()).status == 403)
    let own = #"{"query": "disk", "asUser": "\#(FakeForge.user)"}"#
    #expect(try await post("/forge/ui/search", own, token: forge.token()).status == 200)
    #expect(try await post("/forge/fn/search", own, token: forge.token()).status == 403)
    #expect(
      try await post("/forge/ui/search", #"{"query": "disk"}"#, token: forge.token(isFromFunction: true)).status == 403)
    // Neither opens the plain routes, whose callers are others.
    #expect(try await post("/search", #"{"query": "disk"}"#, token: forge.token()).status == 401)
  }

  @Test func `every failure is JSON, none leads elsewhere, and 401 is for tokens alone`() async throws {
    let token = forge.token()
    let cases: [(path: String, body: String, token: String?, status: Int)] = [
      ("/forge/ui/ask", "{}", token, 422), ("/forge/ui/ask", "{", token, 400), ("/forge/ui/nowhere", "{}", token, 404),
      ("/forge/ui/ask", #"{"question": "x"}"#, nil, 401), ("/forge/ui/ask", #"{"question": "x"}"#, "a.b.c", 401),
      ("/forge/ui/ask", #"{"question": "x", "collection": "other"}"#, token, 404),
      ("/forge/ui/ask", #"{"question": "\#(String(repeating: "x", count: 9_000))"}"#, token, 413),
    ]
    for one in cases {
      let answer = try await post(one.path, one.body, token: one.token)
      #expect(answer.status == one.status, "\(one.path) \(one.body.prefix(40))")
      #expect(answer.headers["content-type"] == "application/json")
      #expect(answer.detail != nil)
    }
  }

  @Test func `events and ticks are taken at once, whatever they are`() async throws {
    let function = forge.token(isFromFunction: true)
    let event = #"{"eventType": "avi:confluence:updated:page", "content": {"id": "1"}}"#
    #expect(try await post("/forge/events", event, token: function).status == 200)
    #expect(try await post("/forge/events", #"{"eventType": "avi:some:new:thing"}"#, token: function).status == 200)
    #expect(try await post("/forge/tick", "{}", token: function).status == 200)
    #expect(try await post("/forge/events", event, token: "a.b.c").status == 401)
  }

  @Test func `no token is in any line of the log or any answer`() async throws {
    let tokens = [forge.token(), forge.token { $0.claims["exp"] = .integer(1) }, "x.y.z-secret-like-thing"]
    for token in tokens {
      let answer = try await request(
        "POST", "/forge/ui/ask", port: service.port,
        headers: ["Authorization: Bearer \(token)", "x-forge-oauth-user: oauth-secret-1", "x-forge-oauth-system: s-2"],
        body: #"{"question": "What is the disk quota?"}"#)
      #expect(!answer.text.contains(token) && !answer.text.contains("oauth-secret-1"))
    }
    for line in lines.all {
      for secret in tokens + ["oauth-secret-1", "s-2\""]
        + tokens.compactMap({ $0.split(separator: ".").last.map(String.init) })
      {
        #expect(!line.contains(secret))
      }
    }
    #expect(lines.all.contains { $0.contains(#""event":"token_refused","kind":"forge","reason":"expired""#) })
  }
}
