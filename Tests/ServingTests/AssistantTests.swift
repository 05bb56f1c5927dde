import AcervoTesting
import Corpus
import Foundation
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct AssistantTests {
  let handbook: PublishedHandbook

  init() throws {
    handbook = try PublishedHandbook()
  }

  private func serve(_ change: (inout ServiceSettings) -> Void = { _ in }) async throws -> QueryService {
    try await handbook.publish(7)
    let service = try handbook.serve(change)
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    return service
  }

  private func post(_ body: String, _ service: QueryService, _ headers: [String] = []) async throws -> RawResponse {
    try await request("POST", "/mcp", port: service.port, headers: headers, body: body)
  }

  /// A request as revisions from 2026 on send it, with the headers that repeat it.
  private func enveloped(
    _ method: String, _ parameters: String = "", name: String? = nil, version: String = "2026-07-28"
  ) -> (body: String, headers: [String]) {
    let meta =
      #""_meta": {"io.modelcontextprotocol/protocolVersion": "\#(version)", "#
      + #""io.modelcontextprotocol/clientCapabilities": {}}"#
    let rest = parameters.isEmpty ? "" : ", " + parameters
    return (
      #"{"jsonrpc": "2.0", "id": 1, "method": "\#(method)", "params": {\#(meta)\#(rest)}}"#,
      ["MCP-Protocol-Version: \(version)", "Mcp-Method: \(method)"] + (name.map { ["Mcp-Name: \($0)"] } ?? [])
    )
  }

  // MARK: Opened by a handshake

  @Test func `a client of before 2026 opens, lists and calls`() async throws {
    let service = try await serve()
    let opened = try await post(
      #"{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}}"#, service)
    #expect(opened.json["result"]?["protocolVersion"]?.string == "2025-06-18")
    let other = try await post(
      #"{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "1999-01-01"}}"#, service)
    #expect(other.json["result"]?["protocolVersion"]?.string == "2025-11-25")
    let told = try await post(#"{"jsonrpc": "2.0", "method": "notifications/initialized"}"#, service)
    #expect(told.status == 202)
    #expect(told.body.isEmpty)
    let tools = try await post(#"{"jsonrpc": "2.0", "id": "a", "method": "tools/list"}"#, service)
    #expect(tools.json["id"]?.string == "a")
    let names = (tools.json["result"]?["tools"]?.array ?? []).map { $0["name"]?.string }
    #expect(names == ["search", "ask", "fetch_document"])
    let called = try await post(
      #"""
      {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
       "params": {"name": "ask", "arguments": {"question": "What is the disk quota?"}}}
      """#, service, ["Accept: application/json, text/event-stream", "MCP-Protocol-Version: 2025-11-25"])
    let result = try #require(called.json["result"])
    #expect(result["isError"]?.bool == false)
    #expect(result["structuredContent"]?["answer"]?.string?.contains("7 gigabytes") == true)
    let text = try #require(result["content"]?.array?.first?["text"]?.string)
    #expect(try JSONValue(parsing: Array(text.utf8)) == result["structuredContent"])
    service.stop()
  }

  @Test func `what cannot be done is told to the assistant, who may try again`() async throws {
    let service = try await serve()
    let wrong = try await post(
      #"{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "search", "arguments": {"top_k": 2}}}"#,
      service)
    #expect(wrong.status == 200)
    #expect(wrong.json["result"]?["isError"]?.bool == true)
    #expect(wrong.json["result"]?["content"]?.array?.first?["text"]?.string?.contains("query") == true)
    let unknown = try await post(
      #"{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "delete", "arguments": {}}}"#, service)
    #expect(unknown.json["error"]?["code"]?.int == -32_602)
    service.stop()
  }

  @Test(arguments: [
    ("[]", -32_600), ("{", -32_700), (#"{"jsonrpc": "1.0", "id": 1, "method": "ping"}"#, -32_600),
    (#"{"jsonrpc": "2.0", "id": null, "method": "ping"}"#, -32_600),
    (#"{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}"#, -32_600),
    (#"{"jsonrpc": "2.0", "id": 1}"#, -32_600),
  ])
  func `what is no message is refused as JSON-RPC tells it`(body: String, code: Int) async throws {
    let service = try await serve()
    let response = try await post(body, service)
    #expect(response.status == 400)
    #expect(response.json["error"]?["code"]?.int == code)
    #expect(response.json["id"] == .null)
    service.stop()
  }

  // MARK: Told by each request

  @Test func `a client of 2026 discovers and calls without opening`() async throws {
    let service = try await serve()
    let (discover, headers) = enveloped("server/discover")
    let found = try await post(discover, service, headers)
    #expect(found.json["result"]?["supportedVersions"] == ["2026-07-28"])
    #expect(found.json["result"]?["resultType"] == "complete")
    #expect(found.json["result"]?["ttlMs"] != nil)
    let (call, callHeaders) = enveloped(
      "tools/call", #""name": "fetch_document", "arguments": {"url": "https://help.example/disco"}"#,
      name: "fetch_document")
    let page = try await post(call, service, callHeaders)
    let content = try #require(page.json["result"]?["structuredContent"])
    #expect(content["text"] == "La cuota de disco de la versión 7 es de 7 gigabytes.")
    #expect(content["next"] == .null)
    service.stop()
  }

  @Test func `headers that contradict the body are refused`() async throws {
    let service = try await serve()
    let (body, headers) = enveloped("tools/call", #""name": "ask", "arguments": {"question": "x"}"#, name: "ask")
    let wrong: [[String]] = [
      [], headers.filter { !$0.hasPrefix("Mcp-Method") }, headers.filter { !$0.hasPrefix("Mcp-Name") },
      headers.filter { !$0.hasPrefix("Mcp-Name") } + ["Mcp-Name: search"], headers + ["Mcp-Name: ask"],
      headers.filter { !$0.hasPrefix("MCP-Protocol") } + ["MCP-Protocol-Version: 2025-11-25"],
      headers.filter { !$0.hasPrefix("Mcp-Name") } + ["Mcp-Name: =?base64?YXNr=x?="],
    ]
    for lines in wrong {
      let response = try await post(body, service, lines)
      #expect(response.status == 400, "\(lines)")
      #expect(response.json["error"]?["code"]?.int == -32_020, "\(lines)")
    }
    let coded = headers.filter { !$0.hasPrefix("Mcp-Name") } + ["Mcp-Name: =?base64?YXNr?="]
    #expect(try await post(body, service, coded).status == 200)
    service.stop()
  }

  @Test func `revisions that are not spoken here and methods that are gone are named`() async throws {
    let service = try await serve()
    let (future, headers) = enveloped("tools/list", version: "2031-01-01")
    let refused = try await post(future, service, headers)
    #expect(refused.status == 400)
    #expect(refused.json["error"]?["code"]?.int == -32_022)
    #expect(refused.json["error"]?["data"]?["supported"] == ["2026-07-28"])
    let (ping, pingHeaders) = enveloped("ping")
    let gone = try await post(ping, service, pingHeaders)
    #expect(gone.status == 404)
    #expect(gone.json["error"]?["code"]?.int == -32_601)
    let old = try await post(
      #"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#, service, ["MCP-Protocol-Version: 2020-01-01"])
    #expect(old.status == 400)
    service.stop()
  }

  // MARK: Who asks

  @Test func `pages of other origins may not call`() async throws {
    let service = try await serve { settings in
      settings.front.crossOrigin.origins = [CrossOrigin.Rule("https://desk.example")].compactMap { $0 }
    }
    let body = #"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#
    #expect(try await post(body, service, ["Origin: https://evil.example"]).status == 403)
    #expect(try await post(body, service, ["Origin: https://desk.example"]).status == 200)
    service.stop()
  }

  @Test func `pages that the caller may not read are not there`() async throws {
    let closed = try PublishedHandbook()
    try await closed.publish(7, readers: .allOf([[try #require(Principal("user:ana"))]]))
    let service = try closed.serve()
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    let ask = #"{"url": "https://help.example/disk"}"#
    let hidden = try await request("POST", "/document", port: service.port, body: ask)
    let missing = try await request(
      "POST", "/document", port: service.port, body: #"{"url": "https://help.example/nothing"}"#)
    #expect(hidden.status == 404)
    #expect(hidden.json == missing.json)
    let resource = "acervo://collections/handbook/documents/https%3A%2F%2Fhelp.example%2Fdisk"
    let read = try await post(
      #"{"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "\#(resource)"}}"#, service)
    #expect(read.json["error"]?["code"]?.int == -32_602)
    service.stop()
  }

  // MARK: Resources

  @Test func `collections and documents are read by their addresses`() async throws {
    let service = try await serve()
    let list = try await post(#"{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}"#, service)
    let uri = try #require(list.json["result"]?["resources"]?.array?.first?["uri"]?.string)
    #expect(uri == "acervo://collections/handbook")
    func read(_ uri: String) async throws -> JSONValue? {
      let body = #"{"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "\#(uri)"}}"#
      return try await post(body, service).json["result"]?["contents"]?.array?.first
    }
    let collection = try #require(try await read(uri)?["text"]?.string)
    #expect(try JSONValue(parsing: Array(collection.utf8))["documents"]?.int == 2)
    let page = try await read(uri + "/documents/https%3A%2F%2Fhelp.example%2Fdisk")
    #expect(page?["text"] == "# Disk\n\nThe disk quota of version 7 is 7 gigabytes.")
    service.stop()
  }

  // MARK: Standard streams

  @Test func `over streams every request is answered, and the end of the input ends it`() async throws {
    try await handbook.publish(7)
    let service = try AssistantService(
      ServiceSettings(snapshots: handbook.folder.path), embedders: EmbedderPool { _ in HashingEmbedder() },
      log: ServiceLog { _ in })
    var lines = [#"{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}}"#]
    lines.append(#"{"jsonrpc": "2.0", "method": "notifications/initialized"}"#)
    for id in 1...40 {
      let arguments = #"{"name": "search", "arguments": {"query": "disk quota \#(id)"}}"#
      lines.append(#"{"jsonrpc": "2.0", "id": \#(id), "method": "tools/call", "params": \#(arguments)}"#)
    }
    lines.append("{")
    lines.append(#"{"long": ""# + String(repeating: "x", count: 1 << 20) + #""}"#)
    let folder = try TemporaryFolder()
    let (asked, answered) = (folder.path + "/in", folder.path + "/out")
    try (lines.joined(separator: "\n") + "\n").write(toFile: asked, atomically: false, encoding: .utf8)
    let input = open(asked, O_RDONLY)
    let output = open(answered, O_WRONLY | O_CREAT, 0o600)
    defer { for descriptor in [input, output] { close(descriptor) } }
    await service.run(as: Caller("test", scopes: [.ask]), from: input, to: output)
    let answers = try Data(contentsOf: URL(fileURLWithPath: answered)).split(separator: UInt8(ascii: "\n"))
      .map { try JSONValue(parsing: Array($0)) }
    let ids = answers.compactMap { $0["id"]?.int }.sorted()
    #expect(ids == Array(0...40))
    #expect(
      answers.filter { $0["id"] == .null }.compactMap { $0["error"]?["code"]?.int }.sorted() == [-32_700, -32_600])
    #expect(answers.allSatisfy { $0["id"]?.int ?? 0 == 0 || $0["result"]?["isError"] == false })
  }
}
