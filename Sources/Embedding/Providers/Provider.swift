public import Corpus

/// A service that serves models: for answers, for vectors, or both.
public enum Provider: String, Sendable, Hashable, CaseIterable {
  /// OpenAI, and whatever speaks its interface.
  case openai
  /// Google's Gemini.
  case gemini
  /// Ollama, mostly on a machine of one's own.
  case ollama
  /// Hugging Face's inference.
  case huggingface
  /// Jina AI; vectors only.
  case jina

  /// Where it is reached unless somebody says otherwise.
  public var usualAddress: String {
    switch self {
    case .openai: "https://api.openai.com/v1"
    case .gemini: "https://generativelanguage.googleapis.com/v1beta"
    case .ollama: "http://127.0.0.1:11434"
    case .huggingface: "https://router.huggingface.co"
    case .jina: "https://api.jina.ai/v1"
    }
  }

  /// The environment variables that hold its key, the first one that is set wins; each may also end in `_FILE` and name
  /// a file.
  public var keyVariables: [String] {
    switch self {
    case .openai: ["OPENAI_API_KEY"]
    case .gemini: ["GEMINI_API_KEY", "GOOGLE_API_KEY"]
    case .ollama: ["OLLAMA_API_KEY"]
    case .huggingface: ["HF_TOKEN", "HUGGINGFACE_API_KEY", "HUGGING_FACE_HUB_TOKEN"]
    case .jina: ["JINA_API_KEY"]
    }
  }

  /// The environment variables that hold its address, the first one that is set wins.
  public var addressVariables: [String] {
    switch self {
    case .openai: ["OPENAI_BASE_URL", "OPENAI_API_BASE"]
    case .gemini: ["GEMINI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"]
    case .ollama: ["OLLAMA_BASE_URL", "OLLAMA_HOST"]
    case .huggingface: ["HF_BASE_URL"]
    case .jina: ["JINA_BASE_URL"]
    }
  }

  /// Every environment variable that says where it is and what opens it.
  public var variables: [String] { keyVariables + keyVariables.map { $0 + "_FILE" } + addressVariables }

  /// Whether nothing can be asked of its usual address without a key.
  public var needsKey: Bool { self != .ollama }
}

extension EmbedderFingerprint {
  /// Whether the vectors come from a provider over the network.
  public var isRemote: Bool { Provider(rawValue: provider) != nil }
}
