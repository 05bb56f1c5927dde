internal import CMicroHTTPD
internal import Corpus
internal import Synchronization

/// Leads each exchange from its head to its queued response; called on the HTTP library's threads.
final class HTTPDispatcher: Sendable {
  let limits: ServerLimits
  private let router: Router
  let authenticator: any Authenticator
  private let front: FrontSettings
  let rates: RateLimiter
  let queue: WorkQueue
  let metrics: Metrics
  let log: ServiceLog
  private let identifiers = RequestIdentifiers()
  let state = Mutex(State())

  let watch = DepartureWatch()
  let sockets: SocketHub

  struct State {
    var active = 0
    var isDraining = false
    /// Whether no connection may be suspended any more.
    var isAbandoned = false
    /// The exchanges whose answer is being made, with the time since when.
    var working: [UInt64: (exchange: HTTPExchange, since: ContinuousClock.Instant)] = [:]
    /// Exchanges whose client has closed its connection, or at least its sending side, with the time since when.
    var left: [UInt64: ContinuousClock.Instant] = [:]
    /// The connections that the library does not look at, until they are resumed.
    var suspended: [UInt64: (exchange: HTTPExchange, connection: Connection)] = [:]
  }

  // "Calling [MHD_resume_connection] is safe … at any time" for a suspended connection (microhttpd.h), and a
  // connection is only resumed by whoever moved its exchange from `working` to `answered`.
  struct Connection: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  init(
    limits: ServerLimits, router: Router, authenticator: any Authenticator, front: FrontSettings, metrics: Metrics,
    log: ServiceLog
  ) {
    self.limits = limits
    self.router = router
    self.authenticator = authenticator
    self.front = front
    rates = RateLimiter(front.rates)
    queue = WorkQueue(limit: limits.concurrentWork, perCaller: limits.workPerCaller, room: limits.waitingWork)
    sockets = SocketHub(
      SocketLimits(
        connections: limits.sockets, message: limits.socketMessage, idleSeconds: limits.socketIdleSeconds))
    self.metrics = metrics
    self.log = log
  }

  var activeExchanges: Int { state.withLock(\.active) }

  /// From now on connections are closed after their response, and new ones at once.
  func drain() { state.withLock { $0.isDraining = true } }

  var isDraining: Bool { state.withLock(\.isDraining) }

  // MARK: The head

  func begin(method: String, target: String, connection: OpaquePointer) -> HTTPExchange {
    state.withLock { $0.active += 1 }
    metrics.began()
    var head = ServerRequest(method: method, path: "")
    var size = target.utf8.count
    head.headers = fields(of: connection, .HEADER_KIND)
    let query = fields(of: connection, .GET_ARGUMENT_KIND)
    for field in query {
      size += field.name.utf8.count + field.value.utf8.count + 2
    }
    head.trace = TraceContext(head)
    head.address = front.address(of: peer(of: connection), head)
    head.id = identifiers.identifier(sent: head.header("X-Request-Id"))
    var route: Route?
    var refusal: RequestFailure?
    var pending: (@Sendable () async throws -> Caller)?
    do throws(RequestFailure) {
      try check(&head, target: target, targetSize: size)
      switch try router.match(head) {
      case .methods(let methods):
        // Not a failure, but an answer that needs no route.
        refusal = RequestFailure(204, "", headers: [.init("Allow", methods.joined(separator: ", "))])
      case .route(let match, let values):
        route = match
        if match.isSocket { head.headers = SocketHandshake.showing(head.headers) }
        if match.scope != .open {
          try rates.take(address: head.address)
          switch authenticator.identify(head, for: match) {
          case .known(let caller): head.caller = try admitted(caller, to: match)
          case .refused(let failure): throw failure
          case .pending(let work): pending = work
          }
        }
        head.parameters = try router.parameters(of: match, path: values, query: query)
        try router.checkContentType(head, for: match)
      }
    } catch {
      refusal = error
    }
    return HTTPExchange(
      head: head, route: route, pending: pending, refusal: refusal, trace: RequestTrace(metrics: metrics, route: route))
  }

  func admitted(_ caller: Caller, to route: Route) throws(RequestFailure) -> Caller {
    guard caller.may(route.scope) else { throw .notAllowed(route.scope) }
    try rates.take(caller)
    return caller
  }

