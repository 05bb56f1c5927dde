internal import Answering
internal import Corpus
internal import Embedding
internal import Glibc
internal import Retrieval
internal import Snapshots

/// Routes that clients of OpenAI's interface speak (https://platform.openai.com/docs/api-reference), with retrieval
/// behind: a model is a collection, or a collection and who answers from it (`handbook`, `handbook/extractive`).
struct OpenAIRoutes: Sendable {
  let desk: AnswerDesk
  private var limits: ServerLimits { desk.limits }

  var all: [Route] { [models, chat, embeddings] }

  private static let created = Int64(time(nil))

  // MARK: Models

  private var models: Route {
    let model = JSONSchema.openObject([
      .required("id", .text, "What requests name."), .required("object", .choice(["model"]), "“model”."),
      .required("created", .integer(0...Int(Int64.max >> 1)), "When the service started, in seconds since 1970."),
      .required("owned_by", .text, "“acervo”."),
    ])
    return Route(
      "GET", "/v1/models", name: "openAIModels", summary: "Lists what can be named as a model.", scope: .ask,
      result: (
        "application/json",
        .object([
          .required("object", .choice(["list"]), "“list”."),
          .required("data", .array(of: model, count: AnswerSyntax.many), "Collections, and who answers from them."),
        ])
      ), failureForm: .openAI,
      handler: .immediate { [desk] _ in
        let who = [""] + ([Answer.extractive] + desk.models.members.map(\.name)).map { "/" + $0 }
        let names = desk.store.served.flatMap { served in who.map { served.manifest.collection + $0 } }
        let data = names.map { name -> JSONValue in
          [
            "id": .string(name), "object": .string("model"), "created": .integer(Self.created),
            "owned_by": .string("acervo"),
          ]
        }
        return .json(["object": .string("list"), "data": .array(data)])
      })
  }

  /// The collection and the provider that a model's name says; `acervo` is the only collection there is.
  private func named(_ model: String) throws(RequestFailure) -> (served: ServedSnapshot, provider: String?) {
    let parts = model.split(separator: "/", maxSplits: 1).map(String.init)
    let collection = parts.first ?? ""
    let provider = parts.count > 1 ? parts[1] : nil
    let isKnown = desk.store.served.contains { $0.manifest.collection == collection }
    guard isKnown || collection == "acervo" || desk.store.served.isEmpty, provider.map(desk.models.knows) ?? true else {
      throw RequestFailure(404, "There is no such model; GET /v1/models lists those that are there.")
    }
    return (try desk.store.snapshot(of: isKnown ? collection : nil), provider)
  }

  // MARK: Chat

  private static let message = JSONSchema.openObject([
    .required(
      "role", .choice(["system", "developer", "user", "assistant", "tool", "function"]),
      "Who speaks; a message of the "
        + "system, of a developer or a tool is not shown to the model."),
    .optional(
      "content",
      .nullable(
        .oneOf([
          .text,
          .array(
            of: .openObject([.required("type", .text, "“text”."), .optional("text", .text, "The text.")]),
            count: 0...100),
        ])), "What is said: a text, or parts of one."),
  ])

  private static let chunk = JSONSchema.openObject([
    .required("object", .choice(["chat.completion.chunk"]), "“chat.completion.chunk”."),
    .required("id", .text, "The same in every chunk."), .required("model", .text, "As it was asked for."),
    .required("created", .integer(0...Int(Int64.max >> 1)), "When, in seconds since 1970."),
    .required(
      "choices",
      .array(
        of: .openObject([
          .required("index", .integer(0...0), "0."),
          .required("delta", .openObject([.optional("content", .text, "More of the answer.")]), "What is new."),
          .required("finish_reason", .nullable(.choice(["stop"])), "Null but in the last."),
        ]), count: 0...1), "One; none in the chunk with the usage."),
  ])

  private static let streamFailure = JSONSchema.openObject([
    .required("error", .openObject([.required("message", .text, "What is wrong.")]), "Why the answer is not whole.")
  ])

