import AcervoTesting
import Answering
import Corpus
import Embedding
import Foundation
import Settings
import Testing

@testable import Serving

@Suite struct ServeFileTests {
  private func parse(_ text: String, _ environment: [String: String] = [:]) throws -> ServeFile {
    try ServeFile.parse(text, path: "/etc/acervo/serve.yaml", environment: environment)
  }

  private func errors(_ text: String, _ environment: [String: String] = [:]) -> String? {
    do {
      _ = try parse(text, environment)
      return nil
    } catch { return "\(error)" }
  }

  @Test func `a file with nothing in it has the defaults`() throws {
    let file = try parse("acervo_serve: 1\n")
    #expect(file.listen == ListenSettings())
    #expect(file.limits == LimitSettings())
    #expect(file.snapshots == nil)
    #expect(!file.authentication.knowsAnybody)
  }

  @Test func `every section is read`() throws {
    let file = try parse(
      """
      acervo_serve: 1
      snapshots: ../snapshots
      listen: { address: 0.0.0.0, port: 80, threads: 4, trusted_proxies: [10.0.0.0/8] }
      collections: { poll: 10s, require_signature: [publish.pem.pub], rerank: small-reranker }
      authentication:
        admin_key: ${ADMIN}
        keys: keys.json
        key: ${KEY}
        tokens:
          - { issuer: acervo, audience: acervo-serve, secrets: ["${SECRET}"] }
          - { issuer: https://login.example/, audience: acervo, keys: https://login.example/jwks.json,
              leeway: 5s, groups_claim: groups }
        forge:
          app: ari:cloud:ecosystem::app/1
          sites: [c10d]
          environments: [PRODUCTION, STAGING]
      limits: { body: 2MB, at_once: 8, waiting: 10, wait: 1s, rates: { key: { per_minute: 60 }, address: 600 } }
      cors: { origins: ["https://*.cdn.prod.atlassian-dev.net"], max_age: 5m }
      moderation: { blocked: ["ignore*instructions"], mask: [email, iban] }
      models:
        - { provider: openai, model: small, url: "http://127.0.0.1:9/v1", temperature: 0, first_token: 2s }
        - { provider: gemini, model: flash, name: second, api_key: "${KEY}", prompt_price: 0.1 }
      embeddings: [{ provider: jina, api_key: "${KEY}", price: 0.02 }]
      answer: { unsupported: drop, history: 4 }
      projects: [{ id: help, collection: handbook, models: [second], readers: ["group:staff"] }]
      journal: { path: journal.mdb, keep: 7d, size: 10MB }
      caches: { answers_for: 60s }
      """, ["ADMIN": "admin-key-of-some-length", "KEY": "k", "SECRET": String(repeating: "s", count: 32)])
    #expect(file.snapshots == "/etc/snapshots")
    #expect(file.listen.trustedProxies.map(\.description) == ["10.0.0.0/8"])
    #expect(file.collections.requireSignature == ["/etc/acervo/publish.pem.pub"])
    #expect(file.authentication.adminKey == .content(Secret("admin-key-of-some-length")))
    #expect(file.authentication.keys == "/etc/acervo/keys.json")
    #expect(file.authentication.tokens.map(\.issuer) == ["acervo", "https://login.example/"])
    #expect(file.authentication.forge?.environments == ["PRODUCTION", "STAGING"])
    let models = try file.models.map { try $0.settings(environment: [:]) }
    #expect(models.map(\.name) == ["openai", "second"])
    #expect(models.map(\.temperature) == [0, 0.2] && models[0].timeouts.firstToken == 2)
    #expect(models[1].price == .init(prompt: 0.1, completion: 0))
    #expect(file.embeddings.map(\.provider) == [.jina] && file.embeddings[0].price == 0.02)
    #expect(file.answer.unsupported == .drop && file.answer.historyTurns == 4)
    #expect(file.projects.map(\.readers) == [[try #require(Principal("group:staff"))]])
    #expect(file.journal?.path == "/etc/acervo/journal.mdb" && file.journal?.retentionSeconds == 7 * 86_400)
    #expect(file.caches.answerSeconds == 60)
    #expect(file.limits.server.body == 2_000_000)
    #expect(file.limits.server.concurrentWork == 8)
    #expect(file.limits.rates.key == Rate(perMinute: 60, burst: 10))
    #expect(file.limits.rates.address == Rate(perMinute: 600, burst: 100))
    #expect(file.crossOrigin.maximumAge == 300)
    #expect(file.moderation.masked == [.email, .iban])
  }

  @Test(arguments: [
    ("listen: { port: 80 }", "“acervo_serve” is missing"),
    ("acervo_serve: 2", "the file is of version 2, and this release reads version 1"),
    ("acervo_serve: 1\nlistn: {}", "unknown key “listn”"),
    ("acervo_serve: 1\nlisten: { trusted_proxies: [proxy] }", "needs an address or a network such as 10.0.0.0/8"),
    (
      "acervo_serve: 1\nauthentication: { key: swordfish-swordfish }",
      "“key” is a secret and must not stand in the file"
    ),
    (
      "acervo_serve: 1\nauthentication: { admin_key: swordfish }",
      "“admin_key” is a secret and must not stand in the file"
    ),
    ("acervo_serve: 1\nauthentication: { tokens: [{ issuer: a, audience: b }] }", "does not say what it is"),
    (
      "acervo_serve: 1\nauthentication: { tokens: [{ issuer: a, audience: b, secrets: [\"${SHORT}\"] }] }",
      "the secret has fewer than 32 bytes"
    ),
    (
      "acervo_serve: 1\nauthentication: { tokens: [{ issuer: a, audience: b, keys: http://a.example/k }] }",
      "“keys” needs https"
    ),
    (
      "acervo_serve: 1\nauthentication: { forge: { app: \"ari:cloud:ecosystem::app/1\" } }",
      "“forge” lets no installation in"
    ),
    ("acervo_serve: 1\nauthentication: { forge: { app: mine, sites: [a] } }", "needs the app's id"),
    ("acervo_serve: 1\nlimits: { rates: { key: 0 } }", "“key” needs a whole number from 1 to 1,000,000"),
    ("acervo_serve: 1\nlimits: { idle: 500ms }", "“idle” needs a span of time from 1s to 1h"),
    ("acervo_serve: 1\ncors: { origins: [\"*\"] }", "needs an origin such as https://intranet.example"),
    ("acervo_serve: 1\nmoderation: { mask: [name] }", "cannot be “name”"),
    ("acervo_serve: 1\nmoderation: { blocked: [\"*\"] }", "needs a pattern with a word in it"),
  ])
  func `what cannot be is told with its place`(text: String, message: String) {
    let found = errors(text, ["SHORT": "short"])
    #expect(found?.contains(message) == true, "\(found ?? "valid")")
    #expect(found?.contains("/etc/acervo/serve.yaml:") == true)
    #expect(found?.contains("swordfish") != true)
  }

  // MARK: The schema in docs

  private static let golden = packageFolder + "/docs/serve.schema.json"

  private static var packageFolder: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .path
  }

  @Test func `the schema in docs is the one that the program makes`() throws {
    let made = ServeFile.jsonSchema.text(pretty: true) + "\n"
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
      try made.write(toFile: Self.golden, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: Self.golden, encoding: .utf8) == made)
  }
}
