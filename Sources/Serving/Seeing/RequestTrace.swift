internal import Answering
internal import Embedding
internal import Synchronization

/// A part of the work on an answer, of which metrics and traces tell how long it took.
public enum Step: String, Sendable, CaseIterable {
  /// A follow-up question is rewritten to stand alone.
  case rewrite
  /// Chunks are looked for.
  case retrieve
  /// An answer is made: by a model or from quotes.
  case answer
  /// Several models are asked.
  case orchestrate
  /// A moderator puts their answers together.
  case moderate
  /// A conversation is read or written.
  case journal
}

/// What happens while one request is worked on.
///
/// The task that makes an answer carries it, so that whatever it calls can tell of its steps without being handed
/// anything.
final class RequestTrace: Sendable {
  /// A step that is over.
  struct Span: Sendable {
    var step: Step
    var started: ContinuousClock.Instant
    var ended: ContinuousClock.Instant
    var failed: Bool
  }

  /// A request takes a few steps; one that takes more tells of the first.
  private static let most = 64

  @TaskLocal static var current: RequestTrace?

  private let metrics: Metrics
  private let route: String
  private let list = Mutex<[Span]>([])

  init(metrics: Metrics, route: Route?) {
    self.metrics = metrics
    self.route = route?.path ?? "other"
  }

  var spans: [Span] { list.withLock { $0 } }

  func ended(_ span: Span) {
    metrics.took(span.step, span.started.duration(to: span.ended))
    list.withLock { if $0.count < Self.most { $0.append(span) } }
  }

  /// A question to several models was answered just now.
  func told(of answer: OrchestratedAnswer) {
    let end = ContinuousClock.now
    let middle = end.advanced(by: .seconds(-answer.moderatorSeconds))
    let start = middle.advanced(by: .seconds(-answer.modelSeconds))
    let hasAnswers = answer.responses.contains { $0.answer != nil }
    if !answer.responses.isEmpty {
      ended(.init(step: .orchestrate, started: start, ended: middle, failed: !hasAnswers))
    }
    if hasAnswers { ended(.init(step: .moderate, started: middle, ended: end, failed: answer.isFallback)) }
    let failures = answer.responses.compactMap(\.failure) + (hasAnswers ? [answer.failure].compactMap { $0 } : [])
    answered(answer.synthesis, isFallback: answer.isFallback, failures: failures)
  }

  /// An answer was made.
  func answered(_ answer: Answer, isFallback: Bool, failures: [ProviderError]) {
    metrics.meter.answered(
      route: route, by: answer.provider, isFallback ? .fallback : answer.isAnswered ? .answered : .abstained,
      failures: failures.map(\.kind.rawValue))
  }
}

/// Does a step of the work on an answer, and tells metrics and traces how long it took.
func step<Value>(_ step: Step, _ work: () async throws -> Value) async rethrows -> Value {
  guard let trace = RequestTrace.current else { return try await work() }
  let started = ContinuousClock.now
  do {
    let value = try await work()
    trace.ended(.init(step: step, started: started, ended: .now, failed: false))
    return value
  } catch {
    trace.ended(.init(step: step, started: started, ended: .now, failed: true))
    throw error
  }
}
