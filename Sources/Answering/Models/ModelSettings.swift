public import Embedding

/// A language model and how it is asked.
public struct ModelSettings: Sendable, Equatable {
  /// Where it is, and what opens it.
  public var access: ProviderAccess
  /// Its name, as the provider knows it.
  public var model: String
  /// What requests call it; the provider's name by default.
  public var name: String
  /// How freely it chooses its words, 0 to 2; nil leaves it to the provider; 0.2 by default.
  public var temperature: Double? = 0.2
  /// How many tokens it may answer with; 800 by default.
  public var maxTokens = 800
  /// How many tokens request and answer may have together; 8,192 by default.
  public var contextTokens = 8_192
  /// Its limits of time.
  public var timeouts = Timeouts()
  /// How often a request is sent at most, the first time included; 2 by default.
  public var tries = 2
  /// What a million tokens cost; nil where nobody said.
  public var price: Price?

  /// Limits of time, in seconds.
  public struct Timeouts: Sendable, Equatable {
    /// Until the connection stands; 3 by default.
    public var connect = 3.0
    /// Until the first text comes; 10 by default.
    public var firstToken = 10.0
    /// Until the answer is whole; 60 by default.
    ///
    /// A request's own deadline holds as well.
    public var whole = 60.0

    /// Makes the default limits.
    public init() {}
  }

  /// The price of a million tokens, in whatever money.
  public struct Price: Sendable, Equatable {
    /// Of a request's tokens.
    public var prompt: Double
    /// Of an answer's tokens.
    public var completion: Double

    /// Makes a price.
    public init(prompt: Double, completion: Double) {
      self.prompt = prompt
      self.completion = completion
    }

    /// What an answer cost.
    public func cost(of usage: ModelUsage) -> Double {
      (prompt * Double(usage.promptTokens) + completion * Double(usage.completionTokens)) / 1_000_000
    }
  }

  /// Makes settings with the defaults.
  public init(access: ProviderAccess, model: String, name: String? = nil) {
    self.access = access
    self.model = model
    self.name = name ?? access.provider.rawValue
  }
}
