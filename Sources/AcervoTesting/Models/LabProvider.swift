internal import Corpus

/// A provider's interface as its published description has it.
enum LabProvider: String, Sendable {
  case openai, gemini, ollama, huggingface, jina

  enum Framing: Equatable { case events(done: Bool), lines }
  enum Call { case chat(streams: Bool), embedding([String], dimensions: Int?), refused(String) }

  var framing: Framing {
    switch self {
    case .openai, .huggingface, .jina: .events(done: true)
    case .gemini: .events(done: false)
    case .ollama: .lines
    }
  }

  func accepts(_ request: LabServer.Request) -> Bool {
    switch self {
    case .ollama: true
    case .gemini: request.header("x-goog-api-key") == ModelLab.key
    case .openai, .huggingface, .jina: request.header("authorization") == "Bearer \(ModelLab.key)"
    }
  }

  // MARK: Requests

  func call(route: String, body: JSONValue) -> Call? {
    switch (self, route) {
    case (.openai, "/chat/completions"), (.huggingface, "/chat/completions"), (.huggingface, "/v1/chat/completions"):
      guard body["model"]?.string != nil, Self.areMessages(body["messages"]) else { return .refused("bad messages") }
      // What OpenAI's own models refuse is told apart by the route's address in the tests.
      guard body["max_tokens"]?.int ?? body["max_completion_tokens"]?.int != nil else { return .refused("no limit") }
      return .chat(streams: body["stream"]?.bool ?? false)
    case (.openai, "/embeddings"), (.jina, "/embeddings"):
      guard body["model"]?.string != nil, let texts = Self.texts(body["input"]) else { return .refused("bad input") }
      if self == .jina, !["retrieval.query", "retrieval.passage"].contains(body["task"]?.string) {
        return .refused("bad task")
      }
      return .embedding(texts, dimensions: body["dimensions"]?.int)
    case (.gemini, _):
      return gemini(route, body)
    case (.ollama, "/api/chat"):
      guard body["model"]?.string != nil, Self.areMessages(body["messages"]) else { return .refused("bad messages") }
      return .chat(streams: body["stream"]?.bool ?? true)
    case (.ollama, "/api/embed"):
      guard body["model"]?.string != nil, let texts = Self.texts(body["input"]) else { return .refused("bad input") }
      return .embedding(texts, dimensions: body["dimensions"]?.int)
    case (.huggingface, _):
      guard route.hasPrefix("/models/") || route.hasPrefix("/hf-inference/models/"),
        route.hasSuffix("/pipeline/feature-extraction")
      else { return nil }
      guard let texts = Self.texts(body["inputs"]) else { return .refused("bad inputs") }
      return .embedding(texts, dimensions: nil)
    default: return nil
    }
  }

  private func gemini(_ route: String, _ body: JSONValue) -> Call? {
    guard route.hasPrefix("/models/"), let colon = route.firstIndex(of: ":") else { return nil }
    switch String(route[colon...]) {
    case ":generateContent", ":streamGenerateContent?alt=sse":
      let contents = body["contents"]?.array ?? []
      let isFit = contents.allSatisfy { content in
        ["user", "model"].contains(content["role"]?.string)
          && content["parts"]?.array?.allSatisfy { $0["text"]?.string != nil } == true
      }
      guard isFit, contents.last?["role"]?.string == "user", body["messages"] == nil else {
        return .refused("Invalid JSON payload received.")
      }
      return .chat(streams: route.contains(":stream"))
    case ":batchEmbedContents":
      let requests = body["requests"]?.array ?? []
      let texts = requests.compactMap { $0["content"]?["parts"]?.array?.first?["text"]?.string }
      let isFit = requests.allSatisfy {
        $0["model"]?.string?.hasPrefix("models/") == true
          && ["RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT"].contains($0["taskType"]?.string)
      }
      guard isFit, texts.count == requests.count, !texts.isEmpty, texts.count <= 100 else {
        return .refused("Invalid batch.")
      }
      return .embedding(texts, dimensions: requests[0]["outputDimensionality"]?.int)
    default: return nil
    }
  }

  private static func areMessages(_ value: JSONValue?) -> Bool {
    guard let messages = value?.array, !messages.isEmpty else { return false }
    return messages.allSatisfy {
      ["system", "user", "assistant"].contains($0["role"]?.string) && $0["content"]?.string != nil
    }
  }

  private static func texts(_ value: JSONValue?) -> [String]? {
    guard let elements = value?.array, !elements.isEmpty, elements.count <= 50 else { return nil }
    let texts = elements.compactMap(\.string)
    return texts.count == elements.count && !texts.contains("") ? texts : nil
  }

  // MARK: Answers

  func frame(_ part: JSONValue) -> [UInt8] { frame(part.text()) }

  func frame(_ text: String) -> [UInt8] {
    Array((framing == .lines ? text + "\n" : "data: " + text + "\r\n\r\n").utf8)
  }

