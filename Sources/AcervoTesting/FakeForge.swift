public import Corpus
internal import Credentials
internal import Glibc
internal import Synchronization

/// What stands for Atlassian Forge in tests: keys made when the test runs, their set over HTTP, and signed tokens.
public final class FakeForge: Sendable {
  /// How the address of the keys answers.
  public enum Mood: Sendable {
    /// With the keys, and this `Cache-Control`.
    case well(cacheControl: String)
    /// With a status and no keys.
    case failing(Int)
    /// With the keys after so many seconds.
    case slow(Double)
    /// With this in place of the set.
    case text(String)
    /// With a redirect to the keys.
    case redirecting
  }

  private struct State {
    var keys: [(id: String, pair: RSAPair)] = []
    var published: [(id: String, pair: RSAPair)] = []
    var mood = Mood.well(cacheControl: "max-age=3600")
    var number: Int64 = 0
  }

  /// The id of the app that tokens are for.
  public static let app = "ari:cloud:ecosystem::app/11111111-2222-4333-8444-555555555555"
  /// The installation that tokens come from.
  public static let installation = "ari:cloud:ecosystem::installation/aaaaaaaa-0000-4000-8000-000000000001"
  /// The site that tokens come from.
  public static let cloud = "c10d0000-0000-4000-8000-000000000001"
  /// The user that tokens are for.
  public static let user = "5b10ac8d82e05b22cc7d4ef5"

  private let keys: Keys
  private let site: LoopbackSite

  /// When tokens are made: seconds since 1970; nil: now.
  private let moment: Int64?

  /// Publishes a key.
  ///
  /// - Parameter moment: when all tokens are made, in seconds since 1970; by default when they are.
  /// - Throws: `FakeForgeError`, `LoopbackSiteError`.
  public init(at moment: Int64? = nil) throws {
    self.moment = moment
    let first = (id: "forge/invocation-token/1", pair: try RSAPair.shared(0))
    let keys = Keys(State(keys: [first], published: [first]))
    self.keys = keys
    site = try LoopbackSite { _ in keys.answer }
  }

  /// Where the keys are.
  public var keysURL: String { site.url("/.well-known/jwks.json") }
  /// How often the keys were asked for.
  public var fetches: Int { site.requests.count }

  /// Changes how the keys' address answers.
  public func become(_ mood: Mood) { keys.state.withLock { $0.mood = mood } }

  /// Makes a new key, publishes it in place of the old ones and signs with it from now on.
  public func rotate() throws {
    let pair = try RSAPair.shared(keys.state.withLock { $0.keys.count })
    keys.state.withLock { state in
      state.keys.append(("forge/invocation-token/\(state.keys.count + 1)", pair))
      state.published = state.keys.suffix(1)
    }
  }

  /// The key that signs now.
  public var pair: RSAPair? { keys.state.withLock { $0.keys.last?.pair } }

  private final class Keys: Sendable {
    let state: Mutex<State>

    init(_ state: State) {
      self.state = Mutex(state)
    }

    var set: JSONValue {
      let published = state.withLock(\.published)
      return ["keys": .array(published.map { $0.pair.entry(id: $0.id) })]
    }

    var answer: LoopbackSite.Answer {
      func keys(_ cacheControl: String, delay: Double = 0) -> LoopbackSite.Answer {
        LoopbackSite.Answer(
          headers: [("Content-Type", "application/json"), ("Cache-Control", cacheControl)], body: set.bytes,
          delay: delay)
      }
      return switch state.withLock(\.mood) {
      case .well(let cacheControl): keys(cacheControl)
      case .failing(let status): .status(status)
      case .slow(let seconds): keys("max-age=3600", delay: seconds)
      case .text(let text): .text(text, type: "application/json")
      case .redirecting: .redirect(to: "/elsewhere")
      }
    }
  }

  // MARK: Tokens

