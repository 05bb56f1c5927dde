import AcervoTesting
import Corpus
import Embedding
import HTTPClient
import Testing

@testable import Answering

@Suite struct ProviderModelTests {
  static let providers: [Provider] = [.openai, .gemini, .ollama, .huggingface]

  static func model(_ lab: ModelLab, _ provider: Provider, _ change: (inout ModelSettings) -> Void = { _ in }) throws
    -> ProviderModel
  {
    let access = try ProviderAccess(
      provider, url: lab.url(provider.rawValue), key: provider == .ollama ? nil : Secret(ModelLab.key))
    var settings = ModelSettings(access: access, model: "lab-model")
    settings.timeouts.connect = 3 * Patience.factor
    settings.timeouts.firstToken = 20 * Patience.factor
    change(&settings)
    return try ProviderModel(settings, client: HTTPClient())
  }

  static let question = ModelRequest(
    messages: [
      ChatMessage(.system, "Be brief."), ChatMessage(.user, "Hello?"), ChatMessage(.assistant, "Hello."),
      ChatMessage(.user, "How is it?"),
    ], temperature: 0.5, maxTokens: 77, deadline: .now.advanced(by: .seconds(3600)))

  static func events(_ model: ProviderModel, _ request: ModelRequest = question) async throws -> [ModelEvent] {
    var events: [ModelEvent] = []
    for try await event in model.stream(request) { events.append(event) }
    return events
  }

  static func text(_ events: [ModelEvent]) -> String {
    events.reduce(into: "") { if case .text(let text) = $1 { $0 += text } }
  }

  @Test(arguments: providers)
  func `every provider answers in parts`(_ provider: Provider) async throws {
    let lab = try ModelLab(answers: ["Sí, así es: it is “so”."])
    let events = try await Self.events(Self.model(lab, provider))
    #expect(Self.text(events) == "Sí, así es: it is “so”.")
    #expect(events.contains(.stopped(.complete)))
    let usage = events.compactMap { if case .usage(let usage) = $0 { usage } else { nil } }
    #expect(usage.last?.completionTokens == 6 && usage.last?.promptTokens ?? 0 > 0)
    #expect(events.count { if case .text = $0 { true } else { false } } == 6)
  }

  @Test func `requests are written as each interface wants them`() async throws {
    let lab = try ModelLab()
    for provider in Self.providers { _ = try await Self.events(Self.model(lab, provider)) }
    let bodies = lab.bodies
    #expect(bodies[0]["max_tokens"]?.int == 77 && bodies[0]["temperature"]?.double == 0.5)
    #expect(bodies[0]["stream_options"]?["include_usage"]?.bool == true)
    #expect(bodies[1]["systemInstruction"]?["parts"]?.array?.first?["text"]?.string == "Be brief.")
    #expect(bodies[1]["contents"]?.array?.map { $0["role"]?.string } == ["user", "model", "user"])
    #expect(bodies[1]["generationConfig"]?["maxOutputTokens"]?.int == 77)
    #expect(bodies[2]["options"]?["num_predict"]?.int == 77 && bodies[2]["options"]?["num_ctx"]?.int == 8192)
    #expect(lab.requests.map(\.path)[1] == "/gemini/models/lab-model:streamGenerateContent?alt=sse")
    // OpenAI itself wants another name for the limit.
    let openAI = OpenAIDialect(model: "m", isOpenAI: true).body([], temperature: nil, maxTokens: 5)
    #expect(openAI["max_completion_tokens"]?.int == 5 && openAI["max_tokens"] == nil && openAI["temperature"] == nil)
  }

  @Test(arguments: providers)
  func `what goes wrong is told apart`(_ provider: Provider) async throws {
    let lab = try ModelLab(answers: ["one two three four five"])
    let model = try Self.model(lab, provider)
    let cases: [(ModelLab.Fault, ProviderError.Kind)] = [
      (.rateLimit(seconds: 7), .rateLimited), (.status(500), .unavailable), (.status(404), .noModel),
      (.status(400), .refusedRequest), (.status(403), .refusedKey), (.cut(after: 2), .cut), (.garbage, .badResponse),
      (.errorInStream(after: 2), .unavailable), (.flood, .badResponse),
    ]
    for (fault, kind) in cases {
      lab.fail(fault)
      let error = await #expect(throws: ProviderError.self) { try await Self.events(model) }
      #expect(error?.kind == kind, "\(fault)")
      if kind == .rateLimited { #expect(error?.retryAfter == 7) }
    }
    lab.fail(.length)
    #expect(try await Self.events(model).contains(.stopped(.length)))
    if provider != .ollama {
      lab.fail(.blocked)
      let error = await #expect(throws: ProviderError.self) { try await Self.events(model) }
      #expect(error?.kind == .blocked)
    }
    lab.stop()
    let error = await #expect(throws: ProviderError.self) { try await Self.events(model) }
    #expect(error?.kind == .unreachable || error?.kind == .cut)
  }

  @Test func `a silent model is not waited for, and a slow one is`() async throws {
    let lab = try ModelLab(answers: ["one two three"])
    let impatient = try Self.model(lab, .openai) { $0.timeouts.firstToken = 0.3 }
    lab.fail(.silence(30))
    let error = await #expect(throws: ProviderError.self) { try await Self.events(impatient) }
    #expect(error?.kind == .timedOut)
    lab.fail(.slow(0.1))
    let slow = try await Self.events(Self.model(lab, .openai))
    #expect(Self.text(slow) == "one two three")
    lab.fail(.slow(30))
    var request = Self.question
    request.deadline = .now.advanced(by: .seconds(0.5))
    let late = await #expect(throws: ProviderError.self) {
      try await Self.events(Self.model(lab, .openai), request)
    }
    #expect(late?.kind == .timedOut)
    lab.stop()
  }

