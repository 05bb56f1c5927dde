import AcervoTesting
import Corpus
import Testing

@testable import Credentials

@Suite struct WebTokenTests {
  private static let secret = Array("0123456789abcdef0123456789abcdef".utf8)
  private static let now: Int64 = 1_800_000_000

  @Test(
    arguments: [
      ([], ""), ([0], "AA"), ([255, 254], "__4"), ([1, 2, 3], "AQID"), (Array("light work.".utf8), "bGlnaHQgd29yay4"),
    ] as [([UInt8], String)])
  func `base64url is written and read`(bytes: [UInt8], text: String) {
    #expect(Base64URL.text(bytes) == text)
    #expect(Base64URL.bytes(text.utf8) == bytes)
  }

  @Test(arguments: ["A", "AA==", "A+", "A/", "AB", "AQIDA", "A A", "ñ"])
  func `other spellings are refused`(text: String) { #expect(Base64URL.bytes(text.utf8) == nil) }

  /// RFC 7515, appendix A.1.
  @Test func `the token of the standard verifies`() throws {
    let text =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
      + "LmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    let key = try #require(
      Base64URL.bytes("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow".utf8))
    let token = try WebToken(text) { _ in }
    #expect(MessageCode.accepts(token.signature, of: token.signed, secret: key))
    #expect(!MessageCode.accepts(token.signature, of: token.signed, secret: Self.secret))
    #expect(throws: TokenFault.expired) { try token.checkTime(now: 1_300_819_380, leeway: 0) }
    #expect(throws: Never.self) { try token.checkTime(now: 1_300_819_379, leeway: 0) }
  }

  private func issued(_ change: (inout IssuedToken) -> Void = { _ in }) -> IssuedToken {
    var token = IssuedToken(
      subject: "ana", scopes: ["ask"], principals: ["user:ana", "group:staff"].compactMap { Principal($0) })
    change(&token)
    return token
  }

