internal import Corpus

/// Everything that a lab knows while it serves; the operations are in its extensions.
struct LabState: Sendable {
  var site: LabSite
  var options: ConfluenceLab.Options
  var faults: [LabFault] = []
  var plans: [LabPlan] = []
  var counts = ConfluenceLab.Counts()
  var random: SeededGenerator
  var expired: Set<String> = []
  var scopes: Set<String>?
  var seesRestricted = false
  var seesTrash = false
  var leaked: [String] = []
  var failedChanges: [String] = []
  var origin = ""
  var mediaOrigin = ""
  /// The secret that cursors are sealed with.
  let secret: UInt64
  /// Encoded rows of version 2's listings, of one generation of the site.
  var items: [Int64: [UInt8]] = [:]
  /// Encoded rows of searches by what was expanded, of one generation.
  var hits: [String: [Int64: [UInt8]]] = [:]
  /// What queries found, of one generation, where time does not come into it.
  var found: [String: [Int64]] = [:]
  /// What accounts see, of one generation.
  var seen: [String: [Int64]] = [:]
  var generation = -1
  /// Points used in one hour of the quota.
  var used: (hour: Int64, points: Int) = (0, 0)
  var refresh = LabRefresh()

  init(site: LabSite, options: ConfluenceLab.Options, seed: UInt64) {
    self.site = site
    self.options = options
    random = SeededGenerator(seed: seed)
    secret = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  }

  /// The address that answers name as their base.
  func base(_ call: LabCall) -> String {
    options.base ?? origin + (call.face.isCloud ? "/wiki" : "/confluence")
  }

  /// What the caller sees, all kinds and statuses, by ascending id.
  mutating func visible(_ call: LabCall) -> [Int64] {
    let key = "\(call.account.id ?? "") \(call.account.seesRestricted)"
    if let known = seen[key] { return known }
    let ids = site.visible(to: call.account.id ?? "", seesRestricted: call.account.seesRestricted)
    seen[key] = ids
    return ids
  }

  /// Whether the caller sees one content.
  func sees(_ id: Int64, _ call: LabCall) -> Bool {
    guard let content = site.contents[id], let space = site.space(content.space) else { return false }
    let account = call.account.id ?? ""
    guard site.mayRead(space: space, as: account) else { return false }
    return call.account.seesRestricted || site.mayRead(id, as: account)
  }

  /// Forgets what was remembered about another state of the site.
  mutating func settle() {
    guard generation != site.generation else { return }
    generation = site.generation
    items = [:]
    hits = [:]
    found = [:]
    seen = [:]
  }

  mutating func answer(_ request: LoopbackSite.Request) -> LoopbackSite.Answer {
    settle()
    guard var call = LabCall(request) else { return beside(request) }
    let operation = LabOperation.find(&call)
    let route = operation?.route ?? .unknown
    counts.requests[route, default: 0] += 1
    counts.points += 1
    var hit: [LabFault.Kind] = []
    for index in faults.indices where faults[index].hits(route, &random) { hit.append(faults[index].kind) }
    var reply: LabReply
    do {
      if let refusal = refusal(for: hit, call) { throw refusal }
      call.account = try account(for: call, route)
      try spend(call)
      guard let operation else { throw call.isV2 ? LabRefusal.notFound : LabRefusal.v1(404, "null for uri") }
      reply = try operation.run(&self, call)
    } catch let refusal as LabRefusal {
      reply = refusal.reply
    } catch {
      reply = LabRefusal.v1(500, "\(error)").reply
    }
    let answer = finish(&reply, call, hit)
    carryOut(after: route)
    return answer
  }

  /// Counts an answer and lets faults change it.
  private mutating func finish(_ reply: inout LabReply, _ call: LabCall, _ hit: [LabFault.Kind]) -> LoopbackSite.Answer
  {
    for case .bodies(let broken) in hit where !broken.isDisjoint(with: reply.bodies) {
      counts.faults += 1
      reply =
        call.isV2
        ? LabRefusal.v2(500, "INTERNAL_SERVER_ERROR", "Internal Server Error").reply
        : LabRefusal.v1(500, "com.atlassian.confluence.xhtml.api.XhtmlException").reply
    }
    let cost = reply.objects + 2 * reply.identities
    counts.points += cost
    used.points += cost + 1
    counts.bodies += reply.bodies.count
    counts.statuses[reply.status, default: 0] += 1
    var headers = reply.headers + [("atl-traceid", String(random.next(), radix: 16))]
    if let quota = options.quota { headers += quotaHeaders(quota) }
    var answer = LoopbackSite.Answer(status: reply.status, headers: headers, body: reply.body)
    for kind in hit { change(&answer, kind, call) }
    return answer
  }

