internal import Synchronization

/// What is to be sent over a WebSocket: the tasks that make it put it down, the sockets' thread takes it.
final class SocketOutbox: Sendable {
  /// Why a connection is closed (RFC 6455, 7.4.1).
  enum Closing: UInt16, Sendable {
    case goingAway = 1001
    /// Nobody who may go on, or too many messages at once.
    case policy = 1008
    case tryAgainLater = 1013
  }

  private struct State {
    var messages: [[UInt8]] = []
    var bytes = 0
    var closing: (code: Closing, reason: String)?
    /// Whether nothing is sent any more.
    var isOver = false
    /// Tasks that wait for room.
    var writers: [CheckedContinuation<Void, Never>] = []

    mutating func takeWriters() -> [CheckedContinuation<Void, Never>] {
      defer { writers = [] }
      return writers
    }
  }

  /// A writer waits while more bytes than this wait to be sent.
  static let highWater = 65_536

  private let state = Mutex(State())
  private let wake: @Sendable () -> Void

  init(wake: @escaping @Sendable () -> Void) {
    self.wake = wake
  }

  // MARK: The tasks' side

  /// Puts a text message down, and returns when there is room for more: a slow client slows its own answers down.
  ///
  /// - Throws: `CancellationError` when the connection is closed.
  func send(_ message: [UInt8]) async throws {
    try Task.checkCancellation()
    guard put(message) else { throw CancellationError() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          if state.bytes <= Self.highWater || state.isOver || Task.isCancelled { return true }
          state.writers.append(continuation)
          return false
        }
        if goesOn { continuation.resume() }
      }
    } onCancel: {
      for writer in state.withLock({ $0.takeWriters() }) { writer.resume() }
    }
    if state.withLock({ $0.isOver }) { throw CancellationError() }
  }

  /// Puts a text message down without waiting; false when the connection is closed, or so much waits already that the
  /// client cannot be reading.
  @discardableResult
  func put(_ message: [UInt8]) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isOver, state.closing == nil, state.bytes <= 4 * Self.highWater else { return false }
      state.messages.append(message)
      state.bytes += message.count
      return true
    }
    if isTaken { wake() }
    return isTaken
  }

  /// Closes the connection when everything before has been sent.
  func close(_ code: Closing, _ reason: String) {
    state.withLock { if $0.closing == nil { $0.closing = (code, reason) } }
    wake()
  }

  // MARK: The connection's side

  /// The next message.
  func next() -> [UInt8]? {
    let (message, writers) = state.withLock { state -> ([UInt8]?, [CheckedContinuation<Void, Never>]) in
      guard !state.messages.isEmpty else { return (nil, []) }
      let message = state.messages.removeFirst()
      state.bytes -= message.count
      return (message, state.bytes <= Self.highWater / 2 ? state.takeWriters() : [])
    }
    for writer in writers { writer.resume() }
    return message
  }

  /// What the connection is to be closed with, once there are no messages.
  var closing: (code: Closing, reason: String)? { state.withLock { $0.messages.isEmpty ? $0.closing : nil } }

  /// Nothing is sent any more: whoever waits for room is told.
  func end() {
    let writers = state.withLock { state in
      state.isOver = true
      state.messages = []
      state.bytes = 0
      return state.takeWriters()
    }
    for writer in writers { writer.resume() }
  }
}
