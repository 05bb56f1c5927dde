internal import Corpus
internal import Glibc
internal import Snapshots

/// The file of a service's API keys: JSON, one key a line, hashes alone.
///
/// `acervo keys` writes it, in one step and for its owner only; the service reads it again when it changed.
public struct KeyFile: Sendable, Equatable {
  /// The largest file in bytes.
  static let maximumSize = 4 << 20
  /// The most keys.
  static let maximumCount = 10_000

  /// The keys, in the order in which they were made.
  public var keys: [KeyRecord]

  /// Makes a file's content.
  public init(keys: [KeyRecord] = []) {
    self.keys = keys
  }

  // MARK: Reading

  /// Reads a file.
  ///
  /// - Throws: `CredentialsError`: `missing`, `system`, `badInput`.
  public static func read(_ path: String) throws(CredentialsError) -> KeyFile {
    guard let file = fopen(path, "re") else {
      let code: CredentialsError.Code = errno == ENOENT ? .missing : .system
      throw CredentialsError(
        code, "cannot read the keys' file “\(path)”: \(String(cString: strerror(errno)))",
        mend: code == .missing ? "make a key with “acervo keys new”" : "check who may read it")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= maximumSize {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes.append(contentsOf: buffer[..<count])
    }
    guard ferror(file) == 0 else {
      throw CredentialsError(.system, "cannot read the keys' file “\(path)”", mend: "check the disk")
    }
    return try KeyFile(parsing: bytes, path: path)
  }

  /// Reads a file's bytes.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - path: what messages call it.
  /// - Throws: `CredentialsError` of code `badInput`.
  public init(parsing bytes: [UInt8], path: String) throws(CredentialsError) {
    func refuse(_ message: String) -> CredentialsError {
      CredentialsError(
        .badInput, "the keys' file “\(path)” cannot be used: \(message)",
        mend: "restore it, or make another with “acervo keys new”")
    }
    guard bytes.count <= Self.maximumSize else { throw refuse("it is larger than \(Self.maximumSize) bytes") }
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes, maximumDepth: 8) } catch { throw refuse("\(error)") }
    guard value["acervo_keys"]?.int == 1 else { throw refuse("it is not of version 1 (“acervo_keys”: 1)") }
    guard let list = value["keys"]?.array, list.count <= Self.maximumCount else {
      throw refuse("“keys” has to be a list of at most \(Self.maximumCount)")
    }
    keys = []
    var ids: Set<String> = []
    for (index, entry) in list.enumerated() {
      guard let key = KeyRecord(json: entry) else { throw refuse("entry \(index + 1) of “keys” is not a key") }
      guard ids.insert(key.id).inserted else { throw refuse("two keys have the id “\(key.id)”") }
      keys.append(key)
    }
  }

  // MARK: Writing

  /// The file's text: a line a key.
  public var text: String {
    let lines = keys.map { "  " + $0.json.text() }
    return "{\"acervo_keys\": 1, \"keys\": [\n" + lines.joined(separator: ",\n") + (lines.isEmpty ? "]}\n" : "\n]}\n")
  }

  /// Changes a file in one step, alone among processes that do the same; one that is not there is made.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - change: what to change; when it throws, the file stays as it is.
  /// - Returns: what `change` returns.
  /// - Throws: `CredentialsError`, or what `change` throws.
  public static func update<Result>(_ path: String, _ change: (inout KeyFile) throws -> Result) throws -> Result {
    // The lock is a file of its own: the keys' file is another one after every change.
    let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
      let reason = String(cString: strerror(errno))
      if lock >= 0 { close(lock) }
      throw CredentialsError(
        .system, "cannot lock the keys' file “\(path)”: \(reason)", mend: "check who may write to its folder")
    }
    defer { close(lock) }
    var file: KeyFile
    do throws(CredentialsError) { file = try read(path) } catch {
      guard error.code == .missing else { throw error }
      file = KeyFile()
    }
    let result = try change(&file)
    guard file.keys.count <= maximumCount else {
      throw CredentialsError(
        .badInput, "the keys' file “\(path)” has \(maximumCount) keys already", mend: "remove old ones from it")
    }
    try AtomicFile.write(file.text, to: path, isPrivate: true)
    return result
  }
}

extension KeyRecord {
  fileprivate init?(json: JSONValue) {
    guard let id = json["id"]?.string, Self.isID(id), let name = json["name"]?.string, Self.isName(name),
      let digest = json["sha256"]?.string.flatMap({ ContentHash(hex: $0) }),
      let scopes = json["scopes"]?.array?.map(\.string), !scopes.isEmpty,
      scopes.allSatisfy({ $0.map(Self.knownScopes.contains) ?? false }),
      let principals = json["principals"]?.array?.map({ $0.string.flatMap { Principal($0) } }),
      principals.allSatisfy({ $0 != nil }), let created = Self.moment(json["created"]), let made = created,
      let expires = Self.moment(json["expires"]), let revoked = Self.moment(json["revoked"])
    else { return nil }
    self.init(
      id: id, name: name, digest: digest, scopes: scopes.compactMap { $0 }, principals: principals.compactMap { $0 },
      created: made, expires: expires, revoked: revoked)
  }

  /// A moment or null; nil for anything else.
  private static func moment(_ value: JSONValue?) -> Int64?? {
    switch value {
    case nil, .null: .some(nil)
    case .string(let text): Moment.seconds(text).map { .some($0) }
    default: nil
    }
  }

  fileprivate var json: JSONValue {
    func moment(_ seconds: Int64?) -> JSONValue { seconds.map { .string(Moment.text($0)) } ?? .null }
    return [
      "id": .string(id), "name": .string(name), "sha256": .string(digest.hex),
      "scopes": .array(scopes.map { .string($0) }), "principals": .array(principals.map { .string($0.name) }),
      "created": moment(created), "expires": moment(expires), "revoked": moment(revoked),
    ]
  }
}
