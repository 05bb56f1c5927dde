import AcervoTesting
import Corpus
import Synchronization
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
  /// A server whose `/echo` answers with the question's text, `/slow` when its gate opens and `/fault` never.
  final class Fixture: Sendable {
    let server: HTTPServer
    let lines: Lines
    let gate = Gate()
    var port: Int { server.port }

    init(
      authenticator: any Authenticator = Authentication(), front: FrontSettings = FrontSettings(),
      _ change: (inout ServerLimits) -> Void = { _ in }
    ) throws {
      var limits = ServerLimits()
      limits.body = 1_000
      limits.graceSeconds = 0
      change(&limits)
      let gate = gate
      let lines = Lines()
      self.lines = lines
      let schema = JSONSchema.object([
        .required("question", .string(bytes: 1...100), "Asks."), .optional("top_k", .integer(1...100), "How many."),
      ])
      let result = (type: "application/json", schema: JSONSchema.object([]))
      let routes = [
        Route(
          "GET", "/health", name: "health", summary: "Is there.", scope: .open, result: result,
          handler: .immediate { _ in .json(["status": .string("ok")]) }),
        Route(
          "POST", "/echo", name: "echo", summary: "Echoes.", scope: .ask, body: schema, result: result,
          handler: .task { _, body in .json(["echo": body["question"] ?? .null]) }),
        Route(
          "POST", "/slow", name: "slow", summary: "Waits.", scope: .ask, body: schema, result: result,
          handler: .task { _, _ in
            await gate.wait()
            return .json(["slow": .bool(true)])
          }),
        Route(
          "POST", "/fault", name: "fault", summary: "Fails.", scope: .ask, body: schema, result: result,
          handler: .task { _, _ in throw POSIXFault(secret: "the password is swordfish") }),
      ]
      server = try HTTPServer(
        address: "127.0.0.1", port: 0, threads: 2, limits: limits, routes: routes, authenticator: authenticator,
        front: front, metrics: Metrics(), log: ServiceLog { lines.add($0) })
    }

    func post(_ path: String, _ body: String, type: String? = "application/json") async throws -> RawResponse {
      try await request("POST", path, port: port, type: type, body: body)
    }
  }

  struct POSIXFault: Error {
    var secret: String
  }

  final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
    var all: [String] { lines.withLock { $0 } }
  }

  final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))
    var waiters: Int { state.withLock { $0.waiting.count } }

    func wait() async {
      await withCheckedContinuation { continuation in
        let isOpen = state.withLock { state in
          if !state.isOpen { state.waiting.append(continuation) }
          return state.isOpen
        }
        if isOpen { continuation.resume() }
      }
    }

    func open() {
      let waiting = state.withLock { state in
        defer { state = (true, []) }
        return state.waiting
      }
      for continuation in waiting { continuation.resume() }
    }
  }

  @Test func `a question is answered and the response names the request`() async throws {
    let fixture = try Fixture()
    let response = try await fixture.post(
      "/echo", #"{"question": "¿Qué tal?"}"#, type: "application/json; charset=utf-8")
    #expect(response.status == 200)
    #expect(response.text == #"{"echo":"¿Qué tal?"}"#)
    #expect(response.headers["content-type"] == "application/json")
    let id = try #require(response.headers["x-request-id"])
    let line = try #require(fixture.lines.all.first)
    #expect(line.contains("\"id\":\"\(id)\""))
    #expect(!line.contains("tal"))
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    var method = "POST"
    var path = "/echo"
    var type: String? = "application/json"
    var body: String? = #"{"question": "x"}"#
    var status: Int
    var detail: String
    var testDescription: String { "\(status) \(detail)" }
  }

  @Test(arguments: [
    Refusal(path: "/nowhere", status: 404, detail: "Nothing is at this path; /openapi.json lists what is."),
    Refusal(
      path: "/health%00", status: 400,
      detail: "The path is not valid: percent escapes have to be UTF-8 without control characters."),
    Refusal(method: "GET", body: nil, status: 405, detail: "This path takes POST, OPTIONS."),
    Refusal(method: "BREW", path: "/health", body: nil, status: 405, detail: "This path takes GET, HEAD, OPTIONS."),
    Refusal(type: "text/plain", status: 415, detail: "The body has to be JSON: send “Content-Type: application/json”."),
    Refusal(type: nil, status: 415, detail: "The body has to be JSON: send “Content-Type: application/json”."),
    Refusal(body: "{", status: 400, detail: "The body is not JSON: an object needs a member's name here at byte 1."),
    Refusal(body: "", status: 400, detail: "The body is not JSON: the text ends where a value should stand at byte 0."),
    Refusal(
      body: String(repeating: "[", count: 100), status: 400,
      detail: "The body is not JSON: nested deeper than 16 levels at byte 16."),
    Refusal(body: "[]", status: 422, detail: "The body has to be an object with “question”, “top_k”."),
    Refusal(body: "{}", status: 422, detail: "“question” is missing: a string."),
    Refusal(body: #"{"question": 1}"#, status: 422, detail: "“question” has to be a string."),
    Refusal(body: #"{"question": " \n"}"#, status: 422, detail: "“question” is empty."),
    Refusal(
      body: #"{"question": "x", "topk": 1}"#, status: 422,
      detail: "Unknown member “topk”; known are “question”, “top_k”."),
    Refusal(
      body: #"{"question": "x", "top_k": 0}"#, status: 422, detail: "“top_k” has to be a whole number from 1 to 100."),
    Refusal(
      body: #"{"question": "x", "top_k": 1e400}"#, status: 400,
      detail: "The body is not JSON: the number does not fit a double at byte 32."),
    Refusal(
      body: #"{"question": ""# + String(repeating: "x", count: 101) + #""}"#, status: 413,
      detail: "“question” is longer than 100 bytes."),
    Refusal(body: String(repeating: " ", count: 1_001), status: 413, detail: "The body is longer than 1000 bytes."),
    Refusal(body: String(repeating: " ", count: 100_000), status: 413, detail: "The body is longer than 1000 bytes."),
    Refusal(path: "/fault", status: 500, detail: "An internal server error occurred."),
    Refusal(
      method: "GET", path: "/health?" + String(repeating: "x", count: 8_000), body: nil, status: 414,
      detail: "Path and query are longer than 8000 bytes."),
  ])
  func `a wrong request gets its status and a detail`(_ wrong: Refusal) async throws {
    let fixture = try Fixture()
    let response = try await request(
      wrong.method, wrong.path, port: fixture.port, type: wrong.type, body: wrong.body)
    #expect(response.status == wrong.status)
    #expect(response.detail == wrong.detail)
    #expect(response.headers["content-type"] == "application/json")
    #expect(try await request("GET", "/health", port: fixture.port).status == 200)
  }

  @Test func `text that is not UTF-8 is refused`() async throws {
    let fixture = try Fixture()
    let client = try RawClient(port: fixture.port)
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n")
    client.send(Array(#"{"question":""#.utf8) + [0xFF] + Array(#""}"#.utf8))
    #expect(await client.response().status == 400)
  }

  @Test func `what is told of a fault goes to the log and not to the client`() async throws {
    let fixture = try Fixture()
    let response = try await fixture.post("/fault", #"{"question": "x"}"#)
    let id = try #require(response.headers["x-request-id"])
    #expect(!response.text.contains("swordfish"))
    #expect(fixture.lines.all.contains { $0.contains("swordfish") && $0.contains(id) })
  }

  @Test func `HEAD and OPTIONS are answered without a body`() async throws {
    let fixture = try Fixture()
    let head = try await request("HEAD", "/health", port: fixture.port)
    #expect(head.status == 200)
    #expect(head.headers["content-length"] == "15")
    let options = try await request("OPTIONS", "/echo", port: fixture.port)
    #expect(options.status == 204)
    #expect(options.headers["allow"] == "POST, OPTIONS")
    #expect(try await request("OPTIONS", "*", port: fixture.port).status == 204)
    #expect(try await request("OPTIONS", "/nowhere", port: fixture.port).status == 404)
  }

  @Test func `requests sent at once on one connection are answered in order`() async throws {
    let fixture = try Fixture()
    let client = try RawClient(port: fixture.port)
    let texts = (0..<20).map { number in
      let body = #"{"question": "\#(number)"}"#
      return
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        + body
    }
    client.send(texts.joined())
    for number in 0..<20 {
      #expect(await client.response().text == #"{"echo":"\#(number)"}"#)
    }
  }

  @Test func `a body may come in chunks and its limit holds there too`() async throws {
    let fixture = try Fixture()
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    let client = try RawClient(port: fixture.port)
    client.send(head + "e\r\n{\"question\": \"\r\n3\r\nx\"}\r\n0\r\n\r\n")
    #expect(await client.response().text == #"{"echo":"x"}"#)
    let part = "3e8\r\n" + String(repeating: " ", count: 1_000) + "\r\n"
    client.send(head + part + part + "0\r\n\r\n")
    #expect(await client.response().status == 413)
    client.send(head + String(repeating: part, count: 20) + "0\r\n\r\n")
    #expect(await client.isClosed())
  }

  @Test(arguments: [
    "Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999999999999999\r\n",
  ])
  func `a length that is stated twice or wrongly is refused`(headers: String) async throws {
    let fixture = try Fixture()
    let client = try RawClient(port: fixture.port)
    client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\(headers)\r\n2\r\n{}\r\n0\r\n\r\n")
    let status = await client.response().status
    #expect([400, 413].contains(status))
  }

  @Test func `a client that asks before it sends is told at once`() async throws {
    let fixture = try Fixture()
    let client = try RawClient(port: fixture.port)
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
    client.send(head + "Content-Length: 5000\r\n\r\n")
    #expect(await client.response().status == 413)
    let other = try RawClient(port: fixture.port)
    other.send(head + "Content-Length: 16\r\n\r\n")
    #expect(await other.response().status == 100)
    other.send(#"{"question":"x"}"#)
    #expect(await other.response().status == 200)
  }

  @Test func `clients that stall do not hold others up`() async throws {
    let fixture = try Fixture()
    let stalled = try (0..<50).map { _ in try RawClient(port: fixture.port) }
    for (index, client) in stalled.enumerated() {
      let head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
      client.send(String(head.prefix(index * 3)))
    }
    #expect(try await fixture.post("/echo", #"{"question": "x"}"#).status == 200)
    #expect(stalled.count == 50)
  }

  @Test func `more work than allowed is refused until some is done`() async throws {
    let fixture = try Fixture { ($0.concurrentWork, $0.waitingWork) = (2, 0) }
    async let first = fixture.post("/slow", #"{"question": "x"}"#)
    async let second = fixture.post("/slow", #"{"question": "x"}"#)
    while fixture.gate.waiters < 2 { try await Task.sleep(for: .milliseconds(5)) }
    let third = try await fixture.post("/slow", #"{"question": "x"}"#)
    #expect(third.status == 503)
    #expect(third.headers["retry-after"] == "1")
    #expect(try await request("GET", "/health", port: fixture.port).status == 200)
    fixture.gate.open()
    #expect(try await [first.status, second.status] == [200, 200])
    #expect(try await fixture.post("/slow", #"{"question": "x"}"#).status == 200)
  }

  @Test func `a client that leaves while its answer is made harms nobody`() async throws {
    let fixture = try Fixture()
    do {
      let client = try RawClient(port: fixture.port)
      client.send(
        "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
          + #"{"question":"x"}"#)
      while fixture.gate.waiters < 1 { try await Task.sleep(for: .milliseconds(5)) }
    }
    fixture.gate.open()
    #expect(try await fixture.post("/slow", #"{"question": "x"}"#).status == 200)
  }

  @Test func `stopping lets requests in flight end and takes no more`() async throws {
    let fixture = try Fixture { $0.graceSeconds = 10 }
    async let answer = fixture.post("/slow", #"{"question": "x"}"#)
    while fixture.gate.waiters < 1 { try await Task.sleep(for: .milliseconds(5)) }
    async let stopped: Void = onThread { fixture.server.stop() }
    // A new connection is closed, not left to wait until the grace is over.
    while try await request("GET", "/health", port: fixture.port).status == 200 {}
    fixture.gate.open()
    #expect(try await answer.status == 200)
    #expect(try await answer.headers["connection"]?.lowercased() == "close")
    await stopped
    #expect(throws: (any Error).self) { try RawClient(port: fixture.port) }
  }

  @Test func `stopping answers in the place of work that does not end`() async throws {
    let fixture = try Fixture()
    async let answer = fixture.post("/slow", #"{"question": "x"}"#)
    while fixture.gate.waiters < 1 { try await Task.sleep(for: .milliseconds(5)) }
    await onThread { fixture.server.stop() }
    #expect(try await [0, 503].contains(answer.status))
    fixture.gate.open()
  }

  @Test func `a port in use is refused with the mend`() throws {
    let fixture = try Fixture()
    let message =
      "cannot listen on 127.0.0.1 port \(fixture.port): Address already in use; choose another with --listen or --port (0: any free port)"
    let error = #expect(throws: ServingError.self) {
      try HTTPServer(
        address: "127.0.0.1", port: fixture.port, threads: 1, limits: ServerLimits(), routes: [],
        authenticator: Authentication(), metrics: Metrics(), log: ServiceLog { _ in })
    }
    #expect(error?.description == message)
  }
}
