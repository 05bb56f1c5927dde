internal import Corpus
internal import Credentials
internal import HTTPClient
internal import Settings

/// The ways of saying who asks that a service is configured with.
public struct Authentication: Authenticator {
  /// What opens every route; nil for none.
  public var adminKey: AdminKey?
  /// Who whoever shows nothing is; nil: nobody that is let in.
  public var anonymous: Caller?
  /// API keys; nil for none.
  public var keys: KeyRing?
  /// Issuers whose tokens are signed with a secret.
  private var secretIssuers: [IssuerClaims] = []
  /// Issuers whose tokens are signed with published keys, by `iss`.
  private var publicIssuers: [(issuer: String, verifier: TokenVerifier)] = []
  private var forge: TokenVerifier?
  private var refuse: @Sendable (_ what: String, _ fault: TokenFault) -> Void = { _, _ in }

  /// Lets anybody ask, and whoever has the admin key do everything.
  public init(adminKey: AdminKey? = nil, anonymous: Caller? = .anonymous, keys: KeyRing? = nil) {
    self.adminKey = adminKey
    self.anonymous = anonymous
    self.keys = keys
  }

  /// Makes what the settings say.
  ///
  /// - Parameters:
  ///   - settings: who may ask.
  ///   - log: told of keys that were read, and of tokens that were not believed (why, never which).
  ///   - metrics: counts those by reason.
  /// - Throws: `ServingError`, `CredentialsError`, `HTTPError`.
  public init(_ settings: AuthenticationSettings, log: ServiceLog, metrics: Metrics) throws {
    let anonymous = settings.anonymous.map { $0 == .allow } ?? !settings.knowsAnybody
    self.init(anonymous: anonymous ? .anonymous : nil)
    switch settings.adminKey {
    case .file(let path): adminKey = try AdminKey(file: path)
    case .content(let secret): adminKey = try AdminKey(secret.reveal, from: "authentication.admin_key")
    case nil: break
    }
    if settings.keys != nil || settings.key != nil {
      var single: [(key: String, caller: Caller)] = []
      // Several, for changing them: a comma is no character of a key.
      for key in settings.key?.reveal.split(separator: ",") ?? [] {
        let plain = try AdminKey.checked(String(key), from: "authentication.key or ACERVO_API_KEY")
        single.append((plain, Caller("key", scopes: [.ask, .metrics], keyID: "environment")))
      }
      keys = try KeyRing(path: settings.keys, single: single, log: log)
    }
    let refuse: @Sendable (String, TokenFault) -> Void = { what, fault in
      metrics.tokenRefused(what, fault)
      log.write(.warning, "token_refused", ["kind": .string(what), "reason": .string(fault.rawValue)])
    }
    self.refuse = refuse
    let needsClient = settings.forge != nil || settings.tokens.contains { $0.keys != nil }
    let client = needsClient ? try HTTPClient(.init(userAgent: "acervo-serve")) : nil
    for issuer in settings.tokens {
      let claims = IssuerClaims(settings: issuer)
      guard let address = issuer.keys, let client else {
        secretIssuers.append(claims)
        continue
      }
      let cache = KeySetCache(
        name: issuer.issuer, log: log, fetch: KeySetCache.fetching(address, client: client))
      let verifier = TokenVerifier(
        keys: cache, check: { token, _ in try claims.caller(of: token) }, refuse: { refuse("token", $0) })
      publicIssuers.append((issuer.issuer, verifier))
    }
    if let forge = settings.forge, let client {
      self.forge = Self.forge(
        ForgeToken(
          settings: forge, observe: { metrics.forgeTokenAge($0) }, observeRepeat: { metrics.forgeTokenRepeated() }),
        log: log, refuse: { refuse("forge", $0) },
        fetch: KeySetCache.fetching(forge.keys, client: client))
    }
  }

  static func forge(
    _ token: ForgeToken, log: ServiceLog, refuse: @escaping @Sendable (TokenFault) -> Void,
    clock: @escaping @Sendable () -> Double = KeySetCache.seconds, fetch: @escaping KeySetCache.Fetch
  ) -> TokenVerifier {
    TokenVerifier(
      keys: KeySetCache(name: "forge", log: log, clock: clock, fetch: fetch),
      check: { try token.caller(of: $0, for: $1) }, refuse: refuse)
  }

  /// Whether somebody who shows nothing is answered.
  public var admitsAnybody: Bool { anonymous != nil }

  /// Whether there is anything that somebody could show.
  private var asksForSomething: Bool {
    adminKey != nil || keys != nil || !secretIssuers.isEmpty || !publicIssuers.isEmpty
  }

  /// Who asks.
  public func identify(_ head: ServerRequest, for route: Route) -> Identification {
    switch route.door {
    case .direct: direct(head, for: route)
    case .forgeUI, .forgeFunction: invocation(head, for: route)
    }
  }

  private func invocation(_ head: ServerRequest, for route: Route) -> Identification {
    guard let forge, head.count(of: "Authorization") == 1, case .token(let token) = Credential(head) else {
      refuse("forge", .malformed)
      return .refused(.unknownCaller("Only Forge calls this route: send “Authorization: Bearer …” with its token."))
    }
    return forge.identify(token, for: route)
  }

  private func direct(_ head: ServerRequest, for route: Route) -> Identification {
    // Where nothing could be right, nothing is wrong: many clients cannot be told to leave a key out.
    guard asksForSomething else { return unshown(for: route) }
    switch Credential(head) {
    case .none: return unshown(for: route)
    case .unreadable: return .refused(.unknownCaller())
    case .token(let token):
      if let adminKey, adminKey.isShown(as: token) {
        return .known(Caller("admin", scopes: Set(Scope.allCases), keyID: "admin"))
      }
      if let caller = keys?.caller(showing: token, now: wallSeconds()) { return .known(caller) }
      if WebToken.isLikely(token) { return identify(token: token, for: route) }
      refuse("key", .unknownKey)
      return .refused(.unknownCaller())
    }
  }

  private func identify(token: String, for route: Route) -> Identification {
    // Which issuer to ask about it is all that is taken from a token that nobody has verified yet.
    guard let parts = try? WebToken(token, checkHeader: { _ in }) else {
      refuse("token", .malformed)
      return .refused(.unknownCaller())
    }
    let issuer = parts.claims["iss"]?.string
    if let verifier = publicIssuers.first(where: { $0.issuer == issuer })?.verifier {
      return verifier.identify(token, for: route)
    }
    var fault = TokenFault.issuer
    for claims in secretIssuers where claims.settings.issuer == issuer {
      do throws(TokenFault) { return .known(try claims.caller(of: token)) } catch { fault = error }
    }
    refuse("token", fault)
    return .refused(.unknownCaller("The token was not believed."))
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
