public import Corpus
public import Settings

/// Who may ask.
public struct AuthenticationSettings: Sendable, Equatable {
  /// What becomes of a request that shows nothing.
  public enum Anonymous: String, Sendable, CaseIterable {
    /// It is answered from what is open to everybody; only where nobody but this machine can reach the service.
    case allow
    /// It is refused with 401.
    case refuse
  }

  /// What becomes of a request that shows nothing; by default it is allowed where no keys, tokens or Forge app are named.
  public var anonymous: Anonymous?
  /// What opens every route.
  public var adminKey: FileOrSecret?
  /// The file that `acervo keys` writes.
  public var keys: String?
  /// A key that may ask and read metrics, beside those of the file.
  public var key: Secret?
  /// Issuers of JSON Web Tokens.
  public var tokens: [TokenIssuerSettings] = []
  /// An Atlassian Forge app whose users and functions may ask.
  public var forge: ForgeSettings?

  /// The defaults.
  public init() {}

  /// Whether there is a way to say who asks.
  public var knowsAnybody: Bool { keys != nil || key != nil || !tokens.isEmpty || forge != nil }

  private typealias Field = SettingsField<AuthenticationSettings>

  static let definition = SettingsObject(
    initial: AuthenticationSettings(),
    fields: [
      Field(
        "anonymous", \.anonymous, .choice(),
        "“allow” answers whoever shows nothing from what is open to everybody, on a loopback address only; by default "
          + "it is allowed where nothing below says who may ask."),
      Field(
        "admin_key", \.adminKey, .fileOrSecret(isContent),
        "The key that opens every route, also /admin: a file's path, or ${NAME} that holds the path or the key."),
      Field("keys", \.keys, .path, "The API keys' file, which “acervo keys” writes; read again when it changes."),
      Field("key", \.key, .secret, "One API key that may ask and read metrics, as ${NAME}."),
      Field(
        "tokens", \.tokens, .list(of: TokenIssuerSettings.definition.type, count: 1...20),
        "Who issues JSON Web Tokens that are believed."),
      Field(
        "forge", \.forge, ForgeSettings.definition.type, "An Atlassian Forge app whose users and functions may ask."),
    ])

  /// A path begins with “/” or “.”, a variable is not known yet; anything else is a key.
  @Sendable static func isContent(_ text: String) -> Bool {
    !["/", ".", "${"].contains(where: text.hasPrefix)
  }
}

/// An issuer of JSON Web Tokens that are believed.
public struct TokenIssuerSettings: Sendable, Equatable {
  /// The `iss` of its tokens.
  public var issuer = ""
  /// The `aud` that its tokens have to name.
  public var audience = ""
  /// What its tokens are signed with (HS256): several while the secret is changed.
  public var secrets: [Secret] = []
  /// Where its keys are (RS256): the address of a JSON Web Key Set.
  public var keys: String?
  /// Seconds that clocks may differ by; 30 by default.
  public var leeway = 30.0
  /// The claim that names the user; `sub` by default.
  public var userClaim = "sub"
  /// The claim that lists the user's groups; nil for none.
  public var groupsClaim: String?
  /// What a token allows that does not say it itself.
  public var scopes: [String] = ["ask"]

  private typealias Field = SettingsField<TokenIssuerSettings>

  static let definition = SettingsObject(
    initial: TokenIssuerSettings(),
    fields: [
      Field("issuer", \.issuer, .string(), isRequired: true, "What “iss” has to be."),
      Field("audience", \.audience, .string(), isRequired: true, "What “aud” has to be or to contain."),
      Field(
        "secrets", \.secrets, .list(of: .secret, count: 1...4),
        "For HS256: the secret as ${NAME}, at least 32 bytes; several while it is changed."),
      Field("keys", \.keys, .keysAddress, "For RS256: the address of the issuer's JSON Web Key Set."),
      Field("leeway", \.leeway, .duration(in: 0...300), "How far clocks may differ."),
      Field(
        "user_claim", \.userClaim, .string(),
        "The claim that names the user, who searches as “user:…”; tokens of “acervo token” list principals instead."),
      Field("groups_claim", \.groupsClaim, .string(), "The claim that lists the user's groups, searched as “group:…”."),
      Field(
        "scopes", \.scopes,
        .list(of: .choice(["ask", "metrics", "admin"].map { (word: $0, value: $0) }), count: 1...3),
        "What a token allows that has no “scope” of its own."),
    ], exactlyOneOf: ["secrets", "keys"],
    check: { issuer, node, reader in
      for (index, secret) in issuer.secrets.enumerated() where secret.reveal.utf8.count < 32 {
        reader.report(
          at: node["secrets"]?.elements[index] ?? node, "the secret has fewer than 32 bytes",
          mend: "make one with “openssl rand -hex 32” and set the variable to it")
      }
    })
}

extension SettingType where Value == String {
  /// The address of a key set: whoever could change what it answers could sign.
  static var keysAddress: SettingType {
    webAddress.checked { address, node, reader in
      let lower = address.lowercased()
      let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
      if lower.hasPrefix("https://")
        || local.contains(where: { lower.hasPrefix($0 + ":") || lower.hasPrefix($0 + "/") })
      {
        return address
      }
      reader.report(
        at: node, "\(reader.label) needs https: keys that come unprotected could be anybody's", mend: "write https://…")
      return nil
    }
  }
}