  private func check(_ head: inout ServerRequest, target: String, targetSize: Int) throws(RequestFailure) {
    if targetSize > limits.target {
      throw RequestFailure(414, "Path and query are longer than \(limits.target) bytes.")
    }
    if head.headers.reduce(0, { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }) > limits.headers {
      throw RequestFailure(431, "The headers are longer than \(limits.headers) bytes.")
    }
    guard let path = percentDecoded(path(of: target)) else {
      throw RequestFailure(400, "The path is not valid: percent escapes have to be UTF-8 without control characters.")
    }
    head.path = path
    // Two lengths, or a length beside chunks, let a proxy and this server disagree where a request ends.
    if head.count(of: "Content-Length") > 1
      || head.header("Transfer-Encoding") != nil && head.header("Content-Length") != nil
    {
      throw RequestFailure(400, "The request states its length twice.")
    }
    if let coding = head.header("Transfer-Encoding"), !sameHeaderName(coding, "chunked") {
      throw RequestFailure(400, "The only transfer coding taken is “chunked”.")
    }
    if let length = head.header("Content-Length") {
      guard let length = Int(length), length >= 0 else {
        throw RequestFailure(413, "The body is longer than \(limits.body) bytes.")
      }
      if length > limits.body { throw RequestFailure(413, "The body is longer than \(limits.body) bytes.") }
    }
  }

  /// The path of `/path` or, as proxies may send it, of `http://host/path`.
  private func path(of target: String) -> String {
    for scheme in ["http://", "https://"] where target.hasPrefix(scheme) {
      let rest = target.dropFirst(scheme.count)
      return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
    }
    return target
  }

  /// Whether to answer before the body comes, closing the connection: it is far too long to be read or its length is in
  /// doubt, or the client asks first (`Expect: 100-continue`).
  func refusesAtOnce(_ exchange: HTTPExchange) -> Bool {
    guard exchange.state.withLock({ $0.refusal != nil }) else { return false }
    if let expect = exchange.head.header("Expect"), sameHeaderName(expect, "100-continue") { return true }
    // Nobody can say where a body ends whose length is in doubt.
    if exchange.head.header("Transfer-Encoding") != nil { return true }
    guard let length = exchange.head.header("Content-Length") else { return false }
    return exchange.head.count(of: "Content-Length") > 1 || (Int(length) ?? .max) > limits.body * HTTPExchange.drained
  }

  // MARK: The answer

  /// Queues the response, or suspends the connection until there is one.
  func respond(_ exchange: HTTPExchange, on connection: OpaquePointer) -> MHD_Result {
    let (phase, refusal) = exchange.state.withLock { ($0.phase, $0.refusal) }
    switch phase {
    case .answered(let response): return queue(response, of: exchange, on: connection)
    case .queued, .working: return .YES
    case .receiving: break
    }
    if let refusal {
      let response = refusal.status == 204 ? empty(refusal) : refusal.response(for: exchange.route)
      return queue(response, of: exchange, on: connection)
    }
    guard let route = exchange.route else { return queue(unexpected, of: exchange, on: connection) }
    do {
      if let pending = exchange.pending {
        let request = exchange.request
        let body = try router.body(of: request, for: route)
        try work(on: exchange, connection: Connection(pointer: connection)) {
          var request = request
          let caller = try self.admitted(try await pending(), to: route)
          request.caller = caller
          exchange.state.withLock { $0.caller = caller }
          switch route.handler {
          case .immediate(let handler): return try handler(request)
          case .task(let handler): return try await handler(request, body)
          }
        }
        return .YES
      }
      switch route.handler {
      case .immediate(let handler):
        return queue(try handler(exchange.request), of: exchange, on: connection)
      case .task(let handler):
        let request = exchange.request
        let body = try router.body(of: request, for: route)
        try work(on: exchange, connection: Connection(pointer: connection)) { try await handler(request, body) }
        return .YES
      }
    } catch {
      return queue(
        failure(error, of: exchange).response(for: exchange.route), of: exchange, on: connection)
    }
  }

  private func queue(_ whole: ServerResponse, of exchange: HTTPExchange, on connection: OpaquePointer) -> MHD_Result {
    exchange.state.withLock { $0.phase = .queued }
    var answer = whole
    if answer.upgrade != nil, !sockets.hasRoom {
      answer = RequestFailure.noSockets.response(for: exchange.route)
    }
    guard let response = self.response(answer, of: exchange, on: connection) else { return .NO }
    defer { MHD_destroy_response(response) }
    for header in answer.headers { MHD_add_response_header(response, header.name, header.value) }
    MHD_add_response_header(response, "X-Request-Id", exchange.head.id)
    for header in SecurityHeaders.all where !answer.headers.contains(where: { sameHeaderName($0.name, header.name) }) {
      MHD_add_response_header(response, header.name, header.value)
    }
    for header in front.crossOrigin.headers(exchange.head) {
      MHD_add_response_header(response, header.name, header.value)
    }
    if isDraining { MHD_add_response_header(response, "Connection", "close") }
    if answer.stream == nil {
      tell(of: exchange, status: answer.status, answer.logged)
    } else {
      // Told when it has ended: only then is it known how.
      exchange.state.withLock { $0.summary = .init(status: answer.status, logged: answer.logged) }
    }
    return MHD_queue_response(connection, UInt32(clamping: answer.status), response)
  }

