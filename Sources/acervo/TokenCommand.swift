internal import Corpus
internal import Credentials
internal import Glibc
internal import Settings
internal import Terminal

/// `acervo token`: JSON Web Tokens for the service, signed with a secret that both know.
enum TokenCommand {
  static let entries = [issueEntry, refreshEntry]

  private static let secretName = "ACERVO_TOKEN_SECRET"

  private static let scope = Option(
    "scope", oneOf: KeyRecord.knownScopes, help: "What it allows; may be given several times. “ask” by default.")
  private static let principal = Option(
    "as", "PRINCIPAL", help: "As whom it searches: user:ID or group:ID; may be given several times."
  ) { text in
    guard let principal = Principal(text) else { throw ValueError("write user:ID or group:ID") }
    return principal
  }
  private static let access = span("access", "How long the access token is valid.", "15m", most: 86_400)
  private static let refresh = span("refresh", "How long the refresh token is valid.", "30d", most: 31_536_000)
  private static let issuer = Option(
    "issuer", "NAME", help: "Who issues: what the service's “issuer” says.", default: IssuedToken.defaultIssuer)
  private static let audience = Option(
    "audience", "NAME", help: "For which service: what its “audience” says.", default: IssuedToken.defaultAudience)

  private static func span(_ name: String, _ help: String, _ fallback: String, most: Double) -> Option<String> {
    Option(name, "SPAN", help: help, default: fallback) { text in
      guard let seconds = TimeSpan.parse(text), seconds >= 1, seconds <= most else {
        throw ValueError("write a span such as 15m, at most \(TimeSpan.text(most))")
      }
      return text
    }
  }

  private static func seconds(_ text: String?) -> Int64 { Int64(text.flatMap(TimeSpan.parse) ?? 0) }

  private static var now: Int64 { Int64(time(nil)) }

  private static func secret() throws -> [UInt8] {
    guard let text = getenv(secretName).map({ String(cString: $0) }), !text.isEmpty else {
      throw InputError(
        description: "$\(secretName) is not set; set it to what the service's “secrets” name, such as the output of "
          + "“openssl rand -hex 32”")
    }
    return Array(text.utf8)
  }

  private static let issueEntry = Acervo.Entry(
    command: Command(
      "issue",
      "Issues a short access token and a longer refresh token, signed with $ACERVO_TOKEN_SECRET (HS256), as JSON.",
      positionals: [Positional("SUBJECT", help: "Whose they are.")],
      options: [
        .value(scope), .value(principal), .value(access), .value(refresh), .value(issuer), .value(audience),
      ],
      examples: ["ACERVO_TOKEN_SECRET=… acervo token issue --as user:ana --as group:staff ana"]),
    run: { arguments in
      let secret = try secret()
      let scopes = arguments.all(scope)
      var token = IssuedToken(
        subject: arguments.positionals[0], scopes: scopes.isEmpty ? ["ask"] : scopes,
        principals: Set(arguments.all(principal)).sorted())
      token.issuer = arguments[issuer] ?? token.issuer
      token.audience = arguments[audience] ?? token.audience
      try show(
        token, [(.access, seconds(arguments[access])), (.refresh, seconds(arguments[refresh]))], secret: secret)
      return .success
    })

  private static let refreshEntry = Acervo.Entry(
    command: Command(
      "refresh", "Issues a new access token for a refresh token, which is read from standard input.",
      options: [.value(access), .value(issuer), .value(audience)],
      examples: ["acervo token refresh < refresh.token"]),
    run: { arguments in
      let secret = try secret()
      let text = String(decoding: try Inputs.bytes("-").prefix { $0 > 0x20 }, as: UTF8.self)
      let token: IssuedToken
      do throws(TokenFault) {
        token = try IssuedToken(
          verifying: text, as: .refresh, issuer: arguments[issuer] ?? IssuedToken.defaultIssuer,
          audience: arguments[audience] ?? IssuedToken.defaultAudience, now: now, secrets: [secret])
      } catch {
        throw InputError(
          description: "the refresh token is not taken (\(error.rawValue)); issue another with “acervo token issue”")
      }
      try show(token, [(.access, seconds(arguments[access]))], secret: secret)
      return .success
    })

  /// As OAuth 2.0 writes an answer with tokens (RFC 6749, section 5.1).
  private static func show(_ token: IssuedToken, _ kinds: [(IssuedToken.Kind, Int64)], secret: [UInt8]) throws {
    let now = now
    var members: [JSONValue.Member] = [.init("token_type", .string("Bearer"))]
    for (kind, seconds) in kinds {
      let text = try token.text(kind, now: now, seconds: seconds, secret: secret)
      members.append(.init(kind.rawValue + "_token", .string(text)))
      members.append(.init(kind == .access ? "expires_in" : "refresh_expires_in", .integer(seconds)))
    }
    members.append(.init("scope", .string(token.scopes.joined(separator: " "))))
    Output.results.line(JSONValue.object(members).text(pretty: true))
  }
}
