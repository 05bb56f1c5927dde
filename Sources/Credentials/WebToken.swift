public import Corpus

/// Why a token is not believed: one word for a counter; nothing of it is told to whoever sent the token.
public enum TokenFault: String, Error, Sendable, CaseIterable {
  /// Not three parts of base64url with JSON in them, a member twice, or too long.
  case malformed
  /// Another algorithm than the one that is asked for, or a header that has to be understood and is not.
  case algorithm
  /// Signed with a key that nobody knows.
  case unknownKey = "unknown_key"
  /// The signature is not that of the key.
  case signature
  /// From another issuer.
  case issuer
  /// For another audience.
  case audience
  /// Not valid any more, or it does not say until when it is.
  case expired
  /// Not valid yet, or made in the future.
  case early
  /// Of another kind than is asked for: a refresh token, a context token, one that was made for other routes.
  case kind
  /// From an installation, a site or an environment that is not let in, or one that contradicts itself.
  case tenant
  /// Shown before, where that is refused.
  case repeated
}

/// A JSON Web Token (RFC 7519) in its compact form, taken apart; nothing of it is believed before it is verified.
public struct WebToken: Sendable {
  /// The longest token in bytes.
  public static let maximumBytes = 16_384

  /// The members of the header.
  public let header: JSONValue
  /// The claims.
  public let claims: JSONValue
  /// What is signed: header, point and claims as they came.
  public let signed: [UInt8]
  /// The signature's bytes.
  public let signature: [UInt8]

  /// Takes a token apart, the header first: claims are looked at by whoever likes the header.
  ///
  /// - Parameters:
  ///   - text: the token.
  ///   - checkHeader: refuses a header before anything else is decoded.
  /// - Throws: `TokenFault`.
  public init(_ text: String, checkHeader: (JSONValue) throws(TokenFault) -> Void) throws(TokenFault) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.maximumBytes else { throw .malformed }
    let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .malformed }
    header = try Self.object(parts[0])
    try checkHeader(header)
    claims = try Self.object(parts[1])
    guard let signature = Base64URL.bytes(parts[2]) else { throw .malformed }
    self.signature = signature
    signed = Array(bytes[..<parts[1].endIndex])
  }

  private static func object(_ part: ArraySlice<UInt8>) throws(TokenFault) -> JSONValue {
    guard let bytes = Base64URL.bytes(part) else { throw .malformed }
    do {
      let value = try JSONValue(parsing: bytes, maximumDepth: 16)
      if value.members != nil { return value }
    } catch {}
    throw .malformed
  }

  /// Whether a text is made like a token: three parts.
  public static func isLikely(_ text: String) -> Bool { text.utf8.count { $0 == UInt8(ascii: ".") } == 2 }

  /// Refuses every header but one of an algorithm that has nothing in it that would have to be understood.
  ///
  /// Keys and addresses of keys in the header (`jwk`, `jku`, `x5u`) are not looked at: a token does not say whom to
  /// believe.
  public static func checkHeader(_ header: JSONValue, algorithm: String) throws(TokenFault) {
    guard header["alg"]?.string == algorithm, header["crit"] == nil else { throw .algorithm }
  }

  // MARK: Claims

  /// Refuses claims out of their time.
  ///
  /// - Parameters:
  ///   - now: seconds since 1970.
  ///   - leeway: seconds that clocks may differ by.
  /// - Throws: `TokenFault`: `expired`, `early`, `malformed`.
  public func checkTime(now: Int64, leeway: Int64) throws(TokenFault) {
    guard let expires = try moment("exp"), expires > Double(now - leeway) else { throw .expired }
    if let from = try moment("nbf"), from > Double(now + leeway) { throw .early }
    // A minute beyond the leeway: who made the token cannot have a clock that is far ahead.
    if let made = try moment("iat"), made > Double(now + leeway + 60) { throw .early }
  }

  /// A claim that is a number of seconds; nil when it is not there.
  private func moment(_ name: String) throws(TokenFault) -> Double? {
    guard let value = claims[name] else { return nil }
    guard let seconds = value.double, seconds.isFinite else { throw .malformed }
    return seconds
  }

  /// Whether `aud`, a text or a list of texts, has one of these.
  public func isFor(_ audiences: [String]) -> Bool {
    switch claims["aud"] {
    case .string(let audience): audiences.contains(audience)
    case .array(let list): list.contains { $0.string.map(audiences.contains) ?? false }
    default: false
    }
  }

  // MARK: Making

  /// A signed token of ours (HS256).
  ///
  /// - Parameters:
  ///   - claims: the claims in order.
  ///   - secret: what signs.
  /// - Returns: the token.
  public static func hs256(_ claims: JSONValue, secret: [UInt8]) -> String {
    let header: JSONValue = ["alg": .string("HS256"), "typ": .string("JWT")]
    let signed = Base64URL.text(header.bytes) + "." + Base64URL.text(claims.bytes)
    return signed + "." + Base64URL.text(MessageCode.hs256(Array(signed.utf8), secret: secret))
  }
}