  /// A token's parts before they are signed.
  public struct Draft: Sendable {
    /// When the token is made: seconds since 1970.
    public let now: Int64
    /// The header.
    public var header: Members
    /// The claims.
    public var claims: Members
    /// `app`, which becomes a claim unless the claims have one already.
    public var app: Members
    /// `context`; nil for calls from functions.
    public var context: Members?
  }

  /// An object's members, to be changed by name.
  public struct Members: Sendable {
    /// The members in order.
    public var list: [JSONValue.Member]

    /// A member's value; nil removes it.
    public subscript(name: String) -> JSONValue? {
      get { list.first { $0.name == name }?.value }
      set {
        let index = list.firstIndex { $0.name == name }
        if let newValue {
          if let index { list[index].value = newValue } else { list.append(.init(name, newValue)) }
        } else if let index {
          list.remove(at: index)
        }
      }
    }
  }

  /// A token as Forge makes it for a call from a page, changed and then signed.
  ///
  /// - Parameters:
  ///   - isFromFunction: whether a function calls: without `context` and `principal`.
  ///   - change: changes it before it is signed.
  ///   - sign: makes the signature; by default with the key that signs now.
  /// - Returns: the token.
  public func token(
    isFromFunction: Bool = false, _ change: (inout Draft) -> Void = { _ in },
    sign: ((_ signed: [UInt8]) -> [UInt8])? = nil
  ) -> String {
    let now = moment ?? Int64(time(nil))
    let (id, pair, number) = keys.state.withLock { state in
      state.number += 1
      return (state.keys.last?.id ?? "", state.keys.last?.pair, state.number)
    }
    let base = "https://api.atlassian.com/ex/confluence/" + Self.cloud
    var claims: [JSONValue.Member] = [
      .init("iss", .string("forge/invocation-token")), .init("aud", .string(Self.app)), .init("iat", .integer(now)),
      .init("nbf", .integer(now)), .init("exp", .integer(now + 25)), .init("jti", .string("jti-\(number)")),
    ]
    if !isFromFunction { claims.append(.init("principal", .string(Self.user))) }
    var draft = Draft(
      now: now,
      header: Members(list: [
        .init("alg", .string("RS256")), .init("kid", .string(id)), .init("typ", .string("JWT")),
      ]), claims: Members(list: claims),
      app: Members(list: [
        .init("id", .string(Self.app)), .init("appVersion", .string("3.1.0")),
        .init("installationId", .string(Self.installation)), .init("apiBaseUrl", .string(base)),
        .init(
          "installation",
          [
            "id": .string(Self.installation),
            "contexts": [
              ["name": .string("confluence"), "cloudId": .string(Self.cloud), "apiBaseUrl": .string(base)]
            ],
          ]),
        .init(
          "environment",
          [
            "type": .string("PRODUCTION"),
            "id": .string("ari:cloud:ecosystem::environment/11111111-2222-4333-8444-555555555555/bbbb"),
          ]),
        .init("module", ["type": .string("xen:macro"), "key": .string("ask-docs")]),
      ]),
      context: isFromFunction
        ? nil
        : Members(list: [
          .init("cloudId", .string(Self.cloud)), .init("siteUrl", .string("https://acme.atlassian.net")),
          .init("moduleKey", .string("ask-docs")),
          .init("extension", ["type": .string("macro"), "space": ["key": .string("ENG"), "id": .string("65541")]]),
        ]))
    change(&draft)
    if draft.claims["app"] == nil { draft.claims["app"] = .object(draft.app.list) }
    if let context = draft.context { draft.claims["context"] = .object(context.list) }
    let signed =
      Base64URL.text(JSONValue.object(draft.header.list).bytes) + "."
      + Base64URL.text(JSONValue.object(draft.claims.list).bytes)
    let bytes = Array(signed.utf8)
    let signature = sign.map { $0(bytes) } ?? pair?.signature(of: bytes) ?? []
    return signed + "." + Base64URL.text(signature)
  }
}

/// Why the fake cannot be had.
public struct FakeForgeError: Error, CustomStringConvertible {
  /// What is wrong.
  public let description: String
}
