import AcervoTesting
import Corpus
import Serving
import Testing

/// Whatever a client sends, the server answers others, and never blames itself for it.
@Suite struct HTTPFuzzTests {
  private static let requests: [[UInt8]] = {
    let bodies = [
      #"{"question": "¿Qué cuota de disco hay?", "top_k": 3}"#,
      #"{"question":"disk quota","collection":"handbook","filters":{"language":"en"}}"#,
      #"{"query":"disk quota","top_k":2,"filters":{"url":{"prefix":"https://"}}}"#, "{}", "",
    ]
    let plain = ["/health", "/ready", "/collections", "/metrics", "/openapi.json", "/", "/x%20y?a=b"].map {
      "GET \($0) HTTP/1.1\r\nHost: x\r\n\r\n"
    }
    let posts = bodies.flatMap { body in
      ["/ask", "/search"].map {
        "POST \($0) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
          + body
      }
    }
    let chunked = bodies.dropLast().map { body in
      "POST /ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + String(body.utf8.count, radix: 16) + "\r\n" + body + "\r\n0\r\n\r\n"
    }
    let newer = [
      (
        "/mcp",
        #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search","arguments":{"query":"disk quota"}}}"#
      ),
      (
        "/mcp",
        #"{"jsonrpc":"2.0","id":"a","method":"resources/read","params":{"uri":"acervo://collections/handbook"}}"#
      ),
      ("/chat", #"{"message":"disk quota","session_id":"5bd6a3f0-5d7e-4cf1-8f3a-0a2a6d1f9c11","stream":true}"#),
      ("/document", #"{"url":"https://help.example/1","from":0}"#),
      (
        "/v1/chat/completions",
        #"{"model":"handbook","messages":[{"role":"user","content":"disk quota"}],"stream":true}"#
      ),
    ].map { path, body in
      "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        + body
    }
    let others = [
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD /health HTTP/1.0\r\n\r\n",
      "POST /ask HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
      "GET http://x/health HTTP/1.1\r\nHost: x\r\nCookie: a=b; c=\"d\"\r\nX-Request-Id: abc\r\n\r\n",
    ]
    return (plain + posts + chunked + newer + others).map { Array($0.utf8) }
  }()

  private static let pieces: [[UInt8]] =
    [
      "\r\n", "\n", "\r", "\r\n\r\n", " ", "\t", ":", "%", "%00", "%ff", "%2e%2e/", "?", "&", "=", "\0", "\u{7F}", "é",
      "HTTP/1.1", "HTTP/9.9", "HTTP/0.9", "GET ", "POST ", "Content-Length: 5\r\n", "Content-Length: -1\r\n",
      "Content-Length: 18446744073709551616\r\n", "Content-Length: 0x10\r\n", "Transfer-Encoding: chunked\r\n",
      "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n", "Connection: close\r\n",
      "Connection: upgrade\r\nUpgrade: websocket\r\n", "Expect: 100-continue\r\n", "Expect: 200-ok\r\n", "Host: y\r\n",
      "Cookie: ", "Authorization: Basic Og==\r\n", "Content-Encoding: gzip\r\n", "Range: bytes=0-\r\n", " folded\r\n",
      "0\r\n\r\n", "ffffffffffffffff\r\n", "-1\r\n", "5;x=y\r\nabcde\r\n", "\"", "\\u0000", "\\ud800", "{", "[", "}",
      "1e999", "null", "\"top_k\":-1,", "\"filters\":{\"$\":[]},", "\u{202E}", "\u{10FFFF}",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]]

  /// Requests behind each other, changed in some places or in none, now and then with a header or body without end.
  private func input(_ random: inout SeededGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) { bytes += Self.requests.randomElement(using: &random) ?? [] }
    switch Int.random(in: 0..<16, using: &random) {
    case 0: bytes = Array("GET /health HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 200_000)
    case 1: bytes = Array("GET /".utf8) + [UInt8](repeating: 0x2F, count: 200_000)
    case 2:
      bytes = Array("POST /ask HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n".utf8)
      bytes += [UInt8](repeating: 0x5B, count: 3_000_000)
    case 3:
      let headers = (0..<Int.random(in: 1...3_000, using: &random)).map { "X-\($0): y\r\n" }.joined()
      bytes = Array("GET /health HTTP/1.1\r\n\(headers)\r\n".utf8)
    default: break
    }
    for _ in 0..<Int.random(in: 0...6, using: &random) { random.mutate(&bytes, with: Self.pieces) }
    return bytes
  }

  @Test func `whatever a WebSocket is sent, others are answered`() async throws {
    let handbook = try PublishedHandbook()
    try await handbook.publish(1)
    // On a busy machine a question may wait for its turn for longer than two seconds.
    let service = try handbook.serve { $0.limits.waitSeconds = 60 }
    let messages = [#"{"message": "disk quota", "id": "7"}"#, "{", #"{"message": 7}"#, "ñ😀"].map { Array($0.utf8) }
    for var random in FuzzRounds(60, seed: 2) {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let message = messages.randomElement(using: &random) ?? []
        bytes += SocketClient.frame(
          [0, 1, 1, 1, 2, 8, 9, 10, 11].randomElement(using: &random) ?? 1, message,
          isMasked: Int.random(in: 0..<8, using: &random) > 0, isLast: Int.random(in: 0..<4, using: &random) > 0)
      }
      for _ in 0..<Int.random(in: 0...4, using: &random) { random.mutate(&bytes, with: Self.pieces) }
      let socket = try await SocketClient("/ws/5bd6a3f0-5d7e-4cf1-8f3a-0a2a6d1f9c11", port: service.port, first: bytes)
      #expect(socket.head.status == 101, "seed \(random.seed)")
      let health = try await request("GET", "/health", port: service.port)
      #expect(health.status == 200, "seed \(random.seed)")
    }
  }

  @Test func `whatever is sent, no answer is a fault of ours and others are answered`() async throws {
    let handbook = try PublishedHandbook()
    try await handbook.publish(1)
    // On a busy machine a question may wait for its turn for longer than two seconds.
    let service = try handbook.serve { $0.limits.waitSeconds = 60 }
    while try await request("GET", "/ready", port: service.port).status != 200 {
      try await Task.sleep(for: .milliseconds(5))
    }
    // Clients that neither end nor leave.
    var waiting: [RawClient] = []
    for var random in FuzzRounds(100, seed: 1) {
      let client = try RawClient(port: service.port)
      client.send(input(&random))
      switch Int.random(in: 0..<4, using: &random) {
      case 0: waiting.append(client)
      case 1: break
      default:
        let answers = String(decoding: await client.rest(), as: UTF8.self)
        let faults = answers.split(separator: "\r\n").filter {
          // 505 is right for a version that HTTP does not have yet, 501 for a coding that it does not know.
          $0.hasPrefix("HTTP/1.1 5") && !$0.hasPrefix("HTTP/1.1 505") && !$0.hasPrefix("HTTP/1.1 501")
        }
        #expect(faults.isEmpty, "seed \(random.seed)")
      }
      if waiting.count > 32 { waiting.removeFirst() }
      let health = try await request("GET", "/health", port: service.port)
      #expect(health.status == 200, "seed \(random.seed)")
    }
    let search = try await request(
      "POST", "/search", port: service.port, body: #"{"query": "disk quota", "top_k": 1}"#)
    #expect(search.status == 200)
  }
}
