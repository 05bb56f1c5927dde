public import Corpus

/// What became of one question.
public struct QuestionOutcome: Sendable, Equatable {
  /// What names the question: its text, or a benchmark's id.
  public var id: String
  /// The question.
  public var question: String
  /// Its language, told or detected; empty when nobody knows.
  public var language: String
  /// The places found, best first: `address#anchor`, or a benchmark's document ids.
  public var results: [String]
  /// What the results are worth.
  public var ranking: RankedGains
  /// The expected places that are not among the results.
  public var missing: [String]
  /// The answer's text; nil where no answer was asked for.
  public var answer: String?
  /// Whether an answer was given, not “I don't know”; nil where none was asked for.
  public var isAnswered: Bool?
  /// Whether the answer quotes what a right one contains; nil where that is not known.
  public var containsAnswer: Bool?
  /// Whether nothing in the collection answers it.
  public var isUnanswerable: Bool
  /// How long the search took, its embedding included, in seconds.
  public var searchSeconds: Double
  /// How long search and answer took together, in seconds; nil where no answer was asked for.
  public var answerSeconds: Double?

  /// Makes an outcome; answers are unknown until they are filled in.
  public init(
    id: String, question: String, language: String = "", results: [String] = [], ranking: RankedGains,
    missing: [String] = [], isUnanswerable: Bool = false, searchSeconds: Double = 0
  ) {
    self.id = id
    self.question = question
    self.language = language
    self.results = results
    self.ranking = ranking
    self.missing = missing
    self.isUnanswerable = isUnanswerable
    self.searchSeconds = searchSeconds
  }

  /// A measure of this question alone, 0 to 1; nil where it does not apply.
  public func value(_ measure: Measure) -> Double? {
    switch measure {
    case .containment: containsAnswer.map { $0 ? 1 : 0 }
    case .abstention: isUnanswerable ? isAnswered.map { $0 ? 0 : 1 } : nil
    case .refusal: isUnanswerable ? nil : isAnswered.map { $0 ? 0 : 1 }
    case .recall, .hit, .mrr, .ndcg: ranking.value(measure)
    }
  }

  /// As `acervo eval --json` writes it: one line a question.
  ///
  /// - Parameter measures: those that are told, where they apply.
  /// - Returns: an object.
  public func json(_ measures: [Measure]) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("id", .string(id)), .init("question", .string(question)),
      .init("language", language.isEmpty ? .null : .string(language)),
      .init("rank", ranking.firstRank.map { .integer(Int64($0)) } ?? .null),
      .init("results", .array(results.prefix(10).map { .string($0) })),
      .init("missing", .array(missing.map { .string($0) })),
    ]
    if let answer { members.append(.init("answer", .string(answer))) }
    if let isAnswered { members.append(.init("answered", .bool(isAnswered))) }
    for measure in measures {
      if let value = value(measure) { members.append(.init(measure.description, .number(value))) }
    }
    members.append(.init("search_ms", .number(searchSeconds * 1000)))
    if let answerSeconds { members.append(.init("answer_ms", .number(answerSeconds * 1000))) }
    return .object(members)
  }
}
