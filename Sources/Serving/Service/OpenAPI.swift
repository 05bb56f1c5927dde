internal import Corpus

/// The service's contract as OpenAPI 3.1, written from the same definitions that the router and the checks use.
enum OpenAPI {
  /// Writes the contract.
  ///
  /// - Parameters:
  ///   - routes: in their order.
  ///   - version: the program's.
  ///   - admitsAnybody: whether whoever shows nothing may ask.
  /// - Returns: the document.
  static func document(of routes: [Route], version: String, admitsAnybody: Bool) -> JSONValue {
    var paths: [JSONValue.Member] = []
    for route in routes {
      let operation = JSONValue.Member(route.method.lowercased(), self.operation(route, admitsAnybody))
      if let index = paths.firstIndex(where: { $0.name == route.path }) {
        paths[index].value = .object((paths[index].value.members ?? []) + [operation])
      } else {
        paths.append(.init(route.path, .object([operation])))
      }
    }
    return [
      "openapi": .string("3.1.0"),
      "info": [
        "title": .string("Acervo"), "version": .string(version),
        "description": .string("Answers questions from published snapshots, with citations."),
      ],
      "paths": .object(paths),
      "components": [
        "schemas": ["Failure": failure.json, "OpenAIFailure": openAIFailure.json, "RPCFailure": rpcFailure.json],
        "securitySchemes": [
          "bearer": ["type": .string("http"), "scheme": .string("bearer")],
          "key": ["type": .string("apiKey"), "in": .string("header"), "name": .string("X-API-Key")],
        ],
      ],
    ]
  }

  private static let failure = JSONSchema.object([.required("detail", .text, "What is wrong and how to mend it.")])
  private static let openAIFailure = JSONSchema.object([
    .required("detail", .text, "What is wrong and how to mend it."),
    .required(
      "error",
      .object([
        .required("message", .text, "The same."), .required("type", .text, "The kind of error."),
        .required("param", .nullable(.text), "Null."), .required("code", .nullable(.text), "Null."),
      ]), "As OpenAI's clients read it."),
  ])

  private static let rpcFailure = JSONSchema.object([
    .required("jsonrpc", .choice(["2.0"]), "The version of JSON-RPC."),
    .required("id", .any, "The request's; null where it could not be read."),
    .required(
      "error",
      .openObject([
        .required("code", .integer(-40_000...0), "The kind of error."),
        .required("message", .text, "What is wrong and how to mend it."),
      ]), "What is wrong."),
  ])

  /// What may go wrong with any request of a route, beside what the route itself says.
  private static func failures(of route: Route) -> [(status: Int, meaning: String)] {
    var all = route.failures
    func add(_ status: Int, _ meaning: String) {
      if !all.contains(where: { $0.status == status }) { all.append((status, meaning)) }
    }
    if route.scope != .open {
      add(401, "Nobody is known by what was shown.")
      add(403, "The caller may not do this.")
      add(429, "The caller asks too much: try again after `Retry-After` seconds.")
    }
    add(400, "The request cannot be read.")
    if route.body != nil {
      add(413, "The body is too long.")
      add(415, "The body is not sent as JSON.")
    }
    if route.body != nil || !route.parameters.isEmpty {
      add(422, "A value is missing, unknown or wrong; the detail names it.")
    }
    add(414, "Path and query are too long.")
    add(431, "The headers are too long.")
    add(500, "A fault of the service; the log has more under the id in `X-Request-Id`.")
    add(503, "Too busy, stopping, or not ready: try again after `Retry-After` seconds.")
    return all.sorted { $0.status < $1.status }
  }

  /// What has to be shown: one of several, of which `{}` is nothing.
  private static func security(_ route: Route, _ admitsAnybody: Bool) -> JSONValue {
    if route.door != .direct { return [["bearer": []]] }
    let mayBeNobody = admitsAnybody && Caller.anonymous.may(route.scope)
    return .array((mayBeNobody ? [[:]] : []) + [["bearer": []], ["key": []]])
  }

  private static func operation(_ route: Route, _ admitsAnybody: Bool) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("operationId", .string(route.name)), .init("summary", .string(route.summary)),
      .init("x-scope", .string(route.scope.rawValue)), .init("x-door", .string(route.door.rawValue)),
    ]
    if route.scope != .open {
      members.append(.init("security", security(route, admitsAnybody)))
    }
    if !route.parameters.isEmpty { members.append(.init("parameters", .array(route.parameters.map(parameter)))) }
    if let body = route.body {
      let content: JSONValue = ["application/json": ["schema": body.json]]
      members.append(.init("requestBody", ["required": .bool(true), "content": content]))
    }
    var content: [JSONValue.Member] = [.init(route.result.type, ["schema": route.result.schema.json])]
    if !route.events.isEmpty {
      content.append(.init("text/event-stream", ["schema": ["anyOf": .array(route.events.map(event))]]))
    }
    let name =
      switch route.failureForm {
      case .detail: "Failure"
      case .openAI: "OpenAIFailure"
      case .rpc: "RPCFailure"
      }
    let good = JSONValue.Member("200", ["description": .string(route.summary), "content": .object(content)])
    let bad = failures(of: route).map { failure in
      JSONValue.Member(
        String(failure.status),
        [
          "description": .string(failure.meaning),
          "content": ["application/json": ["schema": ["$ref": .string("#/components/schemas/\(name)")]]],
        ])
    }
    let empty = route.empties.map {
      JSONValue.Member(String($0.status), ["description": .string($0.meaning)])
    }
    members.append(.init("responses", .object([good] + empty + bad)))
    return .object(members)
  }

  /// An event of a stream as an object of its fields, which is how OpenAPI's tools look at one.
  private static func event(_ name: String, _ data: JSONSchema) -> JSONValue {
    let content: JSONValue = [
      "type": "string", "contentMediaType": "application/json", "contentSchema": data.json,
    ]
    // Events without a name are OpenAI's, the last of which is no JSON.
    let fields: JSONValue =
      name.isEmpty
      ? ["data": ["anyOf": [["const": "[DONE]"], content]]] : ["event": ["const": .string(name)], "data": content]
    return [
      "type": "object", "properties": fields,
      "required": .array((fields.members ?? []).map { .string($0.name) }),
    ]
  }

  private static func parameter(_ parameter: Route.Parameter) -> JSONValue {
    [
      "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
      "required": .bool(parameter.place == .path), "description": .string(parameter.note),
      "schema": parameter.schema.json,
    ]
  }
}
