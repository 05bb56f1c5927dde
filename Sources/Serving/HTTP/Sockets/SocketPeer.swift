internal import Corpus

/// The other end of a WebSocket, as a route sees it.
struct SocketPeer: Sendable {
  /// Takes what is to be sent.
  let outbox: SocketOutbox
  /// Does a piece of work for the caller as if it were a request of its own: known again, within the rates, in turn, in
  /// time and counted.
  ///
  /// It throws what the work throws, and `RequestFailure` when the caller may not.
  let admit: @Sendable (_ work: @escaping @Sendable (Caller) async throws -> Void) async throws -> Void
}

/// What a route does with a WebSocket; called on the sockets' thread, so it has to return at once.
protocol SocketReceiver: Sendable {
  /// A text message came.
  func received(_ text: [UInt8])
  /// The connection is closed, or is not to be gone on with.
  func ended()
  /// Whether something is being worked on.
  var isBusy: Bool { get }
}

/// A connection that speaks WebSocket from now on.
struct UpgradedSocket: Sendable {
  let descriptor: Int32
  /// What came behind the request's head.
  let first: [UInt8]
  /// Gives the connection back to the HTTP library, which closes it.
  let close: @Sendable () -> Void
}

extension ServerResponse {
  /// Switches to WebSocket.
  static func upgrade(accept: String, protocol name: String?, to make: @escaping Upgrade) -> ServerResponse {
    var response = ServerResponse(
      status: 101, contentType: nil,
      headers: [.init("Upgrade", "websocket"), .init("Sec-WebSocket-Accept", accept)]
        + (name.map { [.init("Sec-WebSocket-Protocol", $0)] } ?? []), body: [])
    response.upgrade = make
    return response
  }
}
