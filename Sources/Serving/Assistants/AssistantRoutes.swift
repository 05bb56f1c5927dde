internal import Corpus

/// `POST /mcp`: the Model Context Protocol over HTTP, one message a request, nothing kept in between.
struct AssistantRoutes: Sendable {
  let server: ContextServer
  /// The web pages that may call it.
  let crossOrigin: CrossOrigin

  var all: [Route] { [messages] }

  private var messages: Route {
    var route = Route(
      "POST", "/mcp", name: "mcp", summary: "Answers a message of the Model Context Protocol.", scope: .ask,
      body: .any,
      result: (
        "application/json",
        .openObject([
          .required("jsonrpc", .choice(["2.0"]), "The version of JSON-RPC."),
          .required("id", .any, "The request's."),
        ])
      ), failures: [(404, "There is no such method."), (403, "The page's origin may not call this.")],
      failureForm: .rpc,
      handler: .task { [server, crossOrigin] request, body in
        // A page whose name was made to point here brings its own origin (DNS rebinding), and a Host that fits it.
        if let origin = request.header("Origin"), !crossOrigin.origins.contains(where: { $0.admits(origin) }) {
          throw RequestFailure(403, "Pages of this origin may not call this; “cors” of the service file lists who may.")
        }
        let reply = try await server.reply(to: body, for: request, head: request)
        var response =
          reply.message.map { ServerResponse.json($0, status: reply.status) }
          ?? ServerResponse(status: reply.status, contentType: nil, body: [])
        response.logged = reply.logged
        return response
      })
    route.empties = [(202, "A notification was taken; it is not answered.")]
    return route
  }
}
