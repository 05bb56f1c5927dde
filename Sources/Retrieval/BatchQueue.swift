internal import Synchronization

/// Work that costs less together than one by one: what waits when a batch begins is done in it.
///
/// Nobody waits for others to come: a batch begins as soon as a thread is free for it and takes what is there by then.
/// Results do not depend on what shares a batch; that is for `work` to keep.
final class BatchQueue<Item: Sendable, Product: Sendable>: Sendable {
  private struct Waiting: Sendable {
    let item: Item
    let answer: CheckedContinuation<Product, any Error>
  }

  private struct State {
    var waiting: [Waiting] = []
    /// Batches that are at work and have not let the next one begin.
    var working = 0
    /// Whether a batch has been asked for that has not begun.
    var isCalled = false
  }

  private let state = Mutex(State())
  private let largest: Int
  private let atOnce: Int
  private let work: Work

  /// Makes a product of each item, in order; calls its second argument when the next batch may begin, which is when it
  /// ends at the latest.
  typealias Work = @Sendable ([Item], _ goOn: @escaping @Sendable () -> Void) async -> [Result<Product, any Error>]

  /// Makes a queue.
  ///
  /// - Parameters:
  ///   - largest: the most items of one batch.
  ///   - atOnce: the most batches that are worked on at the same time, until they let the next one begin.
  ///   - work: gives a result for each item, in order.
  init(largest: Int, atOnce: Int, work: @escaping Work) {
    self.largest = max(1, largest)
    self.atOnce = max(1, atOnce)
    self.work = work
  }

  /// How many items no batch has taken yet.
  var waiting: Int { state.withLock(\.waiting.count) }

  /// What the work makes of an item.
  ///
  /// - Throws: what the work gives for it.
  func product(of item: Item) async throws -> Product {
    try await withCheckedThrowingContinuation { answer in
      let calls = state.withLock { state in
        state.waiting.append(Waiting(item: item, answer: answer))
        return call(&state)
      }
      if calls { begin() }
    }
  }

  /// Whether another batch is to begin.
  private func call(_ state: inout State) -> Bool {
    guard !state.waiting.isEmpty, !state.isCalled, state.working < atOnce else { return false }
    state.isCalled = true
    return true
  }

  /// A task of its own goes to the end of the line: requests that were read meanwhile come into the batch.
  private func begin() {
    Task.detached { await self.batch() }
  }

  private func batch() async {
    let (batch, calls) = state.withLock { state in
      let batch = Array(state.waiting.prefix(largest))
      state.waiting.removeFirst(batch.count)
      state.isCalled = false
      state.working += 1
      return (batch, call(&state))
    }
    if calls { begin() }
    let turn = Turn()
    let products = await work(batch.map(\.item)) { self.goOn(after: turn) }
    goOn(after: turn)
    for (waiting, product) in zip(batch, products) { waiting.answer.resume(with: product) }
  }

  /// One batch's time at work.
  private final class Turn: Sendable {
    let isOver = Atomic(false)
  }

  /// Lets the next batch begin, once.
  private func goOn(after turn: Turn) {
    guard !turn.isOver.exchange(true, ordering: .relaxed) else { return }
    let calls = state.withLock { state in
      state.working -= 1
      return call(&state)
    }
    if calls { begin() }
  }
}
