internal import Corpus

/// Finds the route of a request and checks what can be checked before an answer is made.
struct Router: Sendable {
  let routes: [Route]
  private let byPath: [String: [Route]]

  init(_ routes: [Route]) {
    self.routes = routes
    byPath = Dictionary(grouping: routes, by: \.path)
  }

  /// What the head of a request leads to.
  enum Match {
    case route(Route)
    /// `OPTIONS`: the methods of the path.
    case methods([String])
  }

  func match(_ head: ServerRequest) throws(RequestFailure) -> Match {
    if head.method == "OPTIONS", head.path == "*" {
      return .methods(["GET", "HEAD", "OPTIONS", "POST"])
    }
    guard let candidates = byPath[head.path] else {
      throw RequestFailure(404, "Nothing is at this path; /openapi.json lists what is.")
    }
    let method = head.method == "HEAD" ? "GET" : head.method
    if let route = candidates.first(where: { $0.method == method }) { return .route(route) }
    var methods = candidates.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] }
    methods.append("OPTIONS")
    if head.method == "OPTIONS" { return .methods(methods) }
    let allow = methods.joined(separator: ", ")
    throw RequestFailure(405, "This path takes \(allow).", headers: [.init("Allow", allow)])
  }

  /// Checks the headers that say what the body is.
  func checkContentType(_ head: ServerRequest, for route: Route) throws(RequestFailure) {
    guard route.body != nil else { return }
    // Only this type: a page of another origin cannot send it without being asked for permission first.
    let type = head.header("Content-Type").map { $0.prefix { $0 != ";" } } ?? ""
    guard sameHeaderName(String(type.filter { $0 != " " }), "application/json") else {
      throw RequestFailure(415, "The body has to be JSON: send “Content-Type: application/json”.")
    }
  }

  /// Reads and checks the body of a route that takes one.
  func body(of request: ServerRequest, for route: Route) throws(RequestFailure) -> JSONValue {
    guard let schema = route.body else { return .null }
    let value: JSONValue
    do { value = try JSONValue(parsing: request.body, maximumDepth: 16) } catch {
      throw RequestFailure(400, "The body is not JSON: \(error).")
    }
    try schema.check(value)
    return value
  }
}
