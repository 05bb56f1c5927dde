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

  /// A value in the path or in the query.
  public struct Parameter: Sendable {
    /// Where it stands.
    public enum Place: String, Sendable {
      /// Instead of `{name}` in the path.
      case path
      /// As `name=value` behind the question mark.
      case query
    }

    /// Its name.
    public var name: String
    /// Where it stands.
    public var place: Place
    /// What it has to be: text, a number, a word of several, true or false.
    public var schema: JSONSchema
    /// What it says.
    public var note: String

    /// Defines a part of the path.
    public static func path(_ name: String, _ schema: JSONSchema, _ note: String) -> Parameter {
      Parameter(name: name, place: .path, schema: schema, note: note)
    }

    /// Defines something that may stand in the query.
    public static func query(_ name: String, _ schema: JSONSchema, _ note: String) -> Parameter {
      Parameter(name: name, place: .query, schema: schema, note: note)
    }
  }

  /// How a failure is written.
  public enum FailureForm: Sendable {
    /// `{"detail": …}`.
    case detail
    /// With OpenAI's `error` beside it, which its clients read.
    case openAI
    /// As JSON-RPC 2.0 tells it, which assistants read.
    case rpc
  }

  /// By which way a request has to come: each has its own proof of who asks, and none opens another.
  public enum Door: String, Sendable {
    /// From anywhere, with a key or a token.
    case direct
    /// From a page of a Forge app, with a token that names its user.
    case forgeUI = "forge-ui"
    /// From a function of a Forge app, with a token that names nobody.
    case forgeFunction = "forge-function"
  }

  /// `GET`, `POST` or `DELETE`; a `GET` route answers `HEAD` too.
  public var method: String
  /// The path, beginning with a slash; `{name}` stands for a part of it.
  public var path: String
  /// The operation's name in the contract.
  public var name: String
  /// One sentence for the contract.
  public var summary: String
  /// Who may call it.
  public var scope: Scope
  /// By which way; directly by default.
  public var door = Door.direct
  /// What the JSON body has to be; nil when the operation takes none.
  public var body: JSONSchema?
  /// What the body of a good answer is, with its media type.
  public var result: (type: String, schema: JSONSchema)
  /// The statuses beside 200 that the operation itself gives, each with its meaning.
  public var failures: [(status: Int, meaning: String)]
  /// The good statuses beside 200 whose answers have no body, each with its meaning.
  public var empties: [(status: Int, meaning: String)] = []
  /// What stands in path and query beside the path itself.
  public var parameters: [Parameter] = []
  /// The server-sent events that a good answer may be instead, each with its data; an empty name for events without one.
  public var events: [(name: String, data: JSONSchema)] = []
  /// Whether a good answer is a WebSocket.
  var isSocket = false
  /// How its failures are written.
  public var failureForm = FailureForm.detail
  /// How an answer is made.
  public var handler: Handler

  /// Makes a route.
  public init(
    _ method: String, _ path: String, name: String, summary: String, scope: Scope, parameters: [Parameter] = [],
    body: JSONSchema? = nil, result: (type: String, schema: JSONSchema),
    events: [(name: String, data: JSONSchema)] = [], failures: [(status: Int, meaning: String)] = [],
    failureForm: FailureForm = .detail, handler: Handler
  ) {
    self.method = method
    self.path = path
    self.name = name
    self.summary = summary
    self.scope = scope
    self.parameters = parameters
    self.body = body
    self.result = result
    self.events = events
    self.failures = failures
    self.failureForm = failureForm
    self.handler = handler
  }
}
