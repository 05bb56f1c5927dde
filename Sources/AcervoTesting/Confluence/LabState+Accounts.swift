internal import Corpus
internal import FoundationEssentials

extension LabState {
  /// Who asks, by the rules of the face: which kinds of token it takes.
  func account(for call: LabCall, _ route: LabRoute) throws -> LabAccount {
    guard let header = call.header("authorization") else {
      guard options.allowsAnonymous else { throw LabRefusal.gateway(401, "Unauthorized") }
      return LabAccount()
    }
    let parts = header.split(separator: " ", maxSplits: 1).map(String.init)
    let secret = parts.count == 2 ? parts[1] : ""
    let account: LabAccount
    switch parts.first?.lowercased() {
    case "bearer": account = try bearer(secret, call)
    case "basic": account = try basic(secret, call)
    default: throw LabRefusal.gateway(401, "Unauthorized")
    }
    if let scopes = account.scopes, let needed = LabOperation.all.first(where: { $0.route == route })?.scopes,
      !needed.isEmpty, scopes.isDisjoint(with: needed)
    {
      throw LabRefusal.gateway(401, "Unauthorized; scope does not match")
    }
    return account
  }

  private func bearer(_ token: String, _ call: LabCall) throws -> LabAccount {
    if try isExpired(token) { return LabAccount() }
    switch call.face {
    case .gateway:
      if token == ConfluenceLab.bearerToken || token.hasPrefix("lab-access-") { return indexer(scopes: scopes) }
    case .dataCenter:
      if token == ConfluenceLab.personalToken { return indexer(scopes: nil) }
      // A token of another user: the ordinary one, a colon, and their name.
      let parts = token.split(separator: ":", maxSplits: 1)
      if parts.count == 2, parts[0] == ConfluenceLab.personalToken, let user = user(named: String(parts[1])) {
        return of(user, scopes: nil)
      }
    case .site: break
    }
    throw LabRefusal.gateway(401, "Unauthorized")
  }

  private func basic(_ encoded: String, _ call: LabCall) throws -> LabAccount {
    let pair = Data(base64Encoded: encoded).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let sides = pair.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard sides.count == 2 else { throw LabRefusal.gateway(401, "Unauthorized") }
    if try isExpired(sides[1]) { return LabAccount() }
    let wanted =
      switch call.face {
      case .site: ConfluenceLab.siteToken
      case .gateway: ConfluenceLab.scopedToken
      case .dataCenter: ConfluenceLab.password
      }
    guard sides[1] == wanted else { throw LabRefusal.gateway(401, "Unauthorized") }
    guard let user = user(named: sides[0]) else {
      var refusal = LabRefusal.gateway(401, "Unauthorized")
      refusal.reply.headers.append(("x-failure-category", "FAILURE_CLIENT_AUTH_MISMATCH"))
      throw refusal
    }
    return of(user, scopes: call.face == .gateway ? scopes : nil)
  }

  private func isExpired(_ token: String) throws -> Bool {
    guard expired.contains(token) else { return false }
    guard options.expiredIsAnonymous, options.allowsAnonymous else { throw LabRefusal.gateway(401, "Unauthorized") }
    return true
  }

  private func user(named name: String) -> LabSite.User? {
    site.users.values.first { $0.email == name || $0.username == name }
  }

  private func indexer(scopes: Set<String>?) -> LabAccount {
    LabAccount(id: site.indexer, scopes: scopes, seesRestricted: seesRestricted, seesTrash: seesTrash)
  }

  private func of(_ user: LabSite.User, scopes: Set<String>?) -> LabAccount {
    user.accountID == site.indexer ? indexer(scopes: scopes) : LabAccount(id: user.accountID, scopes: scopes)
  }

  /// What stands beside the API: the tenant's id, tokens, the list of sites.
  mutating func beside(_ request: LoopbackSite.Request) -> LoopbackSite.Answer {
    let path = request.path.split(separator: "?").first ?? ""
    if path.hasPrefix("/lab/") {
      let reply = byHand(path, request)
      return LoopbackSite.Answer(status: reply.status, headers: reply.headers, body: reply.body)
    }
    let (route, reply): (LabRoute, LabReply) =
      switch path {
      case "/_edge/tenant_info": (.tenantInfo, .json(["cloudId": .string(ConfluenceLab.cloudID)]))
      case "/oauth/token": (.oauthToken, token(request))
      case "/oauth/token/accessible-resources":
        (
          .resources,
          .json([
            [
              "id": .string(ConfluenceLab.cloudID), "url": .string(origin), "name": "acme",
              "scopes": .array((scopes ?? ["read:page:confluence"]).sorted().map { .string($0) }),
              "avatarUrl": .string(origin + "/avatar.png"),
            ]
          ])
        )
      case let path where path.hasPrefix("/wiki/download/") || path.hasPrefix("/confluence/download/"):
        (.download, download(request))
      default: (.unknown, .html("<html><body>Not found</body></html>", status: 404))
      }
    counts.requests[route, default: 0] += 1
    counts.statuses[reply.status, default: 0] += 1
    var answer = LoopbackSite.Answer(status: reply.status, headers: reply.headers, body: reply.body)
    for index in faults.indices where faults[index].hits(route, &random) {
      if let refusal = refusal(for: [faults[index].kind], LabCall.none) {
        answer = .init(status: refusal.reply.status, headers: refusal.reply.headers, body: refusal.reply.body)
      }
      change(&answer, faults[index].kind, LabCall.none)
    }
    return answer
  }

  /// A rotating refresh: the token used is worth nothing after ten minutes, the new one must be kept.
  private mutating func token(_ request: LoopbackSite.Request) -> LabReply {
    let body = try? JSONValue(parsing: request.body)
    let given = body?["refresh_token"]?.string ?? ""
    let isOld = refresh.previous.map { $0.token == given && $0.until > site.now } ?? false
    guard given == refresh.current || isOld else {
      return .json(["error": "unauthorized_client", "error_description": "refresh_token is invalid"], status: 403)
    }
    refresh.made += 1
    refresh.previous = (given, site.now + 600_000)
    refresh.current = "lab-refresh-\(refresh.made)"
    return .json([
      "access_token": .string("lab-access-\(refresh.made)"), "expires_in": 3_600, "token_type": "Bearer",
      "refresh_token": .string(refresh.current), "scope": .string((scopes ?? []).sorted().joined(separator: " ")),
    ])
  }
}

extension LabCall {
  /// A request for what is no API.
  static let none = LabCall(
    face: .site, method: "GET", path: [], isV2: true, linkPath: "/", query: [], headers: [], body: [])
}
