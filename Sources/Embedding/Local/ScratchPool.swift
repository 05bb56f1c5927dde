internal import Synchronization

/// Lends scratch memory to threads: as many pieces exist as threads ever encoded at once, a few are kept.
final class ScratchPool<Scratch: AnyObject>: Sendable {
  /// Unchecked because a scratch belongs to one thread at a time: the pool hands each out once until it is back.
  private struct Idle: @unchecked Sendable {
    var scratches: [Scratch] = []
  }

  private let idle = Mutex(Idle())
  private let kept: Int
  private let make: @Sendable () -> Scratch

  init(kept: Int, make: @escaping @Sendable () -> Scratch) {
    self.kept = kept
    self.make = make
  }

  func withScratch<Result>(_ body: (Scratch) -> Result) -> Result {
    let found = idle.withLock { Idle(scratches: $0.scratches.popLast().map { [$0] } ?? []) }
    let scratch = found.scratches.first ?? make()
    let back = Idle(scratches: [scratch])
    defer {
      idle.withLock { idle in
        if idle.scratches.count < kept { idle.scratches += back.scratches }
      }
    }
    return body(scratch)
  }
}