  private static let answerMembers: [JSONSchema.Property] = [
    .required("id", .text, "Names the answer; “acervo explain” walks back from it without “chatcmpl-”."),
    .required("object", .choice(["chat.completion"]), "“chat.completion”."),
    .required("created", .integer(0...Int(Int64.max >> 1)), "When, in seconds since 1970."),
    .required("model", .text, "As it was asked for."),
    .required(
      "choices",
      .array(
        of: .openObject([
          .required("index", .integer(0...0), "0."),
          .required(
            "message",
            .openObject([
              .required("role", .choice(["assistant"]), "“assistant”."), .required("content", .text, "The answer."),
            ]), "The answer."),
          .required("finish_reason", .choice(["stop", "length"]), "Why it ends."),
        ]), count: 1...1), "One."),
    .required(
      "usage",
      .object([
        .required("prompt_tokens", .integer(0...Int(Int32.max)), "0 for quotes."),
        .required("completion_tokens", .integer(0...Int(Int32.max)), "0 for quotes."),
        .required("total_tokens", .integer(0...Int(Int32.max)), "Their sum."),
      ]), "Tokens."),
    .required("acervo", .object(AnswerSyntax.answer), "The answer with its citations, as /ask gives it."),
  ]

  private var chat: Route {
    let syntax = AnswerSyntax(desk: desk)
    return Route(
      "POST", "/v1/chat/completions", name: "openAIChat",
      summary: "Answers the last message from a collection, as OpenAI's clients ask.", scope: .ask,
      body: .openObject([
        .required("model", .string(bytes: 1...200), "A collection, or a collection and who answers from it."),
        .required(
          "messages", .array(of: Self.message, count: 1...1_000), "The conversation; the last one is answered."),
        .optional("stream", .nullable(.boolean), "Whether the answer is sent in parts; false by default."),
        .optional(
          "stream_options",
          .nullable(.openObject([.optional("include_usage", .nullable(.boolean), "A last part with it.")])),
          "How it is sent."),
        .optional("temperature", .nullable(.numberIn(0...2)), "How freely the model chooses its words."),
        .optional("max_tokens", .nullable(.integer(1...100_000)), "How many tokens the model may answer with."),
        .optional("max_completion_tokens", .nullable(.integer(1...100_000)), "The same."),
        .optional("n", .nullable(.integer(1...1)), "1."),
      ]),
      result: ("application/json", .object(Self.answerMembers)),
      events: [("", .oneOf([Self.chunk, Self.streamFailure]))],
      failures: AnswerRoutes.failures.filter { $0.status != 404 } + [(404, "There is no such model.")],
      failureForm: .openAI,
      handler: .task { request, body in
        let (question, model) = try question(body, request, syntax)
        guard body["stream"]?.bool == true else {
          let answered = try await desk.answer(question)
          var response = ServerResponse.json(.object(Self.whole(answered, model: model, since: question.started)))
          response.logged = AnswerSyntax.origin(of: question.served) + AnswerSyntax.logged(answered)
          return response
        }
        let wantsUsage = body["stream_options"]?["include_usage"]?.bool == true
        return Self.stream(question, model: model, desk: desk, wantsUsage: wantsUsage)
      })
  }

