internal import CMicroHTTPD
internal import Glibc
internal import Synchronization

/// Notices clients that close while their answer is made.
///
/// A suspended connection is not looked at by the HTTP library (“while a connection is suspended, MHD will not detect
/// disconnects by the client”, microhttpd.h), so its socket is watched here. A client that closes its sending side alone
/// is told of, too: on the wire the two look the same until something is sent.
final class DepartureWatch: Sendable {
  private let events: Int32
  private let isStopping = Atomic(false)

  /// How often `tick` is called, in milliseconds.
  private static let interval: Int32 = 250

  /// Without epoll (no descriptor is left) departures are noticed when something is sent.
  init() {
    events = acervo_watch_make()
  }

  deinit {
    if events >= 0 { close(events) }
  }

  /// Starts the thread, which holds the watch until `stop`.
  ///
  /// - Parameters:
  ///   - left: is told the number of an exchange whose client has gone; called on the watch's thread.
  ///   - tick: called about four times a second.
  func start(left: @escaping @Sendable (UInt64) -> Void, tick: @escaping @Sendable () -> Void) {
    detachThread { self.run(left: left, tick: tick) }
  }

  /// Has the thread end at its next tick.
  func stop() { isStopping.store(true, ordering: .releasing) }

  /// Watches a socket until it is forgotten or its client has gone.
  func add(_ socket: Int32, number: UInt64) { _ = acervo_watch_add(events, socket, number) }

  func forget(_ socket: Int32) { _ = acervo_watch_forget(events, socket) }

  private func run(left: @Sendable (UInt64) -> Void, tick: @Sendable () -> Void) {
    var numbers = [UInt64](repeating: 0, count: 64)
    var last = ContinuousClock.now
    while !isStopping.load(ordering: .acquiring) {
      let count = acervo_watch_wait(events, &numbers, Self.interval)
      if count < 0 { usleep(UInt32(Self.interval) * 1_000) }
      for number in numbers.prefix(max(0, Int(count))) { left(number) }
      if last.duration(to: .now) >= .milliseconds(Int(Self.interval)) {
        last = .now
        tick()
      }
    }
  }
}
