internal import Synchronization

/// A Confluence for tests: a `LabSite` served on the loopback as Cloud and as Data Center at the same time.
///
/// ```swift
/// let lab = try ConfluenceLab(LabSite(LabSite.Shape(pages: 500, seed: 7)))
/// lab.fault(LabFault(.tooMany(.seconds(1)), on: .spacePages, times: 2))
/// // … a client reads lab.siteURL with lab.email and lab.token …
/// try lab.change { try $0.edit(id) }
/// lab.counts.requests[.spacePages]
/// ```
///
/// Every request is answered from one state of the site: changes stand between requests, never inside one.
public final class ConfluenceLab: Sendable {
  /// How the lab behaves where sites differ, or are known to misbehave.
  public struct Options: Sendable {
    /// How the place in a listing is remembered.
    public enum Cursors: Sendable {
      /// By the last row: rows that come or go elsewhere shift nothing.
      case rows
      /// By the number of rows before it: when one of these goes, the next row is skipped.
      case counts
    }

    /// How the place in a listing is remembered.
    public var cursors = Cursors.rows
    /// After how many seconds a cursor is refused; nil is never.
    public var cursorSeconds: Int?
    /// The most rows of version 2 in one answer; more are cut silently.
    public var cap = 250
    /// Whether an empty page with a `next` comes before every page but the first.
    public var emptyPages = false
    /// Whether pages hold fewer rows than asked for although more follow, as after permissions were looked at.
    public var shortPages = false
    /// Whether Data Center's `next` goes on behind the asked number of rows, not behind the given one.
    public var skipsCutRows = false
    /// Whether the lists of all comments show those that answer another one; Atlassian's description leaves it open.
    public var listsAnswers = true
    /// Whether the spaces' readers read them by a role.
    public var usesRoles = false
    /// The zone in which dates of CQL are read, and in which Data Center tells times: minutes east of Greenwich.
    public var zoneMinutes = 60
    /// Whether somebody without a token may read what everybody may.
    public var allowsAnonymous = false
    /// Whether an expired token counts as nobody where anonymous reading is allowed, as sites do it.
    public var expiredIsAnonymous = false
    /// Whether links on the gateway begin with its own path.
    public var prefixesGatewayLinks = false
    /// The base address that answers name; nil is the address at which the lab listens.
    public var base: String?
    /// Whether version 1's content operations still answer on the site's own address.
    public var keepsRemovedOperations = true
    /// Points an hour that a quota allows: beyond them requests are refused; nil is no quota.
    public var quota: Int?
    /// Whether objects carry members that no description names, and nulls where it says text.
    public var hasUnknownKeys = true
    /// Data Center's version.
    public var dataCenterVersion = "9.2.4"

    /// A well-behaved site.
    public init() {}
  }

  /// What was asked so far.
  public struct Counts: Sendable {
    /// Requests by operation.
    public var requests: [LabRoute: Int] = [:]
    /// Contents' bodies that were sent.
    public var bodies = 0
    /// Points by the rule of quotas: one a request and one an object, two a user, group or permission.
    public var points = 0
    /// Answers by status.
    public var statuses: [Int: Int] = [:]
    /// Faults that hit.
    public var faults = 0

    /// All requests, without those of the media host.
    public var total: Int { requests.reduce(0) { $0 + ($1.key == .media ? 0 : $1.value) } }
  }

  /// The id in the gateway's addresses.
  public static let cloudID = "0c0ffee0-1ab0-4000-8000-000000000001"
  /// The unscoped API token that every user has on the site's own address, beside their address.
  public static let siteToken = "lab-token"
  /// The scoped API token of every user: the gateway alone takes it.
  public static let scopedToken = "lab-scoped-token"
  /// The bearer token of the indexer on the gateway.
  public static let bearerToken = "lab-oauth-token"
  /// The indexer's personal access token on Data Center.
  public static let personalToken = "lab-pat"
  /// Every user's password on Data Center, beside their name.
  public static let password = "lab-password"

  private let engine: LabEngine
  private let server: LoopbackSite
  private let media: LoopbackSite

  /// Starts to serve a site.
  ///
  /// - Parameters:
  ///   - site: the data, as they are at the start.
  ///   - options: how the lab behaves.
  ///   - port: the port; 0 takes any free one.
  ///   - seed: decides which requests random faults hit.
  /// - Throws: `LoopbackSiteError` when the port cannot be had.
  public init(_ site: LabSite, _ options: Options = Options(), port: Int = 0, seed: UInt64 = 1) throws {
    let engine = LabEngine(LabState(site: site, options: options, seed: seed))
    self.engine = engine
    server = try LoopbackSite(port: port, remembers: false) { engine.answer($0) }
    // Another host: a client that follows a redirect to it must leave its token behind.
    media = try LoopbackSite(host: 2, remembers: false) { engine.file($0) }
    let (origin, files) = (String(server.url("")), String(media.url("")))
    engine.state.withLock {
      $0.origin = origin
      $0.mediaOrigin = files
    }
  }

