internal import Synchronization

/// A queue between two stages that holds producers back: back-pressure counted in weight (bytes), not in elements.
///
/// `AsyncStream`'s policies drop or grow when the consumer is slow; this queue suspends whoever sends. Any number of
/// tasks may send and receive; elements leave in the order in which they came in.
final class BoundedQueue<Element: Sendable>: AsyncSequence, Sendable {
  /// - Parameter capacity: the weight that may wait; one element heavier than that passes alone.
  init(capacity: Int) {
    state = Mutex(State(capacity: capacity))
  }

  /// Puts an element in, waiting while the queue is full.
  ///
  /// - Throws: `CancellationError` when the task is cancelled or the queue was closed.
  func send(_ element: Element, weight: Int) async throws {
    let id = state.withLock { $0.newID() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let resume = state.withLock { $0.send(element, weight: weight, id: id, continuation) }
        resume()
      }
    } onCancel: {
      let resume = state.withLock { $0.cancelSender(id) }
      resume()
    }
  }

  /// Ends the queue: what waits is still received; later sends throw.
  func finish() {
    let resume = state.withLock { $0.finish(dropping: false) }
    resume()
  }

  /// Ends the queue at once: what waits is dropped, and senders throw.
  func close() {
    let resume = state.withLock { $0.finish(dropping: true) }
    resume()
  }

  /// The next element if one waits right now.
  func nextWithoutWaiting() -> Element? {
    let (element, resume) = state.withLock { $0.takeNow() }
    resume()
    return element
  }

  /// The next element; nil after the end.
  func next() async -> Element? {
    let id = state.withLock { $0.newID() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let resume = state.withLock { $0.receive(id: id, continuation) }
        resume()
      }
    } onCancel: {
      let resume = state.withLock { $0.cancelReceiver(id) }
      resume()
    }
  }

  func makeAsyncIterator() -> Iterator { Iterator(queue: self) }

  struct Iterator: AsyncIteratorProtocol {
    fileprivate let queue: BoundedQueue
    mutating func next() async -> Element? { await queue.next() }
  }

  private typealias Resume = @Sendable () -> Void
  private typealias Sender = CheckedContinuation<Void, any Error>
  private typealias Receiver = CheckedContinuation<Element?, Never>

  /// Everything behind one lock; continuations are resumed by the caller, outside of it.
  private struct State {
    let capacity: Int
    var weight = 0
    var waiting: [(element: Element, weight: Int)] = []
    var head = 0
    var senders: [(id: Int, element: Element, weight: Int, continuation: Sender)] = []
    var receivers: [(id: Int, continuation: Receiver)] = []
    /// Calls that were cancelled before they could wait: without this a cancel in between would be lost.
    var cancelled: Set<Int> = []
    var isFinished = false
    var lastID = 0

    init(capacity: Int) {
      self.capacity = Swift.max(1, capacity)
    }

    mutating func newID() -> Int {
      lastID += 1
      return lastID
    }

    mutating func send(_ element: Element, weight: Int, id: Int, _ continuation: Sender) -> Resume {
      if cancelled.remove(id) != nil || isFinished {
        return { continuation.resume(throwing: CancellationError()) }
      }
      if !receivers.isEmpty {
        let receiver = receivers.removeFirst().continuation
        return {
          receiver.resume(returning: element)
          continuation.resume()
        }
      }
      if senders.isEmpty, self.weight == 0 || self.weight + weight <= capacity {
        waiting.append((element, weight))
        self.weight += weight
        return { continuation.resume() }
      }
      senders.append((id, element, weight, continuation))
      return {}
    }

    mutating func receive(id: Int, _ continuation: Receiver) -> Resume {
      if cancelled.remove(id) != nil { return { continuation.resume(returning: nil) } }
      let (element, resume) = takeNow()
      if let element {
        return {
          resume()
          continuation.resume(returning: element)
        }
      }
      if isFinished { return { continuation.resume(returning: nil) } }
      receivers.append((id, continuation))
      return {}
    }

    mutating func takeNow() -> (Element?, Resume) {
      guard head < waiting.count else { return (nil, {}) }
      let (element, weight) = waiting[head]
      head += 1
      // Dropped in one go now and then, so that taking stays O(1) on average.
      if head > 64, head * 2 > waiting.count {
        waiting.removeFirst(head)
        head = 0
      }
      self.weight -= weight
      var admitted: [Sender] = []
      while let first = senders.first, self.weight == 0 || self.weight + first.weight <= capacity {
        waiting.append((first.element, first.weight))
        self.weight += first.weight
        admitted.append(first.continuation)
        senders.removeFirst()
      }
      let resumed = admitted
      return (element, { for sender in resumed { sender.resume() } })
    }

    mutating func cancelSender(_ id: Int) -> Resume {
      guard let index = senders.firstIndex(where: { $0.id == id }) else {
        cancelled.insert(id)
        return {}
      }
      let continuation = senders.remove(at: index).continuation
      return { continuation.resume(throwing: CancellationError()) }
    }

    mutating func cancelReceiver(_ id: Int) -> Resume {
      guard let index = receivers.firstIndex(where: { $0.id == id }) else {
        cancelled.insert(id)
        return {}
      }
      let continuation = receivers.remove(at: index).continuation
      return { continuation.resume(returning: nil) }
    }

    mutating func finish(dropping: Bool) -> Resume {
      isFinished = true
      if dropping {
        waiting.removeAll()
        head = 0
        weight = 0
      }
      let (ended, refused) = (receivers, senders)
      receivers.removeAll()
      senders.removeAll()
      return {
        for receiver in ended { receiver.continuation.resume(returning: nil) }
        for sender in refused { sender.continuation.resume(throwing: CancellationError()) }
      }
    }
  }

  private let state: Mutex<State>
}
