public import Corpus
public import Embedding

/// What several models say to one question, and what a moderator makes of it.
public struct OrchestratedAnswer: Sendable, Equatable {
  /// How far the moderator's work can be used.
  public enum Quality: String, Sendable, Equatable, CaseIterable {
    /// Everything that was asked for, and the sources support at least four fifths of the synthesis.
    case high
    /// A synthesis and most of the rest.
    case medium
    /// A synthesis and little else.
    case low
    /// No synthesis: the best single answer stands in its place.
    case failed
  }

  /// What the person reads; checked as every answer is.
  public var synthesis: Answer
  /// How far the moderator's work can be used.
  public var quality: Quality
  /// What the answers are about.
  public var keyThemes: [String] = []
  /// Where they contradict each other.
  public var contradictions: [String] = []
  /// Where they agree.
  public var consensusAreas: [String] = []
  /// What they recommend.
  public var recommendations: [String] = []
  /// What to ask next.
  public var suggestedQuestions: [String] = []
  /// What would have to be looked into.
  public var researchAreas: [String] = []
  /// What each model said, in the order of the chain.
  public var responses: [IndividualResponse]
  /// Whether something stands in for the moderator's synthesis: the best single answer, or quotes.
  public var isFallback: Bool { quality == .failed }
  /// Why the moderator's synthesis is not there; nil where it is, or where nobody was asked.
  public var failure: ProviderError?
  /// The seconds that the models took, together.
  public var modelSeconds = 0.0
  /// The seconds that the moderator took.
  public var moderatorSeconds = 0.0

  init(synthesis: Answer, quality: Quality, responses: [IndividualResponse]) {
    self.synthesis = synthesis
    self.quality = quality
    self.responses = responses
  }

  /// As the query route and its journal write it; identifier and time of creation are the caller's to add.
  public var json: [JSONValue.Member] {
    func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    return [
      .init("synthesis_text", .string(synthesis.text)), .init("moderator_quality", .string(quality.rawValue)),
      .init("key_themes", texts(keyThemes)), .init("contradictions", texts(contradictions)),
      .init("consensus_areas", texts(consensusAreas)), .init("recommendations", texts(recommendations)),
      .init("suggested_questions", texts(suggestedQuestions)), .init("research_areas", texts(researchAreas)),
      .init("individual_responses", .array(responses.map(\.json))), .init("fallback_used", .bool(isFallback)),
    ]
  }
}

/// What one model said.
public struct IndividualResponse: Sendable, Equatable {
  /// What requests call the model.
  public var provider: String
  /// The model.
  public var model: String
  /// What it said, checked; nil where it failed.
  public var answer: Answer?
  /// Why it said nothing; nil where it answered.
  public var failure: ProviderError?
  /// How long it took, in seconds.
  public var seconds: Double

  /// The share of its claims that the sources support, 0 to 1; 0 where it claims nothing.
  public var supportedShare: Double { answer?.sentences.supportedShare ?? 0 }

  /// As the query route writes it.
  public var json: JSONValue {
    [
      "provider": .string(provider), "model": .string(model), "success": .bool(answer != nil),
      "text": answer.map { .string($0.text) } ?? .null,
      "error": failure.map { .string($0.kind.rawValue) } ?? .null,
      "supported_share": .number((supportedShare * 1000).rounded() / 1000),
      "citations": .array(answer?.citations.map(\.json) ?? []),
      "processing_time_ms": .integer(Int64((seconds * 1000).rounded())),
    ]
  }
}

extension [AnswerSentence] {
  /// The share of the claims among them that the sources support, 0 to 1; nil where they claim nothing.
  var supportedShare: Double? {
    let claims = filter { $0.basis != .framing }
    return claims.isEmpty ? nil : Double(claims.count { $0.basis != .none }) / Double(claims.count)
  }
}
