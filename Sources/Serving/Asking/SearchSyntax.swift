internal import Corpus
internal import Retrieval

/// What every question may say of how it is searched for.
enum SearchSyntax {
  static func members(_ limits: ServerLimits) -> [JSONSchema.Property] {
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

  /// Takes what a body asks for; what it leaves out stays as it is.
  static func take(_ body: JSONValue, into request: inout SearchRequest, of served: ServedSnapshot) throws {
    request.filters = try FilterSyntax.filters(body["filters"], for: served.retriever)
    if let count = body["top_k"]?.int { request.topK = count }
    if let count = body["per_page"]?.int { request.perDocument = count }
    if let weight = body["diversity"]?.double { request.diversity = weight }
    if let fusion = body["fusion"]?.string.flatMap(Fusion.init(rawValue:)) { request.fusion = fusion }
  }
}