  @Test func `an issued token says who it is for, to whoever has the secret`() throws {
    let text = try issued().text(.access, now: Self.now, seconds: 60, secret: Self.secret)
    let other = [UInt8](repeating: 7, count: 32)
    let read = try IssuedToken(verifying: text, as: .access, now: Self.now, secrets: [other, Self.secret])
    #expect(read == issued())
    #expect(throws: TokenFault.signature) {
      try IssuedToken(verifying: text, as: .access, now: Self.now, secrets: [other])
    }
    #expect(throws: TokenFault.kind) {
      try IssuedToken(verifying: text, as: .refresh, now: Self.now, secrets: [Self.secret])
    }
    #expect(throws: TokenFault.issuer) {
      try IssuedToken(verifying: text, as: .access, issuer: "x", now: Self.now, secrets: [Self.secret])
    }
    #expect(throws: TokenFault.audience) {
      try IssuedToken(verifying: text, as: .access, audience: "x", now: Self.now, secrets: [Self.secret])
    }
    #expect(throws: TokenFault.expired) {
      try IssuedToken(verifying: text, as: .access, now: Self.now + 70, leeway: 10, secrets: [Self.secret])
    }
    #expect(throws: TokenFault.early) {
      try IssuedToken(verifying: text, as: .access, now: Self.now - 11, leeway: 10, secrets: [Self.secret])
    }
  }

  @Test func `a weak secret signs nothing`() {
    #expect(throws: CredentialsError.self) {
      try issued().text(.access, now: Self.now, seconds: 60, secret: Array("short".utf8))
    }
  }

  @Test(arguments: [
    "", "a.b", "a.b.c.d", "eyJhbGciOiJIUzI1NiJ9=.e30.AA", "W10.e30.AA", "eyJhIjoxLCJhIjoxfQ.e30.AA", "!!.e30.AA",
    "eyJhbGciOiJIUzI1NiJ9.e30", "eyJhbGciOiJIUzI1NiJ9..AA", String(repeating: "a", count: 20_000),
  ])
  func `what is no token is malformed`(text: String) {
    #expect(throws: TokenFault.malformed) { try WebToken(text) { _ in } }
  }

  @Test func `an RSA signature verifies with its key and no other`() throws {
    let (pair, other) = (try RSAPair.shared(0), try RSAPair.shared(1))
    let set = try #require(
      KeySet(parsing: (["keys": [pair.entry(id: "a"), other.entry(id: "b")]] as JSONValue).bytes))
    #expect(set.count == 2)
    let bytes = Array("signed".utf8)
    let signature = pair.signature(of: bytes)
    #expect(set["a"]?.accepts(signature, of: bytes) == true)
    #expect(set["b"]?.accepts(signature, of: bytes) == false)
    #expect(set["a"]?.accepts(signature, of: Array("sihned".utf8)) == false)
    #expect(set["a"]?.accepts(pair.signature(of: bytes, sha512: true), of: bytes) == false)
    #expect(set["c"] == nil)
  }

  private static func with(_ entry: JSONValue, _ name: String, _ value: String?) -> JSONValue {
    let rest = (entry.members ?? []).filter { $0.name != name }
    return .object(rest + (value.map { [.init(name, .string($0))] } ?? []))
  }

  @Test(arguments: [
    ("kty", "EC"), ("use", "enc"), ("alg", "RS512"), ("kid", nil), ("n", nil), ("n", "AQAB"), ("n", "=="), ("e", "AA"),
    ("e", "AQ"), ("e", "Ag"), ("e", String(repeating: "_", count: 200)),
  ])
  func `a key that is not for this is left out of its set`(name: String, value: String?) throws {
    let pair = try RSAPair.shared(0)
    let good = pair.entry(id: "good")
    let set = try #require(
      KeySet(parsing: (["keys": [good, Self.with(pair.entry(id: "bad"), name, value)]] as JSONValue).bytes))
    #expect(set.count == 1)
    #expect(set["good"] != nil)
    #expect(KeySet(parsing: (["keys": [Self.with(good, name, value)]] as JSONValue).bytes) == nil)
  }

  @Test func `a short key is left out, absent use and algorithm are not`() throws {
    let short = try RSAPair(bits: 1_024)
    #expect(KeySet(parsing: (["keys": [short.entry(id: "a")]] as JSONValue).bytes) == nil)
    let plain = Self.with(Self.with(try RSAPair.shared(0).entry(id: "a"), "use", nil), "alg", nil)
    #expect(KeySet(parsing: (["keys": [plain]] as JSONValue).bytes)?["a"] != nil)
    #expect(KeySet(parsing: (["keys": [plain, plain]] as JSONValue).bytes) == nil)
  }
}

@Suite struct WebTokenFuzzTests {
  @Test func `a token that was changed in any place is not believed`() throws {
    let secret = Array("0123456789abcdef0123456789abcdef".utf8)
    let token = IssuedToken(subject: "ana", scopes: ["ask"], principals: [])
    let text = try token.text(.access, now: 1_800_000_000, seconds: 60, secret: secret)
    let pieces = [".", "..", "=", "-", "_", "AA", "e30", "W10", "eyJhbGciOiJub25lIn0", "\0", "é"].map { Array($0.utf8) }
    for var random in FuzzRounds(3_000, seed: 7) {
      var bytes = Array(text.utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) { random.mutate(&bytes, with: pieces) }
      let changed = String(decoding: bytes, as: UTF8.self)
      guard changed != text else { continue }
      let read = try? IssuedToken(verifying: changed, as: .access, now: 1_800_000_000, secrets: [secret])
      #expect(read == nil, "seed \(random.seed)")
    }
  }

  @Test func `no key set stops the reader`() {
    let set = #"{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"a","n":"AQAB","e":"AQAB"},{"kty":"EC"}]}"#
    let pieces = ["\"", "{", "}", "[", "]", ",", "null", "\"n\":\"\"", "\"e\":\"AA\"", "0", "=", "é"].map {
      Array($0.utf8)
    }
    for var random in FuzzRounds(2_000, seed: 8) {
      var bytes = Array(set.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) { random.mutate(&bytes, with: pieces) }
      #expect(KeySet(parsing: bytes)?["a"]?.accepts([1, 2, 3], of: [1]) != true, "seed \(random.seed)")
    }
  }
}
