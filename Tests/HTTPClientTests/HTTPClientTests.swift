import AcervoTesting
import Glibc
import HTTPClient
import Synchronization
import Testing

@Suite struct HTTPClientTests {
  private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
  }

  private let client: HTTPClient

  init() throws {
    client = try HTTPClient()
  }

  private func request(_ url: String, _ change: (inout HTTPRequest) -> Void = { _ in }) throws -> HTTPRequest {
    var request = HTTPRequest(url: try #require(WebURL(url)))
    change(&request)
    return request
  }

  @Test func `A response has status, header, body and peer`() async throws {
    let site = try LoopbackSite(["/a?b=c": [.html("hola", headers: [("X-Two", " a b ")])]])
    let response = try await client.send(request(site.url("/a?b=c")))
    #expect(response.status == 200)
    #expect(response.header("content-type") == "text/html; charset=utf-8")
    #expect(response.header("x-two") == "a b")
    #expect(response.body == Array("hola".utf8))
    #expect(response.peerAddress == "127.0.0.1")
    #expect(site.requests.first?.header("user-agent") == "acervo")
    #expect(site.requests.first?.header("accept-encoding")?.contains("gzip") == true)
  }

  @Test func `An error status and a redirect are responses`() async throws {
    let site = try LoopbackSite(["/r": [.redirect(to: "/x")], "/x": [.status(500)]])
    #expect(try await client.send(request(site.url("/r"))).status == 302)
    #expect(try await client.send(request(site.url("/x"))).status == 500)
    #expect(site.paths == ["/r", "/x"])
  }

  @Test func `Header fields are sent as they are given`() async throws {
    let site = try LoopbackSite(["/": [.html("")]])
    _ = try await client.send(
      request(site.url()) { $0.headers = [("X-Acervo", "uno: dos"), ("X-Empty", ""), ("User-Agent", "other")] })
    let sent = try #require(site.requests.first)
    #expect(sent.header("x-acervo") == "uno: dos")
    #expect(sent.header("x-empty") == "")
    #expect(sent.header("user-agent") == "other")
  }

  @Test func `A line break in a header field is refused`() async throws {
    await #expect(throws: HTTPError.self) {
      try await client.send(request("http://127.0.0.1:9/") { $0.headers = [("X", "a\r\nEvil: b")] })
    }
  }

  @Test func `A compressed body is decoded`() async throws {
    // `printf 'hola hola hola' | gzip -n | xxd -p`
    let gzip: [UInt8] = [
      0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0xc8, 0xcf, 0x49, 0x54, 0xc8, 0x80, 0x11, 0x00,
      0x47, 0xee, 0x08, 0x5a, 0x0e, 0x00, 0x00, 0x00,
    ]
    let site = try LoopbackSite(["/": [.init(headers: [("Content-Encoding", "gzip")], body: gzip)]])
    #expect(try await client.send(request(site.url())).body == Array("hola hola hola".utf8))
  }

  @Test func `A body over the limit ends the exchange`() async throws {
    let site = try LoopbackSite(["/": [.init(body: [UInt8](repeating: 65, count: 100_001))]])
    await #expect {
      try await client.send(request(site.url()) { $0.maximumBodySize = 100_000 })
    } throws: {
      ($0 as? HTTPError)?.kind == .tooLarge
        && "\($0)".hasSuffix("the body has more than 100000 bytes; allow a larger size if it is wanted")
    }
    let whole = try await client.send(request(site.url()) { $0.maximumBodySize = 100_001 })
    #expect(whole.body.count == 100_001)
  }

  @Test func `A header over the limit ends the exchange`() async throws {
    let long = String(repeating: "x", count: 500)
    let site = try LoopbackSite(["/": [.html("", headers: (0..<8).map { ("X-\($0)", long) })]])
    let client = try HTTPClient(HTTPClient.Configuration(maximumHeaderSize: 4000))
    await #expect { try await client.send(request(site.url())) } throws: {
      ($0 as? HTTPError)?.kind == .headerTooLarge
    }
  }

  @Test func `A body that is not wanted is not read`() async throws {
    let site = try LoopbackSite(["/": [.init(headers: [("Content-Type", "image/png")], body: [1, 2, 3])]])
    let response = try await client.send(
      request(site.url()) { $0.wantsBody = { $0.header("content-type") != "image/png" } })
    #expect(response.status == 200)
    #expect(response.header("content-type") == "image/png")
    #expect(response.body == [])
  }

  @Test func `A peer that is not accepted gets no request`() async throws {
    let site = try LoopbackSite(["/": [.html("secret")]])
    await #expect { try await client.send(request(site.url()) { $0.acceptsPeer = { $0 != "127.0.0.1" } }) } throws: {
      ($0 as? HTTPError)?.kind == .peerRefused
        && "\($0)".contains("the host's address is 127.0.0.1, which is refused here")
    }
    #expect(site.requests.isEmpty)
  }

  @Test(arguments: ["ftp://example.org/", "file:///etc/passwd", "data:,x"]) func `Only http and https are sent`(
    url: String
  ) async throws {
    await #expect { try await client.send(request(url)) } throws: { ($0 as? HTTPError)?.kind == .unsupportedURL }
  }

  @Test func `A port where nobody listens cannot be connected to`() async throws {
    let site = try LoopbackSite()
    let url = site.url()
    site.stop()
    await #expect { try await client.send(request(url)) } throws: { ($0 as? HTTPError)?.kind == .cannotConnect }
  }

  @Test func `A connection that closes without a response is lost`() async throws {
    let site = try LoopbackSite(["/": [.hangUp]])
    await #expect { try await client.send(request(site.url())) } throws: { ($0 as? HTTPError)?.kind == .connectionLost }
  }

  @Test func `A server that is too slow times out`() async throws {
    let site = try LoopbackSite(["/": [.html("late", delay: 1)]])
    await #expect { try await client.send(request(site.url()) { $0.timeout = 0.1 }) } throws: {
      ($0 as? HTTPError)?.kind == .timedOut
    }
  }

  @Test func `A password is sent and is in no message`() async throws {
    let site = try LoopbackSite(["/": [.html("")]])
    _ = try await client.send(request("http://ana:secreta@127.0.0.1:\(site.port)/"))
    #expect(site.requests.first?.header("authorization") == "Basic YW5hOnNlY3JldGE=")
    await #expect {
      try await client.send(request("http://ana:secreta@127.0.0.1:\(site.port)/") { $0.acceptsPeer = { _ in false } })
    } throws: {
      !"\($0)".contains("secreta") && !"\($0)".contains("ana")
    }
  }

  @Test func `A posted body arrives`() async throws {
    let site = try LoopbackSite(["/": [.html("")]])
    let response = try await client.send(
      request(site.url()) {
        $0.method = "POST"
        $0.body = Array("{}".utf8)
      })
    #expect(response.status == 200)
    #expect(site.requests.first?.method == "POST")
    #expect(site.requests.first?.header("content-length") == "2")
  }

  @Test func `Cancelling ends a request at once`() async throws {
    // The site answers when the cancelled request has ended, and not before.
    let ended = Flag()
    let site = try LoopbackSite(fallback: { _ in
      while !ended.isSet { usleep(1000) }
      return .html("late")
    })
    let request = try request(site.url())
    let task = Task { [client] in try await client.send(request) }
    while site.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    ended.set()
  }

  @Test func `A cancelled task sends nothing`() async throws {
    let site = try LoopbackSite(["/": [.html("")]])
    let request = try request(site.url())
    let task = Task { [client] in
      while !Task.isCancelled { await Task.yield() }
      return try await client.send(request)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(site.requests.isEmpty)
  }

  @Test func `Many requests run at the same time, cancelled ones among them, and all end`() async throws {
    let site = try LoopbackSite(fallback: { .html($0.path, delay: 0.01) })
    let client = client
    let answered = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<120 {
        let task = Task {
          let response = try await client.send(HTTPRequest(url: try #require(WebURL(site.url("/\(number)")))))
          return response.body == Array("/\(number)".utf8)
        }
        if number % 3 == 0 { task.cancel() }
        group.addTask { (try? await task.value) ?? false }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(answered == 80)
    #expect(site.mostConcurrentRequests > 4)
  }

  @Test func `A client may go while its request is under way`() async throws {
    let site = try LoopbackSite(["/": [.html("late", delay: 0.1)]])
    let request = try request(site.url())
    #expect(try await HTTPClient().send(request).body == Array("late".utf8))
  }
}
