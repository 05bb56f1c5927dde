public import Corpus
internal import COpenSSL
internal import Credentials
internal import Synchronization

// Sendable: an EVP_PKEY is only read once made; OpenSSL counts its references atomically.

/// An RSA key of a test's own, made when it runs.
public final class RSAPair: @unchecked Sendable {
  private let key: OpaquePointer

  /// Makes a key.
  ///
  /// - Parameter bits: its length.
  /// - Throws: `FakeForgeError` where OpenSSL cannot.
  public init(bits: Int = 2_048) throws {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil)
    defer { EVP_PKEY_CTX_free(context) }
    var made: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)) == 1,
      EVP_PKEY_keygen(context, &made) == 1, let made
    else { throw FakeForgeError(description: "OpenSSL cannot make an RSA key") }
    key = made
  }

  deinit { EVP_PKEY_free(key) }

  private static let kept = Mutex<[RSAPair]>([])

  /// A key of 2,048 bits that all tests of a process share: making one takes long.
  ///
  /// - Parameter number: which; another number gives another key.
  /// - Returns: the key, made when it was asked for first.
  /// - Throws: `FakeForgeError` where OpenSSL cannot make it.
  public static func shared(_ number: Int) throws -> RSAPair {
    try kept.withLock { kept in
      while kept.count <= number { kept.append(try RSAPair()) }
      return kept[number]
    }
  }

  /// A signature over some bytes: PKCS #1 v1.5, by default over SHA-256.
  public func signature(of bytes: [UInt8], sha512: Bool = false) -> [UInt8] {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    var count = 0
    let digest = sha512 ? EVP_sha512() : EVP_sha256()
    guard EVP_DigestSignInit(context, nil, digest, nil, key) == 1,
      EVP_DigestSign(context, nil, &count, bytes, bytes.count) == 1
    else { return [] }
    var signature = [UInt8](repeating: 0, count: count)
    guard EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1 else { return [] }
    return Array(signature.prefix(count))
  }

  /// The public half as an entry of a key set.
  public func entry(id: String) -> JSONValue {
    [
      "kty": .string("RSA"), "use": .string("sig"), "alg": .string("RS256"), "kid": .string(id),
      "n": .string(Base64URL.text(number("n"))), "e": .string(Base64URL.text(number("e"))),
    ]
  }

  /// The public half as PEM: what a confused verifier takes for a secret.
  public var publicPEM: [UInt8] {
    let sink = BIO_new(BIO_s_mem())
    defer { BIO_free(sink) }
    guard PEM_write_bio_PUBKEY(sink, key) == 1 else { return [] }
    var bytes = [UInt8](repeating: 0, count: 8_192)
    let count = BIO_read(sink, &bytes, Int32(bytes.count))
    return Array(bytes.prefix(max(0, Int(count))))
  }

  private func number(_ name: String) -> [UInt8] {
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { return [] }
    defer { BN_free(number) }
    var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
    _ = BN_bn2bin(number, &bytes)
    return bytes
  }
}
