/// One turn of a conversation.
public struct ChatMessage: Sendable, Hashable {
  /// Who speaks.
  public enum Role: String, Sendable, Hashable, CaseIterable {
    /// The instructions.
    case system
    /// The person who asks.
    case user
    /// The one who answers.
    case assistant
  }

  /// Who speaks.
  public var role: Role
  /// What is said.
  public var text: String

  /// Makes a message.
  public init(_ role: Role, _ text: String) {
    self.role = role
    self.text = text
  }
}

/// What a language model is asked.
public struct ModelRequest: Sendable {
  /// The instructions, the conversation and the question, in order.
  public var messages: [ChatMessage]
  /// How freely it chooses its words, 0 to 2; nil: as its settings say.
  public var temperature: Double?
  /// How many tokens it may answer with; nil: as its settings say.
  public var maxTokens: Int?
  /// When the answer is of no use any more.
  public var deadline: ContinuousClock.Instant

  /// Makes a request.
  public init(
    messages: [ChatMessage], temperature: Double? = nil, maxTokens: Int? = nil, deadline: ContinuousClock.Instant
  ) {
    self.messages = messages
    self.temperature = temperature
    self.maxTokens = maxTokens
    self.deadline = deadline
  }
}

/// What an answer took.
public struct ModelUsage: Sendable, Hashable {
  /// Tokens of the request.
  public var promptTokens: Int
  /// Tokens of the answer.
  public var completionTokens: Int
  /// Whether the provider told nothing and the counts are estimates.
  public var isEstimated: Bool

  /// Makes a count.
  public init(promptTokens: Int, completionTokens: Int, isEstimated: Bool = false) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.isEstimated = isEstimated
  }
}

/// Why a model stopped.
public enum ModelStop: String, Sendable, Hashable {
  /// It said all.
  case complete
  /// It reached the limit of tokens.
  case length
  /// The provider's rules forbade to go on.
  case blocked
}

/// What comes from a model while it answers.
public enum ModelEvent: Sendable, Hashable {
  /// More text.
  case text(String)
  /// What it took.
  case usage(ModelUsage)
  /// The end: nothing comes after it but `usage`.
  case stopped(ModelStop)
}

/// A language model that can be asked.
public protocol LanguageModel: Sendable {
  /// The model's name, as its provider knows it.
  var name: String { get }
  /// Who serves it.
  var provider: String { get }

  /// Asks once: no second try here.
  ///
  /// The stream ends after `stopped`, or throws a `ProviderError`. Cancelling the task that reads it ends the request.
  func stream(_ request: ModelRequest) -> AsyncThrowingStream<ModelEvent, any Error>
}
