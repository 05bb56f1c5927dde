internal import Answering
internal import Corpus
internal import Retrieval
internal import Snapshots

/// `POST /ask` and `POST /search`: the questions that the service is there for.
struct AnswerRoutes: Sendable {
  let desk: AnswerDesk
  private var store: CollectionStore { desk.store }
  private var finder: EvidenceFinder { desk.finder }
  private var limits: ServerLimits { desk.limits }

  var all: [Route] { [ask, search] }

  static let failures = [
    (400, "The body is not JSON, or no collection is named where there are several."),
    (404, "There is no such collection."), (413, "The body or the question is too long."),
    (415, "The body is not sent as JSON."), (422, "A member is missing, unknown or wrong; the detail names it."),
    (500, "A fault of the service; the log has more under the id in `X-Request-Id`."),
    (503, "Too busy, or nothing is loaded yet: try again after `Retry-After` seconds."),
  ].map { (status: $0.0, meaning: $0.1) }

  /// More of a section than this is better read on the page.
  private static let mostNeighbours = 3
  /// The greatest squared length of a vector that may be sent; models make vectors of about length 1.
  private static let mostSquare = 1e30

  /// When the question's vector is waited for no longer: half of the time is left for the answer.
  private func deadline(from started: ContinuousClock.Instant) -> ContinuousClock.Instant {
    started.advanced(by: .seconds(limits.answerSeconds) / 2)
  }

  // MARK: /ask

  private var ask: Route {
    let syntax = AnswerSyntax(desk: desk)
    return Route(
      "POST", "/ask", name: "ask", summary: "Answers a question with its evidence.", scope: .ask,
      body: .object(
        [.required("question", .string(bytes: 1...limits.question), "The question, in any language.")]
          + syntax.members),
      result: ("application/json", .object(AnswerSyntax.answer)), events: AnswerSyntax.events,
      failures: Self.failures,
      handler: .task { request, body in
        let question = try syntax.question(body["question"]?.string ?? "", body, request)
        return try await syntax.respond(to: question, isStreamed: EventStream.isWanted(request, body))
      })
  }

  // MARK: /search

  private var search: Route {
    let found = JSONSchema.object(
      [.required("rank", .integer(1...limits.topK), "From 1.")] + AnswerSyntax.place + [
        .required("text", .text, "The chunk's text."),
        .optional("before", .text, "What stands before it in its section; with `neighbours` only."),
        .optional("after", .text, "What stands behind it in its section; with `neighbours` only."),
      ])
    return Route(
      "POST", "/search", name: "search", summary: "Finds the chunks that fit a question best.", scope: .ask,
      body: .object(
        [
          .optional("query", .string(bytes: 1...limits.question), "The question; this or `vector` is required."),
          .optional(
            "vector", .array(of: .number, count: 1...8_192),
            "A ready embedding of the collection's model: vectors alone are searched."),
          .optional(
            "neighbours", .integer(0...Self.mostNeighbours),
            "How many chunks before and after each one are brought, as far as they stand in its section; 0 by default."),
        ] + SearchSyntax.members(limits)),
      result: (
        "application/json",
        .object(
          [
            .required("results", .array(of: found, count: 0...limits.topK), "The chunks, best first."),
            .required(
              "by_words_alone", .boolean,
              "Whether the question's vector could not be had in time, so that its words alone were searched."),
          ] + AnswerSyntax.provenance)
      ), failures: Self.failures,
      handler: .task { [store, finder] request, body in
        let started = ContinuousClock.now
        guard (body["query"] == nil) != (body["vector"] == nil) else {
          throw RequestFailure(422, "Either “query” or “vector” has to be given, and not both.")
        }
        let served = try store.snapshot(of: body["collection"]?.string)
        var wanted = SearchRequest(query: body["query"]?.string ?? "")
        try SearchSyntax.take(body, into: &wanted, of: served)
        wanted.neighbours = body["neighbours"]?.int ?? 0
        let vector = try vector(body["vector"], for: served)
        let evidence = try await finder.find(
          wanted, vector: vector, in: served, for: request.caller, before: deadline(from: started))
        let results = evidence.hits.enumerated().map { rank, hit in
          hit.json(rank: rank + 1, withNeighbours: wanted.neighbours > 0)
        }
        let origin = AnswerSyntax.origin(of: served)
        var response = ServerResponse.json(
          .object(
            [
              .init("results", .array(results)),
              .init("by_words_alone", .bool(evidence.isByWordsAlone)),
            ] + origin + [AnswerSyntax.took(since: started)]))
        response.logged = origin
        return response
      })
  }

  private func vector(_ value: JSONValue?, for served: ServedSnapshot) throws(RequestFailure) -> [Float]? {
    guard let numbers = value?.array else { return nil }
    let vector = numbers.compactMap { $0.double.map { Float($0) } }
    guard let embedder = served.manifest.embedder else {
      throw RequestFailure(422, "The collection has no vectors; send “query”.")
    }
    guard vector.count == embedder.dimensions, vector.allSatisfy(\.isFinite) else {
      throw RequestFailure(
        422, "“vector” has to be \(embedder.dimensions) finite numbers, as “\(embedder.model)” makes them.")
    }
    // Products of single precision end at 3e38: what is added up of them stays far below.
    let square = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
    guard square <= Self.mostSquare else {
      throw RequestFailure(422, "“vector” is too long: its squares have to add up to at most \(Self.mostSquare).")
    }
    return vector
  }
}
