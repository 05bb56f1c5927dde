internal import Answering
internal import Corpus
internal import Embedding
internal import Glibc

/// `GET /api/v1/dashboard`: everything that the dashboard shows, for whoever runs the service.
struct DashboardRoutes: Sendable {
  let desk: AnswerDesk
  /// Nil where what is asked is not kept.
  let journal: Journal?
  let collections: CollectionReports
  let metrics: Metrics
  /// When the service started, in seconds since 1970.
  let started = Int64(time(nil))

  var all: [Route] { [dashboard] }

  static let many = 0...1_000_000_000_000
  private static let most = 20
  /// Questions that were not answered and are compared with each other.
  private static let mostCompared = 200
  private static let longest = 90

  private var dashboard: Route {
    Route(
      "GET", "/api/v1/dashboard", name: "dashboard",
      summary: "Tells how the service fares: traffic, times, costs, what people ask and think, and the collections.",
      scope: .admin,
      parameters: [.query("days", .integer(1...Self.longest), "Of the last so many days; 7 by default.")],
      result: ("application/json", .object(Self.schema)), failures: [(503, "It took too long.")],
      handler: .task { request, _ in try await answer(days: request.parameters["days"]?.int ?? 7) })
  }

  // MARK: The contract

  private static let count = JSONSchema.integer(many)
  private static func rows(_ members: [JSONSchema.Property], _ most: Int = 1_000) -> JSONSchema {
    .array(of: .object(members), count: 0...most)
  }

  private static let schema: [JSONSchema.Property] = [
    .required("days", .integer(1...longest), "Of how many days what was asked is told; today is one of them."),
    .required("started", .text, "When the service started: since then everything else is counted."),
    .required("journal", .boolean, "Whether what is asked is kept; without, its parts are empty."),
    .required(
      "requests",
      .object([
        .required("answered", count, "Responses with a status below 400."),
        .required("refused", count, "Of 4xx but 429."), .required("limited", count, "Of 429 and 503: too much asked."),
        .required("failed", count, "Of 500: faults of the service."),
      ]), "All responses since the start."),
    .required(
      "steps",
      rows([
        .required("name", .text, "The step."), .required("count", count, "How often it was done."),
        .required("p50_ms", .number, "Half took at most so long."),
        .required("p95_ms", .number, "19 of 20 took at most so long."),
      ]),
      "Steps of the work on the questions of these days; without a journal, on all answers since the start."),
    .required(
      "traffic",
      rows([
        .required("day", .text, "A day in UTC."),
        .required("questions", count, "Questions that were answered somehow."),
        .required("answered", count, "Those that the evidence was enough for."),
        .required("fallbacks", count, "Those for which quotes stood in for a model."),
      ]), "Every day, oldest first."),
    .required("unsupported", count, "Sentences that nothing supports."),
    .required(
      "providers",
      rows([
        .required("provider", .text, "Who answered; “extractive”: quotes."), .required("answers", count, "How often."),
        .required("prompt_tokens", count, "Tokens of requests."),
        .required("completion_tokens", count, "Tokens of answers."),
        .required("cost", .number, "What they cost, where a price is known."),
      ]), "Who answered what was asked."),
    .required(
      "models",
      rows([
        .required("kind", .text, "What for."), .required("provider", .text, "What requests call the model."),
        .required("key", .text, "The id of the key that was shown; “-” for callers without one."),
        .required("calls", count, "Calls, those that failed included."),
        .required("failures", count, "Calls of which nothing came."),
        .required("tokens", count, "Tokens that were sent and that came back."),
        .required("cost", .number, "What they cost."),
      ]), "What models were asked since the start."),
    .required(
      "answers",
      .object([
        .required("answered", count, "The evidence was enough."), .required("abstained", count, "It was too weak."),
        .required("fallback", count, "Quotes, or the best single answer, stood in for a model."),
      ]), "Answers since the start, by how they ended."),
    .required(
      "asked", rows([.required("question", .text, "Masked."), .required("count", count, "How often.")], most),
      "What is asked most."),
    .required(
      "unanswered",
      rows(
        [
          .required("question", .text, "Masked."), .required("collection", .text, "Of which it was asked."),
          .required("count", count, "How often this and those like it were asked."),
          .required("similar", .array(of: .text, count: 0...QuestionGroups.mostSimilar), "Others of the same meaning."),
        ], most), "What was asked and not answered, grouped by meaning."),
    .required(
      "intents", rows([.required("intent", .text, "Its name."), .required("count", count, "How often.")]),
      "What questions were taken for."),
    .required(
      "feedback",
      .object([
        .required("up", count, "Answers that helped."), .required("down", count, "Answers that did not."),
        .required(
          "latest",
          rows(
            [
              .required("time", .text, "When (RFC 3339, UTC)."),
              .required("verdict", .choice(["up", "down"]), "Which."),
              .required("question", .text, "Masked."), .required("comment", .text, "Masked."),
              .required("answer", .text, "The answer's name, for “acervo explain”."),
            ], most), "The newest that did not help or say why, newest first."),
      ]), "What people think of answers."),
    .required(
      "collections", .array(of: CollectionReports.schema, count: 0...1_000), "Every collection, in the order of names."),
  ]