  /// Stops serving.
  public func stop() {
    server.stop()
    media.stop()
  }

  /// The lab's address without a path: `http://127.0.0.1:PORT`.
  public var origin: String { server.url("") }
  /// Cloud at the site's own address, with `/wiki`.
  public var siteURL: String { origin + "/wiki" }
  /// Cloud through the gateway, with `/wiki`.
  public var gatewayURL: String { origin + "/ex/confluence/\(Self.cloudID)/wiki" }
  /// Data Center with its context path.
  public var dataCenterURL: String { origin + "/confluence" }
  /// The indexer's address, to be used with `siteToken`.
  public var email: String { engine.state.withLock { $0.site.users[$0.site.indexer]?.email ?? "" } }
  /// The indexer's name on Data Center, to be used with `password`.
  public var username: String { engine.state.withLock { $0.site.users[$0.site.indexer]?.username ?? "" } }

  /// The site as it is now.
  public var site: LabSite { engine.state.withLock { $0.site } }

  /// Changes the site between two requests.
  @discardableResult
  public func change<Result: Sendable>(_ edit: @Sendable (inout LabSite) throws -> Result) rethrows -> Result {
    try engine.state.withLock { try edit(&$0.site) }
  }

  /// Changes how the lab behaves.
  public func configure(_ edit: @Sendable (inout Options) -> Void) {
    engine.state.withLock {
      edit(&$0.options)
      $0.items = [:]
      $0.hits = [:]
      $0.found = [:]
    }
  }

  /// Lets something go wrong from now on.
  public func fault(_ faults: LabFault...) {
    engine.state.withLock { $0.faults += faults }
  }

  /// Lets nothing go wrong any more.
  public func mend() {
    engine.state.withLock { $0.faults = [] }
  }

  /// Changes the site when an operation has been asked so many more times: between two pages of a listing, say.
  ///
  /// - Parameters:
  ///   - requests: after so many answers of it from now on.
  ///   - route: the operation.
  ///   - edit: the change.
  public func later(
    after requests: Int, of route: LabRoute, _ edit: @escaping @Sendable (inout LabSite) throws -> Void
  ) {
    engine.state.withLock { state in
      state.plans.append(LabPlan(route: route, left: requests, edit: edit))
    }
  }

  /// Why planned changes could not be made; a test that plans some expects this to be empty.
  public var failedChanges: [String] { engine.state.withLock { $0.failedChanges } }

  /// Refuses a token from now on, as after an hour of OAuth; nil takes all back.
  public func expire(_ token: String?) {
    engine.state.withLock { state in
      if let token { state.expired.insert(token) } else { state.expired = [] }
    }
  }

  /// Takes scopes from the scoped and bearer tokens; nil gives them all.
  public func scopes(_ scopes: Set<String>?) {
    engine.state.withLock { $0.scopes = scopes }
  }

  /// What the lab lets the indexer's account do beside what its groups may.
  ///
  /// - Parameters:
  ///   - seesRestricted: restrictions do not hold for it, as for Data Center's administrators.
  ///   - seesTrash: it may restore, and so sees what is in the trash.
  public func grant(seesRestricted: Bool = false, seesTrash: Bool = false) {
    engine.state.withLock {
      $0.seesRestricted = seesRestricted
      $0.seesTrash = seesTrash
    }
  }

  /// What was asked since the start or the last `resetCounts`.
  public var counts: Counts { engine.state.withLock { $0.counts } }

  /// Counts from nought again.
  public func resetCounts() {
    engine.state.withLock { $0.counts = Counts() }
  }

  /// What reached the media host with an `Authorization` header: must stay empty.
  public var leakedTokens: [String] { engine.state.withLock { $0.leaked } }
}

/// The state behind both hosts; libmicrohttpd asks it from threads of its own.
final class LabEngine: Sendable {
  let state: Mutex<LabState>

  init(_ state: LabState) {
    self.state = Mutex(state)
  }

  func answer(_ request: LoopbackSite.Request) -> LoopbackSite.Answer {
    state.withLock { $0.answer(request) }
  }

  func file(_ request: LoopbackSite.Request) -> LoopbackSite.Answer {
    state.withLock { $0.file(request) }
  }
}

/// A change that waits for requests.
struct LabPlan: Sendable {
  var route: LabRoute
  var left: Int
  var edit: @Sendable (inout LabSite) throws -> Void
}
