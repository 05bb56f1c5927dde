import AcervoTesting
import Synchronization
import Testing

@testable import Retrieval

@Suite(.timeLimit(.minutes(1))) struct BatchQueueTests {
  private struct Refused: Error, Equatable { let number: Int }

  /// Doubles numbers, refuses those divisible by seven, and notes what shared a batch.
  private final class Doubling: Sendable {
    let batches = Mutex<[[Int]]>([])
    let atWork = Mutex((now: 0, most: 0))

    func work(_ numbers: [Int], _ goOn: () -> Void) async -> [Result<Int, any Error>] {
      batches.withLock { $0.append(numbers) }
      atWork.withLock { count in
        count.now += 1
        count.most = max(count.most, count.now)
      }
      await Task.yield()
      atWork.withLock { $0.now -= 1 }
      return numbers.map { $0.isMultiple(of: 7) ? .failure(Refused(number: $0)) : .success(2 * $0) }
    }
  }

  @Test(arguments: [(1, 1), (16, 1), (5, 3)])
  func `each gets its own result, whatever shares its batch`(largest: Int, atOnce: Int) async throws {
    let doubling = Doubling()
    let queue = BatchQueue(largest: largest, atOnce: atOnce, work: doubling.work)
    await withTaskGroup(of: Bool.self) { group in
      for number in 1...200 {
        group.addTask {
          do {
            return try await queue.product(of: number) == 2 * number && number % 7 != 0
          } catch {
            return error as? Refused == Refused(number: number) && number % 7 == 0
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
    let batches = doubling.batches.withLock { $0 }
    #expect(batches.flatMap { $0 }.sorted() == Array(1...200))
    #expect(batches.allSatisfy { (1...largest).contains($0.count) })
    #expect(doubling.atWork.withLock { $0.most } <= atOnce)
  }

  @Test func `what comes while a batch is at work shares the next`() async throws {
    let gate = Mutex<CheckedContinuation<Void, Never>?>(nil)
    let batches = Mutex<[[Int]]>([])
    let queue = BatchQueue<Int, Int>(largest: 16, atOnce: 1) { numbers, _ in
      batches.withLock { $0.append(numbers) }
      if numbers == [0] { await withCheckedContinuation { held in gate.withLock { $0 = held } } }
      return numbers.map { .success($0) }
    }
    async let first = queue.product(of: 0)
    while gate.withLock({ $0 == nil }) { await Task.yield() }
    await withTaskGroup(of: Int?.self) { group in
      for number in 1...5 { group.addTask { try? await queue.product(of: number) } }
      while queue.waiting < 5 { await Task.yield() }
      gate.withLock { $0 }?.resume()
      #expect(await group.reduce(0) { $0 + ($1 ?? 0) } == 15)
    }
    #expect(try await first == 0)
    #expect(batches.withLock { $0 }.count == 2)
  }

  @Test func `a batch that lets the next one begin is not waited for`() async throws {
    let gate = Mutex<CheckedContinuation<Void, Never>?>(nil)
    let queue = BatchQueue<Int, Int>(largest: 16, atOnce: 1) { numbers, goOn in
      if numbers == [0] {
        goOn()
        goOn()
        await withCheckedContinuation { held in gate.withLock { $0 = held } }
      }
      return numbers.map { .success($0) }
    }
    async let first = queue.product(of: 0)
    while gate.withLock({ $0 == nil }) { await Task.yield() }
    #expect(try await queue.product(of: 1) == 1)
    gate.withLock { $0 }?.resume()
    #expect(try await first == 0)
    #expect(try await queue.product(of: 2) == 2)
  }
}
