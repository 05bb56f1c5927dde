internal import Embedding
internal import SearchIndexes

/// What the vectors are asked.
struct Question: Sendable {
  /// What chunks are compared with.
  enum Meaning: Sendable {
    /// Words, which are embedded.
    case words(String)
    /// An embedding.
    case vector([Float])
  }

  var meaning: Meaning
  /// How many chunks at most.
  var limit: Int
  /// The chunks that may be found; nil for all.
  var allowed: ChunkSet?
  /// Who is told what embedding it takes: the task that asks is not the one that embeds.
  let meter = CallMeter.current

  /// What was found.
  struct Answer: Sendable {
    /// The question's embedding.
    var vector: [Float]
    /// The nearest chunks, best first; nil where the embedding is zero and so near to nothing.
    var nearest: [ScoredChunk]?
  }
}

/// Answers questions that wait at the same time: they are embedded in one batch, and searched for in one pass over the
/// memory.
struct QuestionBatch: Sendable {
  let index: VectorIndex
  let embedder: any Embedder

  /// The most questions of one batch: what a pass needs of them stays in the second cache.
  static let largest = 16

  /// An answer for each question, in order; the next batch may begin when these are embedded.
  func answers(
    to questions: [Question], _ goOn: @escaping @Sendable () -> Void
  ) async -> [Result<Question.Answer, any Error>] {
    do {
      return try await found(questions, goOn).map { .success($0) }
    } catch {
      // One that cannot be answered spoils nothing for the others; a provider that fails fails for all of them.
      let isProviders = (error as? ProviderError)?.countsAgainstProvider ?? false
      guard questions.count > 1, !isProviders else { return questions.map { _ in .failure(error) } }
      var results: [Result<Question.Answer, any Error>] = []
      for question in questions { results += await answers(to: [question], goOn) }
      return results
    }
  }

  private func found(_ questions: [Question], _ goOn: () -> Void) async throws -> [Question.Answer] {
    var answers: [Question.Answer] = []
    for vector in try await vectors(of: questions) { answers.append(Question.Answer(vector: vector, nearest: nil)) }
    goOn()
    let asked = answers.indices.filter { answers[$0].vector.contains { $0 != 0 } }
    guard !asked.isEmpty else { return answers }
    let queries = asked.map { place in
      VectorQuery(answers[place].vector, limit: questions[place].limit, allowed: questions[place].allowed)
    }
    // Where several ask, the other cores have their requests to see to; where one asks, they are free to help.
    let found = try index.search(queries, threads: queries.count > 1 ? 1 : nil)
    for (place, nearest) in zip(asked, found) { answers[place].nearest = nearest }
    return answers
  }

  private func vectors(of questions: [Question]) async throws -> [[Float]] {
    var texts: [String] = []
    var meters: [CallMeter?] = []
    for question in questions {
      guard case .words(let text) = question.meaning else { continue }
      texts.append(text)
      meters.append(question.meter)
    }
    let words = texts
    let embedded =
      try await words.isEmpty
      ? [] : CallMeter.$current.withValue(CallMeter(sharing: meters)) { try await embedder.embed(words, as: .query) }
    let length = index.dimensions
    guard embedded.count == texts.count * length else {
      throw RetrievalError(
        .damaged, "the embedder gave \(embedded.count) numbers for \(texts.count) questions of \(length)",
        mend: "get the model again")
    }
    var next = 0
    return questions.map { question in
      switch question.meaning {
      case .vector(let vector): return vector
      case .words:
        next += length
        return Array(embedded[next - length..<next])
      }
    }
  }
}
