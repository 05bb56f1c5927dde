/// Everything that decides the numbers an embedder makes: two indexes may be compared only when it is equal.
public struct EmbedderFingerprint: Sendable, Hashable {
  /// The model's name, as the pipeline file has it.
  public var model: String
  /// Who makes the vectors, as the pipeline file names it.
  public var provider: String
  /// The vectors' length.
  public var dimensions: Int
  /// Hash of the weights file; empty for a provider, whose weights nobody can see.
  public var weights: String
  /// Hash of the tokenizer's files; empty for a provider.
  public var tokenizer: String
  /// How token vectors become one.
  public var pooling: String
  /// Whether vectors have unit length.
  public var normalized: Bool
  /// The prefixes put before a document's and a question's text, if the model wants any.
  public var documentPrefix: String
  /// The prefix put before a question's text.
  public var queryPrefix: String
  /// Version of our own code of the encoder: it changes when its numbers do.
  public var codeVersion: Int

  /// Makes a fingerprint.
  public init(
    model: String, provider: String, dimensions: Int, weights: String, tokenizer: String, pooling: String,
    normalized: Bool, documentPrefix: String = "", queryPrefix: String = "", codeVersion: Int
  ) {
    self.model = model
    self.provider = provider
    self.dimensions = dimensions
    self.weights = weights
    self.tokenizer = tokenizer
    self.pooling = pooling
    self.normalized = normalized
    self.documentPrefix = documentPrefix
    self.queryPrefix = queryPrefix
    self.codeVersion = codeVersion
  }

  /// One hash over every field.
  public var digest: ContentHash {
    var hasher = ContentHasher()
    for field in [model, provider, weights, tokenizer, pooling, documentPrefix, queryPrefix] { hasher.update(field) }
    for number in [dimensions, normalized ? 1 : 0, codeVersion] { hasher.update(UInt64(clamping: number)) }
    return hasher.finish()
  }

  /// As the manifest writes it.
  public var json: JSONValue {
    [
      "model": .string(model), "provider": .string(provider), "dimensions": .integer(Int64(dimensions)),
      "weights": .string(weights), "tokenizer": .string(tokenizer), "pooling": .string(pooling),
      "normalized": .bool(normalized), "document_prefix": .string(documentPrefix),
      "query_prefix": .string(queryPrefix), "code_version": .integer(Int64(codeVersion)),
      "digest": .string(digest.hex),
    ]
  }

  /// Reads what `json` wrote; nil when a field is missing or of another type.
  public init?(json: JSONValue) {
    guard let model = json["model"]?.string, let provider = json["provider"]?.string,
      let dimensions = json["dimensions"]?.int, let weights = json["weights"]?.string,
      let tokenizer = json["tokenizer"]?.string, let pooling = json["pooling"]?.string,
      let normalized = json["normalized"]?.bool, let documentPrefix = json["document_prefix"]?.string,
      let queryPrefix = json["query_prefix"]?.string, let codeVersion = json["code_version"]?.int
    else { return nil }
    self.init(
      model: model, provider: provider, dimensions: dimensions, weights: weights, tokenizer: tokenizer,
      pooling: pooling, normalized: normalized, documentPrefix: documentPrefix, queryPrefix: queryPrefix,
      codeVersion: codeVersion)
  }
}
