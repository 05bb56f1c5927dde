public import Corpus
public import HTTPClient

/// Finds the embedder that a snapshot's vectors were made with.
public struct EmbedderFinder: Sendable {
  private let start: String
  private let environment: [String: String]
  private let use: LocalEmbedder.Use
  private let accesses: [ProviderAccess]
  private let prices: [Provider: Double]
  private let client: HTTPClient

  /// Makes a finder.
  ///
  /// - Parameters:
  ///   - start: local models are looked for beside and above this folder, as `ModelFinder` does.
  ///   - use: what local models are loaded for.
  ///   - accesses: where providers are and what opens them; those that are not here are as the environment has them.
  ///   - prices: what a million tokens cost, where it is known.
  ///   - environment: the environment's variables.
  ///   - client: sends the requests to providers.
  public init(
    startingAt start: String, for use: LocalEmbedder.Use = .indexing, accesses: [ProviderAccess] = [],
    prices: [Provider: Double] = [:], environment: [String: String], client: HTTPClient
  ) {
    self.start = start
    self.environment = environment
    self.use = use
    self.accesses = accesses
    self.prices = prices
    self.client = client
  }

  /// The embedder for questions to vectors with this fingerprint.
  ///
  /// Nothing is asked of a provider here: one that cannot be reached fails the questions, not the snapshot.
  ///
  /// - Parameter fingerprint: what the snapshot's manifest names.
  /// - Returns: an embedder that may turn out to be another one, which whoever searches has to refuse.
  /// - Throws: `EmbeddingError` for a model that is not there and a provider that is not known or not configured.
  public func embedder(for fingerprint: EmbedderFingerprint) throws -> any Embedder {
    if fingerprint.provider == "local" {
      return try LocalEmbedder(
        folder: ModelFinder.folder(of: fingerprint.model, startingAt: start, environment: environment), for: use)
    }
    guard let provider = Provider(rawValue: fingerprint.provider) else {
      throw EmbeddingError(
        message: "its vectors come from the provider “\(fingerprint.provider)”, which this release does not know; "
          + "take a newer one, or publish it with another provider")
    }
    let access =
      try accesses.first { $0.provider == provider } ?? ProviderAccess(provider, environment: environment)
    let isShortened = fingerprint.pooling == ProviderEmbedder.shortened
    var settings = EmbeddingProviderSettings(
      access: access, model: fingerprint.model, dimensions: isShortened ? fingerprint.dimensions : nil)
    settings.price = prices[provider]
    return ProviderEmbedder(settings.forQuestions, dimensions: fingerprint.dimensions, client: client)
  }
}
