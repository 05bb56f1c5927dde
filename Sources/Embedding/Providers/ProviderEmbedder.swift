public import Corpus
public import HTTPClient
internal import Synchronization

/// A provider's embedding model, and how it is asked.
public struct EmbeddingProviderSettings: Sendable, Equatable {
  /// Where it is, and what opens it.
  public var access: ProviderAccess
  /// The model's name, as the provider knows it.
  public var model: String
  /// How long vectors are to be, where the provider lets one choose; nil: as the model makes them.
  public var dimensions: Int?
  /// How many texts are sent at a time; 50 by default.
  public var batch = 50
  /// What a million tokens cost, in US dollars; nil where nobody said.
  public var price: Double?
  /// The whole of a request must end within so many seconds; 60 by default.
  public var timeout = 60.0
  /// When a request is sent again: 6 tries, back-off from 1 s, `Retry-After` up to 2 minutes.
  public var retries = RetryPolicy(tries: 6, firstWait: 1, longestWait: 30, longestRetryAfter: 120, budget: 300)

  /// Whether it is left alone for a while after it failed several times in a row; false by default.
  public var rests = false

  /// Makes settings with the defaults.
  public init(access: ProviderAccess, model: String, dimensions: Int? = nil) {
    self.access = access
    self.model = model
    self.dimensions = dimensions
  }

  /// For questions: they wait for nobody long.
  public var forQuestions: EmbeddingProviderSettings {
    var settings = self
    settings.timeout = 5
    settings.rests = true
    settings.retries = RetryPolicy(tries: 2, firstWait: 0.2, longestWait: 0.5, longestRetryAfter: 1, budget: 1)
    return settings
  }

  /// The length of the vectors of models that are known well, so that nothing has to be asked to learn it.
  var knownDimensions: Int? {
    if let dimensions { return dimensions }
    switch (access.provider, model) {
    case (.openai, "text-embedding-3-small"), (.openai, "text-embedding-ada-002"): return 1536
    case (.openai, "text-embedding-3-large"): return 3072
    case (.gemini, "gemini-embedding-001"): return 3072
    case (.gemini, "text-embedding-004"), (.ollama, "nomic-embed-text"): return 768
    case (.ollama, "all-minilm"): return 384
    case (.ollama, "mxbai-embed-large"), (.ollama, "bge-m3"): return 1024
    case (.jina, "jina-embeddings-v3"): return 1024
    default: return nil
    }
  }
}

/// What a provider's embedder was asked and what that took.
public struct ProviderCounts: Sendable, Equatable {
  /// Requests, those that were sent again included.
  public var requests = 0
  /// Texts that were embedded.
  public var texts = 0
  /// Tokens as the provider counted them, or as they are thought to be where it counts none.
  public var tokens = 0
  /// Whether tokens are what they are thought to be.
  public var isEstimated = false
  /// What they cost, in US dollars; nil where no price is known.
  public var cost: Double?
}

/// Makes vectors by asking a provider: for pages while they are indexed, and for questions.
///
/// A provider's numbers may differ a little from one request to the next, and its model may change behind its name.
/// What was embedded once is therefore remembered, and counts as input: a run over unchanged pages asks for nothing
/// and publishes the same bytes.
public final class ProviderEmbedder: Embedder {
  /// Names the provider and the model, never the key and not the address.
  public let fingerprint: EmbedderFingerprint

  private let settings: EmbeddingProviderSettings
  private let endpoint: ProviderEndpoint
  private let state = Mutex(ProviderCounts())
  private let breaker = CircuitBreaker()

  /// Marks vectors whose length was asked for: who embeds a question has to ask for the same.
  static let shortened = "shortened"
  /// The largest response that is read: 50 vectors of 4,096 numbers, written out, are some 5 MB.
  private static let largestResponse = 64_000_000
  /// About so many bytes of texts go into one request: providers limit the tokens of one.
  private static let largestRequest = 200_000
  /// No text goes out longer than this, in bytes: the models cut it at 512 to 8,192 tokens anyway.
  private static let longestText = 100_000

  private init(_ settings: EmbeddingProviderSettings, dimensions: Int, endpoint: ProviderEndpoint) {
    self.settings = settings
    self.endpoint = endpoint
    fingerprint = EmbedderFingerprint(
      model: settings.model, provider: settings.access.provider.rawValue, dimensions: dimensions, weights: "",
      tokenizer: "", pooling: settings.dimensions == nil ? "" : Self.shortened, normalized: true, codeVersion: 1)
  }