  private func question(
    _ body: JSONValue, _ request: ServerRequest, _ syntax: AnswerSyntax
  ) throws -> (AskedQuestion, model: String) {
    let model = body["model"]?.string ?? ""
    let (served, provider) = try named(model)
    var turns: [ChatMessage] = []
    for message in body["messages"]?.array ?? [] {
      guard let role = message["role"]?.string, role == "user" || role == "assistant" else { continue }
      let text =
        message["content"]?.string
        ?? (message["content"]?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
      turns.append(ChatMessage(role == "user" ? .user : .assistant, text))
    }
    guard let last = turns.popLast(), last.role == .user, last.text.utf8.contains(where: { $0 > 0x20 }) else {
      throw RequestFailure(422, "The last message that is not the system's has to be the user's, with some text.")
    }
    guard last.text.utf8.count <= limits.question else {
      throw RequestFailure(413, "The last message is longer than \(limits.question) bytes.")
    }
    var question = try syntax.question(
      last.text, ["collection": .string(served.manifest.collection)], request)
    // The same snapshot as the name was looked up in.
    question.served = served
    question.history = turns
    question.provider = provider
    question.temperature = body["temperature"]?.double
    question.maxTokens = body["max_completion_tokens"]?.int ?? body["max_tokens"]?.int
    return (question, model)
  }

  private static func whole(
    _ answered: AnsweredQuestion, model: String, since started: ContinuousClock.Instant
  ) -> [JSONValue.Member] {
    let choice: JSONValue = [
      "index": .integer(0), "finish_reason": .string("stop"), "logprobs": .null,
      "message": ["role": .string("assistant"), "content": .string(answered.answer.text), "refusal": .null],
    ]
    return head(answered, "chat.completion", model: model) + [
      .init("choices", .array([choice])), .init("usage", usage(answered)),
      .init("acervo", .object(AnswerSyntax.json(answered, since: started))),
    ]
  }

  private static func head(_ answered: AnsweredQuestion, _ kind: String, model: String) -> [JSONValue.Member] {
    head("chatcmpl-" + answered.served.identifier(of: answered.answer).description, kind, model: model)
  }

  private static func head(_ id: String, _ kind: String, model: String) -> [JSONValue.Member] {
    [
      .init("id", .string(id)), .init("object", .string(kind)), .init("created", .integer(Int64(time(nil)))),
      .init("model", .string(model)),
    ]
  }

  private static func usage(_ answered: AnsweredQuestion) -> JSONValue {
    let prompt = Int64(answered.answer.usage?.promptTokens ?? 0)
    let completion = Int64(answered.answer.usage?.completionTokens ?? 0)
    return [
      "prompt_tokens": .integer(prompt), "completion_tokens": .integer(completion),
      "total_tokens": .integer(prompt &+ completion),
    ]
  }

  /// The answer in chunks, as OpenAI sends them: unnamed events, the last one `[DONE]`.
  private static func stream(
    _ question: AskedQuestion, model: String, desk: AnswerDesk, wantsUsage: Bool
  ) -> ServerResponse {
    let id = "chatcmpl-" + ConversationID().text
    let head = head(id, "chat.completion.chunk", model: model)
    @Sendable func chunk(_ delta: JSONValue, finish: JSONValue = .null, _ more: [JSONValue.Member] = []) -> [UInt8] {
      let choice: JSONValue = ["index": .integer(0), "delta": delta, "finish_reason": finish, "logprobs": .null]
      return data(.object(head + [.init("choices", .array([choice]))] + more))
    }
    let stream = ServerResponse.Stream { failure in
      data(failure.json(.openAI)) + Array("data: [DONE]\n\n".utf8)
    } produce: { writer in
      try await writer.write(chunk(["role": .string("assistant"), "content": .string("")]))
      let answered = try await desk.answer(question) { event in
        switch event {
        case .token(let text): try await writer.write(chunk(["content": .string(text)]))
        // What was sent cannot be taken back here: it is parted from what counts.
        case .restart: try await writer.write(chunk(["content": .string("\n\n— ✗ —\n\n")]))
        case .sources, .citation, .done: break
        }
      }
      let whole = JSONValue.Member("acervo", .object(AnswerSyntax.json(answered, since: question.started)))
      try await writer.write(chunk([:], finish: .string("stop"), [whole]))
      if wantsUsage {
        try await writer.write(
          data(.object(head + [.init("choices", .array([])), .init("usage", usage(answered))])))
      }
      try await writer.write(Array("data: [DONE]\n\n".utf8))
    }
    var response = ServerResponse(
      contentType: "text/event-stream",
      headers: [.init("Cache-Control", "no-cache"), .init("X-Accel-Buffering", "no")],
      stream: stream)
    response.logged = AnswerSyntax.origin(of: question.served)
    return response
  }

  private static func data(_ value: JSONValue) -> [UInt8] {
    Array("data: ".utf8) + value.bytes + Array("\n\n".utf8)
  }

  // MARK: Embeddings

  private var embeddings: Route {
    let texts = 1...128
    return Route(
      "POST", "/v1/embeddings", name: "openAIEmbeddings",
      summary: "Embeds texts with a collection's model, as questions are embedded.", scope: .ask,
      body: .openObject([
        .required("model", .string(bytes: 1...200), "A collection, or the name of its embedding model."),
        .required(
          "input",
          .oneOf([
            .string(bytes: 1...limits.question), .array(of: .string(bytes: 1...limits.question), count: texts),
          ]), "One text, or up to \(texts.upperBound)."),
        .optional(
          "encoding_format", .nullable(.choice(["float", "base64"])), "How vectors are written; “float” by default."),
        .optional(
          "input_type", .choice(["query", "document"]),
          "What the texts are compared with: “query” (the default) makes vectors that `/search` takes."),
      ]),
      result: (
        "application/json",
        .object([
          .required("object", .choice(["list"]), "“list”."), .required("model", .text, "The embedding model."),
          .required(
            "data",
            .array(
              of: .object([
                .required("object", .choice(["embedding"]), "“embedding”."),
                .required("index", .integer(0...texts.upperBound), "The text's place, from 0."),
                .required(
                  "embedding", .oneOf([.array(of: .number, count: 1...100_000), .text]),
                  "Of length 1; as base64 its little-endian 32-bit floats."),
              ]), count: texts), "One a text, in order."),
          .required(
            "usage",
            .object([
              .required("prompt_tokens", .integer(0...Int(Int32.max)), "Tokens of the texts."),
              .required("total_tokens", .integer(0...Int(Int32.max)), "The same."),
            ]), "Tokens."),
        ])
      ),
      failures: [(404, "There is no such model.")], failureForm: .openAI,
      handler: .task { _, body in
        let embedder = try embedder(body["model"]?.string ?? "")
        let texts = body["input"]?.string.map { [$0] } ?? (body["input"]?.array ?? []).compactMap(\.string)
        let role: EmbeddingRole = body["input_type"]?.string == "document" ? .document : .query
        let made: [Float]?
        do {
          made = try await inTime(.now.advanced(by: .seconds(limits.answerSeconds))) {
            try await embedder.embed(texts, as: role)
          }
        } catch is ProviderError {
          throw RequestFailure(503, "The model's provider gives no vectors.", headers: [.init("Retry-After", "5")])
        }
        guard let made, made.count == texts.count * embedder.fingerprint.dimensions else {
          throw RequestFailure(503, "The model gave no vectors in time.", headers: [.init("Retry-After", "1")])
        }
        let isBase64 = body["encoding_format"]?.string == "base64"
        let dimensions = embedder.fingerprint.dimensions
        let data = texts.indices.map { index -> JSONValue in
          let vector = made[index * dimensions..<(index + 1) * dimensions]
          return [
            "object": .string("embedding"), "index": .integer(Int64(index)),
            "embedding": isBase64 ? .string(Base64.text(of: vector)) : .array(vector.map { .number(Double($0)) }),
          ]
        }
        let tokens = Int64(texts.reduce(0) { $0 + embedder.tokenCount($1[...]) })
        return .json([
          "object": .string("list"), "model": .string(embedder.fingerprint.model), "data": .array(data),
          "usage": ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)],
        ])
      })
  }

  private func embedder(_ name: String) throws(RequestFailure) -> any Embedder {
    let served = desk.store.served
    let found = served.first { $0.manifest.collection == name } ?? served.first { $0.manifest.embedder?.model == name }
    guard let embedder = found?.embedder ?? (name == "acervo" && served.count == 1 ? served.first?.embedder : nil)
    else {
      throw RequestFailure(404, "There is no such model; name a collection, or the embedding model of one.")
    }
    return embedder
  }
}

/// Base64 (RFC 4648, 4).
enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Numbers as their little-endian 32-bit floats.
  static func text(of vector: ArraySlice<Float>) -> String {
    text(of: vector.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) } })
  }

  static func text(of bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let bits = part.reduce(0 as UInt32) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - part.count))
      for place in 0..<4 {
        text.append(place <= part.count ? digits[Int(bits >> (18 - 6 * UInt32(place))) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
