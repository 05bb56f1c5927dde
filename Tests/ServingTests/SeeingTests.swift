import AcervoTesting
import Corpus
import Embedding
import Synchronization
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct SeeingTests {
  private func context(_ headers: [(String, String)]) -> TraceContext {
    TraceContext(
      ServerRequest(method: "GET", path: "/", headers: headers.map { ServerRequest.Field($0.0, $0.1) }))
  }

  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let parent = "00f067aa0ba902b7"

  @Test func `a trace goes on that another service began`() {
    let one = context([("traceparent", "00-\(Self.trace)-\(Self.parent)-01")])
    #expect((one.trace, one.parent, one.isSampled) == (Self.trace, Self.parent, true))
    #expect(context([("traceparent", "00-\(Self.trace)-\(Self.parent)-00")]).isSampled == false)
    let forge = context([("x-b3-traceid", "463AC35C9F6413AD"), ("x-b3-spanid", "a2fb4a1d1a96d312")])
    #expect((forge.trace, forge.parent) == ("0000000000000000463ac35c9f6413ad", "a2fb4a1d1a96d312"))
    #expect(one.span.utf8.count == 16 && one.span != Self.parent)
  }

  @Test(arguments: [
    "", "00", "00-\(trace)-\(parent)", "ff-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-01-more",
    "00-00000000000000000000000000000000-\(parent)-01", "00-\(trace)-0000000000000000-01", "00-\(trace)x-\(parent)-01",
    "00-\(trace)-\(parent)-zz",
  ])
  func `what is no trace begins another`(text: String) {
    let found = context([("traceparent", text)])
    #expect(found.parent == nil)
    #expect(found.trace.utf8.count == 32 && found.trace != Self.trace)
  }

  final class Bodies: Sendable {
    private let list = Mutex<[[UInt8]]>([])
    func add(_ body: [UInt8]) { list.withLock { $0.append(body) } }
    var spans: [JSONValue] { list.withLock { $0 }.flatMap(Self.spans) }

    static func spans(in body: [UInt8]) -> [JSONValue] {
      (try? JSONValue(parsing: body))?["resourceSpans"]?.array?.first?["scopeSpans"]?.array?.first?["spans"]?.array
        ?? []
    }
  }

  private func add(_ exporter: TraceExporter, _ context: TraceContext, steps: [RequestTrace.Span] = []) {
    exporter.add(context, method: "POST", route: "/ask", status: 500, started: .now, steps: steps)
  }

  @Test func `requests and their steps are sent as spans of one trace`() async throws {
    let bodies = Bodies()
    let exporter = TraceExporter(TraceSettings()) {
      bodies.add($0)
      return true
    }
    let found = context([("traceparent", "00-\(Self.trace)-\(Self.parent)-01")])
    add(exporter, found, steps: [.init(step: .retrieve, started: .now, ended: .now, failed: false)])
    #expect(try await eventually { exporter.counts.sent == 2 })
    let spans = bodies.spans
    try #require(spans.count == 2)
    #expect(spans.map { $0["traceId"]?.string } == [Self.trace, Self.trace])
    #expect(spans.map { $0["name"]?.string } == ["POST /ask", "retrieve"])
    #expect(spans[0]["parentSpanId"]?.string == Self.parent)
    #expect(spans[1]["parentSpanId"]?.string == found.span)
    #expect(spans[0]["status"]?["code"]?.int == 2)
    #expect(spans[0]["startTimeUnixNano"]?.string?.count == 19)
  }

  @Test func `what a collector does not take is dropped and counted, never kept`() async throws {
    let exporter = TraceExporter(TraceSettings()) { _ in false }
    for _ in 0..<2_500 { add(exporter, context([])) }
    #expect(try await eventually { exporter.counts.dropped == 2_500 })
    #expect(exporter.counts.sent == 0)
  }

  @Test func `what the caller does not keep is not sent, and a share of the rest`() async throws {
    var settings = TraceSettings()
    settings.ratio = 0.5
    let bodies = Bodies()
    let exporter = TraceExporter(settings) {
      bodies.add($0)
      return true
    }
    add(exporter, context([("traceparent", "00-\(Self.trace)-\(Self.parent)-00")]))
    for _ in 0..<400 { add(exporter, context([])) }
    #expect(try await eventually { exporter.counts.sent > 120 })
    try await Task.sleep(for: .milliseconds(1_200))
    #expect((120...280).contains(exporter.counts.sent))
  }

  @Test func `names of counters are few`() {
    let meter = Meter()
    for number in 0..<1_000 {
      meter.answered(route: "/ask", by: "model \(number)", .answered, failures: ["kind \(number)"])
      meter.took(ProviderCall(.chat, name: "openai"), for: Caller("x", keyID: "k\(number)"))
    }
    let text = meter.families.map(\.text).joined()
    #expect(text.split(separator: "\n").count < 1_250)
    #expect(text.contains(#"acervo_failures_total{kind="other"} 800"#))
    #expect(text.contains(#"acervo_answers_total{route="/ask",provider="other",outcome="answered"} 800"#))
    let other = #"acervo_model_calls_total{provider="other",key="other",kind="chat",outcome="answered"} 800"#
    #expect(text.contains(other))
  }

  @Test func `a call that serves several is shared among them to the last token`() throws {
    let meter = Meter()
    let callers = ["a", "b", "c"].map { Caller($0, keyID: $0) }
    let shared = try #require(
      CallMeter(sharing: [nil] + callers.map { caller in CallMeter { meter.took($0, for: caller) } }))
    var call = ProviderCall(.embedding, name: "jina")
    call.promptTokens = 11
    call.cost = 0.3
    shared.count(call)
    #expect(meter.reading.uses.map(\.promptTokens) == [4, 4, 3])
    #expect(meter.reading.uses.map(\.calls) == [1, 0, 0])
    #expect(abs(meter.reading.uses.reduce(0) { $0 + $1.cost } - 0.3) < 1e-12)
    #expect(CallMeter(sharing: [nil, nil]) == nil)
  }

  @Test func `a request's steps are in the metrics and its trace in the log`() async throws {
    let handbook = try PublishedHandbook()
    try await handbook.publish(7)
    let lines = HTTPServerTests.Lines()
    let service = try handbook.serve(lines: lines)
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    _ = try await request(
      "POST", "/search", port: service.port, headers: ["traceparent: 00-\(Self.trace)-\(Self.parent)-01"],
      body: #"{"query": "disk"}"#)
    let text = try await request("GET", "/metrics", port: service.port).text
    #expect(text.contains(#"acervo_step_seconds_count{step="retrieve"} 1"#))
    #expect(lines.all.contains { $0.contains(#""path":"/search""#) && $0.contains(#""trace":"\#(Self.trace)""#) })
  }
}
