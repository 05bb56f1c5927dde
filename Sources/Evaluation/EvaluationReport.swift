public import Corpus

/// What became of all questions.
public struct EvaluationReport: Sendable, Equatable {
  /// What was asked: `collection/snapshot`, or a benchmark's name.
  public var subject: String
  /// One outcome a question, in the order of the questions.
  public var outcomes: [QuestionOutcome]

  /// Collects outcomes.
  public init(subject: String, outcomes: [QuestionOutcome]) {
    self.subject = subject
    self.outcomes = outcomes
  }

  /// The mean of a measure over the questions that it applies to.
  ///
  /// - Parameters:
  ///   - measure: what is measured.
  ///   - language: questions of this language only; nil for all.
  /// - Returns: 0 to 1; nil where it applies to no question.
  public func value(_ measure: Measure, language: String? = nil) -> Double? {
    let values = outcomes.lazy.filter { language == nil || $0.language == language }.compactMap { $0.value(measure) }
    var (sum, count) = (0.0, 0)
    for value in values {
      sum += value
      count += 1
    }
    return count > 0 ? sum / Double(count) : nil
  }

  /// The languages of the questions, in the order of their names; `""` stands for no known one.
  public var languages: [String] { Set(outcomes.map(\.language)).sorted() }

  /// How long it took: the quantile (0 to 1) of the seconds of each question.
  ///
  /// - Parameters:
  ///   - quantile: .5 for the median.
  ///   - seconds: which time of an outcome.
  /// - Returns: the nearest outcome's time; nil where none was measured.
  public func latency(_ quantile: Double, _ seconds: (QuestionOutcome) -> Double?) -> Double? {
    let sorted = outcomes.compactMap(seconds).sorted()
    guard let last = sorted.indices.last else { return nil }
    return sorted[min(last, max(0, Int((quantile * Double(last)).rounded())))]
  }

  /// The summary that `acervo eval --json` ends with.
  ///
  /// - Parameter measures: those that are told, where they apply; `ndcg@10`, `recall@10`, `mrr@10`, `hit@1` and `hit@5`
  ///   always are (null where nothing was expected).
  /// - Returns: an object.
  public func json(_ measures: [Measure]) -> JSONValue {
    var members: [JSONValue.Member] = [.init("subject", .string(subject))]
    members += values(measures, language: nil)
    members.append(.init("queries", .integer(Int64(outcomes.count))))
    var times: [JSONValue.Member] = []
    for (name, quantile) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
      if let seconds = latency(quantile, { $0.searchSeconds }) {
        times.append(.init("search_\(name)", .number(seconds * 1000)))
      }
      if let seconds = latency(quantile, \.answerSeconds) {
        times.append(.init("answer_\(name)", .number(seconds * 1000)))
      }
    }
    members.append(.init("milliseconds", .object(times)))
    members.append(
      .init(
        "languages",
        .object(
          languages.map { language in
            let count = outcomes.count { $0.language == language }
            return .init(
              language.isEmpty ? "unknown" : language,
              .object(
                values(measures, language: language) + [.init("queries", .integer(Int64(count)))]))
          })))
    return .object(members)
  }

  private func values(_ measures: [Measure], language: String?) -> [JSONValue.Member] {
    let always: [Measure] = [.ndcg(10), .recall(10), .mrr(10), .hit(1), .hit(5)]
    return (always + measures.filter { !always.contains($0) }).compactMap { measure in
      let value = value(measure, language: language)
      guard value != nil || always.contains(measure) else { return nil }
      return .init(measure.description, value.map { .number($0) } ?? .null)
    }
  }
}
