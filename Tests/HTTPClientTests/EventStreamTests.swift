import AcervoTesting
import HTTPClient
import Synchronization
import Testing

@Suite struct EventStreamTests {
  /// All events of a stream that comes in pieces of some length.
  static func events(_ text: String, pieces: Int) throws -> [ServerSentEvent] {
    var parser = EventStreamParser()
    var events: [ServerSentEvent] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      events += try parser.events(Array(bytes[start..<min(start + pieces, bytes.count)]))
    }
    if let last = try parser.last() { events.append(last) }
    return events
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func `events are the same wherever the stream is cut`(_ pieces: Int) throws {
    let text =
      "\u{FEFF}: a comment\nevent: note\ndata: one\r\ndata:two\rdata\n\nid: 7\nretry: 5\n\ndata: {\"a\": \"ñ\"}\r\n\r\n"
      + "nonsense\ndata:  two spaces\n\n\n\ndata: the last one"
    #expect(
      try Self.events(text, pieces: pieces) == [
        ServerSentEvent(type: "note", data: "one\ntwo\n"), ServerSentEvent(data: "{\"a\": \"ñ\"}"),
        ServerSentEvent(data: " two spaces"), ServerSentEvent(data: "the last one"),
      ])
  }

  @Test func `a line or an event without end is refused`() throws {
    var line = EventStreamParser(largestEvent: 100)
    #expect(throws: LineSplitter.TooLong.self) { _ = try line.events([UInt8](repeating: 0x61, count: 101)) }
    var event = EventStreamParser(largestEvent: 100)
    #expect(throws: LineSplitter.TooLong.self) {
      for _ in 0..<20 { _ = try event.events(Array("data: 0123456789\n".utf8)) }
    }
  }

  @Test func `any bytes are taken without harm`() throws {
    var generator = SeededGenerator(seed: 7)
    let alphabet = Array("data: event\n\r:{}\"".utf8) + [0xEF, 0xBB, 0xBF, 0xFF, 0x00]
    for _ in 0..<200 {
      var parser = EventStreamParser(largestEvent: 64)
      do {
        for _ in 0..<20 {
          let count = Int.random(in: 0...9, using: &generator)
          _ = try parser.events((0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 })
        }
        _ = try parser.last()
      } catch {
        // Too long for this parser: that is an answer, too.
        continue
      }
    }
  }
}

@Suite struct HTTPStreamTests {
  static func request(_ server: LabServer, timeout: Double = 60, size: Int = 100_000_000) throws -> HTTPRequest {
    let url = try #require(WebURL(server.url + "/"))
    return HTTPRequest(
      url: url, timeout: timeout * Patience.factor, maximumBodySize: size)
  }

  @Test func `the head comes before the body, and the body as it is sent`() async throws {
    final class First: Sendable { let isRead = Atomic(false) }
    let first = First()
    let server = try LabServer { _ in
      .init(
        headers: [("X-Kind", "slow")],
        steps: [
          .send(Array("one".utf8)), .wait { first.isRead.load(ordering: .relaxed) }, .send(Array("two".utf8)),
          .send([]),
        ])
    }
    let stream = try await HTTPClient().stream(Self.request(server))
    #expect(stream.head.status == 200 && stream.head.header("x-kind") == "slow" && stream.head.body.isEmpty)
    #expect(try await stream.next() == Array("one".utf8))
    first.isRead.store(true, ordering: .relaxed)
    #expect(try await stream.next() == Array("two".utf8))
    #expect(try await stream.next() == nil)
    #expect(try await stream.next() == nil)
  }

  @Test func `a large body passes a slow reader whole, and no more of it waits than fits`() async throws {
    let piece = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    let server = try LabServer { _ in .init(steps: Array(repeating: .send(piece), count: 60)) }
    let stream = try await HTTPClient().stream(Self.request(server))
    var received: [UInt8] = []
    var largest = 0
    while let bytes = try await stream.next() {
      received += bytes
      largest = max(largest, bytes.count)
      if received.count < 2_000_000 { try await Task.sleep(for: .milliseconds(2)) }
    }
    #expect(received.count == 6_000_000 && received == Array(repeating: piece, count: 60).flatMap { $0 })
    #expect(largest <= 512 << 10)
  }

  @Test func `a broken body, a late one and one too large are errors`() async throws {
    let client = try HTTPClient()
    let cut = try LabServer { _ in .init(steps: [.send(Array("half".utf8)), .cut]) }
    let broken = try await client.stream(Self.request(cut))
    #expect(try await broken.next() == Array("half".utf8))
    await #expect { try await broken.next() } throws: { ($0 as? HTTPError)?.kind == .connectionLost }
    let late = try LabServer { _ in .init(steps: [.send([1]), .pause(600)]) }
    let stream = try await client.stream(Self.request(late, timeout: 0.5))
    #expect(try await stream.next() == [1])
    await #expect { try await stream.next() } throws: { ($0 as? HTTPError)?.kind == .timedOut }
    let large = try LabServer { _ in .init(steps: [.send([UInt8](repeating: 0, count: 5000))]) }
    let tooLarge = try await client.stream(Self.request(large, size: 1000))
    await #expect { while try await tooLarge.next() != nil {} } throws: { ($0 as? HTTPError)?.kind == .tooLarge }
  }

  @Test func `nobody there is an error, and who leaves ends the exchange`() async throws {
    let client = try HTTPClient()
    let piece = [UInt8](repeating: 1, count: 1 << 20)
    let server = try LabServer { _ in .init(steps: Array(repeating: .send(piece), count: 64)) }
    var request = try Self.request(server)
    do {
      let stream = try await client.stream(request)
      _ = try await stream.next()
    }
    for _ in 0..<3000 where server.broken == 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(server.broken == 1)
    let task = Task { [request] in
      let stream = try await client.stream(request)
      while try await stream.next() != nil { try await Task.sleep(for: .seconds(600)) }
    }
    for _ in 0..<3000 where server.requests.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    server.stop()
    request.url = try #require(WebURL("http://127.0.0.1:1/"))
    await #expect { _ = try await client.stream(request) } throws: { ($0 as? HTTPError)?.kind == .cannotConnect }
  }
}

@Suite struct EventStreamFuzzTests {
  @Test func `events are the same wherever any stream is cut`() throws {
    let pieces = [
      "data: ", "data:", "data", "event: ", "id: ", "retry: ", ":", ": x", "\n", "\r", "\r\n", "\n\n", "\u{FEFF}", "ñ",
      "{}", " ",
      "[DONE]", "\0",
    ]
    for var random in FuzzRounds(2_000, seed: 11) {
      let text = random.text(from: pieces, upTo: 40)
      let whole = try EventStreamTests.events(text, pieces: max(1, text.utf8.count))
      let length = Int.random(in: 1...5, using: &random)
      #expect(try EventStreamTests.events(text, pieces: length) == whole, "seed \(random.seed)")
    }
  }
}
