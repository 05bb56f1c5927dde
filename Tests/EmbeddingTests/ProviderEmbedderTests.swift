import AcervoTesting
import Corpus
import Embedding
import HTTPClient
import Synchronization
import Testing

@Suite struct ProviderEmbedderTests {
  static let texts = (0..<120).map { "text number \($0) about invoices" }

  static func settings(_ lab: ModelLab, _ provider: Provider) throws -> EmbeddingProviderSettings {
    let access = try ProviderAccess(
      provider, url: lab.url(provider.rawValue), key: provider == .ollama ? nil : Secret(ModelLab.key))
    return EmbeddingProviderSettings(access: access, model: "lab-model")
  }

  /// Waits that take no time and are written down.
  final class Waits: Sendable {
    let seconds = Mutex<[Double]>([])
    var timing: RetryTiming {
      RetryTiming(now: { 0 }, sleep: { wait in self.seconds.withLock { $0.append(wait) } }, random: { 0.5 })
    }
  }

  @Test(arguments: Provider.allCases)
  func `every provider embeds in batches of fifty, in order and at unit length`(_ provider: Provider) async throws {
    let lab = try ModelLab()
    var settings = try Self.settings(lab, provider)
    settings.price = 20
    let embedder = try await ProviderEmbedder.make(settings, client: HTTPClient())
    #expect(embedder.fingerprint.dimensions == ModelLab.dimensions)
    let vectors = try await embedder.embed(Self.texts + ["", "  \n"], as: .document)
    let expected = try await HashingEmbedder(dimensions: ModelLab.dimensions).embed(Self.texts, as: .document)
    #expect(vectors.count == 122 * ModelLab.dimensions)
    #expect(zip(vectors, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    // One to learn the length, three for 122 texts.
    #expect(lab.requests.count == 4)
    let counts = embedder.counts
    #expect(counts.requests == 4 && counts.texts == 123 && counts.tokens > 0)
    #expect(counts.isEstimated == [.gemini, .huggingface].contains(provider))
    #expect(counts.cost == Double(counts.tokens) * 20 / 1_000_000)
    #expect(embedder.fingerprint.provider == provider.rawValue && embedder.fingerprint.isRemote)
    #expect(!embedder.fingerprint.json.text().contains(ModelLab.key))
  }

  @Test func `whoever embeds is told what it took, also where nothing came of it`() async throws {
    let lab = try ModelLab()
    var settings = try Self.settings(lab, .jina)
    settings.price = 20
    let embedder = ProviderEmbedder(settings.forQuestions, dimensions: ModelLab.dimensions, client: try HTTPClient())
    let calls = Mutex<[ProviderCall]>([])
    try await CallMeter.$current.withValue(CallMeter { call in calls.withLock { $0.append(call) } }) {
      _ = try await embedder.embed(["how do I get in?"], as: .query)
      lab.fail(.missingVector, .status(404))
      for _ in 0..<2 { _ = try? await embedder.embed(["one", "two"], as: .query) }
    }
    let found = calls.withLock { $0 }
    #expect(found.allSatisfy { $0.kind == .embedding && $0.name == "jina" })
    #expect(found.map(\.failure) == [nil, "bad_response", "no_model"])
    // What cannot be used costs as much; what was refused costs nothing.
    #expect(found[0].promptTokens > 0 && found[1].promptTokens > 0 && found[2].promptTokens == 0)
    #expect(found[0].promptTokens + found[1].promptTokens == embedder.counts.tokens)
    #expect(found[0].cost == Double(found[0].promptTokens) * 20 / 1_000_000)
  }

  @Test func `questions and pages are told apart, and a length can be asked for`() async throws {
    let lab = try ModelLab()
    for provider in [Provider.jina, .gemini, .openai] {
      var settings = try Self.settings(lab, provider)
      settings.dimensions = 16
      let embedder = try await ProviderEmbedder.make(settings, client: HTTPClient())
      #expect(try await embedder.embed(["a question"], as: .query).count == 16)
      #expect(try await embedder.embed(["a page"], as: .document).count == 16)
    }
    let bodies = lab.bodies
    #expect(bodies.map { $0["task"]?.string }.prefix(2) == ["retrieval.query", "retrieval.passage"])
    #expect(bodies[2]["requests"]?.array?.first?["taskType"]?.string == "RETRIEVAL_QUERY")
    #expect(bodies[3]["requests"]?.array?.first?["outputDimensionality"]?.int == 16)
    #expect(bodies[4]["dimensions"]?.int == 16 && bodies[4]["encoding_format"]?.string == "float")
  }

  @Test(arguments: Provider.allCases)
  func `limits of the provider are waited for`(_ provider: Provider) async throws {
    let lab = try ModelLab()
    let waits = Waits()
    let embedder = ProviderEmbedder(
      try Self.settings(lab, provider), dimensions: ModelLab.dimensions, client: try HTTPClient(),
      timing: waits.timing)
    lab.fail(.rateLimit(seconds: 9), .status(503), .status(500))
    _ = try await embedder.embed(["text"], as: .document)
    #expect(waits.seconds.withLock { $0 } == [9, 1, 2])
    #expect(embedder.counts.requests == 4 && embedder.counts.texts == 1)
  }

  @Test(arguments: Provider.allCases)
  func `what is wrong with vectors is found`(_ provider: Provider) async throws {
    let lab = try ModelLab()
    var settings = try Self.settings(lab, provider)
    settings.retries = .never
    let embedder = ProviderEmbedder(settings, dimensions: ModelLab.dimensions, client: try HTTPClient())
    let cases: [(ModelLab.Fault, ProviderError.Kind)] = [
      (.wrongDimensions, .badResponse), (.missingVector, .badResponse), (.garbage, .badResponse),
      (.status(404), .noModel), (.status(400), .refusedRequest), (.rateLimit(seconds: 1), .rateLimited),
    ]
    for (fault, kind) in cases {
      lab.fail(fault)
      let error = await #expect(throws: ProviderError.self) {
        try await embedder.embed(["one", "two"], as: .document)
      }
      #expect(error?.kind == kind, "\(fault)")
    }
    if provider != .ollama {
      settings.access.key = Secret("wrong-key-1234")
      let stranger = ProviderEmbedder(settings, dimensions: ModelLab.dimensions, client: try HTTPClient())
      let error = await #expect(throws: ProviderError.self) { try await stranger.embed(["one"], as: .query) }
      #expect(error?.kind == .refusedKey && error.map { !"\($0)".contains("wrong-key") } == true)
    }
  }

  @Test func `a known model costs no request to be made`() async throws {
    let lab = try ModelLab()
    var settings = try Self.settings(lab, .openai)
    settings.model = "text-embedding-3-small"
    let embedder = try await ProviderEmbedder.make(settings, client: HTTPClient())
    #expect(embedder.fingerprint.dimensions == 1536 && lab.requests.isEmpty)
  }
}
