internal import Corpus
internal import Embedding

/// How one provider's interface is spoken: the request's route and body, and what comes back.
protocol ModelDialect: Sendable {
  /// How the parts of a stream are parted.
  var framing: StreamFraming { get }

  /// The route below the provider's address.
  var path: String { get }
  /// The body of a request for a stream.
  func body(_ messages: [ChatMessage], temperature: Double?, maxTokens: Int) -> JSONValue
  /// What one part of a stream says, or the whole answer of a server that does not stream.
  func reply(in part: JSONValue) throws(DialectFault) -> ModelReply
}

/// How the parts of a stream are parted.
enum StreamFraming: Sendable {
  /// As server-sent events; where the mark is set, the stream ends with that as data.
  case events(end: String?)
  /// One JSON value a line.
  case lines
}

/// What a part of a stream says.
struct ModelReply: Sendable, Equatable {
  var text = ""
  var stop: ModelStop?
  var usage: ModelUsage?
}

/// A part that is a fault.
struct DialectFault: Error, Equatable {
  var kind: ProviderError.Kind
  var message: String
}

/// OpenAI's chat completions (https://platform.openai.com/docs/api-reference/chat), spoken by many servers.
struct OpenAIDialect: ModelDialect {
  let model: String
  /// OpenAI itself takes `max_completion_tokens` for every model and refuses `max_tokens` for some; the others know
  /// the older name only.
  let isOpenAI: Bool
  /// Where the routes of Hugging Face's router are.
  var prefix = ""

  var framing: StreamFraming { .events(end: "[DONE]") }

  var path: String { prefix + "/chat/completions" }

  func body(_ messages: [ChatMessage], temperature: Double?, maxTokens: Int) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("model", .string(model)),
      .init(
        "messages",
        .array(messages.map { ["role": .string($0.role.rawValue), "content": .string($0.text)] })),
      .init(isOpenAI ? "max_completion_tokens" : "max_tokens", .integer(Int64(maxTokens))),
    ]
    if let temperature { members.append(.init("temperature", .number(temperature))) }
    members += [.init("stream", .bool(true)), .init("stream_options", ["include_usage": .bool(true)])]
    return .object(members)
  }

  func reply(in part: JSONValue) throws(DialectFault) -> ModelReply {
    guard part.members != nil else { throw DialectFault(kind: .badResponse, message: "a part is no object") }
    if let error = part["error"], error != .null {
      throw DialectFault(
        kind: .unavailable, message: error["message"]?.string ?? error.string ?? "it failed while it answered")
    }
    var reply = ModelReply()
    // The last part, which tells the usage, has no choices.
    if let choice = part["choices"]?.array?.first {
      reply.text = (choice["delta"] ?? choice["message"])?["content"]?.string ?? ""
      reply.stop = choice["finish_reason"]?.string.map(Self.stop)
    } else if part["choices"] == nil, part["usage"] == nil {
      throw DialectFault(kind: .badResponse, message: "a part has neither “choices” nor “usage”")
    }
    if let usage = part["usage"], let prompt = usage["prompt_tokens"]?.int {
      reply.usage = ModelUsage(promptTokens: prompt, completionTokens: usage["completion_tokens"]?.int ?? 0)
    }
    return reply
  }

  private static func stop(_ reason: String) -> ModelStop {
    switch reason {
    case "length": .length
    case "content_filter": .blocked
    default: .complete
    }
  }
}

/// Gemini's `streamGenerateContent` (https://ai.google.dev/api/generate-content).
struct GeminiDialect: ModelDialect {
  let model: String

  /// The stream just ends.
  var framing: StreamFraming { .events(end: nil) }

  var path: String { "/models/\(model):streamGenerateContent?alt=sse" }

