internal import COpenSSL

// Sendable: an EVP_PKEY is only read once made; OpenSSL counts its references atomically.

/// An RSA key that signatures are verified with (RS256: PKCS #1 v1.5 over SHA-256; RFC 7518, section 3.3).
public final class RSAPublicKey: @unchecked Sendable {
  /// Shorter keys are refused (RFC 7518, section 3.3); longer ones cost too long.
  public static let allowedBits = 2_048...8_192

  private let key: OpaquePointer

  /// Takes a key by its two numbers, big-endian; nil for one that is too short, too long, or no key.
  public init?(modulus: [UInt8], exponent: [UInt8]) {
    defer { ERR_clear_error() }
    // Checked before OpenSSL computes with them. An exponent of 64 bits is far more than anybody uses.
    guard modulus.count <= Self.allowedBits.upperBound / 8 + 1, (1...8).contains(exponent.count),
      let last = exponent.last, last & 1 == 1, exponent.drop(while: { $0 == 0 }) != [1]
    else { return nil }
    guard
      let made = acervo_rsa_public_key(
        modulus, Int32(clamping: modulus.count), exponent, Int32(clamping: exponent.count))
    else { return nil }
    guard Self.allowedBits.contains(Int(EVP_PKEY_get_bits(made))) else {
      EVP_PKEY_free(made)
      return nil
    }
    key = made
  }

  deinit { EVP_PKEY_free(key) }

  /// Whether a signature over some bytes was made with the private half of this key.
  public func accepts(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
    let context = EVP_MD_CTX_new()
    defer {
      EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    // PKCS #1 v1.5 is what OpenSSL verifies RSA signatures by unless it is told otherwise (EVP_PKEY_CTX_ctrl(3)).
    return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
  }
}

/// A message's code that only whoever has the secret can make (HS256: HMAC over SHA-256; RFC 2104).
public enum MessageCode {
  /// The 32 bytes of the code.
  public static func hs256(_ bytes: [UInt8], secret: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    _ = HMAC(EVP_sha256(), secret, Int32(clamping: secret.count), bytes, bytes.count, &code, &count)
    return code
  }

  /// Whether a code is the one of some bytes, found in a time that does not tell where it differs.
  public static func accepts(_ code: [UInt8], of bytes: [UInt8], secret: [UInt8]) -> Bool {
    code.count == 32 && CRYPTO_memcmp(code, hs256(bytes, secret: secret), 32) == 0
  }
}
