internal import Corpus
internal import HTTPClient
internal import Pipelines
internal import Settings

/// A site that answered: which of the two interfaces it has, where, and who asks.
struct ConfluenceSite: Sendable {
  var face: any ConfluenceFace
  /// The address below which people find its pages, without a slash at its end.
  var base: String
  /// The account of the token; nil for nobody.
  var account: String?

  /// The address of a page: the same under every title and place, on both deployments.
  func address(of id: String) -> String { "\(base)/pages/viewpage.action?pageId=\(id)" }

  /// The id in a page's address; nil for other addresses.
  func id(in address: String) -> String? {
    let start = "\(base)/pages/viewpage.action?pageId="
    guard address.hasPrefix(start) else { return nil }
    let id = address.dropFirst(start.count)
    return id.isEmpty || !id.allSatisfy(\.isASCII) ? nil : String(id)
  }
}

/// Finds out what a site is.
struct ConfluenceConnection: Sendable {
  let settings: ConfluenceSettings
  let http: HTTPClient
  let timing: RetryTiming
  let deadline: ContinuousClock.Instant
  /// Where all requests of the run are counted.
  let totals = ConfluenceClient.Counter()
  /// The limiter to use; nil for the one that the process keeps for the site.
  var limiter: SiteLimiter?
  /// Atlassian's gateway, at which tokens with scopes work.
  var gateway = Self.atlassian

  /// Asks the site who it is and who asks.
  ///
  /// - Throws: `ConfluenceError`; `CancellationError`.
  func open() async throws -> ConfluenceSite {
    guard let url = WebURL(settings.url), let origin = url.origin else {
      throw ConfluenceError(.badRequest, url: settings.url, "this is no address", mend: "mend `url`")
    }
    var path = url.path
    while path.hasSuffix("/") { path.removeLast() }
    let limiter = self.limiter ?? SiteLimiters.limiter(of: origin, concurrency: settings.concurrency)
    let client = ConfluenceClient(
      root: origin + path,
      authorization: ConfluenceClient.authorization(user: settings.user, token: settings.token?.reveal), http: http,
      limiter: limiter, timing: timing, deadline: deadline, maximumWait: settings.maximumWait, totals: totals)
    guard try await isCloud(client, origin: origin, path: path) else {
      let wantsDetails = settings.access == .restrictions || !settings.labels.isEmpty
      let face = DataCenterFace(
        client: client, wantsDetails: wantsDetails, wantsFiles: settings.attachments != .none)
      return ConfluenceSite(face: face, base: client.root, account: try await face.account())
    }
    let atGateway = path.hasPrefix("/ex/confluence/")
    let root = path.hasSuffix("/wiki") ? client : client.moved(to: client.root + "/wiki")
    do {
      let face = CloudFace(client: root)
      let account = try await face.account()
      return ConfluenceSite(face: face, base: atGateway ? try await base(face) : root.root, account: account)
    } catch let error as ConfluenceError where error.kind == .unauthorized && !atGateway && settings.token != nil {
      // A token with scopes is good at the gateway only.
      guard url.host?.hasSuffix(".atlassian.net") == true || gateway != Self.atlassian,
        let id = try? await cloudID(origin), let face = try? await gatewayFace(id),
        let account = try? await face.account()
      else { throw error }
      return ConfluenceSite(face: face, base: root.root, account: account)
    }
  }

  private static let atlassian = "https://api.atlassian.com"

  private func isCloud(_ client: ConfluenceClient, origin: String, path: String) async throws -> Bool {
    switch settings.deployment {
    case .cloud: return true
    case .dataCenter: return false
    case .auto: break
    }
    if path.hasPrefix("/ex/confluence/") || origin.hasSuffix(".atlassian.net") { return true }
    // The second version is at one place in the cloud, and nowhere on a Data Center.
    do {
      let root = path.hasSuffix("/wiki") ? client : client.moved(to: client.root + "/wiki")
      let answer = try await root.get("/api/v2/spaces", [("limit", "1")], tries: 2)
      return answer["results"]?.array != nil
    } catch let error as ConfluenceError {
      // A token that the cloud does not accept here says that it is the cloud; whatever else is answered does not.
      if error.kind == .unauthorized { return try await hasTenant(origin) }
      if error.kind == .outOfTime { throw error }
      return false
    }
  }

  private func hasTenant(_ origin: String) async throws -> Bool { try await cloudID(origin) != nil }

  /// The site's id at the gateway, which it tells everybody.
  private func cloudID(_ origin: String) async throws -> String? {
    let client = ConfluenceClient(
      root: origin, authorization: nil, http: http, limiter: SiteLimiter(concurrency: 1, timing: timing),
      timing: timing,
      deadline: deadline, maximumWait: settings.maximumWait, totals: totals)
    do {
      return try await client.get("/_edge/tenant_info", tries: 2)["cloudId"]?.words
    } catch is ConfluenceError {
      return nil
    }
  }

  private func gatewayFace(_ id: String) async throws -> CloudFace {
    CloudFace(
      client: ConfluenceClient(
        root: "\(gateway)/ex/confluence/\(ConfluenceClient.encoded(id))/wiki",
        authorization: ConfluenceClient.authorization(user: settings.user, token: settings.token?.reveal), http: http,
        limiter: limiter ?? SiteLimiters.limiter(of: gateway + id, concurrency: settings.concurrency), timing: timing,
        deadline: deadline, maximumWait: settings.maximumWait, totals: totals))
  }

  /// Where people find the pages of a site that is read through the gateway.
  private func base(_ face: CloudFace) async throws -> String {
    let answer = try await face.client.get("/api/v2/spaces", [("limit", "1")])
    guard var base = answer["_links"]?["base"]?.words, WebURL(base)?.isHTTP == true else { return face.client.root }
    while base.hasSuffix("/") { base.removeLast() }
    return base
  }
}

extension ConfluenceFace {
  /// Who asks, as the site tells of people; nil for nobody.
  func user() async throws -> JSONValue? {
    do {
      let user = try await client.get("/rest/api/user/current", cost: .identity)
      return user["type"]?.string == "anonymous" ? nil : user
    } catch let error as ConfluenceError where error.kind == .notFound {
      // Everybody may ask who they are.
      throw ConfluenceError(
        .notFound, url: error.url, error.message,
        mend: "no Confluence answers there: mend `url`, a Data Center with its path (https://wiki.example/confluence)")
    }
  }
}
