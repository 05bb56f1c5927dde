internal import Answering
internal import Corpus
internal import Retrieval
internal import Snapshots

/// `POST /ask` and `POST /search`: the questions that the service is there for.
struct AnswerRoutes: Sendable {
  let store: CollectionStore
  let finder: EvidenceFinder
  let limits: ServerLimits

  var all: [Route] { [ask, search] }

  private static let failures = [
    (400, "The body is not JSON, or no collection is named where there are several."),
    (404, "There is no such collection."), (413, "The body or the question is too long."),
    (415, "The body is not sent as JSON."), (422, "A member is missing, unknown or wrong; the detail names it."),
    (500, "A fault of the service; the log has more under the id in `X-Request-Id`."),
    (503, "Too busy, or nothing is loaded yet: try again after `Retry-After` seconds."),
  ].map { (status: $0.0, meaning: $0.1) }

  private static let provenance: [JSONSchema.Property] = [
    .required("collection", .text, "The collection that was asked."),
    .required("snapshot", .text, "The snapshot that the whole answer comes from."),
    .required("took_ms", .number, "Milliseconds that the answer took to make."),
  ]

  private static let place: [JSONSchema.Property] = [
    .required("url", .text, "The document's address."), .required("title", .text, "The document's title."),
    .required("heading", .text, "The headings above the chunk, joined by “ › ”."),
    .required("anchor", .nullable(.text), "The fragment that leads to the place, without “#”."),
    .required("score", .number, "Higher is better; comparable within one answer only."),
    .required("chunk", .integer(0...Int(Int32.max)), "The chunk's number in the snapshot."),
  ]

  private static let many = 0...1_000_000
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
    let citation = JSONSchema.object(
      Self.place + [.required("quote", .text, "The words quoted, as they stand in the chunk.")])
    return Route(
      "POST", "/ask", name: "ask", summary: "Answers a question with quotes from the collection.", scope: .ask,
      body: .object(
        [.required("question", .string(bytes: 1...limits.question), "The question, in any language.")]
          + SearchSyntax.members(limits)),
      result: (
        "application/json",
        .object(
          [
            .required("answer", .text, "The answer in the question's language; it says so when nothing fits."),
            .required("sources", .array(of: .text, count: Self.many), "Addresses of the evidence, best first."),
            .required(
              "id", .text,
              "Names the answer by its collection, snapshot and cited chunks; “acervo explain” walks back from it."),
            .required("citations", .array(of: citation, count: Self.many), "Where each [n] of the answer comes from."),
          ] + Self.provenance)
      ), failures: Self.failures,
      handler: .task { [store, finder] request, body in
        let started = ContinuousClock.now
        let served = try store.snapshot(of: body["collection"]?.string)
        let question = body["question"]?.string ?? ""
        var wanted = SearchRequest.evidence(for: question)
        try SearchSyntax.take(body, into: &wanted, of: served)
        let hits = try await finder.find(wanted, in: served, for: request.caller, before: deadline(from: started)).hits
        let answer = try await served.answerer.answer(question, from: hits)
        return response(
          [
            .init("answer", .string(answer.text)), .init("sources", .array(answer.sources.map { .string($0) })),
            .init("id", .string(served.identifier(of: answer).description)),
            .init("citations", .array(answer.citations.map(\.json))),
          ], from: served, since: started, logged: [.init("answered", .bool(answer.isAnswered))])
      })
  }

  // MARK: /search

  private var search: Route {
    let found = JSONSchema.object(
      [.required("rank", .integer(1...limits.topK), "From 1.")] + Self.place + [
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
          [.required("results", .array(of: found, count: 0...limits.topK), "The chunks, best first.")]
            + Self.provenance)
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
        return response([.init("results", .array(results))], from: served, since: started)
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

  // MARK: Both

  private func response(
    _ members: [JSONValue.Member], from served: ServedSnapshot, since started: ContinuousClock.Instant,
    logged: [JSONValue.Member] = []
  ) -> ServerResponse {
    let origin: [JSONValue.Member] = [
      .init("collection", .string(served.manifest.collection)), .init("snapshot", .string(served.manifest.id)),
    ]
    let took = JSONValue.Member("took_ms", .number(milliseconds(started.duration(to: .now))))
    var response = ServerResponse.json(.object(members + origin + [took]))
    response.logged = origin + logged
    return response
  }
}
