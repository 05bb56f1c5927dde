public import Corpus

/// What is sent back.
public struct ServerResponse: Sendable {
  /// The HTTP status.
  public var status: Int
  /// Headers beside those that the server sets itself (`Content-Length`, `Date`, `Connection`, `X-Request-Id`).
  public var headers: [ServerRequest.Field]
  /// The bytes of the body; empty where it is streamed.
  public var body: [UInt8]
  /// Makes the body while it is sent; nil for a body that is there.
  public var stream: Stream?
  /// Switches to WebSocket; nil for everything else.
  var upgrade: Upgrade?
  /// What the log line of the request says beyond method, path and status; never what a person asked.
  public var logged: [JSONValue.Member] = []

  /// Makes what answers a WebSocket.
  typealias Upgrade = @Sendable (SocketPeer) -> any SocketReceiver

  /// A body that is sent while it is made, in chunks.
  public struct Stream: Sendable {
    /// Writes the body; cancelled when the client leaves.
    public var produce: @Sendable (BodyWriter) async throws -> Void
    /// The last bytes of a body that cannot be finished: they tell the client why, as the head cannot any more.
    public var ending: @Sendable (RequestFailure) -> [UInt8]

    /// Makes a body.
    ///
    /// - Parameters:
    ///   - ending: nothing by default.
    ///   - produce: writes the body.
    public init(
      ending: @escaping @Sendable (RequestFailure) -> [UInt8] = { _ in [] },
      produce: @escaping @Sendable (BodyWriter) async throws -> Void
    ) {
      self.ending = ending
      self.produce = produce
    }
  }

  /// Makes a response whose body is streamed.
  public init(contentType: String, headers: [ServerRequest.Field] = [], stream: Stream) {
    self.init(contentType: contentType, headers: headers, body: [])
    self.stream = stream
  }

  /// Makes a response of bytes.
  public init(status: Int = 200, contentType: String?, headers: [ServerRequest.Field] = [], body: [UInt8]) {
    self.status = status
    self.headers = (contentType.map { [.init("Content-Type", $0)] } ?? []) + headers
    self.body = body
  }

  /// A JSON value.
  public static func json(
    _ value: JSONValue, status: Int = 200, headers: [ServerRequest.Field] = []
  ) -> ServerResponse {
    ServerResponse(status: status, contentType: "application/json", headers: headers, body: value.bytes)
  }

  /// Plain text in UTF-8.
  public static func text(_ text: String, contentType: String = "text/plain; charset=utf-8") -> ServerResponse {
    ServerResponse(contentType: contentType, body: Array(text.utf8))
  }
}

/// Why a request cannot be answered: becomes a response with `{"detail": …}`.
public struct RequestFailure: Error, Equatable, CustomStringConvertible {
  /// The HTTP status, 4xx or 5xx.
  public var status: Int
  /// What is wrong and how to mend it, for the person who wrote the client.
  public var detail: String
  /// Headers of the response (`Allow`, `Retry-After`).
  public var headers: [ServerRequest.Field]

  /// Makes a failure.
  public init(_ status: Int, _ detail: String, headers: [ServerRequest.Field] = []) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }

  /// The status and the detail.
  public var description: String { "\(status): \(detail)" }

  /// What is sent.
  public var response: ServerResponse { response(for: nil) }

  /// What is sent in a route's form.
  func response(for route: Route?) -> ServerResponse {
    .json(json(route?.failureForm ?? .detail), status: status, headers: headers)
  }

  /// The body of what is sent.
  func json(_ form: Route.FailureForm) -> JSONValue {
    switch form {
    case .detail: return ["detail": .string(detail)]
    case .rpc: return ContextFailure(code: status == 400 ? -32_700 : -32_600, message: detail).message(to: nil)
    case .openAI: break
    }
    let kind =
      switch status {
      case 401: "authentication_error"
      case 403: "permission_error"
      case 404: "not_found_error"
      case 429: "rate_limit_error"
      case 500...: "server_error"
      default: "invalid_request_error"
      }
    return [
      "detail": .string(detail),
      "error": ["message": .string(detail), "type": .string(kind), "param": .null, "code": .null],
    ]
  }

  /// What a client is told when the fault is ours; the log has the rest under the request's id.
  static let unexpected = RequestFailure(500, "An internal server error occurred.")

  /// What is told of work that was cancelled: by a client that has gone, or because it took too long.
  static let ended = RequestFailure(
    503, "The work was ended before it was done.", headers: [.init("Retry-After", "1")])
}
