public import Corpus

/// The tokens that Acervo issues itself: short ones to ask with, longer ones to get new short ones for.
///
/// Both are signed with one secret (HS256) that whoever issues and whoever serves know.
public struct IssuedToken: Sendable, Equatable {
  /// What a token is for.
  public enum Kind: String, Sendable {
    /// To ask with.
    case access
    /// To get a new access token for; the service takes none.
    case refresh
  }

  /// Who issues when nothing else is said.
  public static let defaultIssuer = "acervo"
  /// For whom when nothing else is said.
  public static let defaultAudience = "acervo-serve"
  /// The fewest bytes of a secret: as many as the hash has (RFC 7518, section 3.2).
  public static let minimumSecretBytes = 32

  /// Who issued it.
  public var issuer = defaultIssuer
  /// For which service.
  public var audience = defaultAudience
  /// Whose it is.
  public var subject: String
  /// What it allows, of `KeyRecord.knownScopes`.
  public var scopes: [String]
  /// As whom whoever shows it searches.
  public var principals: [Principal]

  /// Makes the content of a token.
  public init(subject: String, scopes: [String], principals: [Principal]) {
    self.subject = subject
    self.scopes = scopes
    self.principals = principals
  }

  /// Writes and signs a token.
  ///
  /// - Parameters:
  ///   - kind: what it is for.
  ///   - now: seconds since 1970.
  ///   - seconds: how long it is valid.
  ///   - secret: at least `minimumSecretBytes`.
  /// - Returns: the token.
  /// - Throws: `CredentialsError` for a secret that is too short or a subject that cannot be.
  public func text(_ kind: Kind, now: Int64, seconds: Int64, secret: [UInt8]) throws(CredentialsError) -> String {
    try Self.check(secret)
    guard KeyRecord.isName(subject) else {
      throw CredentialsError(
        .badInput, "a subject has 1 to 200 bytes and no control characters", mend: "choose another")
    }
    let claims: JSONValue = [
      "iss": .string(issuer), "aud": .string(audience), "sub": .string(subject), "iat": .integer(now),
      "nbf": .integer(now), "exp": .integer(now + seconds),
      "jti": .string(Base64URL.text(try Randomness.bytes(12))), "token_use": .string(kind.rawValue),
      "scope": .string(scopes.joined(separator: " ")), "principals": .array(principals.map { .string($0.name) }),
    ]
    return WebToken.hs256(claims, secret: secret)
  }

  /// Reads and verifies a token.
  ///
  /// - Parameters:
  ///   - text: the token.
  ///   - kind: what it has to be for.
  ///   - issuer: who has to have issued it.
  ///   - audience: for whom it has to be.
  ///   - now: seconds since 1970.
  ///   - leeway: seconds that clocks may differ by.
  ///   - secrets: those of which one has to have signed it: two while the secret is changed.
  /// - Throws: `TokenFault`.
  public init(
    verifying text: String, as kind: Kind, issuer: String = defaultIssuer, audience: String = defaultAudience,
    now: Int64, leeway: Int64 = 0, secrets: [[UInt8]]
  ) throws(TokenFault) {
    let token = try WebToken(text) { (header) throws(TokenFault) in
      try WebToken.checkHeader(header, algorithm: "HS256")
    }
    // Every secret is tried, so that the time does not tell which one fits.
    let fitting = secrets.count { MessageCode.accepts(token.signature, of: token.signed, secret: $0) }
    guard fitting > 0 else { throw .signature }
    guard token.claims["iss"]?.string == issuer else { throw .issuer }
    guard token.isFor([audience]) else { throw .audience }
    try token.checkTime(now: now, leeway: leeway)
    guard token.claims["token_use"]?.string == kind.rawValue else { throw .kind }
    guard let subject = token.claims["sub"]?.string, KeyRecord.isName(subject) else { throw .malformed }
    let principals = token.claims["principals"]?.array?.compactMap { $0.string.flatMap { Principal($0) } }
    self.init(
      subject: subject, scopes: token.scopes,
      principals: principals ?? [])
    self.issuer = issuer
    self.audience = audience
  }

  /// Refuses a secret that could be guessed.
  public static func check(_ secret: [UInt8]) throws(CredentialsError) {
    guard secret.count >= minimumSecretBytes else {
      throw CredentialsError(
        .badInput, "the secret that tokens are signed with has to have at least \(minimumSecretBytes) bytes",
        mend: "make one with “openssl rand -hex 32”")
    }
  }
}

extension WebToken {
  /// The known words of `scope` (RFC 9068, section 2.2.3), or of a list of that name.
  public var scopes: [String] {
    let words: [String] =
      switch claims["scope"] {
      case .string(let text): text.split(separator: " ").map(String.init)
      case .array(let list): list.compactMap(\.string)
      default: []
      }
    return KeyRecord.knownScopes.filter(words.contains)
  }
}
