internal import Answering
internal import Corpus
internal import Retrieval
internal import Snapshots

/// `POST /ask` and `POST /search`: the questions that the service is there for.
struct AnswerRoutes: Sendable {
  let store: CollectionStore
  let limits: ServerLimits

  var all: [Route] { [ask, search] }

  private static let failures = [
    (400, "The body is not JSON, or no collection is named where there are several."),
    (404, "There is no such collection."), (413, "The body or the question is too long."),
    (415, "The body is not sent as JSON."), (422, "A member is missing, unknown or wrong; the detail names it."),
    (500, "A fault of the service; the log has more under the id in `X-Request-Id`."),
    (503, "Too busy, or nothing is loaded yet: try again after `Retry-After` seconds."),
  ].map { (status: $0.0, meaning: $0.1) }

  private var common: [JSONSchema.Property] {
    [
      .optional("collection", .string(bytes: 1...64), "Which collection; may be left out where there is only one."),
      .optional("top_k", .integer(1...limits.topK), "How many chunks are looked at; 4 by default."),
      .optional("filters", FilterSyntax.schema, "Conditions on fields of the documents, all of which must hold."),
      .optional(
        "per_page", .integer(1...limits.topK),
        "How many chunks of one page at most; any number by default in a search, "
          + "\(SearchRequest.evidencePerDocument) for an answer."),
      .optional(
        "diversity", .numberIn(0...1),
        "How much a chunk's likeness to better ones counts against it (maximal marginal relevance); 0 by default."),
      .optional(
        "fusion", .choice(Fusion.allCases.map(\.rawValue)),
        "How the lists of the indexes become one: by their scores (the default) or by ranks alone."),
    ]
  }

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

  // MARK: /ask

  private var ask: Route {
    let citation = JSONSchema.object(
      Self.place + [.required("quote", .text, "The words quoted, as they stand in the chunk.")])
    return Route(
      "POST", "/ask", name: "ask", summary: "Answers a question with quotes from the collection.", scope: .ask,
      body: .object(
        [.required("question", .string(bytes: 1...limits.question), "The question, in any language.")] + common),
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
      handler: .task { [store] request, body in
        let started = ContinuousClock.now
        let served = try store.snapshot(of: body["collection"]?.string)
        let question = body["question"]?.string ?? ""
        var wanted = SearchRequest.evidence(for: question)
        wanted.principals = request.caller.principals
        try take(body, into: &wanted, of: served)
        let hits = try await served.retriever.search(wanted)
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
        ] + common),
      result: (
        "application/json",
        .object(
          [.required("results", .array(of: found, count: 0...limits.topK), "The chunks, best first.")]
            + Self.provenance)
      ), failures: Self.failures,
      handler: .task { [store] request, body in
        let started = ContinuousClock.now
        guard (body["query"] == nil) != (body["vector"] == nil) else {
          throw RequestFailure(422, "Either “query” or “vector” has to be given, and not both.")
        }
        let served = try store.snapshot(of: body["collection"]?.string)
        var wanted = SearchRequest(query: body["query"]?.string ?? "")
        wanted.principals = request.caller.principals
        try take(body, into: &wanted, of: served)
        wanted.neighbours = body["neighbours"]?.int ?? 0
        let vector = try vector(body["vector"], for: served)
        // Without words only the vectors find anything.
        let hits =
          vector != nil
          ? try await served.retriever.search(wanted, vector: vector) : try await served.retriever.search(wanted)
        let results = hits.enumerated().map { rank, hit in
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

  /// Takes what a body asks for; what it leaves out stays as it is.
  private func take(_ body: JSONValue, into request: inout SearchRequest, of served: ServedSnapshot) throws {
    request.filters = try FilterSyntax.filters(body["filters"], for: served.retriever)
    if let count = body["top_k"]?.int { request.topK = count }
    if let count = body["per_page"]?.int { request.perDocument = count }
    if let weight = body["diversity"]?.double { request.diversity = weight }
    if let fusion = body["fusion"]?.string.flatMap(Fusion.init(rawValue:)) { request.fusion = fusion }
  }

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