  @Test func `a key is sent to its provider and told to nobody`() async throws {
    let lab = try ModelLab()
    let key = Secret("sk-very-secret-0123456789")
    let access = try ProviderAccess(.openai, url: lab.url("openai"), key: key)
    let settings = ModelSettings(access: access, model: "m")
    let error = await #expect(throws: ProviderError.self) {
      try await Self.events(ProviderModel(settings, client: HTTPClient()))
    }
    #expect(error?.kind == .refusedKey)
    #expect(lab.requests.first?.header("authorization") == "Bearer sk-very-secret-0123456789")
    for text in ["\(error.map { "\($0)" } ?? "")", "\(settings)", String(reflecting: settings), "\(access)"] {
      #expect(!text.contains("very-secret"))
    }
    // A server that repeats the key is not quoted with it.
    let echo = try LabServer { _ in
      .whole(#"{"error": {"message": "your key sk-very-secret-0123456789 is odd"}}"#, status: 400)
    }
    let repeating = ModelSettings(access: try ProviderAccess(.openai, url: echo.url, key: key), model: "m")
    let odd = await #expect(throws: ProviderError.self) {
      try await Self.events(ProviderModel(repeating, client: HTTPClient()))
    }
    #expect(odd?.message == "status 400: your key ••• is odd")
  }
}

@Suite struct ModelEnvironmentTests {
  @Test func `the environment names models, addresses and keys`() throws {
    let models = try ModelSettings.models(environment: [
      "LLM_PROVIDER": "google, ollama,extractive", "GOOGLE_API_KEY": " g-key ", "OLLAMA_HOST": "10.0.0.5:11434/",
      "LLM_MODEL": "gemini-x", "OLLAMA_MODEL": "qwen", "LLM_TEMPERATURE": "0.7", "LLM_MAX_TOKENS": "300",
    ])
    #expect(models.map(\.name) == ["gemini", "ollama"] && models.map(\.model) == ["gemini-x", "qwen"])
    #expect(models[0].access.key == Secret("g-key") && models[1].access.key == nil)
    #expect(models[1].access.url.description == "http://10.0.0.5:11434/")
    #expect(models[0].temperature == 0.7 && models[1].maxTokens == 300)
    #expect(try ModelSettings.models(environment: [:]).isEmpty)
    #expect(try ModelSettings.models(environment: ["OPENAI_API_KEY": "k"]).map(\.name) == ["openai"])
    #expect(try ModelSettings.models(environment: ["LLM_PROVIDER": "extractive", "OPENAI_API_KEY": "k"]).isEmpty)
  }

  @Test(arguments: [
    (["LLM_PROVIDER": "openai"], "openai needs a key; set OPENAI_API_KEY, or OPENAI_API_KEY_FILE to a file with it"),
    (
      ["LLM_PROVIDER": "skynet"],
      "LLM_PROVIDER names “skynet”, which no one knows; write openai, gemini, huggingface, ollama or extractive"
    ),
    (
      ["LLM_PROVIDER": "ollama", "LLM_TEMPERATURE": "hot"],
      "LLM_TEMPERATURE is “hot”; write a number from 0.0 to 2.0"
    ),
    (
      ["LLM_PROVIDER": "ollama", "OLLAMA_BASE_URL": "ftp://x"],
      "the address of ollama is no plain http or https address; write one such as http://127.0.0.1:11434"
    ),
    (
      ["OPENAI_API_KEY": "two words"],
      "the key of openai has characters that no key has; give it on one line, without spaces"
    ),
  ])
  func `what is wrong is said without the key`(_ environment: [String: String], _ message: String) {
    #expect { try ModelSettings.models(environment: environment) } throws: { "\($0)" == message }
  }

  @Test func `a key may stand in a file, and goes to no other address than the environment's`() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("file-key\n", to: "key")
    let access = try ProviderAccess(.jina, environment: ["JINA_API_KEY_FILE": file])
    #expect(access.key == Secret("file-key"))
    let elsewhere = try ProviderAccess(.openai, url: "http://127.0.0.1:9/v1", environment: ["OPENAI_API_KEY": "k"])
    #expect(elsewhere.key == nil)
  }
}
