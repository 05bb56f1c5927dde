internal import Corpus
internal import Glibc

/// The one key that whoever runs the service shows to change something about it.
///
/// Only its hash is kept: it cannot be read out of the process's memory by way of a log or an error.
public struct AdminKey: Sendable {
  /// Shorter keys can be guessed.
  static let minimumBytes = 16

  private let digest: ContentHash

  /// Takes a key; white space around it (a file's last line break) does not belong to it.
  ///
  /// - Throws: `ServingError.badAdminKey` for one that is too short or has characters that a header cannot carry.
  public init(_ key: String, from source: String) throws(ServingError) {
    digest = .of(try Self.checked(key, from: source))
  }

  /// A key without the white space around it, if it can be one.
  static func checked(_ key: String, from source: String) throws(ServingError) -> String {
    let bytes = key.utf8.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed()
    guard bytes.count >= Self.minimumBytes, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .badAdminKey(source: source)
    }
    return String(decoding: Array(bytes), as: UTF8.self)
  }

  /// Reads a key from a file.
  public init(file: String) throws(ServingError) {
    guard let handle = fopen(file, "re") else {
      throw .noAdminKey(file: file, reason: String(cString: strerror(errno)))
    }
    defer { fclose(handle) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = fread(&buffer, 1, buffer.count, handle)
    try self.init(String(decoding: buffer.prefix(count), as: UTF8.self), from: file)
  }

  /// Whether a token is the key.
  ///
  /// Hashes are compared, in the same time whatever they are: neither length nor first wrong byte shows.
  func isShown(as token: String) -> Bool { ContentHash.of(token).isSameInConstantTime(digest) }
}
