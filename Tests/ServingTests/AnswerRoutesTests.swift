import AcervoTesting
import Answering
import Corpus
import Embedding
import Foundation
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct AnswerRoutesTests {
  let handbook: PublishedHandbook

  init() throws {
    handbook = try PublishedHandbook()
  }

  /// What the model writes, and what is made of it: markers stand behind their sentence.
  static let sentence = "The disk quota of version 7 is 7 gigabytes [1]."
  static let shown = "The disk quota of version 7 is 7 gigabytes. [1]"

  func serve(
    _ models: [any LanguageModel] = [], authenticator: (any Authenticator)? = nil, isPublished: Bool = false,
    _ change: (inout ServiceSettings) -> Void = { _ in }
  ) async throws -> QueryService {
    if !isPublished { try await handbook.publish(7) }
    let service = try handbook.serve(authenticator: authenticator) { settings in
      settings.models = ModelChain(models.map { ModelChain.Member($0, tries: 1) })
      change(&settings)
    }
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    return service
  }

  func post(
    _ path: String, _ body: String, _ service: QueryService, headers: [String] = []
  ) async throws -> RawResponse {
    try await request("POST", path, port: service.port, headers: headers, body: body)
  }

  /// The events of a streamed answer.
  func events(
    _ path: String, _ body: String, _ service: QueryService, headers: [String] = ["Accept: text/event-stream"]
  ) async throws -> [(name: String, data: JSONValue)] {
    let client = try RawClient(port: service.port)
    var text = "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for header in headers { text += header + "\r\n" }
    client.send(text + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
    let head = await client.head()
    #expect(head.status == 200)
    #expect(head.headers["content-type"] == "text/event-stream")
    let bytes = try #require(await client.chunks())
    return String(decoding: bytes, as: UTF8.self).components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { event in
      let lines = event.components(separatedBy: "\n")
      let name = lines.first { $0.hasPrefix("event: ") }.map { String($0.dropFirst(7)) } ?? "message"
      let data = lines.first { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) } ?? ""
      return (name, (try? JSONValue(parsing: Array(data.utf8))) ?? .string(data))
    }
  }

  // MARK: Whole and streamed

  @Test func `an answer is the same whole and streamed, and events are what the contract says`() async throws {
    let model = ScriptedModel(saying: Self.sentence)
    let service = try await serve([model]) { $0.caches.answerBytes = 0 }
    let body = #"{"question": "What is the disk quota?", "temperature": 0.5, "max_tokens": 99}"#
    let whole = try await post("/ask", body, service)
    #expect(whole.status == 200)
    #expect(whole.json["answer"]?.string == Self.shown)
    #expect(whole.json["provider"]?.string == "scripted")
    #expect(whole.json["model"]?.string == "scripted-1")
    #expect(throws: Never.self) { try JSONSchema.object(AnswerSyntax.answer).check(whole.json) }
    #expect(model.requests.last?.temperature == 0.5)
    #expect(model.requests.last?.maxTokens == 99)
    let streamed = try await events("/ask", body, service)
    for event in streamed {
      let schema = try #require(AnswerSyntax.events.first { $0.name == event.name }?.data)
      #expect(throws: Never.self) { try schema.check(event.data) }
    }
    #expect(streamed.first?.name == "sources")
    #expect(streamed.last?.name == "done")
    let tokens = streamed.filter { $0.name == "token" }.compactMap { $0.data["text"]?.string }.joined()
    #expect(tokens == Self.shown)
    for name in ["answer", "citations", "sources", "id", "snapshot", "sentences"] {
      #expect(streamed.last?.data[name] == whole.json[name], "\(name)")
    }
    let asked = try await events(
      "/ask", #"{"question": "What is the disk quota?", "stream": true}"#, service, headers: [])
    #expect(asked.last?.name == "done")
  }

  @Test func `a model that fails in the middle is replaced by quotes, and it is said`() async throws {
    let model = ScriptedModel([[.say(Self.sentence + " And "), .fail(.cut)]])
    let service = try await serve([model])
    let streamed = try await events("/ask", #"{"question": "What is the disk quota of version 7?"}"#, service)
    let restart = try #require(streamed.firstIndex { $0.name == "restart" })
    let tokens = streamed[restart...].filter { $0.name == "token" }.compactMap { $0.data["text"]?.string }.joined()
    let done = try #require(streamed.last)
    #expect(done.name == "done")
    #expect(done.data["answer"]?.string == tokens)
    #expect(done.data["provider"]?.string == "extractive")
    #expect(done.data["fallback"]?.bool == true)
    #expect(done.data["notice"]?.string != nil)
  }

  @Test func `a client that leaves stops the model`() async throws {
    let model = ScriptedModel([[.say(Self.sentence + " "), .wait(100)]])
    let service = try await serve([model])
    do {
      let client = try RawClient(port: service.port)
      let body = #"{"question": "What is the disk quota?", "deadline_ms": 60000}"#
      client.send(
        "POST /ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
      #expect(await client.head().status == 200)
      #expect(await client.chunk() != nil)
      #expect(try await eventually { model.requests.count == 1 })
    }
    #expect(try await eventually { model.cancelled == 1 })
  }

  @Test func `with every model silent each route answers in time and says so`() async throws {
    let silent = (0..<2).map { ScriptedModel([[.wait(1_000)]], name: "silent-\($0)", provider: "hole\($0)") }
    let service = try await serve(silent) { settings in
      settings.limits.answerSeconds = 1
      var project = ProjectSettings(id: "support", collection: "handbook")
      project.moderator = "hole0"
      settings.projects = [project]
    }
    let question = "What is the disk quota of version 7?"
    let asked = try await post("/ask", #"{"question": "\#(question)"}"#, service)
    #expect(asked.status == 200)
    #expect(asked.json["fallback"]?.bool == true)
    #expect(asked.json["notice"]?.string != nil)
    #expect(asked.json["citations"]?.array?.isEmpty == false)
    let chat = try await post("/api/v1/chat", #"{"message": "\#(question)"}"#, service)
    #expect(chat.json["fallback"]?.bool == true)
    let completion = try await post(
      "/v1/chat/completions", #"{"model": "acervo", "messages": [{"role": "user", "content": "\#(question)"}]}"#,
      service)
    #expect(completion.json["acervo"]?["fallback"]?.bool == true)
    let project = try await post(
      "/api/v1/projects/support/query", #"{"user_prompt_text": "\#(question)"}"#, service)
    #expect(project.status == 200)
    #expect(project.json["fallback_used"]?.bool == true)
    #expect(project.json["moderator_quality"]?.string == "failed")
    #expect(project.json["synthesis_text"]?.string?.contains("7 gigabytes") == true)
    let streamed = try await events("/ask", #"{"question": "\#(question)", "deadline_ms": 500}"#, service)
    #expect(streamed.last?.name == "done")
    #expect(streamed.last?.data["fallback"]?.bool == true)
  }

  @Test func `a model's answer is given again for a while, and quotes are not remembered`() async throws {
    let model = ScriptedModel(saying: Self.sentence)
    let service = try await serve([model])
    let body = #"{"question": "What is the disk quota?"}"#
    let first = try await post("/ask", body, service)
    let second = try await post("/ask", body, service)
    #expect(model.requests.count == 1)
    #expect(first.json["remembered"]?.bool == false)
    #expect(second.json["remembered"]?.bool == true)
    #expect(second.json["answer"] == first.json["answer"])
    #expect(second.json["citations"] == first.json["citations"])
    let streamed = try await events("/ask", body, service)
    #expect(streamed.map(\.name) == ["sources", "citation", "token", "done"])
    _ = try await post("/ask", #"{"question": "What is the disk quota?", "temperature": 1}"#, service)
    #expect(model.requests.count == 2)
    let metrics = try await request("GET", "/metrics", port: service.port).text
    #expect(metrics.contains(#"acervo_memory_hits_total{memory="answers"} 2"#))
  }

  @Test(arguments: [
    (#"{"question": "x", "provider": "nobody"}"#, "“provider” names no model of this service; known are “extractive”."),
    (#"{"question": "x", "deadline_ms": 1}"#, "“deadline_ms” has to be a whole number from 100 to 60000."),
    (#"{"question": "x", "history": [{"role": "system", "content": "x"}]}"#, nil),
    (#"{"question": "x", "temperature": 3}"#, "“temperature” has to be a number from 0.0 to 2.0."),
  ])
  func `what cannot be asked is refused`(body: String, detail: String?) async throws {
    let service = try await serve()
    let response = try await post("/ask", body, service)
    #expect(response.status == 422)
    if let detail { #expect(response.detail == detail) }
  }

  // MARK: Conversations

  @Test func `a conversation goes on where it was, for its owner alone`() async throws {
    let model = ScriptedModel(saying: Self.sentence)
    let folder = try TemporaryFolder()
    let service = try await serve([model], authenticator: ByName()) { settings in
      settings.journal = JournalSettings(path: folder.path + "/journal.mdb")
      settings.caches.answerBytes = 0
    }
    func ask(_ body: String, as name: String) async throws -> RawResponse {
      try await post("/api/v1/chat", body, service, headers: ["X-API-Key: \(name)"])
    }
    func get(_ path: String, as name: String, _ method: String = "GET") async throws -> RawResponse {
      try await request(method, path, port: service.port, headers: ["X-API-Key: \(name)"])
    }
    let first = try await ask(#"{"message": "What is the disk quota of version 7?"}"#, as: "ana")
    let id = try #require(first.json["conversation_id"]?.string)
    _ = try await ask(#"{"message": "and in Spanish?", "conversation_id": "\#(id)"}"#, as: "ana")
    let shown = try #require(model.requests.last?.messages.map(\.text).joined(separator: "\n"))
    #expect(shown.contains("What is the disk quota of version 7?"))
    let path = "/api/v1/conversations/\(id)"
    #expect(try await eventually { try await get(path, as: "ana").json["turns"]?.int == 2 })
    let whole = try await get(path, as: "ana")
    #expect(whole.json["title"]?.string == "What is the disk quota of version 7?")
    #expect(whole.json["messages"]?.array?.first?["answer"]?.string == Self.shown)
    #expect(try await get("/api/v1/conversations", as: "ana").json["conversations"]?.array?.count == 1)
    #expect(try await get("/api/v1/conversations", as: "bo").json["conversations"]?.array?.isEmpty == true)
    #expect(try await get(path, as: "bo").status == 404)
    #expect(try await get(path, as: "bo", "DELETE").status == 404)
    #expect(try await ask(#"{"message": "x", "conversation_id": "\#(id)"}"#, as: "bo").status == 404)
    #expect(try await get(path, as: "ana", "DELETE").status == 200)
    #expect(try await get(path, as: "ana").status == 404)
  }

  /// They all share one owner, and what one is told by its id alone would be found in the list by everybody.
  @Test func `whoever is not known has conversations by their ids, and no list of them`() async throws {
    let folder = try TemporaryFolder()
    let service = try await serve { $0.journal = JournalSettings(path: folder.path + "/journal.mdb") }
    let answer = try await post("/api/v1/chat", #"{"message": "What is the disk quota of version 7?"}"#, service)
    let id = try #require(answer.json["conversation_id"]?.string)
    let list = try await request("GET", "/api/v1/conversations", port: service.port)
    #expect(list.status == 403)
    #expect(list.text.contains(id) == false)
    #expect(try await request("GET", "/api/v1/conversations/\(id)", port: service.port).json["turns"]?.int == 1)
  }

  /// Believes whatever name is shown.
  struct ByName: Authenticator {
    func identify(_ head: ServerRequest, for route: Route) -> Identification {
      .known(Caller(head.header("X-API-Key") ?? "nobody", scopes: [.ask, .metrics, .admin]))
    }
  }

  @Test func `without a journal history comes from the client`() async throws {
    let model = ScriptedModel(saying: Self.sentence)
    let service = try await serve([model])
    let body = """
      {"message": "and that one?", "history": [{"role": "user", "content": "What is the disk quota of version 7?"},
      {"role": "assistant", "content": "7 gigabytes."}]}
      """
    let answer = try await post("/api/v1/chat", body, service)
    #expect(answer.status == 200)
    #expect(answer.json["conversation_id"] == .null)
    #expect(answer.json["standalone"]?.string?.contains("disk quota") == true)
    #expect(try await request("GET", "/api/v1/conversations", port: service.port).status == 404)
  }

  // MARK: OpenAI

  @Test func `OpenAI's clients find models, answers, streams and vectors`() async throws {
    let service = try await serve([ScriptedModel(saying: Self.sentence)])
    let models = try await request("GET", "/v1/models", port: service.port).json["data"]?.array?.map {
      $0["id"]?.string
    }
    #expect(models == ["handbook", "handbook/extractive", "handbook/scripted"])
    let messages = #""messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "The disk quota?"}]"#
    let whole = try await post("/v1/chat/completions", #"{"model": "handbook", "top_p": 1, \#(messages)}"#, service)
    #expect(whole.json["choices"]?.array?.first?["message"]?["content"]?.string == Self.shown)
    #expect(whole.json["object"]?.string == "chat.completion")
    let quotes = try await post("/v1/chat/completions", #"{"model": "handbook/extractive", \#(messages)}"#, service)
    #expect(quotes.json["acervo"]?["provider"]?.string == "extractive")
    let body = #"{"model": "handbook", "stream": true, "stream_options": {"include_usage": true}, \#(messages)}"#
    let chunks = try await events("/v1/chat/completions", body, service, headers: [])
    let text = chunks.compactMap { $0.data["choices"]?.array?.first?["delta"]?["content"]?.string }.joined()
    #expect(text == Self.shown)
    #expect(chunks.last?.data.string == "[DONE]")
    #expect(chunks[chunks.count - 2].data["usage"]?["total_tokens"]?.int != nil)
    let wrong = try await post("/v1/chat/completions", #"{"model": "none", \#(messages)}"#, service)
    #expect(wrong.status == 404)
    #expect(wrong.json["error"]?["type"]?.string == "not_found_error")
    let vectors = try await post("/v1/embeddings", #"{"model": "handbook", "input": ["disk", "quota"]}"#, service)
    let floats = vectors.json["data"]?.array?.first?["embedding"]?.array?.compactMap(\.double).map { Float($0) }
    #expect(floats == (try await HashingEmbedder().embed(["disk"], as: .query)))
    let packed = try await post(
      "/v1/embeddings", #"{"model": "hashing", "input": "disk", "encoding_format": "base64"}"#, service)
    let data = Data(base64Encoded: packed.json["data"]?.array?.first?["embedding"]?.string ?? "")
    let unpacked = data?.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    #expect(unpacked == floats)
  }

  // MARK: The contract

  @Test func `the page about the contract runs nothing that it does not name`() async throws {
    let service = try await serve()
    let page = try await request("GET", "/docs", port: service.port)
    #expect(page.status == 200)
    let policy = try #require(page.headers["content-security-policy"])
    #expect(policy.hasPrefix("default-src 'none'; script-src 'sha256-"))
    #expect(!policy.contains("unsafe"))
    let script = try #require(
      page.text.components(separatedBy: "<script>").last?.components(separatedBy: "</script>").first)
    #expect(policy.contains(Data(ContentHash.of(script).bytes).base64EncodedString()))
    let isForeign = page.text.contains("http://") || page.text.contains("https://")
    #expect(!isForeign)
    let contract = try await request("GET", "/openapi.json", port: service.port).json
    for path in ["/ask", "/api/v1/chat", "/api/v1/projects/{project_id}/query", "/v1/chat/completions", "/docs"] {
      #expect(contract["paths"]?[path] != nil, "\(path)")
    }
  }
}
