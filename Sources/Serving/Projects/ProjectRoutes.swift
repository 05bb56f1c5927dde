internal import Answering
internal import Corpus
internal import Embedding
internal import Glibc
internal import Retrieval

/// `POST /api/v1/projects/{project_id}/query`: several models side by side, and one answer made of theirs.
struct ProjectRoutes: Sendable {
  let desk: AnswerDesk
  let projects: [ProjectSettings]
  let records: InteractionRecords

  var all: [Route] { [query] }

  private static let response = JSONSchema.object([
    .required("provider", .text, "What requests call the model."), .required("model", .text, "The model."),
    .required("success", .boolean, "Whether it answered."),
    .required("text", .nullable(.text), "What it said, checked."),
    .required("error", .nullable(.text), "The kind of failure; null where it answered."),
    .required("supported_share", .number, "The share of its claims that the evidence supports, 0 to 1."),
    .required("citations", .array(of: AnswerSyntax.citation, count: AnswerSyntax.many), "Where each [n] comes from."),
    .required("processing_time_ms", .integer(0...Int(Int32.max)), "How long it took."),
  ])

  private static let result: JSONSchema = {
    func texts(_ name: String, _ note: String) -> JSONSchema.Property {
      .required(name, .array(of: .text, count: AnswerSyntax.many), note)
    }
    return .object([
      .required("interaction_event_id", .text, "Names this question and its answer in the log."),
      .required("synthesis_text", .text, "The answer."),
      .required(
        "moderator_quality", .choice(OrchestratedAnswer.Quality.allCases.map(\.rawValue)),
        "How far the moderator's work can be used; “failed”: something else stands in its place."),
      texts("key_themes", "What the answers are about."), texts("contradictions", "Where they contradict each other."),
      texts("consensus_areas", "Where they agree."), texts("recommendations", "What they recommend."),
      texts("suggested_questions", "What to ask next."), texts("research_areas", "What would have to be looked into."),
      .required(
        "individual_responses", .array(of: response, count: AnswerSyntax.many), "What each model said, in order."),
      .required("processing_time_ms", .integer(0...Int(Int32.max)), "How long everything took."),
      .required("created_at", .text, "When (RFC 3339, UTC)."),
      .required("fallback_used", .boolean, "Whether the best single answer, or quotes, stand in for the moderator's."),
    ])
  }()

  private var query: Route {
    Route(
      "POST", "/api/v1/projects/{project_id}/query", name: "queryProject",
      summary: "Asks a project's models side by side and makes one answer of theirs.", scope: .ask,
      parameters: [.path("project_id", .string(bytes: 1...64), "Which project.")],
      body: .object([
        .required("user_prompt_text", .string(bytes: 1...desk.limits.question), "The question, in any language."),
        .optional("include_context", .boolean, "Whether the models are shown the evidence; true by default."),
        .optional("temperature", .numberIn(0...2), "How freely the models choose their words."),
        .optional("max_tokens", .integer(1...100_000), "How many tokens each model may answer with."),
      ]),
      result: ("application/json", Self.result),
      failures: AnswerRoutes.failures.filter { $0.status != 404 } + [
        (403, "The caller may not ask this project."), (404, "There is no such project."),
      ],
      handler: .task { request, body in try await answer(request, body) })
  }

  private func project(_ id: String, for caller: Caller) throws(RequestFailure) -> ProjectSettings {
    guard let project = projects.first(where: { $0.id == id }) else {
      throw RequestFailure(404, "There is no such project.")
    }
    guard project.readers.map({ $0.contains(where: caller.principals.contains) }) ?? true else {
      throw RequestFailure(403, "The caller may not ask this project.")
    }
    return project
  }

  private func answer(_ request: ServerRequest, _ body: JSONValue) async throws -> ServerResponse {
    let project = try project(request.parameters["project_id"]?.string ?? "", for: request.caller)
    let served: ServedSnapshot
    do { served = try desk.store.snapshot(of: project.collection) } catch {
      // The project is there; what it answers from is not, yet.
      throw RequestFailure(503, "The project's collection is not loaded.", headers: [.init("Retry-After", "1")])
    }
    let text = body["user_prompt_text"]?.string ?? ""
    let now = ContinuousClock.now
    var question = AskedQuestion(
      text: text, served: served, search: .evidence(for: text), caller: request.caller, started: now,
      deadline: now.advanced(by: .seconds(desk.limits.answerSeconds)))
    question.includeContext = body["include_context"]?.bool ?? true
    question.temperature = body["temperature"]?.double
    question.maxTokens = body["max_tokens"]?.int
    let event = InteractionID()
    let id = event.text
    let created = Int64(time(nil))
    records.begin(.init(id: id, project: project.id, time: created, since: now, step: .retrieval))
    do {
      let (answer, record) = try await orchestrated(question, of: project, id: id, created: created)
      records.end(id, record)
      desk.note(
        question, event, answer.synthesis, retrieval: record.retrieval, answering: record.total - record.retrieval)
      var response = ServerResponse.json(
        .object(
          [.init("interaction_event_id", .string(id))] + answer.json + [
            .init("processing_time_ms", .integer(Int64(record.total.rounded()))),
            .init("created_at", .string(Moment.text(created))),
          ]))
      response.logged =
        AnswerSyntax.origin(of: served) + [
          .init("interaction", .string(id)), .init("quality", .string(record.quality)),
          .init("fallback", .bool(record.isFallback)),
        ]
      return response
    } catch {
      records.end(id, nil)
      throw error
    }
  }

  private func orchestrated(
    _ question: AskedQuestion, of project: ProjectSettings, id: String, created: Int64
  ) async throws -> (OrchestratedAnswer, InteractionRecords.Record) {
    let (standalone, evidence, retrieval) = try await desk.evidence(for: question)
    records.enter(.orchestration, id)
    var request = AnswerRequest(question: standalone, evidence: evidence.hits, deadline: question.deadline)
    request.includeContext = question.includeContext
    request.temperature = question.temperature
    request.maxTokens = question.maxTokens
    let orchestrator = Orchestrator(desk.answerer(for: question.served), moderator: project.moderator)
    let asked = request
    let answer = try await inTime(question.deadline.advanced(by: .seconds(2))) {
      await orchestrator.answer(asked, asking: project.models)
    }
    guard let answer else { throw RequestFailure.late }
    RequestTrace.current?.told(of: answer)
    var record = InteractionRecords.Record(project: project.id, time: created, quality: answer.quality.rawValue)
    record.retrieval = retrieval
    record.models = answer.modelSeconds * 1_000
    record.moderator = answer.moderatorSeconds * 1_000
    record.total = milliseconds(question.started.duration(to: .now))
    record.isFallback = answer.isFallback
    record.asked = answer.responses.count
    record.failures = answer.responses.compactMap { $0.failure?.kind.rawValue }
    return (answer, record)
  }
}
