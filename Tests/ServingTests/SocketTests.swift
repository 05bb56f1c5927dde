import AcervoTesting
import Answering
import Corpus
import Credentials
import Foundation
import Synchronization
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct SocketTests {
  let handbook: PublishedHandbook
  let session = "6f1d2c3b-0a4e-4b5c-8d7e-9f0a1b2c3d4e"
  let question = #"{"message": "What is the disk quota?", "id": "a"}"#

  init() throws {
    handbook = try PublishedHandbook()
  }

  private func serve(
    _ version: Int = 7, _ change: @escaping (inout ServiceSettings) -> Void = { _ in }
  ) async throws -> QueryService {
    try await handbook.publish(version)
    let service = try handbook.serve(change)
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    return service
  }

  private func open(_ service: QueryService, headers: [String] = [], first: [UInt8] = []) async throws -> SocketClient {
    try await SocketClient("/ws/" + session, port: service.port, headers: headers, first: first)
  }

  private func inFlight(_ service: QueryService) async throws -> Int {
    let text = try await request("GET", "/metrics", port: service.port).text
    let line = text.split(separator: "\n").first { $0.hasPrefix("acervo_http_requests_in_flight ") }
    // The request that asks is one of them.
    return (line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0) - 1
  }

  // MARK: Conversations

  @Test func `a message is answered by the events of a streamed answer, under the name that it was given`() async throws
  {
    let service = try await serve()
    defer { service.stop() }
    // What comes behind the handshake is not lost.
    let client = try await open(service, first: SocketClient.frame(1, Array(question.utf8)))
    #expect(client.head.status == 101)
    #expect(client.head.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    let events = await client.answer()
    #expect(events.allSatisfy { $0["id"]?.string == "a" })
    let text = events.filter { $0["event"]?.string == "token" }.compactMap { $0["data"]?["text"]?.string }.joined()
    let done = try #require(events.last?["data"])
    #expect(events.last?["event"]?.string == "done")
    #expect(done["answer"]?.string == text)
    #expect(done["session_id"]?.string == session)
    for event in events {
      let name = try #require(event["event"]?.string)
      guard name != "done", let schema = AnswerSyntax.events.first(where: { $0.name == name })?.data else { continue }
      #expect(throws: Never.self) { try schema.check(event["data"] ?? .null) }
    }
    let whole = try await request(
      "POST", "/chat", port: service.port,
      body: #"{"message": "What is the disk quota?", "session_id": "\#(session)"}"#)
    #expect(whole.json["answer"]?.string == text)
    // Unnamed messages have no name.
    client.send(#"{"message": "What is the disk quota?"}"#)
    #expect(await client.answer().last?["id"] == nil)
    client.raw.send(SocketClient.frame(8, [0x03, 0xE8]))
    #expect(await client.closing() == 1_000)
    #expect(try await eventually { try await inFlight(service) == 0 })
  }

  @Test func `each message is a span below the connection's, with steps of its own`() async throws {
    let collector = try LoopbackSite { _ in .status(200) }
    let service = try await serve { settings in settings.traces.endpoint = collector.url("") }
    defer { service.stop() }
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
    let client = try await open(service, headers: ["traceparent: 00-\(trace)-\(parent)-01"])
    // Two questions: evidence that is remembered takes no step.
    for message in ["What is the disk quota?", "What is the quota of version 7?"] {
      client.send(#"{"message": "\#(message)"}"#)
      #expect(await client.answer().last?["event"]?.string == "done")
    }
    func spans() -> [JSONValue] {
      collector.requests.flatMap { SeeingTests.Bodies.spans(in: $0.body) }.filter { $0["traceId"]?.string == trace }
    }
    func named(_ name: String, in spans: [JSONValue]) -> [JSONValue] { spans.filter { $0["name"]?.string == name } }
    #expect(try await eventually { named("retrieve", in: spans()).count == 2 })
    let requests = named("GET /ws/{session_id}", in: spans())
    let head = try #require(requests.first { $0["parentSpanId"]?.string == parent }?["spanId"]?.string)
    let messages = requests.filter { $0["parentSpanId"]?.string == head }.compactMap { $0["spanId"]?.string }
    #expect(Set(messages).count == 2)
    let below = named("retrieve", in: spans()).compactMap { $0["parentSpanId"]?.string }
    #expect(Set(below) == Set(messages))
  }

  @Test func `a conversation goes on over connections where a journal keeps it, and within one otherwise`() async throws
  {
    let model = ScriptedModel(saying: "The disk quota of version 7 is 7 gigabytes [1].")
    for (version, keeps) in [(7, true), (8, false)] {
      let service = try await serve(version) { settings in
        settings.models = ModelChain([ModelChain.Member(model, tries: 1)])
        if keeps { settings.journal = JournalSettings(path: handbook.folder.path + "/journal.mdb") }
      }
      defer { service.stop() }
      let first = try await open(service)
      for _ in 0..<2 {
        first.send(question)
        #expect(await first.answer().last?["event"]?.string == "done")
      }
      let second = try await open(service)
      second.send(#"{"message": "And of version 7?"}"#)
      #expect(await second.answer().last?["event"]?.string == "done")
      let path = "/api/v1/conversations/" + session.filter { $0 != "-" }
      let kept = try await request("GET", path, port: service.port)
      #expect(kept.json["turns"]?.int == (keeps ? 3 : nil))
    }
  }

  @Test func `messages wait for their turn, those that are too many are refused, none is lost or answered twice`()
    async throws
  {
    let service = try await serve()
    defer { service.stop() }
    let client = try await open(service)
    let count = 30
    // In one go, so that they are there before the first answer.
    client.raw.send(
      (0..<count).flatMap {
        SocketClient.frame(1, Array(#"{"message": "What is the disk quota?", "id": "\#($0)"}"#.utf8))
      })
    var ends: [String: String] = [:]
    while ends.count < count, let event = await client.event() {
      guard let id = event["id"]?.string, let name = event["event"]?.string, ["done", "error"].contains(name) else {
        continue
      }
      #expect(ends[id] == nil)
      ends[id] = name == "done" ? "done" : "\(event["data"]?["status"]?.int ?? 0)"
    }
    #expect(ends.count == count)
    #expect(ends.values.count { $0 == "done" } >= ChatSocket.mostWaiting)
    #expect(Set(ends.values).isSubset(of: ["done", "429"]))
  }

  // MARK: Faults

  @Test func `what is wrong with a message is told, and the conversation goes on`() async throws {
    let service = try await serve()
    defer { service.stop() }
    let client = try await open(service)
    let wrong = [
      ("no JSON", 400), ("[]", 422), (#"{"message": ""}"#, 422), (#"{"message": "x", "session_id": "y"}"#, 422),
      (#"{"message": "x", "colour": 1}"#, 422), (#"{"message": "x", "id": 7}"#, 422),
      (#"{"message": "x", "collection": "none"}"#, 404),
    ]
    for (text, status) in wrong {
      client.send(text)
      let event = try #require(await client.answer().last)
      #expect((event["event"]?.string, event["data"]?["status"]?.int) == ("error", status), "\(text)")
    }
    // In two parts, with a ping between them.
    let bytes = Array(question.utf8)
    client.raw.send(
      SocketClient.frame(1, Array(bytes.prefix(9)), isLast: false) + SocketClient.frame(9, [7])
        + SocketClient.frame(0, Array(bytes.dropFirst(9))))
    let pong = await client.frame()
    #expect((pong?.opcode, pong?.payload) == (10, [7]))
    #expect(await client.answer().last?["event"]?.string == "done")
  }

  @Test func `what breaks the protocol ends the connection with the reason's code`() async throws {
    let service = try await serve { $0.limits.socketMessage = 2_000 }
    defer { service.stop() }
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 2_001)
    let cases: [(bytes: [UInt8], code: Int)] = [
      (SocketClient.frame(1, long), 1_009), (SocketClient.frame(1, [0xFF, 0xFE]), 1_007),
      (SocketClient.frame(2, [1, 2]), 1_003), (SocketClient.frame(1, Array(question.utf8), isMasked: false), 1_002),
      (SocketClient.frame(0, [1]), 1_002), (SocketClient.frame(11, []), 1_002),
    ]
    for (bytes, code) in cases {
      let client = try await open(service)
      client.raw.send(bytes)
      #expect(await client.closing() == code)
    }
    #expect(try await eventually { try await inFlight(service) == 0 })
  }

  @Test func `a handshake that is none, or comes from another page, is refused`() async throws {
    let service = try await serve {
      $0.front.crossOrigin.origins = [CrossOrigin.Rule("https://intranet.example")].compactMap { $0 }
    }
    defer { service.stop() }
    #expect(try await request("GET", "/ws/" + session, port: service.port).status == 426)
    for (header, status) in [
      ("Origin: https://evil.example", 403), ("Origin: https://intranet.example", 101),
      ("Origin: http://127.0.0.1:\(service.port)", 101), ("Sec-WebSocket-Protocol: graphql-ws", 400),
      ("Sec-WebSocket-Protocol: other, acervo", 101), ("Sec-WebSocket-Key: again", 400),
    ] {
      let client = try await open(service, headers: [header])
      #expect(client.head.status == status, "\(header)")
    }
    // Anybody could guess these.
    for name in ["1", "ana", String(repeating: "x", count: 64)] {
      #expect(try await SocketClient("/ws/" + name, port: service.port).head.status == 422)
    }
  }

  // MARK: Who asks, and how many

  /// Knows one token, until it is taken back.
  private final class Door: Authenticator {
    let isOpen = Atomic(true)

    func identify(_ head: ServerRequest, for route: Route) -> Identification {
      guard isOpen.load(ordering: .relaxed), case .token("secret/token+1") = Credential(head) else {
        return .refused(.unknownCaller())
      }
      return .known(Caller("ana", scopes: [.ask, .metrics]))
    }
  }

  @Test func `a key comes as a header or as a subprotocol, and is looked at again with every message`() async throws {
    let door = Door()
    let service = try handbook.serve(authenticator: door)
    defer { service.stop() }
    try await handbook.publish(7)
    service.reload()
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    #expect(try await open(service).head.status == 401)
    let carried = "bearer." + Base64URL.text(Array("secret/token+1".utf8))
    #expect(try await open(service, headers: ["Sec-WebSocket-Protocol: acervo, bearer.bm8"]).head.status == 401)
    let header = try await open(service, headers: ["Authorization: Bearer secret/token+1"])
    #expect(header.head.status == 101)
    // Whom the service knows may name sessions as they like.
    let client = try await SocketClient(
      "/ws/ana.1", port: service.port, headers: ["Sec-WebSocket-Protocol: acervo, \(carried)"])
    #expect(client.head.status == 101)
    #expect(client.head.headers["sec-websocket-protocol"] == "acervo")
    client.send(question)
    #expect(await client.answer().last?["event"]?.string == "done")
    door.isOpen.store(false, ordering: .relaxed)
    client.send(question)
    #expect(await client.answer().last?["data"]?["status"]?.int == 401)
    #expect(await client.closing() == 1_008)
  }

  @Test func `there are so many at most, and one that leaves makes room`() async throws {
    let service = try await serve { $0.limits.sockets = 2 }
    defer { service.stop() }
    let one = try await open(service)
    let two = try await open(service)
    #expect(try await open(service).head.status == 503)
    one.raw.send(SocketClient.frame(8, [0x03, 0xE8]))
    #expect(await one.closing() == 1_000)
    #expect(try await eventually { try await open(service).head.status == 101 })
    two.send(question)
    #expect(await two.answer().last?["event"]?.string == "done")
  }

  @Test func `a service that stops says farewell`() async throws {
    let service = try await serve()
    let client = try await open(service)
    client.send(question)
    #expect(await client.answer().last?["event"]?.string == "done")
    await onThread { service.stop() }
    #expect(await client.closing() == 1_001)
  }

  // MARK: Threads

  private final class Deaf: SocketReceiver {
    let ends = Atomic(0)
    let tries = Atomic(0)
    var isBusy: Bool { false }
    func received(_ text: [UInt8]) {}
    func ended() { ends.add(1, ordering: .relaxed) }
  }

  @Test func `without a thread a connection is closed, and the next one tries for one again`() {
    let deaf = Deaf()
    let hub = SocketHub(SocketLimits(connections: 1, message: 100, idleSeconds: 1)) { _ in
      deaf.tries.add(1, ordering: .relaxed)
      return false
    }
    for number in 1...3 {
      hub.open(UpgradedSocket(descriptor: -1, first: []) { deaf.ended() }) { _ in deaf }
      #expect(deaf.ends.load(ordering: .relaxed) == 2 * number)
      #expect(hub.count == 0 && hub.hasRoom)
    }
    #expect(deaf.tries.load(ordering: .relaxed) == 3)
  }
}
