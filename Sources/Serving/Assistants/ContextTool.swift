internal import Corpus

/// Something that an assistant may do: an operation of the service under a name of its own.
///
/// A tool is the route itself, so that checks, access rules, masking and limits of evidence are the same for programs and
/// assistants.
struct ContextTool: Sendable {
  let name: String
  /// How it is listed.
  let definition: JSONValue
  private let inputs: JSONSchema
  private let handler: @Sendable (ServerRequest, JSONValue) async throws -> ServerResponse

  /// Makes a tool of a route that takes a body.
  ///
  /// - Parameters:
  ///   - route: what is done.
  ///   - title: for people.
  ///   - description: tells an assistant when to use it.
  ///   - hidden: members of the body that are nothing for assistants.
  init?(_ route: Route, title: String, description: String, hiding hidden: Set<String>) {
    guard case .object(let properties)? = route.body, case .task(let handler) = route.handler else { return nil }
    name = route.name
    inputs = .object(properties.filter { !hidden.contains($0.name) })
    self.handler = handler
    definition = [
      "name": .string(route.name), "title": .string(title), "description": .string(description),
      "inputSchema": inputs.json, "outputSchema": route.result.schema.json,
      "annotations": [
        "readOnlyHint": .bool(true), "destructiveHint": .bool(false), "idempotentHint": .bool(true),
        "openWorldHint": .bool(false),
      ],
    ]
  }

  /// What a call gave.
  struct Result: Sendable {
    /// For programs; nil where it failed.
    var structured: JSONValue?
    /// For models: the same as text, or what is wrong and how to mend it.
    var text: String

    /// As `tools/call` answers.
    var json: JSONValue {
      let content: JSONValue = ["type": "text", "text": .string(text)]
      return .object(
        [.init("content", [content])] + (structured.map { [.init("structuredContent", $0)] } ?? [])
          + [.init("isError", .bool(structured == nil))])
    }
  }

  /// Calls it.
  ///
  /// - Parameters:
  ///   - arguments: what is asked, an object.
  ///   - request: who asks.
  /// - Returns: what there is, or what the assistant has to do otherwise.
  /// - Throws: `CancellationError`, and what is a fault of ours.
  func call(_ arguments: JSONValue, for request: ServerRequest) async throws -> Result {
    // How the answer of a route is sent is not what this request's head says.
    var plain = request
    (plain.headers, plain.body) = ([], [])
    do {
      try inputs.check(arguments)
      let response = try await handler(plain, arguments)
      let value = try JSONValue(parsing: response.body)
      return Result(structured: value, text: value.text())
    } catch let failure as RequestFailure {
      return Result(structured: nil, text: failure.detail)
    }
  }
}
