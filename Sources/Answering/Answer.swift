public import Corpus
public import Embedding

/// An answer with its proof.
public struct Answer: Sendable, Equatable {
  /// What the person reads; `[n]` is the n-th citation, `[?]` stands behind a sentence that no evidence supports.
  public var text: String
  /// The language of the framing words (`es`, `en`).
  public var language: String
  /// Where each quoted or supported sentence comes from; `[n]` in the text is the n-th of them.
  public var citations: [Citation]
  /// The addresses of the evidence, best first, each once.
  public var sources: [String]
  /// False when the evidence is too weak and the text says so.
  public var isAnswered: Bool
  /// Who wrote it: a model as requests call it, `extractive` for quotes, `catalogue` for rows.
  public var provider = Answer.extractive
  /// The model that wrote it; nil for quotes.
  public var model: String?
  /// Why models that were to answer did not, in the order in which they were asked.
  public var failures: [ProviderError] = []
  /// What a person has to know of how it came about, in the answer's language; nil: nothing.
  public var notice: String?
  /// The sentences and what supports them; empty for quotes, which support themselves.
  public var sentences: [AnswerSentence] = []
  /// What checking the model's words changed.
  public var checks = AnswerChecks()
  /// Whether evidence was shown to the model.
  public var usesContext = true
  /// The tokens that it took; nil for quotes.
  public var usage: ModelUsage?
  /// What it cost; nil where no price is known.
  public var cost: Double?

  /// What an answer of quotes names as its provider.
  public static let extractive = "extractive"
  /// What an answer from a catalogue's rows names as its provider.
  public static let catalogue = "catalogue"

  /// Makes an answer of quotes.
  public init(text: String, language: String, citations: [Citation], sources: [String], isAnswered: Bool) {
    self.text = text
    self.language = language
    self.citations = citations
    self.sources = sources
    self.isAnswered = isAnswered
  }

  /// Whether quotes stand in for a model that was to answer.
  public var isFallback: Bool { provider == Self.extractive && !failures.isEmpty }
}

/// A sentence that a model wrote, and what supports it.
public struct AnswerSentence: Sendable, Equatable {
  /// Why a sentence may stand.
  public enum Basis: String, Sendable, Equatable, CaseIterable {
    /// Its words stand in the evidence.
    case words
    /// It means what a sentence of the evidence means.
    case meaning
    /// It claims nothing: it leads to what follows, asks, or says that the sources do not tell.
    case framing
    /// Nothing in the evidence supports it.
    case none
  }

  /// The sentence as it stands in the answer, markers included.
  public var text: String
  /// Why it may stand.
  public var basis: Basis
  /// How well the evidence supports it, 0 to 1: the share of its words there, rare ones weighing more, or the cosine.
  public var support: Double
  /// Its citations: 1 is the answer's first.
  public var citations: [Int]

  /// Makes a sentence.
  public init(text: String, basis: Basis, support: Double, citations: [Int]) {
    self.text = text
    self.basis = basis
    self.support = support
    self.citations = citations
  }
}

/// What checking a model's words changed.
public struct AnswerChecks: Sendable, Equatable {
  /// Sentences that no evidence supports: marked `[?]`.
  public var unsupported = 0
  /// Citations that were dropped: of numbers that no evidence has, or of evidence that does not support the sentence.
  public var droppedCitations = 0
  /// Citations that the model left out and that were added.
  public var addedCitations = 0
  /// Quotation marks that were taken off, because no evidence has the words between them.
  public var droppedQuotes = 0
  /// Addresses that were taken out, because no evidence has them.
  public var droppedLinks = 0

  /// All zero.
  public init() {}
}