  /// Makes an embedder whose vectors' length is known: from its settings, or from a snapshot's manifest.
  ///
  /// - Parameters:
  ///   - settings: what is asked, and how.
  ///   - dimensions: the length of its vectors.
  ///   - client: sends the requests.
  ///   - timing: the clock, the sleep and the dice of retries.
  public convenience init(
    _ settings: EmbeddingProviderSettings, dimensions: Int, client: HTTPClient, timing: RetryTiming = .system
  ) {
    self.init(
      settings, dimensions: dimensions,
      endpoint: ProviderEndpoint(settings.access, model: settings.model, client: client, timing: timing))
  }

  /// Makes an embedder; where nobody knows how long the model's vectors are, one short text is embedded to see.
  ///
  /// - Parameters:
  ///   - settings: what is asked, and how.
  ///   - client: sends the requests.
  ///   - timing: the clock, the sleep and the dice of retries.
  /// - Returns: an embedder.
  /// - Throws: `ProviderError` where that one request fails; `EmbeddingError` for a provider without embeddings.
  public static func make(
    _ settings: EmbeddingProviderSettings, client: HTTPClient, timing: RetryTiming = .system
  ) async throws -> ProviderEmbedder {
    let endpoint = ProviderEndpoint(settings.access, model: settings.model, client: client, timing: timing)
    if let dimensions = settings.knownDimensions {
      return ProviderEmbedder(settings, dimensions: dimensions, endpoint: endpoint)
    }
    let asking = ProviderEmbedder(settings, dimensions: 0, endpoint: endpoint)
    guard let length = try await asking.ask(["?"], .query).first?.count, length > 0 else {
      throw endpoint.error(.badResponse, "it gives vectors without numbers")
    }
    let embedder = ProviderEmbedder(settings, dimensions: length, endpoint: endpoint)
    embedder.state.withLock { $0 = asking.counts }
    return embedder
  }

  /// What was asked so far.
  public var counts: ProviderCounts { state.withLock { $0 } }
  /// What was asked so far.
  public var spent: ProviderCounts? { counts }
  /// What a million tokens cost.
  public var price: Double? { settings.price }
  /// One request's worth of texts.
  public var portion: EmbeddingPortion { EmbeddingPortion(texts: settings.batch, bytes: Self.largestRequest) }

  /// About three bytes a token: cautious for Spanish and English.
  ///
  /// A provider's tokenizer is not here; chunks that are cut by tokens get a little smaller than they might be.
  public func tokenCount(_ text: Substring) -> Int { Self.estimate(text.utf8.count) }

  private static func estimate(_ bytes: Int) -> Int { (bytes + 2) / 3 }

