internal import Glibc

/// Runs work on a thread of its own, for what blocks: it ends with the work.
///
/// - Parameter work: holds what it needs until it has ended.
/// - Returns: whether there was a thread to be had; the work is let go of where there was none.
@discardableResult
func detachThread(_ work: @escaping @Sendable () -> Void) -> Bool {
  final class Held: Sendable {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
  var thread = pthread_t()
  let held = Unmanaged.passRetained(Held(work))
  let code = pthread_create(
    &thread, nil,
    { context in
      guard let context else { return nil }
      Unmanaged<Held>.fromOpaque(context).takeRetainedValue().work()
      return nil
    }, held.toOpaque())
  guard code == 0 else {
    held.release()
    return false
  }
  pthread_detach(thread)
  return true
}
