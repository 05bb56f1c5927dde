internal import Corpus
internal import Glibc

/// A model's files: their configuration and their hashes.
struct ModelFolder: Sendable {
  static let lockName = "model.lock.json"
  /// Configuration files are small; a bigger one is not one.
  static let maximumConfiguration = 1 << 20

  let path: String

  /// The folder's own name.
  var name: String {
    var path = path[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    return path.split(separator: "/").last.map(String.init) ?? self.path
  }

  func has(_ file: String) -> Bool { access(path + "/" + file, R_OK) == 0 }

  /// A JSON file of the folder; nil when there is none.
  func json(_ file: String, limit: Int = ModelFolder.maximumConfiguration) throws(EmbeddingError) -> JSONValue? {
    guard has(file) else { return nil }
    let mapped = try MappedFile(path: path + "/" + file)
    guard mapped.bytes.count <= limit else {
      throw EmbeddingError(path: mapped.path, message: "has \(mapped.bytes.count) bytes, more than \(limit)")
    }
    do {
      return try JSONValue(parsing: [UInt8](mapped.bytes))
    } catch {
      throw EmbeddingError(path: mapped.path, message: "is not JSON: \(error)")
    }
  }

  /// The SHA-256 of a file: the one that the lock notes for a file of this size and time, otherwise computed.
  ///
  /// Hashing 80 MB takes a cold server longer than its first answer; `verify` never believes the note.
  func hash(of file: String) throws(EmbeddingError) -> String {
    if let note = try json(Self.lockName)?["files"]?[file], let hash = note["sha256"]?.string,
      ContentHash(hex: hash) != nil
    {
      var status = stat()
      if stat(path + "/" + file, &status) == 0, note["size"]?.int == Int(status.st_size),
        note["modified"]?.int == Int(status.st_mtim.tv_sec)
      {
        return hash
      }
    }
    return try computedHash(of: file)
  }

  func computedHash(of file: String) throws(EmbeddingError) -> String {
    let mapped = try MappedFile(path: path + "/" + file)
    var hasher = ContentHasher()
    hasher.update(raw: mapped.bytes)
    return hasher.finish().hex
  }

  /// Compares every file that the lock notes with its hash.
  func verify() throws(EmbeddingError) {
    guard let files = try json(Self.lockName)?["files"]?.members else { return }
    for file in files {
      let computed = try computedHash(of: file.name)
      guard file.value["sha256"]?.string == computed else {
        throw EmbeddingError(
          path: path + "/" + file.name,
          message: "is not the file that was set up (SHA-256 \(computed)); get the model again: scripts/models \(name)")
      }
    }
  }
}
