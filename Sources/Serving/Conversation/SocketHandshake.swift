internal import Corpus
internal import Credentials

/// The handshake of a WebSocket (RFC 6455, 4.2), beyond what every request has to be.
struct SocketHandshake: Sendable {
  /// The value of `Sec-WebSocket-Accept`.
  let accept: String
  /// The subprotocol that is spoken; nil where the client names none.
  let name: String?

  /// The subprotocol that this service speaks.
  static let subprotocol = "acervo"
  /// A subprotocol that begins so carries a key or a token, in base 64 for URLs: pages cannot send headers of their own.
  static let bearer = "bearer."

  /// Checks a request.
  ///
  /// - Throws: `RequestFailure` for what is no handshake, or comes from a page that may not ask.
  init(_ request: ServerRequest, _ origins: CrossOrigin) throws(RequestFailure) {
    let wants = Self.words(request, "Connection").contains { sameHeaderName($0, "upgrade") }
    guard request.method == "GET", wants,
      Self.words(request, "Upgrade").contains(where: { sameHeaderName($0, "websocket") })
    else {
      throw RequestFailure(
        426, "This path speaks WebSocket: connect with ws:// or wss://.",
        headers: [.init("Upgrade", "websocket")])
    }
    guard request.header("Sec-WebSocket-Version") == "13" else {
      throw RequestFailure(
        426, "The version of WebSocket that is spoken is 13.", headers: [.init("Sec-WebSocket-Version", "13")])
    }
    guard request.count(of: "Sec-WebSocket-Key") == 1,
      let accept = SocketKey.answer(to: request.header("Sec-WebSocket-Key") ?? "")
    else { throw RequestFailure(400, "“Sec-WebSocket-Key” has to be 16 bytes in base 64.") }
    // Browsers let every page open a WebSocket to every host, and say where the page came from: it is for the server
    // to refuse (RFC 6455, 10.2).
    if request.count(of: "Origin") > 0, !origins.admits(request), !Self.isOwn(request) {
      throw RequestFailure(
        403, "Pages of this origin may not ask; “cors.origins” in the service's settings lists those that may.")
    }
    self.accept = accept
    let offered = Self.words(request, "Sec-WebSocket-Protocol")
    guard offered.isEmpty || offered.contains(Self.subprotocol) else {
      throw RequestFailure(400, "The subprotocol that is spoken is “\(Self.subprotocol)”: offer it, or none.")
    }
    name = offered.isEmpty ? nil : Self.subprotocol
  }

  /// Whether the page came from this very service.
  private static func isOwn(_ request: ServerRequest) -> Bool {
    guard let origin = request.header("Origin"), let host = request.header("Host"), request.count(of: "Host") == 1
    else {
      return false
    }
    return ["http://", "https://"].contains { sameHeaderName(origin, $0 + host) }
  }

  private static func words(_ request: ServerRequest, _ name: String) -> [String] {
    request.headers.filter { sameHeaderName($0.name, name) }.flatMap { $0.value.split(separator: ",") }.map {
      String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// The headers with the key or token that a subprotocol carries as `Authorization`, where none stands there.
  static func showing(_ headers: [ServerRequest.Field]) -> [ServerRequest.Field] {
    let request = ServerRequest(method: "GET", path: "", headers: headers)
    guard Credential(request) == .none,
      let carried = words(request, "Sec-WebSocket-Protocol").first(where: { $0.hasPrefix(bearer) }),
      let bytes = Base64URL.bytes(carried.dropFirst(bearer.count).utf8),
      let token = String(validating: bytes, as: UTF8.self)
    else { return headers }
    return headers + [.init("Authorization", "Bearer " + token)]
  }
}
