import Synchronization
import Testing

@testable import Indexing

/// How many elements were sent and not yet received, now and at most.
private final class Counts: Sendable {
  private let state = Mutex((waiting: 0, largest: 0))
  var waiting: Int { state.withLock { $0.waiting } }
  var largest: Int { state.withLock { $0.largest } }

  func add(sent: Int) {
    state.withLock {
      $0.waiting += sent
      $0.largest = max($0.largest, $0.waiting)
    }
  }
}

@Suite struct BoundedQueueTests {
  @Test func `Elements leave in the order in which they came`() async throws {
    let queue = BoundedQueue<Int>(capacity: 1000)
    for number in 0..<200 { try await queue.send(number, weight: 1) }
    queue.finish()
    var received: [Int] = []
    for await number in queue { received.append(number) }
    #expect(received == Array(0..<200))
  }

  @Test func `A sender waits until there is room, and what waits never weighs more than the capacity`() async throws {
    let queue = BoundedQueue<Int>(capacity: 10)
    let counts = Counts()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<250 {
            try? await queue.send(1, weight: 5)
            counts.add(sent: 1)
          }
        }
      }
      group.addTask {
        for number in 0..<1000 {
          _ = await queue.next()
          counts.add(sent: -1)
          if number % 100 == 0 { await Task.yield() }
        }
      }
    }
    #expect(counts.waiting == 0)
    // Two fit; each of the four senders may be between its step and its count.
    #expect(counts.largest <= 2 + 4)
  }

  @Test func `An element heavier than the capacity passes alone`() async throws {
    let queue = BoundedQueue<String>(capacity: 1)
    try await queue.send("heavy", weight: 100)
    #expect(await queue.next() == "heavy")
  }

  @Test func `A cancelled sender throws, whether it waits already or not`() async throws {
    let queue = BoundedQueue<Int>(capacity: 1)
    try await queue.send(1, weight: 1)
    let waiting = Task { try await queue.send(2, weight: 1) }
    try await Task.sleep(for: .milliseconds(10))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    #expect(await queue.next() == 1)
    #expect(queue.nextWithoutWaiting() == nil)
  }

  @Test func `A cancelled receiver gets nothing and takes nothing`() async throws {
    let queue = BoundedQueue<Int>(capacity: 1)
    let waiting = Task { await queue.next() }
    waiting.cancel()
    #expect(await waiting.value == nil)
    try await queue.send(7, weight: 1)
    #expect(await queue.next() == 7)
  }

  @Test func `Closing drops what waits and refuses senders; finishing lets it out`() async throws {
    let closed = BoundedQueue<Int>(capacity: 10)
    try await closed.send(1, weight: 1)
    closed.close()
    #expect(await closed.next() == nil)
    await #expect(throws: CancellationError.self) { try await closed.send(2, weight: 1) }

    let finished = BoundedQueue<Int>(capacity: 10)
    try await finished.send(1, weight: 1)
    finished.finish()
    #expect(await finished.next() == 1)
    #expect(await finished.next() == nil)
  }
}
