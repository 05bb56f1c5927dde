internal import Answering
internal import Corpus
internal import Embedding
internal import Retrieval
internal import Snapshots

/// How answers are asked for and written, in every route.
struct AnswerSyntax: Sendable {
  let desk: AnswerDesk
  private var limits: ServerLimits { desk.limits }

  /// The earlier turns of a conversation that a request may bring.
  private static let mostTurns = 100
  /// The longest time that a request may ask for, in milliseconds.
  private static let longestDeadline = 60_000

  // MARK: Questions

  /// What every question that is to be answered may say.
  var members: [JSONSchema.Property] {
    let turn = JSONSchema.object([
      .required("role", .choice(["user", "assistant"]), "Who speaks."),
      .required("content", .string(bytes: 0...limits.question), "What is said."),
    ])
    return [
      .optional(
        "history", .array(of: turn, count: 0...Self.mostTurns),
        "The conversation so far, oldest first; the last ten turns are used."),
      .optional(
        "stream", .boolean, "Whether the answer is sent as server-sent events; otherwise `Accept` decides."),
      .optional(
        "provider", .string(bytes: 1...64),
        "Which model answers, by its name or provider; “extractive” answers with quotes alone."),
      .optional("temperature", .numberIn(0...2), "How freely the model chooses its words."),
      .optional("max_tokens", .integer(1...100_000), "How many tokens the model may answer with."),
      .optional("include_context", .boolean, "Whether the model is shown the evidence; true by default."),
      .optional(
        "deadline_ms", .integer(100...Self.longestDeadline),
        "Milliseconds after which the answer is given with what is there; \(limits.answerSeconds * 1_000) by default."),
    ] + SearchSyntax.members(limits)
  }

  /// Reads a question.
  ///
  /// - Parameters:
  ///   - text: what is asked.
  ///   - body: what else the request says.
  ///   - request: who asks.
  /// - Returns: the question, with the snapshot that it is answered from.
  /// - Throws: `RequestFailure` for a collection, a filter or a model that is not there.
  func question(_ text: String, _ body: JSONValue, _ request: ServerRequest) throws -> AskedQuestion {
    let served = try desk.store.snapshot(of: body["collection"]?.string)
    var search = SearchRequest.evidence(for: text)
    try SearchSyntax.take(body, into: &search, of: served)
    let now = ContinuousClock.now
    let wait = Duration.milliseconds(body["deadline_ms"]?.int ?? limits.answerSeconds * 1_000)
    var question = AskedQuestion(
      text: text, served: served, search: search, caller: request.caller, started: now,
      deadline: now.advanced(by: wait))
    question.history = (body["history"]?.array ?? []).compactMap { turn in
      guard let text = turn["content"]?.string, let role = turn["role"]?.string else { return nil }
      return ChatMessage(role == "user" ? .user : .assistant, text)
    }
    question.provider = try provider(body["provider"]?.string)
    question.temperature = body["temperature"]?.double
    question.maxTokens = body["max_tokens"]?.int
    question.includeContext = body["include_context"]?.bool ?? true
    return question
  }

  private func provider(_ name: String?) throws(RequestFailure) -> String? {
    guard let name, !desk.models.knows(name) else { return name }
    let known = ([Answer.extractive] + desk.models.members.map(\.name)).map { "“\($0)”" }.joined(separator: ", ")
    throw RequestFailure(422, "“provider” names no model of this service; known are \(known).")
  }

  // MARK: Answers

  static let many = 0...1_000_000

  static let place: [JSONSchema.Property] = [
    .required("url", .text, "The document's address."), .required("title", .text, "The document's title."),
    .required("heading", .text, "The headings above the chunk, joined by “ › ”."),
    .required("anchor", .nullable(.text), "The fragment that leads to the place, without “#”."),
    .required("score", .number, "Higher is better; comparable within one answer only."),
    .required("chunk", .integer(0...Int(Int32.max)), "The chunk's number in the snapshot."),
  ]

