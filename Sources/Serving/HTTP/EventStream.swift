internal import Corpus

/// Server-sent events, as browsers' `EventSource` reads them (HTML standard, 9.2).
struct EventStream: Sendable {
  let writer: BodyWriter

  /// Sends an event whose data is one line of JSON.
  func send(_ name: String, _ data: JSONValue) async throws { try await writer.send(name, data) }

  /// A response that sends events; what goes wrong in its course is its last event, `error`.
  static func response(
    logged: [JSONValue.Member] = [], _ produce: @escaping @Sendable (EventStream) async throws -> Void
  ) -> ServerResponse {
    var response = ServerResponse(
      contentType: "text/event-stream",
      // A proxy that gathers the answer would undo the stream.
      headers: [.init("Cache-Control", "no-cache"), .init("X-Accel-Buffering", "no")],
      stream: .init { failure in
        bytes("error", ["status": .integer(Int64(failure.status)), "detail": .string(failure.detail)])
      } produce: { writer in
        try await produce(EventStream(writer: writer))
      })
    response.logged = logged
    return response
  }

  static func bytes(_ name: String, _ data: JSONValue) -> [UInt8] {
    Array("event: \(name)\ndata: ".utf8) + data.bytes + Array("\n\n".utf8)
  }

  /// Whether a request asks for events: by its body's `stream`, otherwise by its `Accept`.
  static func isWanted(_ request: ServerRequest, _ body: JSONValue) -> Bool {
    if let stream = body["stream"]?.bool { return stream }
    let accepted = request.header("Accept")?.split(separator: ",") ?? []
    return accepted.contains {
      sameHeaderName(String($0.prefix { $0 != ";" }.filter { $0 != " " }), "text/event-stream")
    }
  }
}