  private func response(_ answer: ServerResponse, of exchange: HTTPExchange, on connection: OpaquePointer)
    -> OpaquePointer?
  {
    if let make = answer.upgrade { return upgrade(exchange, to: make) }
    if answer.stream != nil {
      guard let stream = exchange.state.withLock(\.stream) else { return nil }
      // UInt64.max: MHD_SIZE_UNKNOWN, a cast that is not imported.
      return MHD_create_response_from_callback(
        .max, 32_768, readStream, Unmanaged.passRetained(stream).toOpaque(), releaseStream)
    }
    var body = answer.body
    return body.withUnsafeMutableBytes {
      MHD_create_response_from_buffer($0.count, $0.baseAddress, .RESPMEM_MUST_COPY)
    }
  }

  private func tell(of exchange: HTTPExchange, status: Int, _ logged: [JSONValue.Member]) {
    var head = exchange.head
    if let caller = exchange.state.withLock(\.caller) { head.caller = caller }
    log.answered(head, status: status, after: exchange.started.duration(to: .now), with: logged)
    count(head, to: exchange.route, status: status, started: exchange.started, exchange.trace)
  }

  /// Counts what was answered, and sends its spans where somebody collects them.
  func count(
    _ head: ServerRequest, to route: Route?, status: Int, started: ContinuousClock.Instant, _ trace: RequestTrace
  ) {
    metrics.answered(route: route, status: status, after: started.duration(to: .now))
    guard let exporter = front.exporter, let context = head.trace else { return }
    exporter.add(
      context, method: head.method, route: route?.path ?? "other", status: status, started: started,
      steps: trace.spans)
  }

  /// The exchange is over, its response sent or its connection lost.
  func end(_ exchange: HTTPExchange, isWhole: Bool) {
    let (stream, summary, hadLeft) = exchange.state.withLock { state in
      defer { state.summary = nil }
      return (state.stream, state.summary, state.hasLeft)
    }
    exchange.cancel(hasLeft: !isWhole)
    exchange.letGo()
    stream?.leave()
    if let summary {
      let left = isWhole && !hadLeft ? [] : [JSONValue.Member("left", .bool(true))]
      tell(of: exchange, status: summary.status, summary.logged + left)
    }
    state.withLock { $0.active -= 1 }
    metrics.ended()
  }

  private var unexpected: ServerResponse { RequestFailure.unexpected.response }

  func failure(_ error: any Error, of exchange: HTTPExchange) -> RequestFailure {
    if let failure = error as? RequestFailure { return failure }
    if error is CancellationError { return .ended }
    log.write(.error, "unexpected", ["id": .string(exchange.head.id), "error": .string("\(error)")])
    return .unexpected
  }

  private func empty(_ refusal: RequestFailure) -> ServerResponse {
    ServerResponse(status: refusal.status, contentType: nil, headers: refusal.headers, body: [])
  }

  private func peer(of connection: OpaquePointer) -> NetworkAddress? {
    var text = [CChar](repeating: 0, count: 64)
    guard acervo_mhd_address(connection, &text, text.count) == 1 else { return nil }
    return NetworkAddress(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  private func fields(of connection: OpaquePointer, _ kind: MHD_ValueKind) -> [ServerRequest.Field] {
    var fields: [ServerRequest.Field] = []
    withUnsafeMutablePointer(to: &fields) { pointer in
      _ = MHD_get_connection_values(
        connection, kind,
        { context, _, name, value in
          guard let context, let name else { return .NO }
          context.assumingMemoryBound(to: [ServerRequest.Field].self).pointee.append(
            ServerRequest.Field(String(cString: name), value.map { String(cString: $0) } ?? ""))
          return .YES
        }, pointer)
    }
    return fields
  }
}

private let readStream: MHD_ContentReaderCallback = { context, _, buffer, size in
  // -1: the end of the stream (MHD_CONTENT_READER_END_OF_STREAM, a cast that is not imported).
  guard let context, let buffer else { return -1 }
  let stream = Unmanaged<StreamedBody>.fromOpaque(context).takeUnretainedValue()
  switch stream.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size)) {
  case .bytes(let count): return count
  case .later: return 0
  case .end: return -1
  }
}

private let releaseStream: MHD_ContentReaderFreeCallback = { context in
  guard let context else { return }
  Unmanaged<StreamedBody>.fromOpaque(context).release()
}
