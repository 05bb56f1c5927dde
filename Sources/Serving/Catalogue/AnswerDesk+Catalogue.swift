internal import Answering
internal import Corpus
internal import Retrieval
internal import Snapshots

/// Questions that the rows of a catalogue answer.
extension AnswerDesk {
  /// The answer of the catalogue's rows; nil where the question goes the ordinary way.
  ///
  /// - Parameters:
  ///   - question: what is asked.
  ///   - standalone: the question made to stand alone.
  ///   - take: gets what there is, as for any answer.
  /// - Returns: the whole answer.
  /// - Throws: what the snapshot and `take` throw.
  func catalogued(
    _ question: AskedQuestion, _ standalone: String, _ take: @Sendable (AnswerEvent) async throws -> Void
  ) async throws -> AnsweredQuestion? {
    guard let catalogue = question.served.catalogue, question.includeContext else { return nil }
    let begun = ContinuousClock.now
    let found = try await step(.retrieve) {
      try await catalogue.answer(standalone, filters: question.search.filters, for: question.caller.principals)
    }
    guard let found else { return nil }
    store.metrics.meter.understood(question.served.manifest.collection, intent: found.query.intent)
    let answer = found.answer
    try await take(.sources(found.items.map { AnswerSource(url: $0.url, title: $0.title) }))
    for (index, citation) in answer.citations.enumerated() { try await take(.citation(number: index + 1, citation)) }
    try await take(.token(answer.text))
    return AnsweredQuestion(
      answer: answer, evidence: Evidence(hits: []), standalone: standalone, served: question.served, catalogue: found,
      retrievalTime: milliseconds(begun.duration(to: .now)))
  }
}
