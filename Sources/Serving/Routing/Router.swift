internal import Corpus

/// Finds the route of a request and checks what can be checked before an answer is made.
struct Router: Sendable {
  let routes: [Route]
  private let byPath: [String: [Route]]
  /// The paths with parts that stand for values.
  private let patterns: [(parts: [Substring], routes: [Route])]

  init(_ routes: [Route]) {
    self.routes = routes
    let byPath = Dictionary(grouping: routes, by: \.path)
    self.byPath = byPath.filter { !$0.key.contains("{") }
    patterns = byPath.keys.filter { $0.contains("{") }.sorted().map { path in
      (path.split(separator: "/", omittingEmptySubsequences: false), byPath[path] ?? [])
    }
  }

  /// What the head of a request leads to.
  enum Match {
    /// A route, with what stands in the path's place of its parameters.
    case route(Route, [String: String])
    /// `OPTIONS`: the methods of the path.
    case methods([String])
  }

  func match(_ head: ServerRequest) throws(RequestFailure) -> Match {
    if head.method == "OPTIONS", head.path == "*" {
      return .methods(["DELETE", "GET", "HEAD", "OPTIONS", "POST"])
    }
    guard let (candidates, values) = candidates(head.path) else {
      throw RequestFailure(404, "Nothing is at this path; /openapi.json lists what is.")
    }
    let method = head.method == "HEAD" ? "GET" : head.method
    if let route = candidates.first(where: { $0.method == method }) { return .route(route, values) }
    var methods = candidates.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] }
    methods.append("OPTIONS")
    if head.method == "OPTIONS" { return .methods(methods) }
    let allow = methods.joined(separator: ", ")
    throw RequestFailure(405, "This path takes \(allow).", headers: [.init("Allow", allow)])
  }

  private func candidates(_ path: String) -> (routes: [Route], values: [String: String])? {
    if let routes = byPath[path] { return (routes, [:]) }
    guard !patterns.isEmpty else { return nil }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    for pattern in patterns where pattern.parts.count == parts.count {
      var values: [String: String] = [:]
      let fits = zip(pattern.parts, parts).allSatisfy { wanted, part in
        guard wanted.hasPrefix("{"), wanted.hasSuffix("}") else { return wanted == part }
        values[String(wanted.dropFirst().dropLast())] = String(part)
        return !part.isEmpty
      }
      if fits { return (pattern.routes, values) }
    }
    return nil
  }

  /// Reads and checks what stands in path and query.
  ///
  /// - Parameters:
  ///   - route: what is asked for.
  ///   - values: what stands in the path, decoded.
  ///   - query: what stands behind the question mark, as it was sent.
  /// - Returns: the values by name; those that are not there are left out.
  /// - Throws: `RequestFailure` for a value that is unknown, wrong, or there twice.
  func parameters(
    of route: Route, path values: [String: String], query: [ServerRequest.Field]
  ) throws(RequestFailure) -> [String: JSONValue] {
    guard !route.parameters.isEmpty else { return [:] }
    var found: [String: JSONValue] = [:]
    for parameter in route.parameters where parameter.place == .path {
      found[parameter.name] = try value(values[parameter.name] ?? "", of: parameter)
    }
    let known = route.parameters.filter { $0.place == .query }
    for field in query {
      guard let parameter = known.first(where: { $0.name == field.name }) else {
        let names = known.map { "“\($0.name)”" }.joined(separator: ", ")
        throw RequestFailure(
          422,
          "Unknown parameter “\(field.name.prefix(80))”; " + (known.isEmpty ? "none is taken." : "known are \(names)."))
      }
      guard found[parameter.name] == nil else { throw RequestFailure(422, "“\(parameter.name)” stands twice.") }
      guard let text = percentDecoded(String(field.value.map { $0 == "+" ? " " : $0 })) else {
        throw RequestFailure(422, "“\(parameter.name)” is not valid: percent escapes have to be UTF-8.")
      }
      found[parameter.name] = try value(text, of: parameter)
    }
    return found
  }

  private func value(_ text: String, of parameter: Route.Parameter) throws(RequestFailure) -> JSONValue {
    let value: JSONValue =
      switch parameter.schema {
      case .integer: Int64(text).map { .integer($0) } ?? .string(text)
      case .number, .numberIn: Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .string(text)
      case .boolean: ["true": .bool(true), "false": .bool(false)][text] ?? .string(text)
      default: .string(text)
      }
    // Too long is wrong here: 413 is about bodies.
    do { try parameter.schema.check(value, at: parameter.name) } catch { throw RequestFailure(422, error.detail) }
    return value
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