  static let provenance: [JSONSchema.Property] = [
    .required("collection", .text, "The collection that was asked."),
    .required("snapshot", .text, "The snapshot that the whole answer comes from."),
    .required("took_ms", .number, "Milliseconds that the answer took to make."),
  ]

  static let citation = JSONSchema.object(citationMembers)
  private static let citationMembers =
    place + [.required("quote", .text, "The words quoted, as they stand in the chunk.")]

  /// The members of an answer.
  static let answer: [JSONSchema.Property] = {
    let sentence = JSONSchema.object([
      .required("text", .text, "The sentence as it stands in the answer."),
      .required(
        "basis", .choice(AnswerSentence.Basis.allCases.map(\.rawValue)), "Why it may stand; “none”: it may not."),
      .required("support", .number, "How well the evidence supports it, 0 to 1."),
      .required("citations", .array(of: .integer(1...100_000), count: many), "Its citations: 1 is the first."),
    ])
    let usage = JSONSchema.object([
      .required("prompt_tokens", .integer(0...Int(Int32.max)), "Tokens of the request."),
      .required("completion_tokens", .integer(0...Int(Int32.max)), "Tokens of the answer."),
      .required("estimated", .boolean, "Whether the provider told nothing and these are estimates."),
    ])
    let failure = JSONSchema.object([
      .required("provider", .text, "Who failed."), .required("model", .text, "The model that was asked."),
      .required("kind", .text, "The kind of failure."),
    ])
    let checks = JSONSchema.object([
      .required(
        "unsupported", .integer(0...100_000), "Sentences that nothing supports: marked [?], or left out."),
      .required("dropped_citations", .integer(0...100_000), "Markers that named no source, or one that does not fit."),
      .required("added_citations", .integer(0...100_000), "Sources that were found for a sentence."),
      .required("dropped_quotes", .integer(0...100_000), "Quotation marks around words that no source has."),
      .required("dropped_links", .integer(0...100_000), "Addresses that no source has."),
    ])
    return [
      .required("answer", .text, "The answer in the question's language; it says so when nothing fits."),
      .required("answered", .boolean, "False when the evidence is too weak and the answer says so."),
      .required("language", .text, "The language of the words around quotes."),
      .required("sources", .array(of: .text, count: many), "Addresses of the evidence, best first."),
      .required(
        "id", .text,
        "Names the answer by its collection, snapshot and cited chunks; “acervo explain” walks back from it."),
      .required("citations", .array(of: citation, count: many), "Where each [n] of the answer comes from."),
      .required("provider", .text, "Who wrote it: a model as requests name it, or “extractive” for quotes."),
      .required("model", .nullable(.text), "The model that wrote it; null for quotes."),
      .required("fallback", .boolean, "Whether quotes stand in for a model that was to answer."),
      .required("failures", .array(of: failure, count: many), "The models that did not answer, in order."),
      .required("notice", .nullable(.text), "What a person has to know of how it came about."),
      .required("sentences", .array(of: sentence, count: many), "A model's sentences with their support."),
      .required("checks", checks, "What checking a model's words changed."),
      .required("usage", .nullable(usage), "The tokens that the model took; null for quotes."),
      .required("cost", .nullable(.number), "What they cost; null where no price is known."),
      .required("standalone", .text, "What was searched for: the question, made to stand alone."),
      .required("remembered", .boolean, "Whether the model had given this answer before."),
      CatalogueSyntax.member,
      .required(
        "interaction_event_id", .nullable(.text),
        "Names the question with its answer for feedback; null where no journal is kept."),
    ] + provenance
  }()

