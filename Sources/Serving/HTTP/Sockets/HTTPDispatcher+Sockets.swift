internal import Answering
internal import CMicroHTTPD
internal import Corpus
internal import Embedding
internal import Synchronization

/// Connections that speak WebSocket from their first answer on.
extension HTTPDispatcher {
  /// The response that hands a connection over.
  ///
  /// What is to be done with it stands in the exchange, which the library holds until the connection has ended: the
  /// library frees nothing that a response of this kind is given.
  func upgrade(_ exchange: HTTPExchange, to make: @escaping ServerResponse.Upgrade) -> OpaquePointer? {
    exchange.state.withLock { state in
      state.upgrade = { [weak self, weak exchange] socket in
        guard let self, let exchange else { return socket.close() }
        sockets.open(socket) { outbox in make(self.peer(of: exchange, outbox)) }
      }
    }
    return MHD_create_response_for_upgrade(upgraded, nil)
  }

  private func peer(of exchange: HTTPExchange, _ outbox: SocketOutbox) -> SocketPeer {
    let (head, route) = (exchange.head, exchange.route)
    return SocketPeer(outbox: outbox) { [weak self] work in
      guard let self, let route else { throw RequestFailure.stopping }
      try await admit(head, to: route, work)
    }
  }

  /// Does a piece of work for whoever a connection belongs to, as a request of its own.
  private func admit(
    _ head: ServerRequest, to route: Route, _ work: @escaping @Sendable (Caller) async throws -> Void
  ) async throws {
    let started = ContinuousClock.now
    var head = head
    head.trace = head.trace?.child
    // Asked anew each time: a key may have been taken back, a token may have run out.
    try rates.take(address: head.address)
    let caller: Caller
    switch authenticator.identify(head, for: route) {
    case .known(let known): caller = try admitted(known, to: route)
    case .refused(let failure): throw failure
    case .pending(let find): caller = try admitted(try await find(), to: route)
    }
    let turn = self.turn(of: caller, from: head.address)
    guard await queue.enter(turn) else { throw Task.isCancelled ? RequestFailure.ended : busy }
    defer { queue.leave(turn) }
    let trace = RequestTrace(metrics: metrics, route: route)
    let meter = CallMeter { [metrics] call in metrics.meter.took(call, for: caller) }
    let limit = started.advanced(by: .seconds(limits.workSeconds))
    do {
      let isDone = try await CallMeter.$current.withValue(meter) {
        try await RequestTrace.$current.withValue(trace) { try await inTime(limit) { try await work(caller) } != nil }
      }
      guard isDone else { throw RequestFailure.late }
      count(head, to: route, status: 200, started: started, trace)
    } catch {
      let status = (error as? RequestFailure)?.status ?? (error is CancellationError ? 499 : 500)
      count(head, to: route, status: status, started: started, trace)
      throw error
    }
  }
}

private let upgraded: MHD_UpgradeHandler = { _, _, slot, extra, size, socket, handle in
  guard let slot, let handle else { return }
  let exchange = Unmanaged<HTTPExchange>.fromOpaque(slot).takeUnretainedValue()
  let first = UnsafeRawBufferPointer(start: extra, count: extra == nil ? 0 : size)
  let end = UpgradeHandle(pointer: handle)
  let open = exchange.state.withLock { state in
    defer { state.upgrade = nil }
    return state.upgrade
  }
  let connection = UpgradedSocket(descriptor: socket, first: Array(first)) { acervo_mhd_close(end.pointer) }
  guard let open else { return connection.close() }
  open(connection)
}

// MHD_upgrade_action locks what it touches and may be called by any thread ("Given the socket and the urh, the
// application is responsible", microhttpd.h); it is called once, by whoever ends the connection.
private struct UpgradeHandle: @unchecked Sendable {
  let pointer: OpaquePointer
}
