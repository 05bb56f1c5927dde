/// The ways of saying who asks that a service is configured with.
public struct Authentication: Authenticator {
  /// What opens every route; nil for none.
  public var adminKey: AdminKey?
  /// Who whoever shows nothing is; nil: nobody that is let in.
  public var anonymous: Caller?

  /// Lets anybody ask, and whoever has the admin key do everything.
  public init(adminKey: AdminKey? = nil, anonymous: Caller? = .anonymous) {
    self.adminKey = adminKey
    self.anonymous = anonymous
  }

  /// Whether there is anything that somebody could show.
  private var asksForSomething: Bool { adminKey != nil }

  /// Who asks.
  public func identify(_ head: ServerRequest, for route: Route) -> Identification {
    // Where nothing could be right, nothing is wrong: many clients cannot be told to leave a key out.
    guard asksForSomething else { return unshown(for: route) }
    switch Credential(head) {
    case .none: return unshown(for: route)
    case .unreadable: return .refused(.unknownCaller())
    case .token(let token):
      if let adminKey, adminKey.isShown(as: token) {
        return .known(Caller("admin", scopes: Set(Scope.allCases), keyID: "admin"))
      }
      return .refused(.unknownCaller())
    }
  }

  private func unshown(for route: Route) -> Identification {
    guard let anonymous else { return .refused(.unknownCaller()) }
    if anonymous.may(route.scope) { return .known(anonymous) }
    if asksForSomething { return .refused(.unknownCaller()) }
    let mend =
      route.scope == .admin
      ? "No admin key is configured: start the service with --admin-key-file or ACERVO_ADMIN_KEY."
      : RequestFailure.notAllowed(route.scope).detail
    return .refused(RequestFailure(403, mend))
  }
}
