public import Answering
public import Corpus
public import Embedding
internal import Settings

/// A language model as the settings' file names it.
public struct ModelEntry: Sendable, Equatable {
  /// Who runs it.
  public var provider = Provider.openai
  /// Its name, as the provider knows it.
  public var model = ""
  /// What requests call it; the provider's name by default.
  public var name: String?
  /// The provider's address, if not its usual one.
  public var url: String?
  /// The provider's key; the environment's by default.
  public var apiKey: Secret?
  /// How freely it chooses its words, 0 to 2; 0.2 by default.
  public var temperature = 0.2
  /// How many tokens it may answer with; 800 by default.
  public var maxTokens = 800
  /// How many tokens request and answer may have together; 8,192 by default.
  public var contextTokens = 8_192
  /// Seconds until the first text comes; 10 by default.
  public var firstToken = 10.0
  /// Seconds until the answer is whole; 60 by default.
  public var timeout = 60.0
  /// What a million tokens of requests cost; nil where nobody said.
  public var promptPrice: Double?
  /// What a million tokens of answers cost; nil where nobody said.
  public var completionPrice: Double?

  /// An entry with the defaults.
  public init() {}

  /// The model with its address and key.
  ///
  /// - Parameter environment: where the provider's own variables are looked up.
  /// - Returns: the model, ready to be asked.
  /// - Throws: `EmbeddingError` when a key that the provider needs is missing or cannot be read.
  public func settings(environment: [String: String]) throws -> ModelSettings {
    let access = try ProviderAccess(provider, url: url, key: apiKey, environment: environment)
    var settings = ModelSettings(access: access, model: model, name: name)
    settings.temperature = temperature
    settings.maxTokens = maxTokens
    settings.contextTokens = contextTokens
    settings.timeouts.firstToken = firstToken
    settings.timeouts.whole = timeout
    if promptPrice != nil || completionPrice != nil {
      settings.price = .init(prompt: promptPrice ?? 0, completion: completionPrice ?? 0)
    }
    return settings
  }

  private typealias Field = SettingsField<ModelEntry>

  private static let providers: [Provider] = [.openai, .gemini, .ollama, .huggingface]

  static let definition = SettingsObject(
    initial: ModelEntry(),
    fields: [
      Field(
        "provider", \.provider, .choice(providers.map { (word: $0.rawValue, value: $0) }), isRequired: true,
        "Who runs it; “openai” is also whoever speaks its interface at “url”."),
      Field("model", \.model, .string(), isRequired: true, "Its name, as the provider knows it."),
      Field("name", \.name, .string(), "What requests call it; the provider's name by default."),
      Field("url", \.url, .webAddress, "The provider's address, if not its usual one."),
      Field(
        "api_key", \.apiKey, .secret,
        "The provider's key, as ${NAME}; its own variable, such as OPENAI_API_KEY, is read without it."),
      Field("temperature", \.temperature, .decimal(in: 0...2), "How freely it chooses its words."),
      Field("max_tokens", \.maxTokens, .integer(in: 1...100_000), "How many tokens it may answer with."),
      Field(
        "context_tokens", \.contextTokens, .integer(in: 512...10_000_000),
        "How many tokens request and answer may have together."),
      Field("first_token", \.firstToken, .duration(in: 1...600), "How long its first text may take."),
      Field("timeout", \.timeout, .duration(in: 1...600), "How long its whole answer may take."),
      Field(
        "prompt_price", \.promptPrice, .decimal(in: 0...1_000_000), "What a million tokens of requests cost."),
      Field(
        "completion_price", \.completionPrice, .decimal(in: 0...1_000_000), "What a million tokens of answers cost."),
    ])
}
