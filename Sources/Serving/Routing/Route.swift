public import Corpus

/// One operation of the service, defined once: the router, the checks of a body, the metrics and the contract
/// (`/openapi.json`) all read it.
public struct Route: Sendable {
  /// How an answer is made.
  public enum Handler: Sendable {
    /// At once, on the HTTP library's thread: for what takes microseconds.
    case immediate(@Sendable (ServerRequest) throws -> ServerResponse)
    /// By a task, the connection being suspended meanwhile.
    case task(@Sendable (ServerRequest, JSONValue) async throws -> ServerResponse)
  }

  /// `GET` or `POST`; a `GET` route answers `HEAD` too.
  public var method: String
  /// The path, beginning with a slash.
  public var path: String
  /// The operation's name in the contract.
  public var name: String
  /// One sentence for the contract.
  public var summary: String
  /// Who may call it.
  public var scope: Scope
  /// What the JSON body has to be; nil when the operation takes none.
  public var body: JSONSchema?
  /// What the body of a good answer is, with its media type.
  public var result: (type: String, schema: JSONSchema)
  /// The statuses beside 200 that the operation itself gives, each with its meaning.
  public var failures: [(status: Int, meaning: String)]
  /// How an answer is made.
  public var handler: Handler

  /// Makes a route.
  public init(
    _ method: String, _ path: String, name: String, summary: String, scope: Scope, body: JSONSchema? = nil,
    result: (type: String, schema: JSONSchema), failures: [(status: Int, meaning: String)] = [], handler: Handler
  ) {
    self.method = method
    self.path = path
    self.name = name
    self.summary = summary
    self.scope = scope
    self.body = body
    self.result = result
    self.failures = failures
    self.handler = handler
  }
}
