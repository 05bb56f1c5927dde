internal import Dispatch
internal import Glibc

/// The files below a folder.
struct FolderListing: Sendable {
  /// Why something could not be read, with the system's words.
  struct Failure: Error {
    var reason: String
  }

  /// Paths relative to the folder, sorted by their bytes.
  var files: [String] = []
  /// What was passed over though it matched.
  var skipped: [(path: String, reason: String)] = []
  /// What could not be read.
  var unreadable: [(path: String, reason: String)] = []

  static let maximumDepth = 64
  static let maximumFiles = 2_000_000

  /// Lists a folder.
  ///
  /// - Parameters:
  ///   - root: the folder.
  ///   - isWanted: judges a file's relative path.
  ///   - source: the source's id, for errors.
  /// - Returns: what is wanted.
  /// - Throws: `SourceError` when the folder itself cannot be listed.
  static func read(_ root: String, isWanted: (String) -> Bool, source: () -> String) throws -> FolderListing {
    guard let real = resolved(root) else {
      throw SourceError(
        source: source(), "\(root): \(systemError()); make the folder or mend `folder.path`")
    }
    var listing = FolderListing()
    do throws(Failure) {
      try listing.walk(root, real: real, isWanted)
    } catch {
      throw SourceError(source: source(), "\(root): \(error.reason); `folder.path` must name a folder that can be read")
    }
    listing.files.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return listing
  }

  private mutating func walk(_ root: String, real: String, _ isWanted: (String) -> Bool) throws(Failure) {
    var folders: [(path: String, depth: Int)] = [("", 0)]
    while let (folder, depth) = folders.popLast() {
      let names: [String]
      do {
        names = try Self.names(in: root + "/" + folder)
      } catch {
        if folder.isEmpty { throw error }
        unreadable.append((folder, error.reason))
        continue
      }
      for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
        let path = folder.isEmpty ? name : folder + "/" + name
        switch Self.kind(of: root + "/" + path, real: real) {
        case .folder where depth < Self.maximumDepth: folders.append((path, depth + 1))
        case .folder: unreadable.append((path, "it lies more than \(Self.maximumDepth) folders deep"))
        case .file where isWanted(path):
          guard files.count < Self.maximumFiles else {
            throw Failure(reason: "it holds more than \(Self.maximumFiles) files")
          }
          files.append(path)
        case .link(let reason) where isWanted(path): skipped.append((path, reason))
        case .file, .link, .other: break
        }
      }
    }
  }

  private enum Kind {
    case folder
    case file
    case link(reason: String)
    case other
  }

  private static func kind(of path: String, real root: String) -> Kind {
    var status = stat()
    guard lstat(path, &status) == 0 else { return .other }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFREG: return .file
    case S_IFLNK: break
    default: return .other
    }
    guard let target = resolved(path) else { return .link(reason: "it is a link to nothing") }
    guard target.hasPrefix(root + "/") else { return .link(reason: "it is a link out of the folder") }
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return .link(reason: "it is a link to a folder, whose files are found under their own paths")
    }
    return .file
  }

  private static func names(in folder: String) throws(Failure) -> [String] {
    guard let handle = opendir(folder) else { throw Failure(reason: systemError()) }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      // The name is a C array in the struct: its first byte's address is the text.
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      names.append(name)
    }
    return names
  }

  /// Reads a whole file.
  static func readFile(_ path: String, atMost maximum: Int) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(reason: systemError()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Failure(reason: systemError()) }
    let tooLarge = Failure(reason: "it has more than \(maximum) bytes; exclude it or make it smaller")
    guard status.st_size <= maximum else { throw tooLarge }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: min(max(Int(status.st_size) + 1, 4096), 1 << 20))
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure(reason: systemError()) }
      guard count > 0 else { return bytes }
      // The file may have grown since it was measured.
      guard bytes.count + count <= maximum else { throw tooLarge }
      bytes.append(contentsOf: piece[..<count])
    }
  }

  private static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  private static func systemError() -> String { String(cString: strerror(errno)) }
}

/// Runs blocking calls on a thread of Dispatch's, so that a slow disk does not hold up Swift's own few threads.
func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
  }
}
