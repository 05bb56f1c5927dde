/// What a client may ask of the server; every size, count and time has a bound.
public struct ServerLimits: Sendable, Equatable {
  /// The bytes of a request's body; 1 MB by default, 413 above.
  public var body = 1_000_000
  /// The bytes of path and query as sent; 8,000 by default, 414 above.
  public var target = 8_000
  /// The bytes of a request's headers together; 16,000 by default, 431 above.
  public var headers = 16_000
  /// Connections at a time; 1,000 by default, further ones wait in the listen queue.
  public var connections = 1_000
  /// Seconds of silence after which a connection is closed; 30 by default.
  public var idleSeconds = 30
  /// Seconds that a request's body may take to arrive; 60 by default, then the connection is closed.
  public var receiveSeconds = 60
  /// Questions worked on at a time; 64 by default, further ones wait.
  public var concurrentWork = 64
  /// Questions of one caller worked on at a time; nil: as many as of all.
  public var workPerCaller: Int?
  /// Questions that wait for their turn; 256 by default, 503 with `Retry-After` above.
  public var waitingWork = 256
  /// Seconds that a question waits for its turn; 2 by default, 503 with `Retry-After` after.
  public var waitSeconds = 2
  /// Seconds in which a question is answered with what is there by then, unless it names another time; 20 by default.
  public var answerSeconds = 20
  /// Seconds that a request may be worked on, whatever its route promises; 120 by default, then it is
  /// answered with 503.
  public var workSeconds = 120
  /// The bytes of a streamed response; 5 MB by default, then it is ended.
  public var streamedBody = 5_000_000
  /// WebSockets at a time, of the connections; 200 by default, further ones are refused with 503.
  public var sockets = 200
  /// The bytes of a message over a WebSocket; 64 KB by default, the connection is closed above.
  public var socketMessage = 65_536
  /// Seconds without a message after which a WebSocket is closed; 900 by default.
  public var socketIdleSeconds = 900
  /// The bytes of a question in UTF-8; 8,000 by default, 413 above.
  public var question = 8_000
  /// The most chunks that a question may ask for; 100 by default.
  public var topK = 100
  /// Seconds that requests in flight have to end when the server stops; 10 by default.
  public var graceSeconds = 10

  /// Makes the default limits.
  public init() {}
}
