internal import CMicroHTTPD
internal import Glibc
internal import Synchronization

/// All WebSockets, on one thread of their own: the HTTP library's threads hand connections over and know no more of them.
final class SocketHub: Sendable {
  private struct Arrival: Sendable {
    var socket: UpgradedSocket
    var outbox: SocketOutbox
    var receiver: any SocketReceiver
  }

  private struct State {
    var arrivals: [Arrival] = []
    var count = 0
    var isRunning = false
    /// No new work: connections are closed when their answer is done.
    var isDraining = false
    /// Connections are closed at once.
    var isAbandoned = false
  }

  private let limits: SocketLimits
  /// Starts the thread; false where there is none to be had.
  private let start: @Sendable (@escaping @Sendable () -> Void) -> Bool
  private let state = Mutex(State())
  /// A byte written into the one wakes the thread that waits for the other.
  private let ends: (read: Int32, write: Int32)

  init(
    _ limits: SocketLimits, start: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool = { detachThread($0) }
  ) {
    self.limits = limits
    self.start = start
    var pair: [Int32] = [-1, -1]
    // Without descriptors no WebSocket is taken.
    if acervo_pipe(&pair) != 0 { pair = [-1, -1] }
    ends = (pair[0], pair[1])
  }

  deinit {
    if ends.read >= 0 {
      close(ends.read)
      close(ends.write)
    }
  }

  /// How many there are.
  var count: Int { state.withLock(\.count) }

  /// Whether one more is taken.
  var hasRoom: Bool {
    ends.read >= 0 && state.withLock { $0.count < limits.connections && !$0.isDraining && !$0.isAbandoned }
  }

  /// Takes a connection over.
  ///
  /// - Parameters:
  ///   - socket: the connection.
  ///   - make: makes what answers it, of where its answers go.
  func open(_ socket: UpgradedSocket, _ make: (SocketOutbox) -> any SocketReceiver) {
    let outbox = SocketOutbox { [weak self] in self?.wake() }
    let arrival = Arrival(socket: socket, outbox: outbox, receiver: make(outbox))
    let starts = state.withLock { state -> Bool in
      state.count += 1
      state.arrivals.append(arrival)
      // Between the handshake and here others may have come.
      if state.count > limits.connections || state.isDraining {
        outbox.close(.tryAgainLater, "too many connections, or the service is stopping")
      }
      defer { state.isRunning = true }
      return !state.isRunning
    }
    // The thread ends with the last connection, so that it holds nothing that nobody needs.
    if starts, !start({ self.run() }) { giveUp() }
    wake()
  }

  /// Lets go of the connections that wait for a thread that cannot be had; the next one tries again.
  private func giveUp() {
    let lost = state.withLock { state in
      defer { (state.arrivals, state.isRunning) = ([], false) }
      state.count -= state.arrivals.count
      return state.arrivals
    }
    for arrival in lost {
      arrival.outbox.end()
      arrival.receiver.ended()
      arrival.socket.close()
    }
  }

  /// Closes every connection on which nothing is being worked, the others when that is done.
  func drain() {
    state.withLock { $0.isDraining = true }
    wake()
  }

  /// Closes every connection.
  func abandon() {
    state.withLock { $0.isAbandoned = true }
    wake()
  }

  private func wake() {
    var byte: UInt8 = 1
    // A full pipe wakes as well.
    _ = write(ends.write, &byte, 1)
  }

  // MARK: The thread

  private func run() {
    var lines: [SocketLine] = []
    while true {
      let (arrivals, isDraining, isAbandoned, isOver) = state.withLock { state in
        defer { state.arrivals = [] }
        let isOver = state.arrivals.isEmpty && lines.isEmpty
        if isOver { state.isRunning = false }
        return (state.arrivals, state.isDraining, state.isAbandoned, isOver)
      }
      if isOver { return }
      let fresh = arrivals.map {
        SocketLine($0.socket, outbox: $0.outbox, receiver: $0.receiver, limits: limits)
      }
      // What came behind the handshake is there already.
      lines += fresh.filter { goesOn($0, isReadable: true) }
      if isDraining || isAbandoned {
        for line in lines where isAbandoned || !line.isBusy { line.leave() }
      }
      if isAbandoned {
        // They are told, and not waited for.
        for line in lines where goesOn(line, isReadable: false) { end(line) }
        lines = []
        continue
      }
      let readable = wait(for: lines)
      lines = zip(lines, readable).compactMap { line, isReadable in goesOn(line, isReadable: isReadable) ? line : nil }
    }
  }

  private func goesOn(_ line: SocketLine, isReadable: Bool) -> Bool {
    if line.step(isReadable: isReadable, at: .now) { return true }
    end(line)
    return false
  }

  private func end(_ line: SocketLine) {
    line.end()
    state.withLock { $0.count -= 1 }
  }

  /// Waits until something can be read or written, somebody wakes the thread, or a second has passed.
  private func wait(for lines: [SocketLine]) -> [Bool] {
    var places = lines.map { pollfd(fd: $0.descriptor, events: $0.interest, revents: 0) }
    places.append(pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0))
    guard poll(&places, nfds_t(places.count), 1_000) > 0 else { return lines.map { _ in false } }
    if places.last?.revents != 0 {
      var bytes = [UInt8](repeating: 0, count: 512)
      while read(ends.read, &bytes, bytes.count) == bytes.count {}
    }
    // An error or a hang-up is found out by reading.
    return places.dropLast().map { $0.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 }
  }
}
