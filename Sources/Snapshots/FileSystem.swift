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

  static func write(_ bytes: [UInt8], to path: String) throws(SnapshotError) {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .system(path, "make the file", errno) }
    defer { close(file) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(file, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system(path, "write the file", errno) }
      written += count
    }
    guard fsync(file) == 0 else { throw .system(path, "flush the file", errno) }
  }

  /// A small file's bytes; a longer one than `limit` is refused before it is read.
  static func read(_ path: String, limit: Int) throws(SnapshotError) -> [UInt8] {
    var bytes: [UInt8] = []
    try stream(path) { (piece) throws(SnapshotError) in
      guard bytes.count + piece.count <= limit else {
        throw .damaged(path, "it is longer than \(limit) bytes")
      }
      bytes.append(contentsOf: piece)
    }
    return bytes
  }

  /// SHA-256 of a file, read in pieces.
  static func hash(_ path: String) throws(SnapshotError) -> ContentHash {
    var hasher = ContentHasher()
    try stream(path) { (piece) throws(SnapshotError) in hasher.update(raw: piece) }
    return hasher.finish()
  }

  private static func stream(
    _ path: String, _ body: (UnsafeRawBufferPointer) throws(SnapshotError) -> Void
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
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
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
