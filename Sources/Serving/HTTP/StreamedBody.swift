internal import Corpus
internal import Synchronization

/// Takes the parts of a response that is sent while it is made.
public struct BodyWriter: Sendable {
  private enum Sink: Sendable {
    case body(StreamedBody)
    case events(@Sendable (String, JSONValue) async throws -> Void)
  }

  private let sink: Sink

  init(body: StreamedBody) { sink = .body(body) }

  /// Takes events one by one, for whom they are not the parts of a body.
  init(events: @escaping @Sendable (String, JSONValue) async throws -> Void) { sink = .events(events) }

  /// Hands bytes over and returns when there is room for more: a slow client slows its own answer down, nothing else.
  ///
  /// - Throws: `CancellationError` when nobody reads any more; `RequestFailure` when the response is longer than
  ///   `ServerLimits.streamedBody` allows.
  public func write(_ bytes: [UInt8]) async throws {
    switch sink {
    case .body(let body): try await body.write(bytes)
    // Only routes that send events are asked for events.
    case .events: throw RequestFailure.unexpected
    }
  }

  /// Sends an event.
  func send(_ name: String, _ data: JSONValue) async throws {
    switch sink {
    case .body(let body): try await body.write(EventStream.bytes(name, data))
    case .events(let take): try await take(name, data)
    }
  }
}

/// The bytes between the task that makes a response and the connection that it goes to: bounded, and cut when either
/// side gives up.
final class StreamedBody: Sendable {
  /// What a reader gets.
  enum Reading: Equatable {
    case bytes(Int)
    /// Nothing yet: the connection has been parked.
    case later
    case end
  }

  private struct State {
    var waiting: [UInt8] = []
    /// How many of the waiting bytes have been read.
    var taken = 0
    /// All bytes that were ever written.
    var total = 0
    /// Whether nothing is written any more: the response is whole.
    var isFinished = false
    /// Whether nobody reads any more.
    var isLeft = false
    /// Whether the connection sleeps until there is something to read.
    var isParked = false
    /// The task that waits for room.
    var writer: CheckedContinuation<Void, Never>?

    var count: Int { waiting.count - taken }

    mutating func takeWriter() -> CheckedContinuation<Void, Never>? {
      defer { writer = nil }
      return writer
    }
  }

  /// A writer waits while more bytes than this wait to be read.
  static let highWater = 65_536

  private let limit: Int
  private let park: @Sendable () -> Void
  private let unpark: @Sendable () -> Void
  private let state = Mutex(State())

  /// Makes an empty body.
  ///
  /// - Parameters:
  ///   - limit: how many bytes it may have.
  ///   - park: puts the connection to sleep; called by its reader.
  ///   - unpark: wakes it.
  init(limit: Int, park: @escaping @Sendable () -> Void, unpark: @escaping @Sendable () -> Void) {
    self.limit = limit
    self.park = park
    self.unpark = unpark
  }

  // MARK: The task's side

  func write(_ bytes: [UInt8]) async throws {
    try Task.checkCancellation()
    let outcome = state.withLock { state -> (isOver: Bool, isTooLong: Bool) in
      if state.isLeft || state.isFinished { return (true, false) }
      guard bytes.count <= limit - state.total else { return (false, true) }
      state.total += bytes.count
      state.waiting += bytes
      wake(&state)
      return (false, false)
    }
    if outcome.isOver { throw CancellationError() }
    if outcome.isTooLong { throw RequestFailure(500, "The response is longer than \(limit) bytes.") }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          if state.count <= Self.highWater || state.isLeft || state.isFinished { return true }
          state.writer = continuation
          return false
        }
        if goesOn { continuation.resume() }
      }
    } onCancel: {
      // Not `leave`: what is there may still be sent, with the reason for which it ends.
      state.withLock { $0.takeWriter() }?.resume()
    }
    if state.withLock({ $0.isLeft }) { throw CancellationError() }
  }

  /// Ends the response with its last bytes; what is written later is refused.
  func finish(with last: [UInt8] = []) {
    let writer = state.withLock { state in
      if !state.isFinished, !state.isLeft {
        state.isFinished = true
        state.waiting += last
        wake(&state)
      }
      return state.takeWriter()
    }
    writer?.resume()
  }

  private func wake(_ state: inout State) {
    guard state.isParked else { return }
    state.isParked = false
    unpark()
  }

  // MARK: The connection's side

  /// Reads what is there; called on the HTTP library's threads.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
    let (reading, writer) = state.withLock { state -> (Reading, CheckedContinuation<Void, Never>?) in
      guard state.count > 0 else {
        if state.isFinished || state.isLeft { return (.end, nil) }
        // Under the lock, so that no writer looks for a parked connection before it is one.
        if !state.isParked {
          state.isParked = true
          park()
        }
        return (.later, nil)
      }
      let count = min(buffer.count, state.count)
      let taken = state.taken
      state.waiting.withUnsafeBytes { bytes in
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[taken..<taken + count]))
      }
      state.taken += count
      if state.count == 0 {
        state.waiting.removeAll(keepingCapacity: true)
        state.taken = 0
      }
      return (.bytes(count), state.count <= Self.highWater / 2 ? state.takeWriter() : nil)
    }
    writer?.resume()
    return reading
  }

  /// The client is gone: nothing is kept, the next write throws, and a parked connection is woken to its end.
  func leave() {
    let writer = state.withLock { state in
      state.isLeft = true
      state.waiting = []
      state.taken = 0
      wake(&state)
      return state.takeWriter()
    }
    writer?.resume()
  }
}
