import AcervoTesting
import Corpus
import Synchronization
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(1))) struct StreamedResponseTests {
  /// A server whose `/stream` writes what the test hands to it.
  final class Fixture: Sendable {
    let server: HTTPServer
    let lines = HTTPServerTests.Lines()
    let source = Source()
    var port: Int { server.port }

    init(_ change: (inout ServerLimits) -> Void = { _ in }) throws {
      var limits = ServerLimits()
      limits.graceSeconds = 0
      change(&limits)
      let (lines, source) = (lines, source)
      let route = Route(
        "POST", "/stream", name: "stream", summary: "Streams.", scope: .ask, body: .object([]),
        result: ("text/plain", .text),
        handler: .task { _, _ in
          ServerResponse(
            contentType: "text/plain",
            stream: .init(ending: { Array("END \($0.detail)".utf8) }) { writer in
              do { try await source.produce(writer) } catch {
                source.ended(with: error)
                throw error
              }
              source.ended(with: nil)
            })
        })
      let slow = Route(
        "POST", "/slow", name: "slow", summary: "Waits.", scope: .ask, body: .object([]), result: ("text/plain", .text),
        handler: .task { _, _ in
          do { try await Task.sleep(for: .seconds(100)) } catch { source.ended(with: error) }
          return .text("slow")
        })
      server = try HTTPServer(
        address: "127.0.0.1", port: 0, threads: 2, limits: limits, routes: [route, slow],
        authenticator: Authentication(), metrics: Metrics(), log: ServiceLog { lines.add($0) })
    }

    func client(_ path: String = "/stream") throws -> RawClient {
      let client = try RawClient(port: port)
      client.send(
        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
      return client
    }
  }

  /// What a stream writes, and how it went.
  final class Source: Sendable {
    private struct State {
      var script: (@Sendable (BodyWriter) async throws -> Void)?
      var written = 0
      var outcome: String?
    }
    private let state = Mutex(State())
    var written: Int { state.withLock(\.written) }
    /// How the producing task ended: “whole” or its error; nil while it goes on.
    var outcome: String? { state.withLock(\.outcome) }

    func play(_ script: @escaping @Sendable (BodyWriter) async throws -> Void) { state.withLock { $0.script = script } }
    func produce(_ writer: BodyWriter) async throws { try await state.withLock(\.script)?(writer) }
    func ended(with error: (any Error)?) { state.withLock { $0.outcome = error.map { "\($0)" } ?? "whole" } }
    func wrote() { state.withLock { $0.written += 1 } }
  }

  @Test func `parts arrive as they are made, and the connection goes on`() async throws {
    let fixture = try Fixture()
    let gate = HTTPServerTests.Gate()
    fixture.source.play { writer in
      try await writer.write(Array("one".utf8))
      await gate.wait()
      try await writer.write(Array("two".utf8))
    }
    let client = try fixture.client()
    let head = await client.head()
    #expect(head.status == 200)
    #expect(head.headers["transfer-encoding"] == "chunked")
    #expect(await client.chunk() == Array("one".utf8))
    #expect(fixture.source.outcome == nil)
    gate.open()
    #expect(await client.chunk() == Array("two".utf8))
    #expect(await client.chunk()?.isEmpty == true)
    client.send("POST /stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
    #expect(await client.head().status == 200)
    #expect(await client.chunks() == Array("onetwo".utf8))
    #expect(fixture.lines.all.contains { $0.contains("/stream") && !$0.contains("left") })
  }

  @Test func `a slow client holds its own stream back and no other`() async throws {
    let fixture = try Fixture { $0.streamedBody = 100_000_000 }
    let source = fixture.source
    source.play { writer in
      for _ in 0..<1_500 {
        try await writer.write([UInt8](repeating: 0x61, count: 20_000))
        source.wrote()
      }
    }
    let slow = try fixture.client()
    #expect(await slow.head().status == 200)
    // The kernel's buffers and ours are full long before thirty megabytes.
    var before = -1
    while source.written != before {
      before = source.written
      try await Task.sleep(for: .milliseconds(200))
    }
    #expect(source.written < 1_500, "\(source.written)")
    #expect(source.outcome == nil)
    #expect(await slow.chunks()?.count == 30_000_000)
    #expect(try await eventually { source.outcome == "whole" })
  }

  @Test func `a client that leaves in mid-stream cancels the task that makes it`() async throws {
    let fixture = try Fixture { ($0.concurrentWork, $0.waitingWork) = (1, 0) }
    fixture.source.play { writer in
      try await writer.write(Array("one".utf8))
      // Nothing is sent any more: only its socket shows that the client has gone.
      try await Task.sleep(for: .seconds(100))
    }
    do {
      let client = try fixture.client()
      #expect(await client.head().status == 200)
      #expect(await client.chunk() == Array("one".utf8))
    }
    #expect(try await eventually { fixture.source.outcome != nil })
    #expect(fixture.source.outcome == "CancellationError()")
    #expect(try await eventually { fixture.lines.all.contains { $0.contains(#""left":true"#) } })
    fixture.source.play { try await $0.write(Array("again".utf8)) }
    let next = try fixture.client()
    #expect(await next.head().status == 200)
    #expect(await next.chunks() == Array("again".utf8))
  }

  @Test func `a client that leaves while its stream waits for it cancels the task`() async throws {
    let fixture = try Fixture { $0.streamedBody = 1_000_000_000 }
    let source = fixture.source
    source.play { writer in
      while true {
        try await writer.write([UInt8](repeating: 0x61, count: 20_000))
        source.wrote()
      }
    }
    do {
      let client = try fixture.client()
      #expect(await client.head().status == 200)
      try await Task.sleep(for: .milliseconds(200))
    }
    #expect(try await eventually { source.outcome == "CancellationError()" })
  }

  @Test func `a client that leaves before its answer cancels the task`() async throws {
    let fixture = try Fixture()
    do {
      _ = try fixture.client("/slow")
      try await Task.sleep(for: .milliseconds(100))
    }
    #expect(try await eventually { fixture.source.outcome == "CancellationError()" })
  }

  @Test func `a stream that fails or is too long says so in its last bytes`() async throws {
    let fixture = try Fixture { $0.streamedBody = 10 }
    fixture.source.play { writer in
      try await writer.write(Array("one".utf8))
      throw RequestFailure(422, "no more")
    }
    let failing = try fixture.client()
    #expect(await failing.head().status == 200)
    #expect(await failing.chunks() == Array("oneEND no more".utf8))
    fixture.source.play { writer in
      while true { try await writer.write(Array("four".utf8)) }
    }
    let long = try fixture.client()
    #expect(await long.head().status == 200)
    #expect(await long.chunks() == Array("fourfourEND The response is longer than 10 bytes.".utf8))
    fixture.source.play { _ in throw HTTPServerTests.POSIXFault(secret: "swordfish") }
    let faulty = try fixture.client()
    #expect(await faulty.head().status == 200)
    #expect(await faulty.chunks() == Array("END An internal server error occurred.".utf8))
    #expect(fixture.lines.all.contains { $0.contains("swordfish") })
  }

  @Test func `stopping in mid-stream tells the client why and leaves nothing suspended`() async throws {
    let fixture = try Fixture()
    fixture.source.play { writer in
      try await writer.write(Array("one".utf8))
      try await Task.sleep(for: .seconds(100))
    }
    let clients = try (0..<8).map { _ in try fixture.client() }
    for client in clients {
      #expect(await client.head().status == 200)
      #expect(await client.chunk() == Array("one".utf8))
    }
    await onThread { fixture.server.stop() }
    for client in clients { #expect(await client.chunks() == Array("END The server is stopping.".utf8)) }
    #expect(try await eventually { fixture.source.outcome == "CancellationError()" })
  }

  @Test func `work that takes too long is ended, streamed or not`() async throws {
    let fixture = try Fixture()
    fixture.source.play { writer in
      try await writer.write(Array("one".utf8))
      try await Task.sleep(for: .seconds(100))
    }
    let client = try fixture.client()
    #expect(await client.head().status == 200)
    #expect(await client.chunk() == Array("one".utf8))
    let slow = try fixture.client("/slow")
    let isAsked = try await eventually { fixture.server.dispatcher.state.withLock { $0.working.count } == 2 }
    #expect(isAsked)
    fixture.server.dispatcher.expire(after: .seconds(50))
    #expect(fixture.source.outcome == nil)
    fixture.server.dispatcher.expire(after: .zero)
    #expect(await client.chunks() == Array("END No answer was found in time.".utf8))
    let response = await slow.response()
    #expect(response.status == 503)
    #expect(response.detail == "No answer was found in time.")
  }
}
