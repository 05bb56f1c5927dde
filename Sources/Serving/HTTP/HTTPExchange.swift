internal import Corpus
internal import Synchronization

/// One request and its response, from the request's head to the last byte sent.
///
/// The HTTP library's threads and the task that works on the answer meet here; everything that changes is in `state`.
final class HTTPExchange: Sendable {
  /// Where the exchange stands.
  enum Phase: Sendable {
    /// The body is arriving.
    case receiving
    /// The connection is suspended, a task works on the answer.
    case working
    /// The answer waits to be queued.
    case answered(ServerResponse)
    /// The response has been handed over.
    case queued
  }

  struct State: Sendable {
    var phase = Phase.receiving
    var body: [UInt8] = []
    /// The bytes of the body that came, also those that are thrown away.
    var received = 0
    /// What the head alone already decided.
    var refusal: RequestFailure?
    /// Who asks, where that was found out later than from the head.
    var caller: Caller?
    /// Makes the answer.
    var task: Task<Void, Never>?
    /// The answer, where it is sent while it is made.
    var stream: StreamedBody?
    /// Its last bytes when it cannot be finished.
    var ending: (@Sendable (RequestFailure) -> [UInt8])?
    /// Takes the connection over after a response that switches protocols.
    var upgrade: (@Sendable (UpgradedSocket) -> Void)?
    /// Whether nobody wants the answer any more.
    var isCancelled = false
    /// Whether the client had gone before its answer was whole.
    var hasLeft = false
    /// What is written into the log when the last byte has been sent.
    var summary: Summary?
  }

  /// What there is to tell of a streamed answer before its end is known.
  struct Summary: Sendable {
    var status: Int
    var logged: [JSONValue.Member]
  }

  /// Without the body.
  let head: ServerRequest
  /// The route that the head names; nil when it is refused.
  let route: Route?
  /// Finds out who asks; nil when the head has the caller, or nobody is asked for.
  let pending: (@Sendable () async throws -> Caller)?
  /// What happens while it is worked on.
  let trace: RequestTrace
  /// When the head was complete.
  let started = ContinuousClock.now
  /// Tells exchanges apart; never 0.
  let number = HTTPExchange.numbers.wrappingAdd(1, ordering: .relaxed).newValue
  let state: Mutex<State>

  private static let numbers = Atomic<UInt64>(0)

  init(
    head: ServerRequest, route: Route?, pending: (@Sendable () async throws -> Caller)? = nil, refusal: RequestFailure?,
    trace: RequestTrace
  ) {
    self.head = head
    self.route = route
    self.pending = pending
    self.trace = trace
    state = Mutex(State(refusal: refusal))
  }

  /// The request with the body that came.
  var request: ServerRequest {
    var request = head
    request.body = state.withLock(\.body)
    return request
  }

  /// Takes a part of the body.
  ///
  /// - Returns: false when so much more than allowed came, or so late, that the connection is to be cut.
  func receive(_ bytes: UnsafeRawBufferPointer, limits: ServerLimits) -> Bool {
    guard started.duration(to: .now) < .seconds(limits.receiveSeconds) else { return false }
    return state.withLock { state in
      state.received += bytes.count
      if state.refusal == nil, state.received > limits.body {
        state.refusal = RequestFailure(413, "The body is longer than \(limits.body) bytes.")
        state.body = []
      }
      if state.refusal == nil { state.body.append(contentsOf: bytes) }
      // What is refused is still read up to a point: a client that is busy sending does not look for the answer.
      return state.received <= limits.body * HTTPExchange.drained
    }
  }

  /// How many times the allowed body is read and thrown away before a connection is cut.
  static let drained = 8

  /// Keeps the task that makes the answer, to cancel it when nobody wants it any more.
  func hold(_ task: Task<Void, Never>) {
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  /// Forgets who makes the answer and where it is written: both know this exchange, and would hold each other for ever.
  func letGo() {
    let held = state.withLock { state in
      defer { (state.task, state.stream, state.ending) = (nil, nil, nil) }
      return (state.task, state.stream, state.ending)
    }
    _ = held  // let go of here, outside the lock
  }

  /// Cancels the task that makes the answer.
  func cancel(hasLeft: Bool) {
    let task = state.withLock { state in
      state.isCancelled = true
      state.hasLeft = state.hasLeft || hasLeft
      return state.task
    }
    task?.cancel()
  }

  /// Puts the answer down if a task was working on it; false when somebody else already did.
  func answer(_ response: ServerResponse) -> Bool {
    state.withLock { state in
      guard case .working = state.phase else { return false }
      state.phase = .answered(response)
      return true
    }
  }
}