  /// A part of a stream that has text.
  func part(_ text: String) -> JSONValue {
    switch self {
    case .openai, .huggingface, .jina:
      [
        "id": .string("chatcmpl-1"), "object": .string("chat.completion.chunk"),
        "choices": [["index": .integer(0), "delta": ["content": .string(text)], "finish_reason": .null]],
        "usage": .null,
      ]
    case .gemini:
      [
        "candidates": [
          ["content": ["role": .string("model"), "parts": [["text": .string(text)]]], "index": .integer(0)]
        ],
        "modelVersion": .string("lab"),
      ]
    case .ollama:
      [
        "model": .string("lab"), "message": ["role": .string("assistant"), "content": .string(text)],
        "done": .bool(false),
      ]
    }
  }

  /// The parts that end a stream: why it stops, and what it took.
  func ending(prompt: Int, written: Int, fault: ModelLab.Fault?) -> [JSONValue] {
    let (prompt, written) = (JSONValue.integer(Int64(prompt)), JSONValue.integer(Int64(written)))
    switch self {
    case .openai, .huggingface, .jina:
      let reason = fault == .blocked ? "content_filter" : fault == .length ? "length" : "stop"
      return [
        ["choices": [["index": .integer(0), "delta": [:], "finish_reason": .string(reason)]], "usage": .null],
        ["choices": [], "usage": ["prompt_tokens": prompt, "completion_tokens": written]],
      ]
    case .gemini:
      let usage: JSONValue = ["promptTokenCount": prompt, "candidatesTokenCount": written]
      if fault == .blocked { return [["promptFeedback": ["blockReason": .string("SAFETY")], "usageMetadata": usage]] }
      let reason = fault == .length ? "MAX_TOKENS" : "STOP"
      return [["candidates": [["finishReason": .string(reason), "index": .integer(0)]], "usageMetadata": usage]]
    case .ollama:
      return [
        [
          "model": .string("lab"), "message": ["role": .string("assistant"), "content": .string("")],
          "done": .bool(true), "done_reason": .string(fault == .length ? "length" : "stop"),
          "prompt_eval_count": prompt, "eval_count": written,
        ]
      ]
    }
  }

  /// An answer that is not streamed.
  func whole(_ text: String, prompt: Int, written: Int, fault: ModelLab.Fault?) -> JSONValue {
    let end = ending(prompt: prompt, written: written, fault: fault)
    switch self {
    case .openai, .huggingface, .jina:
      return [
        "choices": [
          [
            "index": .integer(0), "message": ["role": .string("assistant"), "content": .string(text)],
            "finish_reason": end[0]["choices"]?.array?.first?["finish_reason"] ?? .null,
          ]
        ], "usage": end[1]["usage"] ?? .null,
      ]
    case .gemini:
      return [
        "candidates": [
          [
            "content": ["role": .string("model"), "parts": [["text": .string(text)]]],
            "finishReason": .string(fault == .length ? "MAX_TOKENS" : "STOP"),
          ]
        ], "usageMetadata": end[0]["usageMetadata"] ?? .null,
      ]
    case .ollama:
      return [
        "message": ["role": .string("assistant"), "content": .string(text)], "done": .bool(true),
        "done_reason": .string("stop"), "prompt_eval_count": .integer(Int64(prompt)),
        "eval_count": .integer(Int64(written)),
      ]
    }
  }

  /// An error as a part of a stream.
  func errorPart(_ message: String) -> JSONValue {
    switch self {
    case .ollama: ["error": .string(message)]
    default: ["error": ["message": .string(message), "type": .string("server_error"), "code": .integer(503)]]
    }
  }

  func embeddings(_ vectors: [JSONValue], tokens: Int) -> JSONValue {
    switch self {
    case .openai, .jina:
      // The order of the list means nothing; `index` does.
      return [
        "object": .string("list"),
        "data": .array(
          vectors.enumerated().map { index, vector in
            ["object": .string("embedding"), "index": .integer(Int64(index)), "embedding": vector]
          }.reversed()),
        "usage": ["prompt_tokens": .integer(Int64(tokens)), "total_tokens": .integer(Int64(tokens))],
      ]
    case .gemini: return ["embeddings": .array(vectors.map { ["values": $0] })]
    case .ollama: return ["embeddings": .array(vectors), "prompt_eval_count": .integer(Int64(tokens))]
    case .huggingface: return .array(vectors)
    }
  }

  // MARK: Faults

  func fault(_ status: Int, _ message: String, extra: [JSONValue.Member] = []) -> LabServer.Reply {
    let value: JSONValue =
      switch self {
      case .openai, .huggingface:
        ["error": ["message": .string(message), "type": .string("invalid_request_error"), "code": .null]]
      case .jina: ["detail": .string(message)]
      case .ollama: ["error": .string(message)]
      case .gemini:
        [
          "error": .object(
            [
              .init("code", .integer(Int64(status))), .init("message", .string(message)),
              .init("status", .string("FAILED")),
            ] + extra)
        ]
      }
    return .whole(value.text(), status: status)
  }

  func rateLimit(seconds: Int) -> LabServer.Reply {
    if self == .gemini {
      let retry: JSONValue = [
        "@type": .string("type.googleapis.com/google.rpc.RetryInfo"), "retryDelay": .string("\(seconds)s"),
      ]
      return fault(429, "quota exceeded", extra: [.init("details", [retry])])
    }
    var reply = fault(429, "rate limit reached")
    reply.headers.append(("Retry-After", "\(seconds)"))
    return reply
  }
}
