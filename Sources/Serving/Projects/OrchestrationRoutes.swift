internal import Answering
internal import Corpus
internal import Glibc

/// `/api/v1/health/orchestration/…`: how the questions to projects go.
struct OrchestrationRoutes: Sendable {
  let records: InteractionRecords
  let models: ModelChain

  var all: [Route] { [metrics, active, performance, cleanup] }

  private static let base = "/api/v1/health/orchestration"
  private static let many = 0...1_000_000_000
  private static let days = 0...3_650
  private static let times: [(name: String, of: @Sendable (InteractionRecords.Record) -> Double)] = [
    ("context_retrieval_time_ms", { $0.retrieval }), ("ai_orchestration_time_ms", { $0.models }),
    ("moderator_synthesis_time_ms", { $0.moderator }), ("total_processing_time_ms", { $0.total }),
  ]

  private static func since(_ days: Int) -> Int64 { Int64(time(nil)) - Int64(days) * 86_400 }

  // MARK: Numbers

  private static let spread = JSONSchema.object([
    .required("mean", .number, "Milliseconds."), .required("p50", .number, "Half are at most so long."),
    .required("p95", .number, "19 of 20 are at most so long."), .required("max", .number, "The longest."),
  ])

  private static func spread(_ values: [Double]) -> JSONValue {
    let times = Metrics.StepTime("", of: values)
    let mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    return [
      "mean": .number((mean * 1_000).rounded() / 1_000), "p50": .number(times.half), "p95": .number(times.most),
      "max": .number(values.max() ?? 0),
    ]
  }

  private static func steps(_ records: [InteractionRecords.Record]) -> JSONValue {
    .object(times.map { step in .init(step.name, spread(records.map(step.of))) })
  }

  private static let stepsSchema = JSONSchema.object(
    times.map { .required($0.name, spread, "Milliseconds of this step.") })

  private static func counted(_ names: [String], among all: [String] = []) -> JSONValue {
    var counts = Dictionary(all.map { ($0, 0) }) { first, _ in first }
    for name in names { counts[name, default: 0] += 1 }
    return .object(counts.sorted { $0.key < $1.key }.map { .init($0.key, .integer(Int64($0.value))) })
  }

  private var metrics: Route {
    let counts = JSONSchema.map(of: .integer(Self.many), maximum: 10_000)
    return Route(
      "GET", Self.base + "/metrics", name: "orchestrationMetrics",
      summary: "Counts the questions to projects of the last days: quality, failures, fallbacks, times.",
      scope: .metrics,
      parameters: [.query("days", .integer(1...Self.days.upperBound), "How many days; 7 by default.")],
      result: (
        "application/json",
        .object([
          .required("days", .integer(Self.days), "Of how many days."),
          .required("total", .integer(Self.many), "Questions that were answered."),
          .required("fallbacks", .integer(Self.many), "Those in which something stood in for the moderator's answer."),
          .required("moderator_quality", counts, "How far the moderator's work could be used."),
          .required("failures", counts, "Models that did not answer, by the kind of failure."),
          .required("projects", counts, "Questions by project."), .required("times", Self.stepsSchema, "Of each step."),
        ])
      ),
      handler: .immediate { [records] request in
        let days = request.parameters["days"]?.int ?? 7
        let found = records.records(since: Self.since(days))
        return .json([
          "days": .integer(Int64(days)), "total": .integer(Int64(found.count)),
          "fallbacks": .integer(Int64(found.count { $0.isFallback })),
          "moderator_quality": Self.counted(
            found.map(\.quality), among: OrchestratedAnswer.Quality.allCases.map(\.rawValue)),
          "failures": Self.counted(found.flatMap(\.failures)), "projects": Self.counted(found.map(\.project)),
          "times": Self.steps(found),
        ])
      })
  }

  private var active: Route {
    let item = JSONSchema.object([
      .required("interaction_event_id", .text, "Names the question."), .required("project_id", .text, "The project."),
      .required("step", .choice(InteractionRecords.Step.allCases.map(\.rawValue)), "What is being done."),
      .required("started_at", .text, "When it came (RFC 3339, UTC)."),
      .required("elapsed_ms", .number, "How long ago that was."),
    ])
    return Route(
      "GET", Self.base + "/active", name: "activeOrchestrations",
      summary: "Lists the questions that are being answered.",
      scope: .metrics,
      result: (
        "application/json",
        .object([
          .required("count", .integer(Self.many), "How many."),
          .required("active", .array(of: item, count: Self.many), "Oldest first."),
        ])
      ),
      handler: .immediate { [records] _ in
        let active = records.active.map { item -> JSONValue in
          [
            "interaction_event_id": .string(item.id), "project_id": .string(item.project),
            "step": .string(item.step.rawValue), "started_at": .string(Moment.text(item.time)),
            "elapsed_ms": .number(milliseconds(item.since.duration(to: .now))),
          ]
        }
        return .json(["count": .integer(Int64(active.count)), "active": .array(active)])
      })
  }

  private var performance: Route {
    let model = JSONSchema.object([
      .required("name", .text, "What requests call it."), .required("provider", .text, "Who serves it."),
      .required("model", .text, "The model."), .required("answers", .integer(Self.many), "Answers that came whole."),
      .required("failures", .map(of: .integer(Self.many), maximum: 100), "Tries that failed, by kind."),
      .required("prompt_tokens", .number, "Tokens of requests."),
      .required("completion_tokens", .number, "Tokens of answers."),
      .required("cost", .number, "What they cost, where a price is known."),
      .required("resting", .boolean, "Whether it failed so often lately that it is left alone for a while."),
    ])
    return Route(
      "GET", Self.base + "/performance", name: "orchestrationPerformance",
      summary: "Tells how long the last hundred questions to projects took, and how the models do.", scope: .metrics,
      result: (
        "application/json",
        .object([
          .required("questions", .integer(0...100), "Of how many questions."),
          .required("times", Self.stepsSchema, "Of each step."),
          .required("models", .array(of: model, count: Self.many), "Since the service started, in order."),
        ])
      ),
      handler: .immediate { [records, models] _ in
        let last = Array(records.records().suffix(100))
        let told = models.counts.map { member, counts -> JSONValue in
          [
            "name": .string(member.name), "provider": .string(member.model.provider),
            "model": .string(member.model.name), "answers": .integer(Int64(counts.answers)),
            "failures": .object(
              counts.failures.sorted { $0.key < $1.key }.map { .init($0.key, .integer(Int64($0.value))) }),
            "prompt_tokens": .integer(Int64(counts.promptTokens)),
            "completion_tokens": .integer(Int64(counts.completionTokens)), "cost": .number(counts.cost),
            "resting": .bool(counts.isResting),
          ]
        }
        return .json([
          "questions": .integer(Int64(last.count)), "times": Self.steps(last), "models": .array(told),
        ])
      })
  }

  private var cleanup: Route {
    Route(
      "POST", Self.base + "/cleanup", name: "cleanUpOrchestration",
      summary: "Forgets the numbers about questions that are older than so many days.", scope: .admin,
      parameters: [.query("days_to_keep", .integer(Self.days), "How many days are kept; 30 by default.")],
      result: (
        "application/json",
        .object([
          .required("removed", .integer(Self.many), "How many were forgotten."),
          .required("kept", .integer(Self.many), "How many are left."),
        ])
      ),
      handler: .immediate { [records] request in
        let (removed, kept) = records.remove(before: Self.since(request.parameters["days_to_keep"]?.int ?? 30))
        return .json(["removed": .integer(Int64(removed)), "kept": .integer(Int64(kept))])
      })
  }
}
