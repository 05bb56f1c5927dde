import Foundation
import AcervoTesting
import Corpus
import Credentials
import Settings
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct KeyRingTests {
  let folder: TemporaryFolder
  var path: String { folder.path + "/keys.json" }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func add(_ name: String, scopes: [String] = ["ask"], expires: Int64? = nil) throws -> (
    id: String, key: String
  ) {
    let (record, key) = try KeyRecord.make(
      name: name, scopes: scopes, principals: [#require(Principal("group:staff"))], expires: expires, now: 0)
    try KeyFile.update(path) { $0.keys.append(record) }
    return (record.id, key)
  }

  @Test func `keys of the file are callers with scopes and principals, several at a time`() throws {
    let (first, second) = (try add("first"), try add("second", scopes: ["metrics"], expires: 100))
    let ring = try KeyRing(path: path, log: ServiceLog { _ in })
    let caller = try #require(ring.caller(showing: first.key, now: 0))
    #expect(caller.name == "first")
    #expect(caller.keyID == first.id)
    #expect(caller.scopes == [.ask])
    #expect(caller.principals == [Principal("group:staff")])
    #expect(ring.caller(showing: second.key, now: 99)?.scopes == [.metrics])
    #expect(ring.caller(showing: second.key, now: 100) == nil)
    #expect(ring.caller(showing: first.key + "x", now: 0) == nil)
    // Another key's id before this key's secret.
    #expect(ring.caller(showing: first.key.replacing(first.id, with: second.id), now: 0) == nil)
  }

  @Test func `a changed file is read without a restart, and a broken one leaves what was known`() async throws {
    let first = try add("first")
    let lines = HTTPServerTests.Lines()
    let ring = try KeyRing(path: path, log: ServiceLog { lines.add($0) })
    #expect(ring.caller(showing: first.key, now: 0) != nil)
    let second = try add("second")
    #expect(try await eventually { ring.caller(showing: second.key, now: 0) != nil })
    try KeyFile.update(path) { $0.keys[0].revoked = 0 }
    #expect(try await eventually { ring.caller(showing: first.key, now: 0) == nil })
    try "broken".write(toFile: path, atomically: true, encoding: .utf8)
    // The file is looked at when somebody shows a key.
    let isTold = try await eventually {
      ring.caller(showing: second.key, now: 0) != nil && lines.all.contains { $0.contains("keys_unreadable") }
    }
    #expect(isTold)
    #expect(ring.caller(showing: second.key, now: 0) != nil)
  }

  @Test func `a missing file stops the start`() {
    #expect(throws: CredentialsError.self) { try KeyRing(path: "/nowhere/keys", log: ServiceLog { _ in }) }
  }

  // MARK: All ways together

  private static let secret = "0123456789abcdef0123456789abcdef"

  private func authentication(_ change: (inout AuthenticationSettings) -> Void) throws -> Authentication {
    var settings = AuthenticationSettings()
    change(&settings)
    return try Authentication(settings, log: ServiceLog { _ in }, metrics: Metrics())
  }

  private func status(_ authentication: Authentication, _ token: String?, scope: Scope = .ask) -> Int {
    let route = Route(
      "GET", "/x", name: "x", summary: "x", scope: scope, result: ("application/json", .any),
      handler: .immediate { _ in .json(.null) })
    let headers = token.map { [ServerRequest.Field("Authorization", "Bearer " + $0)] } ?? []
    switch authentication.identify(ServerRequest(method: "GET", path: "/x", headers: headers), for: route) {
    case .known(let caller): return caller.may(scope) ? 200 : 403
    case .refused(let failure): return failure.status
    case .pending: return 0
    }
  }

  @Test func `without a way to be known anybody asks, and with one nobody unknown`() throws {
    let nothing = try authentication { _ in }
    #expect(nothing.admitsAnybody)
    #expect(status(nothing, nil) == 200)
    #expect(status(nothing, "whatever") == 200)
    #expect(status(nothing, nil, scope: .admin) == 403)
    let key = try authentication { $0.key = Secret("one-long-enough-key,another-long-enough-key") }
    #expect(!key.admitsAnybody)
    #expect(status(key, nil) == 401)
    #expect(status(key, "one-long-enough-key") == 200)
    #expect(status(key, "another-long-enough-key") == 200)
    #expect(status(key, "one-long-enough-kez") == 401)
    #expect(status(key, "one-long-enough-key", scope: .admin) == 403)
    #expect(throws: ServingError.self) { try authentication { $0.key = Secret("short") } }
  }

  @Test func `tokens of a secret name whom they are for`() throws {
    let tokens = try authentication { settings in
      var issuer = TokenIssuerSettings()
      (issuer.issuer, issuer.audience, issuer.secrets) = ("acervo", "acervo-serve", [Secret(Self.secret)])
      settings.tokens = [issuer]
    }
    let content = IssuedToken(subject: "ana", scopes: ["ask"], principals: [try #require(Principal("user:ana"))])
    let now = wallSeconds()
    let access = try content.text(.access, now: now, seconds: 60, secret: Array(Self.secret.utf8))
    let refresh = try content.text(.refresh, now: now, seconds: 60, secret: Array(Self.secret.utf8))
    let old = try content.text(.access, now: now - 1_000, seconds: 60, secret: Array(Self.secret.utf8))
    let forged = try content.text(.access, now: now, seconds: 60, secret: Array(Self.secret.utf8.reversed()))
    #expect(status(tokens, access) == 200)
    #expect(status(tokens, access, scope: .metrics) == 403)
    #expect([refresh, old, forged, "a.b.c", "x"].map { status(tokens, $0) } == [401, 401, 401, 401, 401])
    #expect(status(tokens, nil) == 401)
  }

  @Test func `a service that anybody may ask listens to this machine alone`() throws {
    let error = #expect(throws: ServingError.self) {
      try HTTPServer(
        address: "0.0.0.0", port: 0, threads: 1, limits: ServerLimits(), routes: [], authenticator: Authentication(),
        metrics: Metrics(), log: ServiceLog { _ in })
    }
    #expect(error == .openToNetwork(address: "0.0.0.0"))
    #expect(error?.description.contains("acervo keys new") == true)
    #expect(throws: Never.self) {
      try HTTPServer(
        address: "0.0.0.0", port: 0, threads: 1, limits: ServerLimits(), routes: [],
        authenticator: Authentication(anonymous: nil), metrics: Metrics(), log: ServiceLog { _ in })
    }
  }
}
