/// How questions are answered, whatever the model.
public struct AnswerSettings: Sendable, Equatable {
  /// Evidence whose cosine with the question is below this, and which has less than half of the question's words, is
  /// not shown to a model; 0.25 by default.
  public var similarity = 0.25
  /// How many turns of a conversation are used; 10 by default.
  public var historyTurns = 10
  /// What becomes of sentences that no evidence supports; they are marked by default.
  public var unsupported = Unsupported.mark
  /// The share of an answer's words that evidence must have for a sentence to be supported, 0 to 1; 0.5 by default.
  public var supportWords = 0.5
  /// The cosine from which a sentence means what the evidence says; 0.7 by default.
  public var supportMeaning = 0.7

  /// What becomes of a sentence that no evidence supports.
  public enum Unsupported: String, Sendable, Equatable, CaseIterable {
    /// It stays, with `[?]` behind it.
    case mark
    /// It is left out.
    case drop
  }

  /// Makes the default settings.
  public init() {}
}