  func body(_ messages: [ChatMessage], temperature: Double?, maxTokens: Int) -> JSONValue {
    func parts(_ text: String) -> JSONValue { [["text": .string(text)]] }
    let system = messages.filter { $0.role == .system }.map(\.text).joined(separator: "\n\n")
    let turns = messages.filter { $0.role != .system }
    var members: [JSONValue.Member] = []
    if !system.isEmpty { members.append(.init("systemInstruction", ["parts": parts(system)])) }
    members.append(
      .init(
        "contents",
        .array(turns.map { ["role": .string($0.role == .assistant ? "model" : "user"), "parts": parts($0.text)] })))
    var generation: [JSONValue.Member] = [.init("maxOutputTokens", .integer(Int64(maxTokens)))]
    if let temperature { generation.append(.init("temperature", .number(temperature))) }
    members.append(.init("generationConfig", .object(generation)))
    return .object(members)
  }

  func reply(in part: JSONValue) throws(DialectFault) -> ModelReply {
    guard part.members != nil else { throw DialectFault(kind: .badResponse, message: "a part is no object") }
    if let error = part["error"] {
      throw DialectFault(kind: .unavailable, message: error["message"]?.string ?? "it failed while it answered")
    }
    var reply = ModelReply()
    if let usage = part["usageMetadata"], let prompt = usage["promptTokenCount"]?.int {
      let written = (usage["candidatesTokenCount"]?.int ?? 0).addingReportingOverflow(
        usage["thoughtsTokenCount"]?.int ?? 0)
      reply.usage = ModelUsage(promptTokens: prompt, completionTokens: written.overflow ? 0 : written.partialValue)
    }
    guard let candidate = part["candidates"]?.array?.first else {
      // A question that is refused has no candidates.
      if part["promptFeedback"]?["blockReason"]?.string != nil {
        throw DialectFault(kind: .blocked, message: "its rules forbid to answer this")
      }
      guard reply.usage != nil else {
        throw DialectFault(kind: .badResponse, message: "a part has no “candidates”")
      }
      return reply
    }
    // What it thinks on the way is no answer.
    let parts = candidate["content"]?["parts"]?.array?.filter { $0["thought"]?.bool != true } ?? []
    reply.text = parts.compactMap { $0["text"]?.string }.joined()
    reply.stop = candidate["finishReason"]?.string.map(Self.stop)
    return reply
  }

  private static func stop(_ reason: String) -> ModelStop {
    switch reason {
    case "STOP", "FINISH_REASON_UNSPECIFIED": .complete
    case "MAX_TOKENS": .length
    default: .blocked
    }
  }
}

/// Ollama's `/api/chat` (https://github.com/ollama/ollama/blob/main/docs/api.md).
struct OllamaDialect: ModelDialect {
  let model: String
  /// Ollama cuts a request that is longer than its context, which is small unless one says otherwise.
  let contextTokens: Int

  var framing: StreamFraming { .lines }

  var path: String { "/api/chat" }

  func body(_ messages: [ChatMessage], temperature: Double?, maxTokens: Int) -> JSONValue {
    var options: [JSONValue.Member] = [
      .init("num_predict", .integer(Int64(maxTokens))), .init("num_ctx", .integer(Int64(contextTokens))),
    ]
    if let temperature { options.append(.init("temperature", .number(temperature))) }
    return [
      "model": .string(model),
      "messages": .array(messages.map { ["role": .string($0.role.rawValue), "content": .string($0.text)] }),
      "stream": .bool(true), "options": .object(options),
    ]
  }

  func reply(in part: JSONValue) throws(DialectFault) -> ModelReply {
    guard part.members != nil else { throw DialectFault(kind: .badResponse, message: "a part is no object") }
    if let message = part["error"]?.string { throw DialectFault(kind: .unavailable, message: message) }
    guard let message = part["message"] else {
      throw DialectFault(kind: .badResponse, message: "a part has no “message”")
    }
    var reply = ModelReply(text: message["content"]?.string ?? "")
    guard part["done"]?.bool == true else { return reply }
    reply.stop = part["done_reason"]?.string == "length" ? .length : .complete
    // A prompt that it remembers is not counted again.
    if let written = part["eval_count"]?.int {
      reply.usage = ModelUsage(promptTokens: part["prompt_eval_count"]?.int ?? 0, completionTokens: written)
    }
    return reply
  }
}
