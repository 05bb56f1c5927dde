internal import Settings

/// What clients may ask of the service.
public struct LimitSettings: Sendable, Equatable {
  /// The bounds of requests and of work.
  public var server = ServerLimits()
  /// How often somebody may ask.
  public var rates = Rates()

  /// The defaults.
  public init() {}

  private typealias Field = SettingsField<LimitSettings>

  static let definition = SettingsObject(
    initial: LimitSettings(),
    fields: [
      Field(
        "body", \.server.body, .byteCount(in: 1_000...100_000_000), "The largest body of a request; 413 above."),
      Field("headers", \.server.headers, .byteCount(in: 1_000...65_536), "The largest headers together; 431 above."),
      Field("target", \.server.target, .byteCount(in: 100...65_536), "The longest path and query; 414 above."),
      Field("question", \.server.question, .byteCount(in: 100...1_000_000), "The longest question; 413 above."),
      Field("top_k", \.server.topK, .integer(in: 1...1_000), "The most chunks that may be asked for."),
      Field("connections", \.server.connections, .integer(in: 10...100_000), "Connections at a time."),
      Field(
        "idle", \.server.idleSeconds, .seconds(in: 1...3_600), "Silence after which a connection is closed."),
      Field(
        "receive", \.server.receiveSeconds, .seconds(in: 1...3_600), "How long a request's body may take to arrive."),
      Field(
        "at_once", \.server.concurrentWork, .integer(in: 1...10_000),
        "Questions worked on at a time; further ones wait, and callers take turns."),
      Field(
        "at_once_per_caller", \.server.workPerCaller, .integer(in: 1...10_000),
        "Questions of one caller worked on at a time; as many as of all by default."),
      Field(
        "waiting", \.server.waitingWork, .integer(in: 0...100_000), "Questions that wait for their turn; 503 above."),
      Field("wait", \.server.waitSeconds, .seconds(in: 0...60), "How long a question waits for its turn; 503 after."),
      Field(
        "answer", \.server.answerSeconds, .seconds(in: 1...600),
        "In which time a question is answered with what is there by then."),
      Field(
        "longest", \.server.workSeconds, .seconds(in: 1...3_600),
        "How long a request may be worked on, whatever its route promises."),
      Field("sockets", \.server.sockets, .integer(in: 0...10_000), "WebSockets at a time; 503 above."),
      Field(
        "socket_message", \.server.socketMessage, .byteCount(in: 1_000...10_000_000),
        "The largest message over a WebSocket; above, the connection is closed."),
      Field(
        "socket_idle", \.server.socketIdleSeconds, .seconds(in: 10...86_400),
        "Time without a message after which a WebSocket is closed."),
      Field("rates", \.rates, Rates.definition.type, "How often somebody may ask; not limited by default."),
      Field(
        "grace", \.server.graceSeconds, .seconds(in: 0...600),
        "How long requests in flight have to end when the service stops."),
    ])
}

extension SettingType where Value == Int {
  /// A span of time of whole seconds.
  static func seconds(in range: ClosedRange<Double>) -> SettingType {
    SettingType<Double>.duration(in: range).mapped(
      { seconds, node, reader in
        if let whole = Int(exactly: seconds) { return whole }
        reader.report(at: node, "\(reader.label) needs whole seconds", mend: "write 1s, 30s or 5m")
        return nil
      }, back: { Double($0) })
  }
}
