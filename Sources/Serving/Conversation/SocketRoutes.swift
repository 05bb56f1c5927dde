internal import Corpus

/// `GET /ws/{session_id}`: a conversation over a WebSocket.
struct SocketRoutes: Sendable {
  let chat: ChatRoutes
  /// `POST /chat` with everything that stands around it: each message takes its way.
  let route: Route
  let origins: CrossOrigin
  let isStreamed: Bool
  let log: ServiceLog

  var all: [Route] { [socket] }

  private var socket: Route {
    var socket = Route(
      "GET", "/ws/{session_id}", name: "socket",
      summary: "A conversation over a WebSocket: a message in, the events of its answer out, one JSON text each.",
      scope: .ask,
      parameters: [.path("session_id", .string(bytes: 1...64), "Names the conversation, as in `POST /chat`.")],
      result: ("application/json", .object([])),
      failures: [
        (101, "The handshake is done."), (403, "The page's origin is not on the list, or the caller may not ask."),
        (426, "The request is no handshake of WebSocket, version 13."),
      ],
      handler: .immediate { [chat, route, origins, isStreamed, log] request in
        let handshake = try SocketHandshake(request, origins)
        let session = request.parameters["session_id"]?.string ?? ""
        _ = try ChatSession(session, of: request.caller)
        return .upgrade(accept: handshake.accept, protocol: handshake.name) { peer in
          ChatSocket(
            peer, chat: chat, route: route, head: request, session: session, isStreamed: isStreamed, log: log)
        }
      })
    socket.isSocket = true
    return socket
  }
}
