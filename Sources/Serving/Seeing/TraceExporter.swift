internal import Corpus
internal import Glibc
internal import HTTPClient
internal import Synchronization

/// Where traces go.
public struct TraceSettings: Sendable, Equatable {
  /// The address of an OpenTelemetry collector (OTLP over HTTP), without `/v1/traces`; nil: no traces are sent.
  public var endpoint: String?
  /// The share of traces that are kept where the caller does not say; 1 by default.
  public var ratio = 1.0
  /// What the service is called in them.
  public var service = "acervo-serve"

  /// No traces.
  public init() {}
}

/// Sends finished requests as OpenTelemetry spans: OTLP over HTTP as JSON, in batches, off every request's way.
///
/// What waits is bounded: while a collector is away, spans are dropped and counted, never kept.
/// (https://opentelemetry.io/docs/specs/otlp/#otlphttp)
final class TraceExporter: Sendable {
  /// Sends a body; false when it was not taken.
  typealias Send = @Sendable ([UInt8]) async -> Bool

  static let room = 2_048
  static let batch = 256

  private struct State {
    var waiting: [JSONValue] = []
    var dropped = 0
    var sent = 0
    var isSending = false
  }

  private let settings: TraceSettings
  private let send: Send
  private let state = Mutex(State())

  init(_ settings: TraceSettings, send: @escaping Send) {
    self.settings = settings
    self.send = send
  }

  /// An exporter that posts to the settings' address; nil where there is none.
  static func make(_ settings: TraceSettings) throws -> TraceExporter? {
    guard let endpoint = settings.endpoint else { return nil }
    let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
    guard let url = WebURL(base.hasSuffix("/v1/traces") ? base : base + "/v1/traces") else { return nil }
    let client = try HTTPClient(.init(userAgent: "acervo-serve"))
    return TraceExporter(settings) { body in
      let request = HTTPRequest(
        method: "POST", url: url, headers: [("Content-Type", "application/json")], body: body, timeout: 10,
        maximumBodySize: 1 << 16)
      guard let response = try? await client.send(request) else { return false }
      return (200..<300).contains(response.status)
    }
  }

  /// How many spans were sent and dropped.
  var counts: (sent: Int, dropped: Int) { state.withLock { ($0.sent, $0.dropped) } }

  /// Takes a finished request.
  func add(
    _ context: TraceContext, method: String, route: String, status: Int, started: ContinuousClock.Instant,
    steps: [RequestTrace.Span]
  ) {
    guard isKept(context) else { return }
    let now = (clock: ContinuousClock.now, wall: Self.wall())
    func nanoseconds(_ instant: ContinuousClock.Instant) -> JSONValue {
      .string(String(now.wall - Int64(instant.duration(to: now.clock) / .nanoseconds(1))))
    }
    var server = span(
      context, id: context.span, parent: context.parent, name: "\(method) \(route)", kind: 2,
      from: nanoseconds(started),
      to: nanoseconds(now.clock), failed: status >= 500)
    server.append(
      .init(
        "attributes",
        [
          attribute("http.request.method", .string(method)), attribute("http.route", .string(route)),
          ["key": .string("http.response.status_code"), "value": ["intValue": .string(String(status))]],
        ]))
    var spans: [JSONValue] = [.object(server)]
    for step in steps {
      spans.append(
        .object(
          span(
            context, id: TraceContext.identifier(8), parent: context.span, name: step.step.rawValue, kind: 1,
            from: nanoseconds(step.started), to: nanoseconds(step.ended), failed: step.failed)))
    }
    let isIdle = state.withLock { state in
      let space = max(0, Self.room - state.waiting.count)
      state.waiting += spans.prefix(space)
      state.dropped += max(0, spans.count - space)
      guard !state.isSending else { return false }
      state.isSending = true
      return true
    }
    if isIdle { Task.detached { await self.run() } }
  }

  /// By the trace's own number, so that all services that a trace goes through keep the same ones.
  private func isKept(_ context: TraceContext) -> Bool {
    if let isSampled = context.isSampled { return isSampled }
    let low = UInt64(context.trace.suffix(14), radix: 16) ?? 0
    return Double(low) < settings.ratio * 72_057_594_037_927_936
  }

  private func run() async {
    while true {
      // A moment for more to come: one request to the collector for many here.
      try? await Task.sleep(for: .milliseconds(500))
      let batch = state.withLock { state -> [JSONValue] in
        let batch = Array(state.waiting.prefix(Self.batch))
        state.waiting.removeFirst(batch.count)
        if batch.isEmpty { state.isSending = false }
        return batch
      }
      guard !batch.isEmpty else { return }
      let isSent = await send(body(batch))
      state.withLock { state in
        if isSent { state.sent += batch.count } else { state.dropped += batch.count }
      }
    }
  }

  private func body(_ spans: [JSONValue]) -> [UInt8] {
    let body: JSONValue = [
      "resourceSpans": [
        [
          "resource": ["attributes": [attribute("service.name", .string(settings.service))]],
          "scopeSpans": [["scope": ["name": .string("acervo-serve")], "spans": .array(spans)]],
        ]
      ]
    ]
    return body.bytes
  }

  private func attribute(_ key: String, _ value: JSONValue) -> JSONValue {
    ["key": .string(key), "value": ["stringValue": value]]
  }

  private func span(
    _ context: TraceContext, id: String, parent: String?, name: String, kind: Int64, from: JSONValue, to: JSONValue,
    failed: Bool
  ) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = [.init("traceId", .string(context.trace)), .init("spanId", .string(id))]
    if let parent { members.append(.init("parentSpanId", .string(parent))) }
    members += [
      .init("name", .string(name)), .init("kind", .integer(kind)), .init("startTimeUnixNano", from),
      .init("endTimeUnixNano", to), .init("status", failed ? ["code": .integer(2)] : [:]),
    ]
    return members
  }

  private static func wall() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
