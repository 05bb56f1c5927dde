public import Corpus
public import Embedding
internal import Settings

/// How a provider's vectors of questions are asked for, as the settings' file says.
///
/// Which models they are is said by the snapshots.
public struct EmbeddingEntry: Sendable, Equatable {
  /// Who runs them.
  public var provider = Provider.openai
  /// The provider's address, if not its usual one.
  public var url: String?
  /// The provider's key; the environment's by default.
  public var apiKey: Secret?
  /// What a million tokens cost; nil where nobody said.
  public var price: Double?

  /// An entry with the defaults.
  public init() {}

  /// Where the provider is, and what opens it.
  ///
  /// - Parameter environment: where the provider's own variables are looked up.
  /// - Returns: the address and the key.
  /// - Throws: `EmbeddingError` when a key that the provider needs is missing or cannot be read.
  public func access(environment: [String: String]) throws -> ProviderAccess {
    try ProviderAccess(provider, url: url, key: apiKey, environment: environment)
  }

  private typealias Field = SettingsField<EmbeddingEntry>

  static let definition = SettingsObject(
    initial: EmbeddingEntry(),
    fields: [
      Field(
        "provider", \.provider, .choice(Provider.allCases.map { (word: $0.rawValue, value: $0) }), isRequired: true,
        "Who runs the models that snapshots name."),
      Field("url", \.url, .webAddress, "The provider's address, if not its usual one."),
      Field(
        "api_key", \.apiKey, .secret,
        "The provider's key, as ${NAME}; its own variable, such as OPENAI_API_KEY, is read without it."),
      Field("price", \.price, .decimal(in: 0...1_000_000), "What a million tokens cost."),
    ])
}
