internal import Corpus
internal import Glibc

/// The few calls of the system that publishing needs, their failures as `SnapshotError`.
enum FileSystem {
  static func makeFolder(_ path: String) throws(SnapshotError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
      guard mkdir(made, 0o755) == 0 || errno == EEXIST else {
        throw .system(made, "make the folder", errno)
      }
    }
  }

  /// The names in a folder, sorted by their bytes; none when there is no such folder.
  static func names(in path: String) throws(SnapshotError) -> [String] {
    guard let folder = opendir(path) else {
      if errno == ENOENT { return [] }
      throw .system(path, "list the folder", errno)
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      // d_name is a tuple in Swift; its address within the entry is what C reads.
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Makes a file; one that is there is not touched.
  static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(SnapshotError) {
    let file = try make(path, mode: mode)
    defer { close(file) }
    try bytes.withUnsafeBytes { buffer in Result { () throws(SnapshotError) in try write(buffer, to: file, path) } }
      .get()
    guard fsync(file) == 0 else { throw .system(path, "flush the file", errno) }
  }

  /// Makes a file of so many bytes, which `fill` puts into a buffer piece by piece.
  static func write(
    to path: String, count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let file = try make(path)
    defer { close(file) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var rest = count
    while rest > 0 {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(rest, buffer.count)])
      try fill(piece)
      try write(UnsafeRawBufferPointer(piece), to: file, path)
      rest -= piece.count
    }
    guard fsync(file) == 0 else { throw SnapshotError.system(path, "flush the file", errno) }
  }

  /// Gives a file the owner of another one, where that is there and this process may: root often writes for a service.
  static func giveAway(_ path: String, toOwnerOf other: String) {
    var status = stat()
    if stat(other, &status) == 0 { _ = chown(path, status.st_uid, status.st_gid) }
  }

  private static func make(_ path: String, mode: mode_t = 0o644) throws(SnapshotError) -> Int32 {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard file >= 0 else { throw .system(path, "make the file", errno) }
    return file
  }

  private static func write(
    _ bytes: UnsafeRawBufferPointer, to file: Int32, _ path: String
  ) throws(SnapshotError) {
    var written = 0
    while written < bytes.count {
      let count = Glibc.write(file, bytes.baseAddress?.advanced(by: written), bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system(path, "write the file", errno) }
      written += count
    }
  }

  /// A small file's bytes; a longer one than `limit` is refused before it is read.
  static func read(_ path: String, limit: Int) throws(SnapshotError) -> [UInt8] {
    var bytes: [UInt8] = []
    try stream(
      path,
      while: { (piece) throws(SnapshotError) in
        guard bytes.count + piece.count <= limit else {
          throw .damaged(path, "it is longer than \(limit) bytes")
        }
        bytes.append(contentsOf: piece)
        return true
      })
    return bytes
  }

  /// SHA-256 of a file, read in pieces.
  static func hash(_ path: String) throws(SnapshotError) -> ContentHash {
    var hasher = ContentHasher()
    try stream(
      path,
      while: { (piece) throws(SnapshotError) in
        hasher.update(raw: piece)
        return true
      })
    return hasher.finish()
  }

  /// SHA-256 of a file and of each block of it.
  static func hashes(_ path: String) throws(SnapshotError) -> (whole: ContentHash, blocks: [ContentHash]) {
    var hasher = BlockHasher()
    try stream(
      path,
      while: { (piece) throws(SnapshotError) in
        hasher.update(piece)
        return true
      })
    return hasher.finish()
  }

  /// Gives a file's bytes piece by piece; `body` may also be one that throws errors of its own.
  static func stream(_ path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    var failure: (any Error)?
    try stream(
      path,
      while: { (piece) throws(SnapshotError) in
        do { try body(piece) } catch { failure = error }
        return failure == nil
      })
    if let failure { throw failure }
  }

  private static func stream(
    _ path: String, while body: (UnsafeRawBufferPointer) throws(SnapshotError) -> Bool
  ) throws(SnapshotError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .system(path, "open the file", errno) }
    defer { close(file) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = Glibc.read(file, buffer.baseAddress, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(path, "read the file", errno) }
      guard count > 0 else { return }
      guard try body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
    }
  }

  static func size(_ path: String) throws(SnapshotError) -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system(path, "open the file", errno) }
    return Int(status.st_size)
  }

  /// Makes renames and new names in a folder, or a file's bytes, survive a power failure.
  static func flush(_ path: String) throws(SnapshotError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .system(path, "open", errno) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw .system(path, "flush", errno) }
  }

  static func truncate(_ path: String, to size: Int) throws(SnapshotError) {
    guard Glibc.truncate(path, size) == 0 else { throw .system(path, "shorten the file", errno) }
  }

  static func move(_ path: String, to target: String) throws(SnapshotError) {
    guard rename(path, target) == 0 else { throw .system(target, "move “\(path)” there", errno) }
  }

  /// Whether a process of that number runs on this machine.
  static func isAlive(_ process: Int32) -> Bool {
    kill(process, 0) == 0 || errno != ESRCH
  }

  /// Removes a file if it is there and can be removed.
  static func removeFile(_ path: String) {
    unlink(path)
  }

  /// Removes a folder of ours: files and links in it, and itself; folders in it are not ours and stop it.
  static func removeFolder(_ path: String) throws(SnapshotError) {
    for name in try names(in: path) {
      guard unlink(path + "/" + name) == 0 || errno == ENOENT else {
        throw .system(path + "/" + name, "remove the file", errno)
      }
    }
    guard rmdir(path) == 0 || errno == ENOENT else { throw .system(path, "remove the folder", errno) }
  }

  /// What a symbolic link says; nil where there is none.
  static func target(ofLink path: String) throws(SnapshotError) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        characters.baseAddress.map { readlink(path, $0, characters.count) } ?? -1
      }
    }
    guard count >= 0 else {
      if errno == ENOENT || errno == EINVAL { return nil }
      throw .system(path, "read the link", errno)
    }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// Points a symbolic link elsewhere in one step: whoever reads it finds the old target or the new one.
  static func link(_ path: String, to target: String) throws(SnapshotError) {
    let temporary = path + ".\(getpid()).\(UInt32.random(in: 0 ... .max))"
    guard symlink(target, temporary) == 0 else { throw .system(temporary, "make the link", errno) }
    guard rename(temporary, path) == 0 else {
      let number = errno
      unlink(temporary)
      throw .system(path, "move the link there", number)
    }
  }

  /// Makes a new folder for something that is not whole yet, and locks it.
  static func makeTemporaryFolder(in path: String) throws(SnapshotError) -> (String, Int32) {
    for _ in 0..<16 {
      let folder = path + "/" + Layout.temporaryPrefix + String(UInt64.random(in: 0 ... .max), radix: 36)
      try makeFolder(folder)
      // Another writer that cleans up may take it before it is locked: then the next one.
      if let lock = lock(folder) { return (folder, lock) }
    }
    throw SnapshotError(
      .system, path, "could not lock a new folder there", mend: "use a file system that supports flock()")
  }

  /// Holds an exclusive lock on a folder, which the system takes back when this process dies.
  ///
  /// - Returns: the open folder, to be closed; nil when another one holds it or it is gone.
  static func lock(_ path: String) -> Int32? {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return nil }
    var opened = stat()
    var named = stat()
    // Between opening and locking another process may have removed the folder as a stale one.
    guard flock(folder, LOCK_EX | LOCK_NB) == 0, fstat(folder, &opened) == 0, stat(path, &named) == 0,
      opened.st_ino == named.st_ino, opened.st_dev == named.st_dev
    else {
      close(folder)
      return nil
    }
    return folder
  }

  /// Lets a folder go.
  static func unlock(_ folder: Int32) {
    close(folder)
  }

  /// Makes the disk give a file's bytes now: a map over bytes that the disk does not have kills the process (SIGBUS)
  /// instead of failing.
  static func reserve(_ path: String, upTo size: Int) throws(SnapshotError) {
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { throw .system(path, "open the file", errno) }
    defer { close(file) }
    let result = posix_fallocate(file, 0, size)
    guard result == 0 || result == EOPNOTSUPP || result == EINVAL else {
      throw .system(path, "reserve \(size) bytes", result)
    }
  }
}
