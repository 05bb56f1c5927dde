public import Corpus

/// An API key as it is kept: everything but the key itself.
///
/// Only the SHA-256 of a key is kept. A key has 256 random bits, so that nobody can find it by trying, however fast the
/// hash; the slow hashes that passwords need would cost every request time and protect nothing.
public struct KeyRecord: Sendable, Hashable {
  /// What a key may be allowed.
  public static let knownScopes = ["ask", "metrics", "admin"]

  /// Names the key in lists, logs and metrics: the part of it that is no secret.
  public var id: String
  /// Whose it is or what for, in words.
  public var name: String
  /// The SHA-256 of the whole key.
  public var digest: ContentHash
  /// What it allows, of `knownScopes`.
  public var scopes: [String]
  /// As whom whoever shows it searches.
  public var principals: [Principal]
  /// When it was made: seconds since 1970.
  public var created: Int64
  /// From when on it is refused: seconds since 1970; nil for never.
  public var expires: Int64?
  /// When it was taken back: seconds since 1970; nil when it was not.
  public var revoked: Int64?

  /// Whether it is taken at a moment.
  public func isValid(at now: Int64) -> Bool { revoked == nil && expires.map { now < $0 } ?? true }

  /// Whether a text is this key, found in a time that does not tell where they differ.
  public func isShown(as key: String) -> Bool { ContentHash.of(key).isSameInConstantTime(digest) }

  // MARK: Making

  /// What every key begins with, so that scanners for leaked keys can find it.
  static let prefix = "acv_"
  private static let idLetters = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
  private static let idLength = 10

  /// Makes a new key.
  ///
  /// - Parameters:
  ///   - name: whose it is or what for; 1 to 200 bytes without control characters.
  ///   - scopes: of `knownScopes`, at least one.
  ///   - principals: as whom it searches.
  ///   - expires: from when on it is refused; nil for never.
  ///   - now: seconds since 1970.
  /// - Returns: the record to keep, and the key to hand over, which cannot be had again.
  /// - Throws: `CredentialsError` for a name or a scope that cannot be.
  public static func make(
    name: String, scopes: [String], principals: [Principal] = [], expires: Int64? = nil, now: Int64
  ) throws(CredentialsError) -> (record: KeyRecord, key: String) {
    guard isName(name) else {
      throw CredentialsError(
        .badInput, "a key's name has 1 to 200 bytes and no control characters", mend: "choose another")
    }
    guard !scopes.isEmpty, scopes.allSatisfy(knownScopes.contains) else {
      throw CredentialsError(
        .badInput, "a key needs at least one scope of \(knownScopes.joined(separator: ", "))", mend: "name one")
    }
    let id = String(decoding: try Randomness.bytes(idLength).map { idLetters[Int($0 & 31)] }, as: UTF8.self)
    let key = prefix + id + "_" + Base64URL.text(try Randomness.bytes(32))
    let record = KeyRecord(
      id: id, name: name, digest: .of(key), scopes: knownScopes.filter(scopes.contains),
      principals: Set(principals).sorted(), created: now, expires: expires, revoked: nil)
    return (record, key)
  }

  /// The id that a key begins with; nil for what is no key of ours.
  public static func id(of key: String) -> String? {
    let bytes = Array(key.utf8)
    guard bytes.count > prefix.utf8.count + idLength, bytes.starts(with: prefix.utf8) else { return nil }
    let id = bytes[prefix.utf8.count..<prefix.utf8.count + idLength]
    guard bytes[prefix.utf8.count + idLength] == UInt8(ascii: "_"), id.allSatisfy(idLetters.contains) else {
      return nil
    }
    return String(decoding: id, as: UTF8.self)
  }

  static func isName(_ name: String) -> Bool {
    (1...200).contains(name.utf8.count) && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
  }

  static func isID(_ id: String) -> Bool { id.utf8.count == idLength && id.utf8.allSatisfy(idLetters.contains) }
}
