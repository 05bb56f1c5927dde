public import Corpus
internal import Embedding

extension Answer {
  /// Who wrote the answer, how it was checked and what it took: as every route and the command line write it.
  public var provenance: [JSONValue.Member] {
    [
      .init("answered", .bool(isAnswered)), .init("provider", .string(provider)),
      .init("model", model.map { .string($0) } ?? .null), .init("notice", notice.map { .string($0) } ?? .null),
      .init("fallback", .bool(isFallback)),
      .init(
        "failures",
        .array(
          failures.map { failure in
            [
              "provider": .string(failure.provider), "model": .string(failure.model),
              "kind": .string(failure.kind.rawValue),
            ]
          }
        )),
      .init("sentences", .array(sentences.map(\.json))), .init("checks", checks.json),
      .init(
        "usage",
        usage.map { usage in
          [
            "prompt_tokens": .integer(Int64(usage.promptTokens)),
            "completion_tokens": .integer(Int64(usage.completionTokens)), "estimated": .bool(usage.isEstimated),
          ]
        } ?? .null), .init("cost", cost.map { .number($0) } ?? .null),
    ]
  }
}

extension AnswerSentence {
  /// As every route writes it.
  public var json: JSONValue {
    [
      "text": .string(text), "basis": .string(basis.rawValue),
      "support": .number((support * 1000).rounded() / 1000),
      "citations": .array(citations.map { .integer(Int64($0)) }),
    ]
  }
}

extension AnswerChecks {
  /// As every route writes it.
  public var json: JSONValue {
    [
      "unsupported": .integer(Int64(unsupported)), "dropped_citations": .integer(Int64(droppedCitations)),
      "added_citations": .integer(Int64(addedCitations)), "dropped_quotes": .integer(Int64(droppedQuotes)),
      "dropped_links": .integer(Int64(droppedLinks)),
    ]
  }
}
