internal import CMicroHTTPD
internal import Corpus
internal import Glibc
internal import Synchronization

/// An HTTP server over libmicrohttpd: epoll threads read and write, answers are made off them by tasks.
///
/// While a task works, its connection is suspended, so that a slow answer or a slow client holds nobody else up.
public final class HTTPServer: Sendable {
  /// The address and port that it listens on, as an URL.
  public var url: String { "http://\(socket.host.contains(":") ? "[\(socket.host)]" : socket.host):\(socket.port)" }
  /// The port that it listens on, also when port 0 let the system choose.
  public var port: Int { socket.port }

  private let socket: ListeningSocket
  let dispatcher: HTTPDispatcher
  private let limits: ServerLimits
  private let daemon: Mutex<DaemonHandle?>

  // MHD locks its own state: "MHD_resume_connection … is safe to … at any time" and stopping is done once, under `daemon`.
  private struct DaemonHandle: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  /// Starts to listen and to answer.
  ///
  /// - Parameters:
  ///   - address: an IPv4 or IPv6 address or a name of this machine.
  ///   - port: 0 lets the system choose.
  ///   - threads: how many threads read and write.
  ///   - limits: what clients may ask of it.
  ///   - routes: what it answers.
  ///   - authenticator: tells who asks before a route that is not open is answered.
  ///   - front: what stands between the network and the routes; by default nothing.
  ///   - metrics: counts what happens.
  ///   - log: tells what happened, a line a request.
  /// - Throws: `ServingError` when the address cannot be had.
  public init(
    address: String, port: Int, threads: Int, limits: ServerLimits, routes: [Route],
    authenticator: any Authenticator, front: FrontSettings = FrontSettings(), metrics: Metrics, log: ServiceLog
  ) throws {
    self.limits = limits
    socket = try ListeningSocket(address: address, port: port)
    guard socket.isLoopback || !authenticator.admitsAnybody else {
      socket.close()
      throw ServingError.openToNetwork(address: socket.host)
    }
    dispatcher = HTTPDispatcher(
      limits: limits, router: Router(routes), authenticator: authenticator, front: front, metrics: metrics,
      log: log)
    var settings = acervo_mhd_settings()
    settings.listen_socket = socket.descriptor
    settings.threads = UInt32(clamping: max(1, threads))
    settings.connection_limit = UInt32(clamping: max(limits.connections, threads))
    settings.timeout_seconds = UInt32(clamping: limits.idleSeconds)
    // Room for our own limits to answer as JSON before MHD's, which answer as HTML, are reached.
    settings.connection_memory = limits.target + limits.headers + 32_768
    // The dispatcher lives as long as this object, which stops the daemon before it goes.
    let context = Unmanaged.passUnretained(dispatcher).toOpaque()
    guard let pointer = acervo_mhd_start(&settings, admitted, accessed, completed, context) else {
      socket.close()
      throw ServingError.cannotListen(address: address, port: port, reason: "libmicrohttpd did not start")
    }
    daemon = Mutex(DaemonHandle(pointer: pointer))
    dispatcher.startWatching()
  }

  /// Takes no more connections, lets requests in flight end within the limits' grace, then stops.
  public func stop() {
    daemon.withLock { daemon in
      guard let running = daemon?.pointer else { return }
      daemon = nil
      // `MHD_quiesce_daemon` would do for new connections, but it and an event loop both take the socket out of the
      // loop's epoll, and the one that comes second ends the process (MHD_PANIC, libmicrohttpd 0.9.75 to 1.0).
      dispatcher.drain()
      dispatcher.sockets.drain()
      let end = ContinuousClock.now + .seconds(limits.graceSeconds)
      while dispatcher.activeExchanges > 0, .now < end { usleep(5_000) }
      // "You must explicitly resume all connections before stopping the daemon" (microhttpd.h).
      dispatcher.abandonWork()
      dispatcher.sockets.abandon()
      let last = ContinuousClock.now + .milliseconds(500)
      while dispatcher.activeExchanges > 0, .now < last { usleep(5_000) }
      // The library must not be stopped while a connection is out of its hands; the sockets' thread gives each back.
      while dispatcher.sockets.count > 0 { usleep(5_000) }
      MHD_stop_daemon(running)
      dispatcher.watch.stop()
    }
  }

  deinit {
    stop()
  }
}

/// Whether a new connection is taken; a server that drains closes it at once.
private let admitted: MHD_AcceptPolicyCallback = { context, _, _ in
  guard let context else { return .NO }
  return Unmanaged<HTTPDispatcher>.fromOpaque(context).takeUnretainedValue().isDraining ? .NO : .YES
}

private let accessed: MHD_AccessHandlerCallback = { context, connection, url, method, _, upload, size, slot in
  guard let context, let connection, let url, let method, let size, let slot else { return .NO }
  let dispatcher = Unmanaged<HTTPDispatcher>.fromOpaque(context).takeUnretainedValue()
  guard let held = slot.pointee else {
    let exchange = dispatcher.begin(
      method: String(cString: method), target: String(cString: url), connection: connection)
    slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
    return dispatcher.refusesAtOnce(exchange) ? dispatcher.respond(exchange, on: connection) : .YES
  }
  let exchange = Unmanaged<HTTPExchange>.fromOpaque(held).takeUnretainedValue()
  if size.pointee > 0 {
    let isTaken = exchange.receive(
      UnsafeRawBufferPointer(start: upload, count: size.pointee), limits: dispatcher.limits)
    size.pointee = 0
    return isTaken ? .YES : .NO
  }
  return dispatcher.respond(exchange, on: connection)
}

private let completed: MHD_RequestCompletedCallback = { context, _, slot, code in
  guard let context, let slot, let held = slot.pointee else { return }
  slot.pointee = nil
  let exchange = Unmanaged<HTTPExchange>.fromOpaque(held).takeRetainedValue()
  let dispatcher = Unmanaged<HTTPDispatcher>.fromOpaque(context).takeUnretainedValue()
  dispatcher.end(exchange, isWhole: code == .REQUEST_TERMINATED_COMPLETED_OK)
}
