import AcervoTesting
import Corpus
import Credentials
import Synchronization
import Testing

@testable import Serving

/// The rules of docs/http-api.md for invocation tokens, each with what fails when it is taken away.
@Suite(.timeLimit(.minutes(2))) struct ForgeTokenTests {
  let forge: FakeForge

  private static let now: Int64 = 1_800_000_000

  init() throws {
    forge = try FakeForge(at: Self.now)
  }

  static func settings(_ change: (inout ForgeSettings) -> Void = { _ in }) -> ForgeSettings {
    var settings = ForgeSettings()
    settings.app = FakeForge.app
    settings.installations = [FakeForge.installation]
    settings.sites = [FakeForge.cloud]
    change(&settings)
    return settings
  }

  final class Clock: Sendable {
    let seconds = Mutex(0.0)
    var now: Double { seconds.withLock { $0 } }
    func pass(_ more: Double) { seconds.withLock { $0 += more } }
  }

  final class Faults: Sendable {
    private let list = Mutex<[TokenFault]>([])
    func add(_ fault: TokenFault) { list.withLock { $0.append(fault) } }
    var all: [TokenFault] { list.withLock { $0 } }
  }

  let clock = Clock()
  let faults = Faults()

  func verifier(_ settings: ForgeSettings = Self.settings()) throws -> TokenVerifier {
    let url = forge.keysURL
    let client = try HTTPClientForTests.make()
    return Authentication.forge(
      ForgeToken(settings: settings, now: { Self.now }), log: ServiceLog { _ in }, refuse: { faults.add($0) },
      clock: { clock.now },
      fetch: KeySetCache.fetching(url, client: client))
  }

  static func route(_ door: Route.Door = .forgeUI) -> Route {
    var route = Route(
      "POST", "/forge/ui/ask", name: "x", summary: "x", scope: .ask, result: ("application/json", .any),
      handler: .immediate { _ in .json(.null) })
    route.door = door
    return route
  }

  enum Outcome: Equatable {
    case caller(Caller)
    case status(Int)
  }

  func outcome(_ verifier: TokenVerifier, _ token: String, door: Route.Door = .forgeUI) async -> Outcome {
    switch verifier.identify(token, for: Self.route(door)) {
    case .known(let caller): return .caller(caller)
    case .refused(let failure): return .status(failure.status)
    case .pending(let work):
      do { return .caller(try await work()) } catch { return .status((error as? RequestFailure)?.status ?? 0) }
    }
  }

  static func user() throws -> Caller {
    Caller(
      "forge:" + FakeForge.user, principals: [try #require(Principal("user:" + FakeForge.user))], scopes: [.ask])
  }

  // MARK: 1. What is good

  typealias Change = @Sendable (inout FakeForge.Draft) -> Void

  private static let good: [(String, Change)] = [
    ("as it is", { _ in }), ("audience in a list", { $0.claims["aud"] = [.string("other"), .string(FakeForge.app)] }),
    ("claims of a later day", { $0.claims["later"] = ["deep": [.integer(1)]] }), ("no context", { $0.context = nil }),
    ("no “nbf”", { $0.claims["nbf"] = nil }),
    ("keys in the header, which nobody looks at", { $0.header["jku"] = .string("http://127.0.0.1:1/") }),
    ("expired by less than the leeway", { $0.claims["exp"] = .integer($0.now - 5) }),
    ("from the near future", { $0.claims["nbf"] = .integer($0.now + 5) }),
  ]

  @Test(arguments: good.indices) func `a good token names its user`(index: Int) async throws {
    let verifier = try verifier()
    #expect(
      await outcome(verifier, forge.token(Self.good[index].1)) == .caller(try Self.user()), "\(Self.good[index].0)")
    #expect(faults.all.isEmpty)
  }

  // MARK: 2. Refused before anybody is asked for keys

  private static let withoutNetwork: [(String, TokenFault, Change)] = [
    ("none", .algorithm, { $0.header["alg"] = .string("none") }),
    ("HS256", .algorithm, { $0.header["alg"] = .string("HS256") }),
    ("RS512", .algorithm, { $0.header["alg"] = .string("RS512") }),
    ("ES256", .algorithm, { $0.header["alg"] = .string("ES256") }),
    ("rs256", .algorithm, { $0.header["alg"] = .string("rs256") }),
    ("no algorithm", .algorithm, { $0.header["alg"] = nil }),
    ("crit", .algorithm, { $0.header["crit"] = [.string("exp")] }),
    ("no key id", .unknownKey, { $0.header["kid"] = nil }),
  ]

  @Test(arguments: withoutNetwork.indices) func `a wrong header costs no request`(index: Int) async throws {
    let verifier = try verifier()
    let (name, fault, change) = Self.withoutNetwork[index]
    #expect(await outcome(verifier, forge.token(change)) == .status(401), "\(name)")
    #expect(faults.all == [fault], "\(name)")
    // A request would be on its way, not yet there.
    try await Task.sleep(for: .milliseconds(200))
    #expect(forge.fetches == 0, "\(name)")
  }

  @Test func `a code made with the public key as secret is refused`() async throws {
    let pem = try #require(forge.pair?.publicPEM)
    let token = forge.token({ $0.header["alg"] = .string("HS256") }, sign: { MessageCode.hs256($0, secret: pem) })
    #expect(await outcome(try verifier(), token) == .status(401))
    #expect(forge.fetches == 0)
  }

  @Test func `keys that the header brings are not looked at`() async throws {
    let foreign = try RSAPair.shared(5)
    let token = forge.token({ $0.header["jwk"] = foreign.entry(id: "x") }, sign: { foreign.signature(of: $0) })
    #expect(await outcome(try verifier(), token) == .status(401))
    #expect(faults.all == [.signature])
  }

  // MARK: 3. Broken

  @Test func `another signature is refused`() async throws {
    let foreign = try RSAPair.shared(5)
    let verifier = try verifier()
    let token = forge.token()
    let parts = token.split(separator: ".")
    let other = forge.token { $0.claims["principal"] = .string("somebody-else") }.split(separator: ".")
    let pair = try #require(forge.pair)
    for bad in [
      forge.token(sign: { foreign.signature(of: $0) }), forge.token(sign: { pair.signature(of: $0, sha512: true) }),
      forge.token(sign: { _ in [] }), "\(parts[0]).\(other[1]).\(parts[2])",
      String(token.dropLast(100)),
    ] {
      #expect(await outcome(verifier, bad) == .status(401))
    }
    #expect(faults.all.count == 5)
    #expect(faults.all.allSatisfy { $0 == .signature || $0 == .malformed })
  }

  @Test func `what is not three plain parts is refused`() async throws {
    let verifier = try verifier()
    let token = forge.token()
    let parts = token.split(separator: ".")
    let twice = Base64URL.text(#"{"iss":"forge/invocation-token","iss":"forge/invocation-token"}"#.utf8)
    for bad in [
      "", "a", "\(parts[0]).\(parts[1])", token + ".x", "\(parts[0])=.\(parts[1]).\(parts[2])",
      "\(parts[0]).\(parts[1])=.\(parts[2])", "\(parts[0]).\(twice).\(parts[2])",
      String(repeating: "a", count: 1_000_000),
      // In order but for its length.
      forge.token { $0.claims["more"] = .string(String(repeating: "a", count: WebToken.maximumBytes)) },
    ] {
      #expect(await outcome(verifier, bad) == .status(401))
    }
    #expect(faults.all == Array(repeating: .malformed, count: 9))
  }

  // MARK: 4, 5. Claims

  private static let badClaims: [(String, TokenFault, Change)] = [
    ("context token", .issuer, { $0.claims["iss"] = .string("forge/context-token") }),
    ("no issuer", .issuer, { $0.claims["iss"] = nil }),
    ("another app's", .audience, { $0.claims["aud"] = .string(FakeForge.app + "x") }),
    (
      "another app's, consistently", .audience,
      { draft in
        draft.claims["aud"] = .string(FakeForge.app + "x")
        draft.app["id"] = .string(FakeForge.app + "x")
      }
    ),
    ("no audience", .audience, { $0.claims["aud"] = nil }),
    ("app.id of another", .audience, { $0.app["id"] = .string(FakeForge.app + "x") }),
    ("no app", .audience, { $0.claims["app"] = .null }),
    ("expired", .expired, { $0.claims["exp"] = .integer($0.now - 60) }),
    ("no exp", .expired, { $0.claims["exp"] = nil }),
    ("exp as text", .malformed, { $0.claims["exp"] = .string("\($0.now + 20)") }),
    ("ahead", .early, { $0.claims["nbf"] = .integer($0.now + 60) }),
    (
      "made far ahead", .early,
      { draft in
        draft.claims["nbf"] = nil
        draft.claims["iat"] = .integer(draft.now + 600)
      }
    ),
    ("development", .tenant, { $0.app["environment"] = ["type": .string("DEVELOPMENT")] }),
    ("no environment", .tenant, { $0.app["environment"] = nil }),
    ("isolated cloud", .tenant, { $0.claims["icLabel"] = .string("acme") }),
    (
      "another installation", .tenant,
      { draft in
        draft.app["installationId"] = .string("ari:cloud:ecosystem::installation/x")
        draft.app["installation"] = nil
      }
    ),
    (
      "installations that disagree", .tenant,
      { draft in
        draft.app["installation"] = ["id": .string("ari:cloud:ecosystem::installation/x")]
      }
    ),
    ("no installation", .tenant, { $0.app["installationId"] = nil }),
    (
      "another site", .tenant,
      { draft in
        draft.context?["cloudId"] = .string("other")
        draft.app["installation"] = nil
        draft.app["apiBaseUrl"] = nil
      }
    ),
    ("sites that disagree", .tenant, { $0.context?["cloudId"] = .string("other") }),
    ("sites that disagree elsewhere", .tenant, { $0.app["apiBaseUrl"] = .string("https://api.example/other") }),
    (
      "no site", .tenant,
      { draft in
        draft.context = nil
        draft.app["installation"] = nil
        draft.app["apiBaseUrl"] = nil
      }
    ),
  ]

  @Test(arguments: badClaims.indices) func `a claim that does not fit is refused`(index: Int) async throws {
    let (name, fault, change) = Self.badClaims[index]
    #expect(await outcome(try verifier(), forge.token(change)) == .status(401), "\(name)")
    #expect(faults.all == [fault], "\(name)")
  }

  @Test func `installations or sites suffice, where only one is listed`() async throws {
    let one = try verifier(Self.settings { $0.sites = [] })
    let other = try verifier(Self.settings { $0.installations = [] })
    for verifier in [one, other] {
      #expect(await outcome(verifier, forge.token()) == .caller(try Self.user()))
    }
  }

  // MARK: 11. Tokens that come again

  @Test func `a token that comes again is counted, and refused where that is asked for`() async throws {
    let repeats = Mutex(0)
    let user = Outcome.caller(try Self.user())
    for (repeated, second) in [(ForgeSettings.Repeated.count, user), (.refuse, .status(401))] {
      let url = forge.keysURL
      let client = try HTTPClientForTests.make()
      let token = ForgeToken(
        settings: Self.settings { $0.repeated = repeated }, now: { Self.now },
        observeRepeat: { repeats.withLock { $0 += 1 } })
      let verifier = Authentication.forge(
        token, log: ServiceLog { _ in }, refuse: { faults.add($0) }, clock: { clock.now },
        fetch: KeySetCache.fetching(url, client: client))
      let first = forge.token()
      #expect(await outcome(verifier, first) == user)
      #expect(await outcome(verifier, first) == second)
      #expect(await outcome(verifier, forge.token()) == user)
    }
    #expect(repeats.withLock { $0 } == 2)
    #expect(faults.all == [.repeated])
  }

  @Test func `what was shown is forgotten when it is over, and the memory is bounded`() {
    let seen = SeenTokens()
    let id = ContentHash.of("one")
    #expect(!seen.isRepeated(id, until: 10, now: 0))
    #expect(seen.isRepeated(id, until: 10, now: 9))
    #expect(!seen.isRepeated(id, until: 20, now: 10))
    for number in 0..<SeenTokens.room { _ = seen.isRepeated(.of("\(number)"), until: 30, now: 11) }
    #expect(!seen.isRepeated(.of("late"), until: 30, now: 11))
    #expect(!seen.isRepeated(.of("late"), until: 30, now: 11))
    #expect(!seen.isRepeated(.of("later"), until: 60, now: 40))
    #expect(seen.isRepeated(.of("later"), until: 60, now: 40))
  }

  // MARK: 6, 7. Keys

  @Test func `an unknown key is looked for once, and a storm of them asks once a window`() async throws {
    let verifier = try verifier()
    #expect(await outcome(verifier, forge.token()) == .caller(try Self.user()))
    #expect(forge.fetches == 1)
    try forge.rotate()
    // Too early: the last request was a moment ago.
    #expect(await outcome(verifier, forge.token()) == .status(401))
    #expect(forge.fetches == 1)
    clock.pass(31)
    #expect(await outcome(verifier, forge.token()) == .caller(try Self.user()))
    #expect(forge.fetches == 2)
    clock.pass(31)
    await withTaskGroup(of: Outcome.self) { group in
      for number in 0..<1_000 {
        let token = forge.token({ $0.header["kid"] = .string("unknown-\(number)") }, sign: { _ in [1] })
        group.addTask { await outcome(verifier, token) }
      }
      for await outcome in group { #expect(outcome == .status(401)) }
    }
    #expect(forge.fetches == 3)
    #expect(await outcome(verifier, forge.token()) == .caller(try Self.user()))
  }

  @Test func `without keys nobody is believed, and nobody is called a liar`() async throws {
    for mood in [
      FakeForge.Mood.failing(500), .text("{}"), .text(#"{"keys": []}"#), .text("<html>"), .redirecting,
    ] {
      forge.become(mood)
      #expect(await outcome(try verifier(), forge.token()) == .status(503), "\(mood)")
    }
    #expect(faults.all.isEmpty)
  }

  @Test func `keys that cannot be had at the start are had later`() async throws {
    forge.become(.failing(503))
    let verifier = try verifier()
    #expect(await outcome(verifier, forge.token()) == .status(503))
    forge.become(.well(cacheControl: "max-age=600"))
    #expect(await outcome(verifier, forge.token()) == .status(503))
    clock.pass(31)
    #expect(await outcome(verifier, forge.token()) == .caller(try Self.user()))
  }

  @Test func `old keys go on while new ones cannot be had, and are asked for again`() async throws {
    let verifier = try verifier()
    #expect(await outcome(verifier, forge.token()) == .caller(try Self.user()))
    forge.become(.failing(500))
    clock.pass(3_601)
    #expect(await outcome(verifier, forge.token()) == .caller(try Self.user()))
    #expect(try await eventually { forge.fetches == 2 })
    try await Task.sleep(for: .milliseconds(50))
    #expect(await outcome(verifier, forge.token()) == .caller(try Self.user()))
    #expect(forge.fetches == 2)
    forge.become(.well(cacheControl: "max-age=600"))
    clock.pass(31)
    #expect(await outcome(verifier, forge.token()) == .caller(try Self.user()))
    #expect(try await eventually { forge.fetches == 3 })
  }

  @Test(
    arguments: [
      (nil, 3_600), ("max-age=600", 600), ("public, max-age=7200", 7_200), ("max-age=1", 300), ("no-store", 300),
      ("max-age=99999999", 86_400), ("max-age=x", 3_600),
    ] as [(String?, Double)])
  func `how long a set is fresh stays within bounds`(cacheControl: String?, seconds: Double) {
    #expect(KeySetCache.freshness(cacheControl) == seconds)
  }

  // MARK: 13. Doors

  @Test func `a route for pages and one for functions take each their own tokens`() async throws {
    let verifier = try verifier()
    let (page, function) = (forge.token(), forge.token(isFromFunction: true))
    #expect(await outcome(verifier, page, door: .forgeUI) == .caller(try Self.user()))
    #expect(await outcome(verifier, function, door: .forgeUI) == .status(403))
    #expect(await outcome(verifier, page, door: .forgeFunction) == .status(403))
    #expect(
      await outcome(verifier, function, door: .forgeFunction)
        == .caller(Caller("forge-function:" + FakeForge.installation, scopes: [.ask])))
    // With a context alone, it is a page's.
    let anonymous = forge.token { $0.claims["principal"] = nil }
    #expect(await outcome(verifier, anonymous, door: .forgeFunction) == .status(403))
    #expect(await outcome(verifier, anonymous, door: .forgeUI) == .status(403))
    #expect(await outcome(verifier, forge.token { $0.claims["principal"] = .string("") }) == .status(403))
    #expect(await outcome(verifier, forge.token { $0.claims["principal"] = .string("a,group:staff") }) == .status(403))
    #expect(await outcome(verifier, page, door: .direct) == .status(401))
  }
}