  private mutating func carryOut(after route: LabRoute) {
    var due: [LabPlan] = []
    plans = plans.compactMap { plan in
      var plan = plan
      if plan.route == route { plan.left -= 1 }
      if plan.left <= 0 { due.append(plan) }
      return plan.left <= 0 ? nil : plan
    }
    for plan in due {
      do { try plan.edit(&site) } catch { failedChanges.append("\(error)") }
    }
  }
}

/// One operation: how its path looks and what answers it.
struct LabOperation: Sendable {
  enum Face: Sendable { case v2, cloudV1, dataCenter, v1 }

  let face: Face
  let method: String
  /// `{}` stands for any one part.
  let template: [String]
  let route: LabRoute
  /// What a scoped token needs one of.
  let scopes: [String]
  let run: @Sendable (inout LabState, LabCall) throws -> LabReply

  init(
    _ face: Face, _ template: String, _ route: LabRoute, scopes: [String] = [], method: String = "GET",
    _ run: @escaping @Sendable (inout LabState, LabCall) throws -> LabReply
  ) {
    self.face = face
    self.method = method
    self.template = template.split(separator: "/").map(String.init)
    self.route = route
    self.scopes = scopes
    self.run = run
  }

  private func fits(_ call: LabCall) -> Bool {
    switch face {
    case .v2: call.isV2 && call.face.isCloud
    case .cloudV1: !call.isV2 && call.face.isCloud
    case .dataCenter: !call.isV2 && !call.face.isCloud
    case .v1: !call.isV2
    }
  }

  static let all: [LabOperation] = cloudSpaces + cloudV2 + cloudTree + cloudTalk + versionOne + dataCenter

  private static let byLength = Dictionary(grouping: all, by: \.template.count)

  /// The operation that a path names; puts what stands for `{}` into the call.
  static func find(_ call: inout LabCall) -> LabOperation? {
    for operation in byLength[call.path.count] ?? [] where operation.method == call.method && operation.fits(call) {
      var parameters: [String] = []
      let isIt = zip(operation.template, call.path).allSatisfy { expected, part in
        if expected == "{}" { parameters.append(part) }
        return expected == "{}" || expected == part
      }
      if isIt {
        call.parameters = parameters
        return operation
      }
    }
    return nil
  }
}

extension LabCall {
  /// Understands a request; nil where the path is none of an API.
  init?(_ request: LoopbackSite.Request) {
    let halves = request.path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var parts = halves[0].split(separator: "/").map { LabCall.decoded($0, plus: false) }
    var face = LabFace.site
    var linkPath = String(halves[0])
    if parts.starts(with: ["ex", "confluence"]), parts.count > 2, parts[2] == ConfluenceLab.cloudID {
      face = .gateway
      parts.removeFirst(3)
      linkPath = "/" + linkPath.split(separator: "/").dropFirst(3).joined(separator: "/")
    }
    switch parts.first {
    case "wiki": parts.removeFirst()
    case "confluence" where face == .site:
      face = .dataCenter
      parts.removeFirst()
    default: return nil
    }
    guard parts.count > 2 else { return nil }
    let isV2 = parts[0] == "api" && parts[1] == "v2"
    guard isV2 || parts[0] == "rest" && parts[1] == "api" else { return nil }
    if !isV2 { linkPath = "/" + linkPath.split(separator: "/").dropFirst().joined(separator: "/") }
    self.init(
      face: face, method: request.method, path: Array(parts.dropFirst(2)), isV2: isV2, linkPath: linkPath,
      query: halves.count < 2
        ? []
        : halves[1].split(separator: "&").map { field in
          let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
          return (LabCall.decoded(sides[0]), sides.count > 1 ? LabCall.decoded(sides[1]) : "")
        }, headers: request.headers, body: request.body)
  }
}
