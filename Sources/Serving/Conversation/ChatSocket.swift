internal import Corpus
internal import Synchronization

/// A conversation over a WebSocket: each message is answered as `POST /chat` answers it, one after the other.
final class ChatSocket: SocketReceiver {
  private struct State {
    var waiting: [[UInt8]] = []
    var isBusy = false
    var isOver = false
    var task: Task<Void, Never>?
    /// The turns so far, where no journal keeps them.
    var turns: [(question: String, answer: String)] = []
    var answered = 0
  }

  /// Messages that may wait while one is answered.
  static let mostWaiting = 8
  private static let mostTurns = 10

  private let peer: SocketPeer
  private let chat: ChatRoutes
  private let route: Route
  private let head: ServerRequest
  private let session: String
  /// False where answers are masked, which needs them whole.
  private let isStreamed: Bool
  private let log: ServiceLog
  private let state = Mutex(State())

  init(
    _ peer: SocketPeer, chat: ChatRoutes, route: Route, head: ServerRequest, session: String, isStreamed: Bool,
    log: ServiceLog
  ) {
    (self.peer, self.chat, self.route, self.head) = (peer, chat, route, head)
    (self.session, self.isStreamed, self.log) = (session, isStreamed, log)
  }

  // MARK: The connection's side

  var isBusy: Bool { state.withLock(\.isBusy) }

  func received(_ text: [UInt8]) {
    let (starts, isTaken) = state.withLock { state -> (Bool, Bool) in
      guard !state.isOver else { return (false, true) }
      guard state.waiting.count < Self.mostWaiting else { return (false, false) }
      state.waiting.append(text)
      defer { state.isBusy = true }
      return (!state.isBusy, true)
    }
    guard isTaken else { return refuse(text) }
    guard starts else { return }
    let task = Task.detached { await self.answerAll() }
    let isOver = state.withLock { state in
      state.task = task
      return state.isOver
    }
    if isOver { task.cancel() }
  }

  func ended() {
    let (task, answered) = state.withLock { state in
      state.isOver = true
      state.waiting = []
      defer { state.task = nil }
      return (state.task, state.answered)
    }
    task?.cancel()
    log.write(.info, "socket_closed", ["id": .string(head.id), "answers": .integer(Int64(answered))])
  }

  private func refuse(_ text: [UInt8]) {
    let failure = RequestFailure(
      429, "\(Self.mostWaiting) messages wait already: send the next one when an answer is done.")
    let id = (try? JSONValue(parsing: text, maximumDepth: 16))?["id"]?.string
    if !peer.outbox.put(Self.event("error", Self.data(failure), id)) { peer.outbox.close(.policy, "too many messages") }
  }

  // MARK: The answers

  private func answerAll() async {
    while true {
      let next = state.withLock { state -> [UInt8]? in
        guard !state.isOver, !state.waiting.isEmpty else {
          state.isBusy = false
          state.task = nil
          return nil
        }
        return state.waiting.removeFirst()
      }
      guard let next else { return }
      await answer(next)
    }
  }

  private func answer(_ text: [UInt8]) async {
    var id: String?
    do {
      let (body, name) = try read(text)
      id = name
      let (peer, event) = (peer, name)
      try await peer.admit { caller in
        var request = self.head
        request.caller = caller
        try await self.answer(request, body) { name, data in try await peer.outbox.send(Self.event(name, data, event)) }
      }
      state.withLock { $0.answered += 1 }
    } catch {
      guard !(error is CancellationError) else { return }
      let failure = (error as? RequestFailure) ?? .unexpected
      if !(error is RequestFailure) {
        log.write(.error, "unexpected", ["id": .string(head.id), "error": .string("\(error)")])
      }
      peer.outbox.put(Self.event("error", Self.data(failure), id))
      // Who may not ask any more is not kept.
      if failure.status == 401 || failure.status == 403 { peer.outbox.close(.policy, "not allowed any more") }
    }
  }

  /// A message as the body of `POST /chat`, and what the client calls it.
  private func read(_ text: [UInt8]) throws(RequestFailure) -> (body: JSONValue, id: String?) {
    let value: JSONValue
    do { value = try JSONValue(parsing: text, maximumDepth: 16) } catch {
      throw RequestFailure(400, "The message is not JSON: \(error).")
    }
    guard let members = value.members else { throw RequestFailure(422, "A message is an object with “message”.") }
    let id = value["id"]?.string
    if let id, id.utf8.count > 64 { throw RequestFailure(422, "“id” is longer than 64 bytes.") }
    if value["id"] != nil, id == nil { throw RequestFailure(422, "“id” has to be text.") }
    var body = members.filter { $0.name != "id" && $0.name != "stream" }
    if body.contains(where: { $0.name == "session_id" }) {
      throw RequestFailure(422, "The session is the connection's: leave “session_id” out.")
    }
    body.append(.init("session_id", .string(session)))
    body.append(.init("stream", .bool(isStreamed)))
    if !chat.keeps, value["history"] == nil { body.append(.init("history", history)) }
    let whole = JSONValue.object(body)
    try route.body?.check(whole)
    return (whole, id)
  }

  private var history: JSONValue {
    .array(
      state.withLock(\.turns).flatMap { turn -> [JSONValue] in
        [
          ["role": .string("user"), "content": .string(turn.question)],
          ["role": .string("assistant"), "content": .string(turn.answer)],
        ]
      })
  }

  private func answer(
    _ request: ServerRequest, _ body: JSONValue,
    _ send: @escaping @Sendable (String, JSONValue) async throws -> Void
  ) async throws {
    guard case .task(let handler) = route.handler else { return }
    let response = try await handler(request, body)
    if let stream = response.stream {
      try await stream.produce(
        BodyWriter(events: { name, data in
          if name == "done" { self.remember(body, data) }
          try await send(name, data)
        }))
    } else {
      let data = try JSONValue(parsing: response.body)
      remember(body, data)
      try await send("done", data)
    }
  }

  private func remember(_ body: JSONValue, _ done: JSONValue) {
    guard !chat.keeps, let question = body["message"]?.string, let answer = done["answer"]?.string else { return }
    let longest = chat.desk.limits.question
    guard answer.utf8.count <= longest else { return }
    state.withLock { state in
      state.turns.append((question, answer))
      if state.turns.count > Self.mostTurns { state.turns.removeFirst() }
    }
  }

  private static func data(_ failure: RequestFailure) -> JSONValue {
    ["status": .integer(Int64(failure.status)), "detail": .string(failure.detail)]
  }

  private static func event(_ name: String, _ data: JSONValue, _ id: String?) -> [UInt8] {
    let id = id.map { [JSONValue.Member("id", .string($0))] } ?? []
    return JSONValue.object([.init("event", .string(name))] + id + [.init("data", data)]).bytes
  }
}
