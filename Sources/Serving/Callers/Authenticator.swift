/// Tells who asks from the head of a request.
///
/// It is called on the HTTP library's threads before the body is read and must not block; what takes a request of its
/// own (a set of keys that is not there yet) is returned as work to be done.
public protocol Authenticator: Sendable {
  /// Whether somebody who shows nothing is answered: such a service must not be reached from elsewhere.
  var admitsAnybody: Bool { get }

  /// Who asks.
  ///
  /// - Parameters:
  ///   - head: the request without its body.
  ///   - route: what is asked for; never an open one.
  /// - Returns: the caller, whose scopes need not suffice, a refusal, or the work that tells.
  func identify(_ head: ServerRequest, for route: Route) -> Identification
}

extension Authenticator {
  /// False, unless it says otherwise.
  public var admitsAnybody: Bool { false }
}

/// What a request's head says of who asks.
public enum Identification: Sendable {
  /// This caller.
  case known(Caller)
  /// Nobody that can be believed.
  case refused(RequestFailure)
  /// To be found out off the HTTP library's threads.
  case pending(@Sendable () async throws -> Caller)
}

extension RequestFailure {
  /// What somebody is told who shows nothing, or nothing that is believed: always the same, whatever was wrong.
  static func unknownCaller(_ detail: String = "Show who you are: send “Authorization: Bearer …” or “X-API-Key: …”.")
    -> RequestFailure
  {
    RequestFailure(401, detail, headers: [.init("WWW-Authenticate", "Bearer")])
  }

  /// What a known caller is told who may not use a route.
  static func notAllowed(_ scope: Scope) -> RequestFailure {
    RequestFailure(403, "This needs the scope “\(scope.rawValue)”, which the caller does not have.")
  }
}
