internal import CMicroHTTPD
internal import Corpus
internal import Embedding
internal import Synchronization

/// Answers that are made by tasks: admitted, cancelled when nobody wants them, ended when they take too long.
extension HTTPDispatcher {
  /// Suspends the connection until the task has an answer.
  ///
  /// - Throws: `RequestFailure` when too much is worked on.
  func work(
    on exchange: HTTPExchange, connection: Connection, _ answer: @escaping @Sendable () async throws -> ServerResponse
  ) throws(RequestFailure) {
    let refusal = state.withLock { state -> RequestFailure? in
      if state.isAbandoned { return .stopping }
      guard state.working.count < limits.concurrentWork + limits.waitingWork else { return busy }
      state.working[exchange.number] = (exchange, .now)
      exchange.state.withLock { state in
        state.phase = .working
        state.body = []
      }
      suspend(exchange, connection, &state)
      return nil
    }
    if let refusal { throw refusal }
    exchange.hold(
      Task.detached {
        await self.make(answer, of: exchange, on: connection)
        self.state.withLock { $0.working[exchange.number] = nil }
      })
  }

  var busy: RequestFailure {
    RequestFailure(
      503, "The server is busy with \(limits.concurrentWork) questions.", headers: [.init("Retry-After", "1")])
  }

  /// By what name a caller waits for their turn: who is not known yet, or one of many behind one name, is told by the
  /// address.
  func turn(of caller: Caller, from address: NetworkAddress?) -> String {
    caller.keyID ?? (caller == .nobody || caller == .anonymous ? nil : caller.name)
      ?? address.map { "\($0.client.bytes)" } ?? ""
  }

  /// Waits for the caller's turn, makes the answer and hands it over.
  private func make(
    _ answer: @Sendable () async throws -> ServerResponse, of exchange: HTTPExchange, on connection: Connection
  ) async {
    let caller = exchange.head.caller
    let turn = self.turn(of: caller, from: exchange.head.address)
    guard await queue.enter(turn) else {
      state.withLock { $0.working[exchange.number] = nil }
      let failure = Task.isCancelled ? RequestFailure.ended : busy
      _ = resume(exchange, connection, with: failure.response(for: exchange.route))
      return
    }
    let meter = CallMeter { [metrics] call in
      // Who asks may be found out only after the work has begun.
      metrics.meter.took(call, for: exchange.state.withLock(\.caller) ?? caller)
    }
    await CallMeter.$current.withValue(meter) {
      await RequestTrace.$current.withValue(exchange.trace) {
        await answered(answer, of: exchange, on: connection, turn)
      }
    }
  }

  /// The answer is made, or nobody waits for it any more: the next one may be worked on.
  private func finish(_ exchange: HTTPExchange, _ turn: String) {
    state.withLock { $0.working[exchange.number] = nil }
    queue.leave(turn)
  }

  private func answered(
    _ answer: @Sendable () async throws -> ServerResponse, of exchange: HTTPExchange, on connection: Connection,
    _ turn: String
  ) async {
    let response: ServerResponse
    do { response = try await answer() } catch {
      response = failure(error, of: exchange).response(for: exchange.route)
    }
    guard let stream = response.stream else {
      // Before the client has its answer: it may ask again at once.
      finish(exchange, turn)
      _ = resume(exchange, connection, with: response)
      return
    }
    let body = StreamedBody(
      limit: limits.streamedBody, park: { self.park(exchange, connection) }, unpark: { self.unpark(exchange) })
    exchange.state.withLock { state in
      state.stream = body
      state.ending = stream.ending
    }
    guard resume(exchange, connection, with: response) else {
      exchange.letGo()
      finish(exchange, turn)
      return
    }
    var last: [UInt8] = []
    do { try await stream.produce(BodyWriter(body: body)) } catch {
      last = stream.ending(failure(error, of: exchange))
    }
    finish(exchange, turn)
    body.finish(with: last)
  }

  /// Hands an answer over to the library's thread; false when somebody else already did.
  private func resume(_ exchange: HTTPExchange, _ connection: Connection, with response: ServerResponse) -> Bool {
    guard exchange.answer(response) else { return false }
    unpark(exchange)
    return true
  }