  /// Embeds texts, so many at a time as the settings say.
  ///
  /// - Throws: `ProviderError`; `CancellationError`.
  public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
    let dimensions = fingerprint.dimensions
    var vectors: [Float] = []
    vectors.reserveCapacity(texts.count * dimensions)
    var start = 0
    while start < texts.count {
      let end = min(start + max(1, settings.batch), texts.count)
      for vector in try await ask(Array(texts[start..<end]), role) {
        guard vector.count == dimensions else {
          throw endpoint.error(
            .badResponse, "it gave a vector of \(vector.count) numbers where \(dimensions) were to come")
        }
        vectors += vector
      }
      start = end
    }
    return vectors
  }

  /// One request.
  private func ask(_ texts: [String], _ role: EmbeddingRole) async throws -> [[Float]] {
    // Providers refuse an empty text; a space says as much.
    let sent = texts.map { text in
      text.allSatisfy(\.isWhitespace) ? "." : text.utf8.count <= Self.longestText ? text : text.cut(Self.longestText)
    }
    let call = ProviderEndpoint.Call(
      path: path, body: body(sent, role), connectTimeout: min(10, settings.timeout), timeout: settings.timeout,
      maximumBodySize: Self.largestResponse)
    guard !settings.rests || breaker.mayBeAsked(at: .now) else {
      throw endpoint.error(.resting, "it failed several times lately and rests")
    }
    var made = ProviderCall(.embedding, name: settings.access.provider.rawValue)
    defer { CallMeter.current?.count(made) }
    do {
      let (value, requests) = try await endpoint.post(call, retries: settings.retries)
      // Vectors that are not what was asked for cost as much.
      made.promptTokens = tokens(in: value) ?? Self.estimate(sent.reduce(0) { $0 + $1.utf8.count })
      made.cost = Double(made.promptTokens) * (settings.price ?? 0) / 1_000_000
      count(texts: sent.count, requests: requests, tokens: made.promptTokens, isTold: tokens(in: value) != nil)
      let vectors = try self.vectors(in: value, count: texts.count)
      breaker.succeeded()
      return vectors
    } catch {
      made.failure = (error as? ProviderError)?.kind.rawValue ?? ProviderCall.abandoned
      if let error = error as? ProviderError { breaker.failed(error, at: .now) } else { breaker.wasAbandoned() }
      throw error
    }
  }

  private func count(texts: Int, requests: Int, tokens: Int, isTold: Bool) {
    state.withLock { counts in
      counts.requests += requests
      counts.texts += texts
      counts.tokens &+= tokens
      if !isTold { counts.isEstimated = true }
      if let price = settings.price { counts.cost = Double(counts.tokens) * price / 1_000_000 }
    }
  }

  // MARK: Each provider's way

  private var path: String {
    switch settings.access.provider {
    case .openai, .jina: "/embeddings"
    case .gemini: "/models/\(settings.model):batchEmbedContents"
    case .ollama: "/api/embed"
    case .huggingface:
      // The router's address is that of all its routes; a server of one's own has the models' routes at once.
      (settings.access.url.description.hasPrefix(Provider.huggingface.usualAddress) ? "/hf-inference" : "")
        + "/models/\(settings.model)/pipeline/feature-extraction"
    }
  }

  private func body(_ texts: [String], _ role: EmbeddingRole) -> JSONValue {
    let input = JSONValue.array(texts.map { .string($0) })
    let model = JSONValue.string(settings.model)
    let length = settings.dimensions.map { JSONValue.integer(Int64($0)) }
    func object(_ members: JSONValue.Member..., length name: String) -> JSONValue {
      .object(members + (length.map { [.init(name, $0)] } ?? []))
    }
    switch settings.access.provider {
    case .openai:
      return object(
        .init("model", model), .init("input", input), .init("encoding_format", .string("float")), length: "dimensions")
    case .jina:
      let task = role == .query ? "retrieval.query" : "retrieval.passage"
      return object(
        .init("model", model), .init("task", .string(task)), .init("normalized", .bool(true)),
        .init("embedding_type", .string("float")), .init("truncate", .bool(true)), .init("input", input),
        length: "dimensions")
    case .gemini:
      let task = JSONValue.string(role == .query ? "RETRIEVAL_QUERY" : "RETRIEVAL_DOCUMENT")
      let requests = texts.map { text in
        object(
          .init("model", .string("models/\(settings.model)")),
          .init("content", ["parts": [["text": .string(text)]]]), .init("taskType", task),
          length: "outputDimensionality")
      }
      return ["requests": .array(requests)]
    case .ollama:
      return object(.init("model", model), .init("input", input), .init("truncate", .bool(true)), length: "dimensions")
    case .huggingface:
      return ["inputs": input, "normalize": .bool(true), "truncate": .bool(true)]
    }
  }

  private func vectors(in value: JSONValue, count: Int) throws -> [[Float]] {
    var lists: [JSONValue]?
    switch settings.access.provider {
    case .openai, .jina:
      // They stand in the order of their index, whatever the order of the list.
      var ordered = [JSONValue?](repeating: nil, count: count)
      for entry in value["data"]?.array ?? [] {
        if let index = entry["index"]?.int, ordered.indices.contains(index) { ordered[index] = entry["embedding"] }
      }
      let found = ordered.compactMap { $0 }
      lists = found.count == count ? found : nil
    case .gemini: lists = value["embeddings"]?.array?.map { $0["values"] ?? .null }
    case .ollama: lists = value["embeddings"]?.array
    case .huggingface: lists = value.array
    }
    guard let lists, lists.count == count else {
      throw endpoint.error(.badResponse, "it did not give one vector for each of \(count) texts")
    }
    return try lists.map { list in
      let numbers = list.array?.compactMap(\.double) ?? []
      guard numbers.count == list.array?.count, numbers.allSatisfy(\.isFinite) else {
        throw endpoint.error(.badResponse, "it gave a vector that is no list of numbers")
      }
      return Self.unit(numbers)
    }
  }

  /// A vector of unit length; one of zeros stays so.
  private static func unit(_ numbers: [Double]) -> [Float] {
    let length = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 0, length.isFinite else { return numbers.map { _ in 0 } }
    return numbers.map { Float($0 / length) }
  }

  private func tokens(in value: JSONValue) -> Int? {
    let told: Int? =
      switch settings.access.provider {
      case .openai, .jina: value["usage"]?["total_tokens"]?.int ?? value["usage"]?["prompt_tokens"]?.int
      case .ollama: value["prompt_eval_count"]?.int
      case .gemini: value["usageMetadata"]?["promptTokenCount"]?.int
      case .huggingface: nil
      }
    return told.flatMap { $0 >= 0 ? $0 : nil }
  }
}

extension String {
  /// Its beginning of so many bytes at most, at the end of a character.
  fileprivate func cut(_ limit: Int) -> String {
    var end = utf8.index(utf8.startIndex, offsetBy: limit, limitedBy: utf8.endIndex) ?? utf8.endIndex
    while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(self[..<end])
  }
}
