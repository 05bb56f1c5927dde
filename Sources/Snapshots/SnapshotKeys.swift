internal import COpenSSL
internal import Corpus

/// Why a key cannot be used; never shows the key.
public struct KeyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong and how to mend it.
  public let description: String
}

// Sendable: an EVP_PKEY is only read once made; OpenSSL counts its references atomically.

/// A private key that manifests are signed with: Ed25519 (RFC 8032), as PEM (PKCS #8).
public final class SigningKey: @unchecked Sendable {
  private let key: OpaquePointer

  private init(key: OpaquePointer) {
    self.key = key
  }

  deinit { EVP_PKEY_free(key) }

  /// Reads a private key.
  ///
  /// - Parameters:
  ///   - pem: the text of the file.
  ///   - name: what error messages call it.
  /// - Throws: `KeyError` for anything but an unencrypted Ed25519 key.
  public convenience init(pem: [UInt8], name: String) throws(KeyError) {
    let key = PEM.read(pem) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in 0 }, nil) }
    guard let key else {
      throw KeyError(
        description: "\(name) is no private key in PEM form, or is locked by a password; make one with "
          + "“acervo snapshots keygen”")
    }
    guard EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 else {
      EVP_PKEY_free(key)
      throw KeyError(description: "\(name) is no Ed25519 key; make one with “acervo snapshots keygen”")
    }
    self.init(key: key)
  }

  /// Makes a new key.
  public static func generate() throws(KeyError) -> SigningKey {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_keygen(context, &key) == 1, let key else {
      throw KeyError(description: "OpenSSL cannot make an Ed25519 key here")
    }
    return SigningKey(key: key)
  }

  /// The private key as PEM (PKCS #8): for a file that only its owner may read.
  public var privatePEM: [UInt8] { PEM.write { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) } }

  /// The public key as PEM (SubjectPublicKeyInfo): for everybody.
  public var publicPEM: [UInt8] { PEM.write { PEM_write_bio_PUBKEY($0, key) } }

  /// The 64 bytes of the signature over some bytes.
  func signature(of bytes: [UInt8]) throws(KeyError) -> [UInt8] {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: 64)
    var count = signature.count
    guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
      EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1, count == signature.count
    else { throw KeyError(description: "OpenSSL could not sign with this key") }
    return signature
  }
}

// Sendable: as `SigningKey`.

/// A public key that says whose manifests are trusted: Ed25519, as PEM.
public final class VerifyingKey: @unchecked Sendable {
  private let key: OpaquePointer

  /// Reads a public key.
  ///
  /// - Parameters:
  ///   - pem: the text of the file.
  ///   - name: what error messages call it.
  /// - Throws: `KeyError` for anything but an Ed25519 public key.
  public init(pem: [UInt8], name: String) throws(KeyError) {
    let key = PEM.read(pem) { PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in 0 }, nil) }
    guard let key else {
      throw KeyError(description: "\(name) is no public key in PEM form; give the file whose name ends in .pub")
    }
    guard EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 else {
      EVP_PKEY_free(key)
      throw KeyError(description: "\(name) is no Ed25519 key; make one with “acervo snapshots keygen”")
    }
    self.key = key
  }

  /// Reads a public key's file.
  public convenience init(file: String) throws {
    try self.init(pem: try FileSystem.read(file, limit: 1 << 16), name: file)
  }

  deinit { EVP_PKEY_free(key) }

  /// Whether a signature over some bytes was made with the private half of this key.
  func accepts(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    defer { ERR_clear_error() }
    return signature.count == 64 && EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
  }
}

extension SigningKey {
  /// Reads a private key's file.
  public convenience init(file: String) throws {
    try self.init(pem: try FileSystem.read(file, limit: 1 << 16), name: file)
  }
}

/// OpenSSL's PEM functions over bytes.
private enum PEM {
  static func read(_ bytes: [UInt8], _ body: (OpaquePointer?) -> OpaquePointer?) -> OpaquePointer? {
    defer { ERR_clear_error() }
    return bytes.withUnsafeBytes { buffer in
      let source = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count))
      defer { BIO_free(source) }
      return body(source)
    }
  }

  static func write(_ body: (OpaquePointer?) -> Int32) -> [UInt8] {
    let sink = BIO_new(BIO_s_mem())
    defer { BIO_free(sink) }
    guard body(sink) == 1 else { return [] }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = BIO_read(sink, &bytes, Int32(bytes.count))
    return Array(bytes.prefix(max(0, Int(count))))
  }
}
