internal import Corpus

/// The routes that an Atlassian Forge app calls: the same answers under other doors.
///
/// - `/forge/ui/…` for calls from its pages (`invokeRemote`, `requestRemote` of the bridge): the token names the user.
/// - `/forge/fn/…` for calls from its functions: the token names nobody, `asUser` in the body does.
/// - `/forge/rovo/…` for Rovo actions: as from pages; what Rovo says of the page around is left out.
/// - `/forge/events` and `/forge/tick` for triggers and schedules: answered at once, counted.
enum ForgeRoutes {
  static func routes(beside routes: [Route], metrics: Metrics) -> [Route] {
    let asked = routes.filter { $0.scope == .ask && $0.method == "POST" && $0.body != nil }
    var all: [Route] = []
    for route in asked {
      if let copy = ui(route) { all.append(copy) }
      if let copy = function(route) { all.append(copy) }
      if route.path == "/ask" || route.path == "/search", let copy = rovo(route) { all.append(copy) }
    }
    all.append(hint("/forge/events", name: "forge_events", summary: "Takes an event of the product.", metrics))
    all.append(hint("/forge/tick", name: "forge_tick", summary: "Takes a call of a schedule.", metrics))
    return all
  }

  private static let user = JSONSchema.string(bytes: 1...128)

  /// The user is the token's; a body that names another one is a mistake or an attempt.
  private static func ui(_ route: Route) -> Route? {
    copy(
      route, to: "/forge/ui", door: .forgeUI, named: "forge_ui_",
      adding: [.optional("asUser", user, "Has to be the token's own user, if it is there.")]
    ) { request, body throws(RequestFailure) in
      guard let named = body["asUser"]?.string else { return }
      guard let principal = ForgeToken.principal(named), request.caller.principals == [principal] else {
        throw RequestFailure(403, "“asUser” is not the user that the token is for.")
      }
    }
  }

  private static func function(_ route: Route) -> Route? {
    copy(
      route, to: "/forge/fn", door: .forgeFunction, named: "forge_fn_",
      adding: [.required("asUser", user, "The account id of the user that the function asks for.")]
    ) { request, body throws(RequestFailure) in
      guard let principal = body["asUser"]?.string.flatMap(ForgeToken.principal) else {
        throw RequestFailure(422, "“asUser” has to be an account id.")
      }
      request.caller.principals = [principal]
    }
  }

  private static func rovo(_ route: Route) -> Route? {
    copy(
      route, to: "/forge/rovo", door: .forgeUI, named: "forge_rovo_",
      adding: [.optional("context", .any, "What Rovo says of the page around; not looked at.")]
    ) { _, _ in }
  }

  private static func copy(
    _ route: Route, to prefix: String, door: Route.Door, named: String, adding: [JSONSchema.Property],
    prepare: @escaping @Sendable (inout ServerRequest, JSONValue) throws(RequestFailure) -> Void
  ) -> Route? {
    guard case .object(let properties)? = route.body, case .task(let handler) = route.handler else { return nil }
    var copy = route
    copy.path = prefix + route.path
    copy.name = named + route.name
    copy.door = door
    copy.body = .object(adding + properties)
    let names = Set(adding.map(\.name))
    copy.handler = .task { request, body in
      var request = request
      try prepare(&request, body)
      let rest = (body.members ?? []).filter { !names.contains($0.name) }
      return try await handler(request, .object(rest))
    }
    return copy
  }

  private static func hint(_ path: String, name: String, summary: String, _ metrics: Metrics) -> Route {
    let answer = ServerResponse.json(["status": .string("ok")])
    var route = Route(
      "POST", path, name: name, summary: summary + " Hints only: schedules index what changed.", scope: .ask,
      body: .map(of: .any, maximum: 1_000),
      result: ("application/json", .object([.required("status", .text, "“ok”.")])),
      handler: .task { _, body in
        metrics.forgeEvent(body["eventType"]?.string ?? (path == "/forge/tick" ? "tick" : nil))
        return answer
      })
    route.door = .forgeFunction
    return route
  }
}
