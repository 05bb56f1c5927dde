public import Corpus
public import Embedding
public import Retrieval

/// A question with all that its answer may be made of.
public struct AnswerRequest: Sendable {
  /// What the person asks, as they wrote it.
  public var question: String
  /// The answer's language (`es`, `en`); nil: the question's.
  public var language: String?
  /// The conversation so far, oldest first; the last ten turns are used.
  public var history: [ChatMessage] = []
  /// What retrieval found for this caller, best first: nothing else can be cited or shown to a model.
  public var evidence: [SearchHit]
  /// Which model is asked first, by its name or provider; `extractive` asks none; nil: the usual order.
  public var provider: String?
  /// How freely the model chooses its words, 0 to 2; nil: as configured.
  public var temperature: Double?
  /// How many tokens the model may answer with; nil: as configured.
  public var maxTokens: Int?
  /// When the answer has to be there.
  public var deadline: ContinuousClock.Instant
  /// Whether the evidence is shown to the model; true by default.
  public var includeContext = true
  /// Whether a model may answer from what it knows where the evidence is too weak, and say so; false by default.
  public var goesOnWithoutContext = false

  /// Makes a request for a question and its evidence.
  public init(question: String, evidence: [SearchHit], deadline: ContinuousClock.Instant) {
    self.question = question
    self.evidence = evidence
    self.deadline = deadline
  }
}

/// A page that an answer is taken from.
public struct AnswerSource: Sendable, Equatable {
  /// The document's address.
  public var url: String
  /// The document's title.
  public var title: String

  /// Makes a source.
  public init(url: String, title: String) {
    self.url = url
    self.title = title
  }
}

/// What comes while a question is answered.
///
/// The texts of all `token`s since the last `restart`, joined, are the text of the answer in `done`.
public enum AnswerEvent: Sendable, Equatable {
  /// The pages of the evidence, best first, each once.
  case sources([AnswerSource])
  /// More text, checked: a sentence or several.
  case token(String)
  /// A citation that the text names by its number, from 1.
  case citation(number: Int, Citation)
  /// What was shown so far does not count: the model failed, and what follows stands in its place.
  case restart(ProviderError)
  /// The whole answer; the last event.
  case done(Answer)
}
