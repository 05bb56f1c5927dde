internal import Embedding

extension ModelSettings {
  /// The models that the environment names, the preferred one first; none where it names none.
  ///
  /// `LLM_PROVIDER` names one provider or several, parted by commas, in the order in which they are asked; `extractive`
  /// or `none` names no model. Where it is not set, every provider counts that has a key or an address of its own in the
  /// environment, in the order OpenAI, Gemini, Hugging Face, Ollama. `LLM_MODEL` names the first one's model, and
  /// `OPENAI_MODEL`, `GEMINI_MODEL`, `HF_MODEL` and `OLLAMA_MODEL` each provider's; `LLM_TEMPERATURE`,
  /// `LLM_MAX_TOKENS`, `LLM_CONTEXT_TOKENS`, `LLM_TIMEOUT` and `LLM_FIRST_TOKEN_TIMEOUT` (seconds) hold for all.
  ///
  /// - Parameter environment: the environment's variables.
  /// - Returns: the settings of each model.
  /// - Throws: `EmbeddingError` for a provider that nobody knows, a key that is missing or a number that is none.
  public static func models(environment: [String: String]) throws -> [ModelSettings] {
    try providers(environment).enumerated().map { place, provider in
      let access = try ProviderAccess(provider, environment: environment)
      let own = text(provider.modelVariable, environment)
      let model = own ?? (place == 0 ? text("LLM_MODEL", environment) : nil) ?? provider.usualModel
      var settings = ModelSettings(access: access, model: model)
      if let value = try number("LLM_TEMPERATURE", in: 0...2, environment) { settings.temperature = value }
      if let value = try number("LLM_MAX_TOKENS", in: 1...100_000, environment) { settings.maxTokens = Int(value) }
      if let value = try number("LLM_CONTEXT_TOKENS", in: 512...10_000_000, environment) {
        settings.contextTokens = Int(value)
      }
      if let value = try number("LLM_TIMEOUT", in: 1...600, environment) { settings.timeouts.whole = value }
      if let value = try number("LLM_FIRST_TOKEN_TIMEOUT", in: 1...600, environment) {
        settings.timeouts.firstToken = value
      }
      return settings
    }
  }

  private static func providers(_ environment: [String: String]) throws -> [Provider] {
    let usual: [Provider] = [.openai, .gemini, .huggingface, .ollama]
    guard let named = text("LLM_PROVIDER", environment) else {
      return usual.filter { ProviderAccess.isConfigured($0, environment: environment) }
    }
    var providers: [Provider] = []
    for word in named.lowercased().split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      if word == "extractive" || word == "none" { continue }
      let known = ["google": "gemini", "hf": "huggingface", "hugging_face": "huggingface"][word] ?? String(word)
      guard let provider = Provider(rawValue: known), usual.contains(provider) else {
        throw EmbeddingError(
          message: "LLM_PROVIDER names “\(word)”, which no one knows; write "
            + usual.map(\.rawValue).joined(separator: ", ") + " or extractive")
      }
      if !providers.contains(provider) { providers.append(provider) }
    }
    return providers
  }

  private static func text(_ name: String, _ environment: [String: String]) -> String? {
    guard let value = environment[name]?.split(whereSeparator: \.isWhitespace).joined(separator: " "), !value.isEmpty
    else { return nil }
    return value
  }

  private static func number(
    _ name: String, in range: ClosedRange<Double>, _ environment: [String: String]
  ) throws -> Double? {
    guard let text = text(name, environment) else { return nil }
    guard let value = Double(text), range.contains(value) else {
      throw EmbeddingError(
        message: "\(name) is “\(text)”; write a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}

extension Provider {
  /// The variable that names its language model.
  fileprivate var modelVariable: String {
    switch self {
    case .openai: "OPENAI_MODEL"
    case .gemini: "GEMINI_MODEL"
    case .ollama: "OLLAMA_MODEL"
    case .huggingface: "HF_MODEL"
    case .jina: "JINA_MODEL"
    }
  }

  /// The language model that is asked where none is named: a small one of each.
  fileprivate var usualModel: String {
    switch self {
    case .openai: "gpt-4o-mini"
    case .gemini: "gemini-2.5-flash"
    case .ollama: "llama3.2"
    case .huggingface: "meta-llama/Llama-3.1-8B-Instruct"
    case .jina: ""
    }
  }
}
