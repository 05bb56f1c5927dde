internal import Corpus

/// A JSON Web Key Set (RFC 7517): the keys that an issuer signs with now.
public struct KeySet: Sendable {
  /// The most keys that are looked at.
  static let maximumCount = 100

  private let keys: [String: RSAPublicKey]

  /// Reads a set; nil for one without a single key that can be used: such an answer replaces no other.
  ///
  /// Kept are RSA keys with an id, for signatures (`use` is `sig` or absent), for RS256 (`alg` is that or absent), of
  /// at least 2,048 bits. Of an id that stands twice, neither.
  public init?(parsing bytes: [UInt8]) {
    guard let set = try? JSONValue(parsing: bytes, maximumDepth: 8), let list = set["keys"]?.array,
      list.count <= Self.maximumCount
    else { return nil }
    var keys: [String: RSAPublicKey] = [:]
    var seen: Set<String> = []
    for entry in list {
      guard let id = entry["kid"]?.string, !id.isEmpty else { continue }
      guard seen.insert(id).inserted else {
        keys[id] = nil
        continue
      }
      guard entry["kty"]?.string == "RSA", entry["use"].map({ $0.string == "sig" }) ?? true,
        entry["alg"].map({ $0.string == "RS256" }) ?? true,
        let modulus = entry["n"]?.string.flatMap({ Base64URL.bytes($0.utf8) }),
        let exponent = entry["e"]?.string.flatMap({ Base64URL.bytes($0.utf8) })
      else { continue }
      keys[id] = RSAPublicKey(modulus: modulus, exponent: exponent)
    }
    guard !keys.isEmpty else { return nil }
    self.keys = keys
  }

  /// The key of an id.
  public subscript(id: String) -> RSAPublicKey? { keys[id] }

  /// How many keys can be used.
  public var count: Int { keys.count }
}