  // MARK: The answer

  private func answer(days: Int) async throws -> ServerResponse {
    let now = Int64(time(nil))
    let first = (now / 86_400 - Int64(days) + 1) * 86_400
    var summary = QuestionSummary()
    if let journal {
      try await journal.asked(since: first) { page in
        for (asked, verdict) in page { summary.add(asked, verdict) }
      }
    }
    let groups = await QuestionGroups(store: desk.store).groups(of: summary.unanswered(Self.mostCompared))
    return .json([
      "days": .integer(Int64(days)), "started": .string(Moment.text(started)), "journal": .bool(journal != nil),
      "requests": metrics.outcomes, "steps": .array(steps(summary)),
      "traffic": .array(journal == nil ? [] : Self.traffic(summary, from: first, to: now)),
      "unsupported": .integer(Int64(summary.unsupported)), "providers": .array(Self.providers(summary)),
      "models": .array(models()), "answers": outcomes,
      "asked": .array(
        summary.mostAsked(Self.most).map { ["question": .string($0.text), "count": .integer(Int64($0.count))] }),
      "unanswered": .array(groups.prefix(Self.most).map(Self.json)),
      "intents": .array(
        summary.intents.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
          ["intent": .string($0.key), "count": .integer(Int64($0.value))]
        }), "feedback": Self.feedback(summary), "collections": .array(await collections.reports(at: now)),
    ])
  }

  /// Of the questions that were kept where there are any, of everything since the start otherwise.
  private func steps(_ summary: QuestionSummary) -> [JSONValue] {
    let kept = [
      ("retrieve", summary.times.retrieval), ("answer", summary.times.answering), ("whole", summary.times.total),
    ]
    let times = summary.questions > 0 ? kept.map { Metrics.StepTime($0.0, of: $0.1) } : metrics.stepTimes
    return times.map { step in
      [
        "name": .string(step.name), "count": .integer(Int64(step.count)), "p50_ms": .number(step.half),
        "p95_ms": .number(step.most),
      ]
    }
  }

  private static func traffic(_ summary: QuestionSummary, from first: Int64, to now: Int64) -> [JSONValue] {
    (first / 86_400...max(first, now) / 86_400).map { number in
      let day = summary.days[number] ?? .init()
      return [
        "day": .string(String(Moment.text(number * 86_400).prefix(10))), "questions": .integer(Int64(day.questions)),
        "answered": .integer(Int64(day.answered)), "fallbacks": .integer(Int64(day.fallbacks)),
      ]
    }
  }

  private static func providers(_ summary: QuestionSummary) -> [JSONValue] {
    summary.providers.sorted { ($1.value.answers, $0.key) < ($0.value.answers, $1.key) }.map { name, provider in
      [
        "provider": .string(name), "answers": .integer(Int64(provider.answers)),
        "prompt_tokens": .integer(Int64(provider.promptTokens)),
        "completion_tokens": .integer(Int64(provider.completionTokens)), "cost": .number(provider.cost),
      ]
    }
  }

  private func models() -> [JSONValue] {
    metrics.meter.reading.uses.map { use in
      [
        "kind": .string(use.kind.rawValue), "provider": .string(use.provider), "key": .string(use.key),
        "calls": .integer(Int64(use.calls)), "failures": .integer(Int64(use.failures.values.reduce(0, +))),
        "tokens": .integer(Int64(use.promptTokens) + Int64(use.completionTokens)), "cost": .number(use.cost),
      ]
    }
  }

  private var outcomes: JSONValue {
    var counts: [Meter.Answers.Outcome: Int] = [:]
    for answers in metrics.meter.reading.answers { counts[answers.outcome, default: 0] += answers.count }
    return .object(Meter.Answers.Outcome.allCases.map { .init($0.rawValue, .integer(Int64(counts[$0] ?? 0))) })
  }

  private static func json(_ group: QuestionGroups.Group) -> JSONValue {
    [
      "question": .string(group.question), "collection": .string(group.collection),
      "count": .integer(Int64(group.count)), "similar": .array(group.similar.map { .string($0) }),
    ]
  }

  private static func feedback(_ summary: QuestionSummary) -> JSONValue {
    let latest = summary.opinions.suffix(most).reversed().map { opinion -> JSONValue in
      [
        "time": .string(Moment.text(opinion.verdict.time)), "verdict": .string(opinion.verdict.isUp ? "up" : "down"),
        "question": .string(opinion.asked.question), "comment": .string(opinion.verdict.comment),
        "answer": .string(opinion.asked.answer),
      ]
    }
    return [
      "up": .integer(Int64(summary.up)), "down": .integer(Int64(summary.down)), "latest": .array(Array(latest)),
    ]
  }
}
