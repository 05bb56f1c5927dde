internal import Corpus

/// The service's contract as OpenAPI 3.1, written from the same definitions that the router and the checks use.
enum OpenAPI {
  static func document(of routes: [Route], version: String) -> JSONValue {
    var paths: [JSONValue.Member] = []
    for route in routes {
      let operation = JSONValue.Member(route.method.lowercased(), self.operation(route))
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
      "components": ["schemas": ["Failure": failure.json]],
    ]
  }

  private static let failure = JSONSchema.object([.required("detail", .text, "What is wrong and how to mend it.")])

  private static func operation(_ route: Route) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("operationId", .string(route.name)), .init("summary", .string(route.summary)),
      .init("x-scope", .string(route.scope.rawValue)),
    ]
    if let body = route.body {
      let content: JSONValue = ["application/json": ["schema": body.json]]
      members.append(.init("requestBody", ["required": .bool(true), "content": content]))
    }
    var responses: [JSONValue.Member] = [
      .init(
        "200",
        [
          "description": .string(route.summary),
          "content": .object([.init(route.result.type, ["schema": route.result.schema.json])]),
        ])
    ]
    let who: [(status: Int, meaning: String)] = [
      (401, "Nobody is known by what was shown."), (403, "The caller may not do this."),
    ]
    for failure in (route.scope == .open ? [] : who) + route.failures {
      responses.append(
        .init(
          String(failure.status),
          [
            "description": .string(failure.meaning),
            "content": ["application/json": ["schema": ["$ref": .string("#/components/schemas/Failure")]]],
          ]))
    }
    members.append(.init("responses", .object(responses)))
    return .object(members)
  }
}