  // MARK: Suspended connections

  private func suspend(_ exchange: HTTPExchange, _ connection: Connection, _ state: inout State) {
    state.suspended[exchange.number] = (exchange, connection)
    MHD_suspend_connection(connection.pointer)
    watch.add(acervo_mhd_socket(connection.pointer), number: exchange.number)
  }

  /// Puts a connection to sleep that has nothing to send; called by the library's thread that serves it.
  private func park(_ exchange: HTTPExchange, _ connection: Connection) {
    state.withLock { suspend(exchange, connection, &$0) }
  }

  /// Resumes a connection, under the lock, so that the server does not stop the library between the two.
  private func unpark(_ exchange: HTTPExchange) {
    state.withLock { state in
      guard let connection = state.suspended.removeValue(forKey: exchange.number)?.connection else { return }
      // Before the library may close the socket, whose number would then be another's.
      watch.forget(acervo_mhd_socket(connection.pointer))
      MHD_resume_connection(connection.pointer)
    }
  }

  // MARK: Ends

  /// Begins to look after clients that leave and work that takes too long.
  func startWatching() {
    let limit = Duration.seconds(limits.workSeconds)
    watch.start { [weak self] in
      self?.left($0)
    } tick: { [weak self] in
      self?.dropLeft(after: Self.patience)
      self?.expire(after: limit)
      if let self { queue.expire(after: Double(limits.waitSeconds)) }
    }
  }

  /// How long a whole answer is still made for a client that has closed: some close their sending side alone and wait.
  private static let patience = Duration.seconds(2)

  private func left(_ number: UInt64) {
    guard let (exchange, _) = state.withLock({ $0.suspended[number] }) else { return }
    guard let stream = exchange.state.withLock(\.stream) else {
      state.withLock { $0.left[number] = .now }
      return
    }
    exchange.cancel(hasLeft: true)
    stream.leave()
  }

  private func dropLeft(after patience: Duration) {
    let gone = state.withLock { state -> [HTTPExchange] in
      state.left = state.left.filter { state.working[$0.key] != nil }
      let numbers = state.left.filter { $0.value.duration(to: .now) > patience }.keys
      for number in numbers { state.left[number] = nil }
      return numbers.compactMap { state.working[$0]?.exchange }
    }
    for exchange in gone {
      exchange.cancel(hasLeft: true)
      // It may have begun to stream meanwhile.
      exchange.state.withLock(\.stream)?.leave()
    }
  }

  /// Ends what has been worked on for longer than a limit.
  func expire(after limit: Duration) {
    let late = state.withLock { $0.working.values.filter { $0.since.duration(to: .now) > limit } }
    for (exchange, _) in late { giveUp(exchange, .late) }
  }

  /// Answers what is still worked on in its place; nothing is suspended any more from here on.
  func abandonWork() {
    let working = state.withLock { state in
      state.isAbandoned = true
      return Array(state.working.values)
    }
    for (exchange, _) in working { giveUp(exchange, .stopping) }
  }

  /// Ends work in its place, and says why.
  private func giveUp(_ exchange: HTTPExchange, _ failure: RequestFailure) {
    exchange.cancel(hasLeft: false)
    if let connection = state.withLock({ $0.suspended[exchange.number]?.connection }),
      resume(exchange, connection, with: failure.response(for: exchange.route))
    {
      return
    }
    let (stream, ending) = exchange.state.withLock { ($0.stream, $0.ending) }
    stream?.finish(with: ending?(failure) ?? [])
  }
}

extension RequestFailure {
  /// What is told when the answer takes longer than the server works on anything.
  static let late = RequestFailure(503, "No answer was found in time.", headers: [.init("Retry-After", "1")])

  /// What is told where no more WebSockets are taken.
  static let noSockets = RequestFailure(503, "Too many WebSockets are open.", headers: [.init("Retry-After", "5")])

  /// What is told of requests that a stopping server does not answer any more.
  static let stopping = RequestFailure(503, "The server is stopping.", headers: [.init("Retry-After", "1")])
}
