internal import Corpus
internal import Credentials

/// Looks at the claims of an invocation token of Atlassian Forge whose signature is right.
///
/// The rules are those of Atlassian's documentation of Forge remotes: who sent it (`iss`), for which app (`aud`,
/// `app.id`), when, from which environment, installation and site, and for whom. Nothing of it may come from anywhere
/// else in the request.
struct ForgeToken: Sendable {
  let settings: ForgeSettings
  /// The wall clock, seconds since 1970.
  var now: @Sendable () -> Int64
  /// Told how old tokens are that are believed: seconds.
  var observe: @Sendable (Double) -> Void
  /// Told of tokens that are shown again.
  var observeRepeat: @Sendable () -> Void
  private let seen = SeenTokens()

  init(
    settings: ForgeSettings, now: @escaping @Sendable () -> Int64 = wallSeconds,
    observe: @escaping @Sendable (Double) -> Void = { _ in }, observeRepeat: @escaping @Sendable () -> Void = {}
  ) {
    self.settings = settings
    self.now = now
    self.observe = observe
    self.observeRepeat = observeRepeat
  }

  func caller(of token: WebToken, for route: Route) throws -> Caller {
    let claims = token.claims
    guard claims["iss"]?.string == "forge/invocation-token" else { throw TokenFault.issuer }
    // The configured app, never the one that the token names: that would let in the tokens of every app.
    guard token.isFor([settings.app]) else { throw TokenFault.audience }
    let now = now()
    try token.checkTime(now: now, leeway: Int64(settings.leeway))
    guard let app = claims["app"], app["id"]?.string == settings.app else { throw TokenFault.audience }
    guard let environment = app["environment"]?["type"]?.string, settings.environments.contains(environment) else {
      throw TokenFault.tenant
    }
    // Isolated clouds sign with keys of their own.
    guard claims["icLabel"] == nil else { throw TokenFault.tenant }
    let installation = try installation(of: app)
    try checkSite(claims, app)
    try checkRepeat(token, now: now)
    if let made = claims["iat"]?.double { observe(Double(now) - made) }
    return try caller(claims, installation: installation, door: route.door)
  }

  /// Notices a token that comes again.
  ///
  /// `requestRemote` keeps one for several requests; who calls by `invokeRemote` alone can have it refused.
  private func checkRepeat(_ token: WebToken, now: Int64) throws(TokenFault) {
    let id = token.claims["jti"]?.string.map { ContentHash.of($0) } ?? ContentHash.of(token.signed)
    let life = (token.claims["exp"]?.double ?? 0) - Double(now) + settings.leeway
    let end = now + Int64(min(max(life, 0), 3_600)) + 1
    guard seen.isRepeated(id, until: end, now: now) else { return }
    observeRepeat()
    if settings.repeated == .refuse { throw .repeated }
  }

  private func installation(of app: JSONValue) throws(TokenFault) -> String {
    guard let id = app["installationId"]?.string, !id.isEmpty,
      app["installation"]?["id"].map({ $0.string == id }) ?? true
    else { throw .tenant }
    guard settings.installations.isEmpty || settings.installations.contains(id) else { throw .tenant }
    return id
  }

  /// All places that name the site have to agree.
  private func checkSite(_ claims: JSONValue, _ app: JSONValue) throws(TokenFault) {
    let contexts = app["installation"]?["contexts"]?.array ?? []
    let named = [
      claims["context"]?["cloudId"]?.string,
      contexts.first { $0["name"]?.string == "confluence" }?["cloudId"]?.string,
      app["apiBaseUrl"]?.string.flatMap { $0.split(separator: "/").last.map(String.init) },
    ].compactMap { $0 }
    guard let site = named.first, named.allSatisfy({ $0 == site }) else { throw .tenant }
    guard settings.sites.isEmpty || settings.sites.contains(site) else { throw .tenant }
  }

  private func caller(_ claims: JSONValue, installation: String, door: Route.Door) throws -> Caller {
    let user = claims["principal"].flatMap { $0 == .null ? nil : $0 }
    switch door {
    case .forgeUI:
      guard let user = user?.string, let principal = Self.principal(user) else {
        throw RequestFailure(403, "This route is for users of the app's pages: the token names none.")
      }
      return Caller("forge:" + user, principals: [principal], scopes: [.ask])
    case .forgeFunction:
      // A user can send any body to any route: what a function says of users is believed of functions alone.
      guard user == nil, claims["context"] == nil else {
        throw RequestFailure(403, "This route is for functions of the app: the token comes from a page.")
      }
      return Caller("forge-function:" + installation, scopes: [.ask])
    case .direct: throw TokenFault.kind
    }
  }

  /// A user's principal; nil for what is no account id.
  static func principal(_ account: String) -> Principal? {
    let isAccount =
      (1...128).contains(account.utf8.count)
      && account.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
    return isAccount ? Principal("user:" + account) : nil
  }
}
