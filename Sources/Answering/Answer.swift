public import Corpus

/// An answer with its proof.
public struct Answer: Sendable, Equatable {
  /// What the person reads.
  public var text: String
  /// The language of the framing words (`es`, `en`).
  public var language: String
  /// Where each quoted sentence comes from, in the order of the text.
  public var citations: [Citation]
  /// The addresses of the evidence, best first, each once.
  public var sources: [String]
  /// False when the evidence is too weak and the text says so.
  public var isAnswered: Bool

  /// Makes an answer.
  public init(text: String, language: String, citations: [Citation], sources: [String], isAnswered: Bool) {
    self.text = text
    self.language = language
    self.citations = citations
    self.sources = sources
    self.isAnswered = isAnswered
  }
}
