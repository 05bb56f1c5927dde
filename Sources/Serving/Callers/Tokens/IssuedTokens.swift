internal import Corpus
internal import Credentials
internal import Settings

/// Looks at tokens of issuers that are configured: who asks, by their claims.
struct IssuerClaims: Sendable {
  let settings: TokenIssuerSettings
  /// The wall clock, seconds since 1970.
  var now: @Sendable () -> Int64 = wallSeconds

  func caller(of token: WebToken) throws(TokenFault) -> Caller {
    guard token.claims["iss"]?.string == settings.issuer else { throw .issuer }
    guard token.isFor([settings.audience]) else { throw .audience }
    try token.checkTime(now: now(), leeway: Int64(settings.leeway))
    // Our own refresh tokens, and those of others that say so, are not to ask with.
    if let use = token.claims["token_use"] {
      guard use.string == "access" || use.string == "id" else { throw .kind }
    }
    let scopes = token.claims["scope"] == nil ? settings.scopes : token.scopes
    let user = token.claims[settings.userClaim]?.string
    var principals: Set<Principal> = []
    if let list = token.claims["principals"]?.array {
      principals = Set(list.compactMap { $0.string.flatMap { Principal($0) } })
    } else {
      if let user, let principal = Principal("user:" + user) { principals.insert(principal) }
      for group in settings.groupsClaim.flatMap({ token.claims[$0]?.array }) ?? [] {
        if let principal = group.string.flatMap({ Principal("group:" + $0) }) { principals.insert(principal) }
      }
    }
    guard principals.count <= 10_000 else { throw .malformed }
    return Caller(
      user ?? token.claims["sub"]?.string ?? settings.issuer, principals: principals,
      scopes: Set(scopes.compactMap(Scope.init(rawValue:))))
  }

  /// The caller of a token that is signed with a secret (HS256).
  func caller(of text: String) throws(TokenFault) -> Caller {
    let token = try WebToken(text) { (header) throws(TokenFault) in
      try WebToken.checkHeader(header, algorithm: "HS256")
    }
    // Every secret is tried, so that the time does not tell which one fits.
    let fitting = settings.secrets.count { secret in
      MessageCode.accepts(token.signature, of: token.signed, secret: Array(secret.reveal.utf8))
    }
    guard fitting > 0 else { throw .signature }
    return try caller(of: token)
  }
}
