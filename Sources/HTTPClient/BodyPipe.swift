internal import Synchronization

/// What passes from the client's thread to whoever reads a body: the head, then bytes, then the end.
final class BodyPipe: Sendable {
  /// So many bytes may wait for their reader; a piece of libcurl's, 16 KiB at most, may go beyond.
  static let capacity = 256 << 10

  private struct State {
    var headWaiter: CheckedContinuation<HTTPResponse, any Error>?
    var hasBegun = false
    var buffer: [UInt8] = []
    var end: Result<Void, any Error>?
    var waiter: CheckedContinuation<Void, any Error>?
    /// Whether libcurl keeps a piece back.
    var isPaused = false
    var isCancelled = false
  }

  private let state = Mutex(State())

  var isCancelled: Bool { state.withLock(\.isCancelled) }

  // MARK: The reader's side

  /// Stores who waits for the head; false, with the waiter resumed, when the cancellation came first.
  func waitForHead(with waiter: CheckedContinuation<HTTPResponse, any Error>) -> Bool {
    let isCancelled = state.withLock { state in
      if !state.isCancelled { state.headWaiter = waiter }
      return state.isCancelled
    }
    if isCancelled { waiter.resume(throwing: CancellationError()) }
    return !isCancelled
  }

  /// The bytes that wait, and whether libcurl has to be told to go on; nil bytes at the end.
  func next() async throws -> (bytes: [UInt8]?, wasPaused: Bool) {
    while true {
      enum Step { case bytes([UInt8], Bool), end(Result<Void, any Error>), wait }
      let step = state.withLock { state -> Step in
        if state.isCancelled { return .end(.failure(CancellationError())) }
        guard state.buffer.isEmpty else {
          defer { (state.buffer, state.isPaused) = ([], false) }
          return .bytes(state.buffer, state.isPaused)
        }
        return state.end.map { .end($0) } ?? .wait
      }
      switch step {
      case .bytes(let bytes, let wasPaused): return (bytes, wasPaused)
      case .end(let result):
        try result.get()
        return (nil, false)
      case .wait: try await change()
      }
    }
  }

  /// Returns when there is something new.
  private func change() async throws {
    try await withCheckedThrowingContinuation { waiter in
      let isNew = state.withLock { state in
        let isNew = !state.buffer.isEmpty || state.end != nil || state.isCancelled
        if !isNew { state.waiter = waiter }
        return isNew
      }
      if isNew { waiter.resume() }
    }
  }

  /// Ends it from the reader's side; false when it has ended already.
  func cancel() -> Bool {
    let (isNew, head, waiter) = state.withLock { state in
      defer { (state.headWaiter, state.waiter) = (nil, nil) }
      let isNew = !state.isCancelled && state.end == nil
      state.isCancelled = true
      state.buffer = []
      return (isNew, state.headWaiter, state.waiter)
    }
    head?.resume(throwing: CancellationError())
    waiter?.resume()
    return isNew
  }

  // MARK: The client's thread

  /// Gives the head.
  func begin(_ head: HTTPResponse) {
    let waiter = state.withLock { state in
      defer { state.headWaiter = nil }
      state.hasBegun = true
      return state.headWaiter
    }
    waiter?.resume(returning: head)
  }

  /// Takes bytes; false when the reader is behind, and then they have to be offered again.
  func offer(_ piece: UnsafeRawBufferPointer) -> Bool {
    let (isTaken, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Void, any Error>?) in
      guard state.buffer.isEmpty || state.buffer.count + piece.count <= Self.capacity else {
        state.isPaused = true
        return (false, nil)
      }
      state.buffer.append(contentsOf: piece)
      defer { state.waiter = nil }
      return (true, state.waiter)
    }
    waiter?.resume()
    return isTaken
  }

  /// Ends it: with the response's head where everything came, or with what went wrong.
  func finish(_ result: Result<HTTPResponse, any Error>) {
    let (head, waiter) = state.withLock { state in
      defer { (state.headWaiter, state.waiter) = (nil, nil) }
      state.end = result.map { _ in }
      return (state.headWaiter, state.waiter)
    }
    head?.resume(with: result)
    waiter?.resume()
  }
}
