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
  /// Hashing 80 MB takes a cold server longer than its first answer, so what was computed is noted for the next start,
  /// where the folder may be written to; `verify` never believes the note.
  func hash(of file: String) throws(EmbeddingError) -> String {
    let lock = try json(Self.lockName)
    let before = FileState(path + "/" + file)
    let note = lock?["files"]?[file]
    if let noted = note?["sha256"]?.string, ContentHash(hex: noted) != nil, let before, before.isNoted(by: note) {
      return noted
    }
    let hash = try computedHash(of: file)
    // A note with another hash stays: that the file is not the one that was set up is for `verify` to say.
    if let before, before == FileState(path + "/" + file), before.isSettled,
      note == nil || note?["sha256"]?.string == hash
    {
      self.note(before.note(hash: hash), of: file, in: lock)
    }
    return hash
  }

  /// Puts a note into the lock, which appears whole or not at all; a folder that cannot be written to stays as it is.
  private func note(_ note: JSONValue, of file: String, in lock: JSONValue?) {
    var files = lock?["files"]?.members ?? []
    files.removeAll { $0.name == file }
    files.append(.init(file, note))
    files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let text = JSONValue.object([.init("files", .object(files))]).text(pretty: true) + "\n"
    let target = path + "/" + Self.lockName
    let temporary = target + "." + String(UInt64.random(in: 0 ... .max), radix: 36)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    let bytes = Array(text.utf8)
    let isWritten = write(descriptor, bytes, bytes.count) == bytes.count
    close(descriptor)
    if !isWritten || rename(temporary, target) != 0 { unlink(temporary) }
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

/// By what a file is recognised as unchanged without being read.
private struct FileState: Equatable {
  let size: Int
  /// Modification time, in nanoseconds since 1970.
  let modified: Int
  /// The time of the last change of any kind, which nobody can set, in nanoseconds since 1970.
  let changed: Int
  let inode: UInt64

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    func nanoseconds(_ time: timespec) -> Int {
      Int(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000).partialValue &+ Int(time.tv_nsec)
    }
    size = Int(status.st_size)
    modified = nanoseconds(status.st_mtim)
    changed = nanoseconds(status.st_ctim)
    inode = UInt64(status.st_ino)
  }

  /// As the lock has it: whole seconds, which every file system and archive keeps.
  private var seconds: Int { modified / 1_000_000_000 }

  func isNoted(by note: JSONValue?) -> Bool {
    note?["size"]?.int == size && note?["modified"]?.int == seconds
  }

  /// Whether a change after the hashing would show in the time: a file written in this very second may be written once
  /// more in it.
  var isSettled: Bool {
    var now = timespec()
    return clock_gettime(CLOCK_REALTIME, &now) == 0 && Int(now.tv_sec) - seconds >= 2
  }

  func note(hash: String) -> JSONValue {
    ["sha256": .string(hash), "size": .integer(Int64(size)), "modified": .integer(Int64(seconds))]
  }
}