  /// An answer as every route writes it.
  static func json(_ answered: AnsweredQuestion, since started: ContinuousClock.Instant) -> [JSONValue.Member] {
    let answer = answered.answer
    let what: [JSONValue.Member] = [
      .init("answer", .string(answer.text)), .init("language", .string(answer.language)),
      .init("sources", .array(answer.sources.map { .string($0) })),
      .init("id", .string(answered.served.identifier(of: answer).description)),
      .init("citations", .array(answer.citations.map(\.json))),
    ]
    let how: [JSONValue.Member] = [
      .init("standalone", .string(answered.standalone)), .init("remembered", .bool(answered.isRemembered)),
      .init("catalogue", CatalogueSyntax.json(answered.catalogue)),
      .init("interaction_event_id", answered.event.map { .string($0.text) } ?? .null),
    ]
    return what + answer.provenance + how + origin(of: answered.served) + [took(since: started)]
  }

  static func origin(of served: ServedSnapshot) -> [JSONValue.Member] {
    [.init("collection", .string(served.manifest.collection)), .init("snapshot", .string(served.manifest.id))]
  }

  static func took(since started: ContinuousClock.Instant) -> JSONValue.Member {
    .init("took_ms", .number(milliseconds(started.duration(to: .now))))
  }

  // MARK: Events

  /// The events of an answer that is sent while it is made.
  static let events: [(name: String, data: JSONSchema)] = [
    (
      "sources",
      .object([
        .required(
          "sources",
          .array(
            of: .object([.required("url", .text, "Its address."), .required("title", .text, "Its title.")]), count: many
          ),
          "The pages of the evidence, best first.")
      ])
    ),
    ("token", .object([.required("text", .text, "More text, checked.")])),
    ("citation", .object([.required("number", .integer(1...100_000), "The n of [n].")] + citationMembers)),
    (
      "restart",
      .object([.required("reason", .text, "The text so far does not count: its model failed, and another one begins.")])
    ),
    ("done", .object(answer)),
    (
      "error",
      .object([
        .required("status", .integer(400...599), "The status that a whole answer would have had."),
        .required("detail", .text, "What is wrong."),
      ])
    ),
  ]

  /// An event; nil for the last one, whose data each route completes.
  static func event(_ event: AnswerEvent) -> (name: String, data: JSONValue)? {
    switch event {
    case .sources(let sources):
      let pages = sources.map { source -> JSONValue in ["url": .string(source.url), "title": .string(source.title)] }
      return ("sources", ["sources": .array(pages)])
    case .token(let text): return ("token", ["text": .string(text)])
    case .citation(let number, let citation):
      return ("citation", .object([.init("number", .integer(Int64(number)))] + (citation.json.members ?? [])))
    case .restart(let error): return ("restart", ["reason": .string(error.kind.rawValue)])
    case .done: return nil
    }
  }

  /// Answers a question as the request wants it: whole, or as events.
  ///
  /// - Parameters:
  ///   - question: what is asked.
  ///   - isStreamed: whether the answer is sent while it is made.
  ///   - complete: gets the answer when it is whole, and gives the members that the route adds to it.
  /// - Returns: the answer, or the stream of its events.
  /// - Throws: what retrieval throws; `RequestFailure` where nothing can be answered in time.
  func respond(
    to question: AskedQuestion, isStreamed: Bool,
    complete: @escaping @Sendable (AnsweredQuestion) -> [JSONValue.Member] = { _ in [] }
  ) async throws -> ServerResponse {
    let desk = desk
    let origin = Self.origin(of: question.served)
    guard isStreamed else {
      let answered = try await desk.answer(question)
      var response = ServerResponse.json(
        .object(Self.json(answered, since: question.started) + complete(answered)))
      response.logged = origin + Self.logged(answered)
      return response
    }
    return EventStream.response(logged: origin) { stream in
      let answered = try await desk.answer(question) { event in
        guard let (name, data) = Self.event(event) else { return }
        try await stream.send(name, data)
      }
      try await stream.send("done", .object(Self.json(answered, since: question.started) + complete(answered)))
    }
  }

  static func logged(_ answered: AnsweredQuestion) -> [JSONValue.Member] {
    [
      .init("answered", .bool(answered.answer.isAnswered)), .init("provider", .string(answered.answer.provider)),
      .init("retrieval_ms", .number(answered.retrievalTime)), .init("answer_ms", .number(answered.answerTime)),
    ]
  }
}
