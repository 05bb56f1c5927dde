internal import Corpus
public import Credentials
internal import Glibc
internal import Synchronization

/// The API keys that are taken now: those of a file, which is read again when it changed, and single ones.
public final class KeyRing: Sendable {
  private struct State {
    var keys: [String: KeyRecord] = [:]
    var version: FileVersion?
    /// When the file was looked at last: seconds of the monotonic clock.
    var looked: Int64 = .min
    var isBroken = false
  }

  /// What changes when a file is replaced.
  private struct FileVersion: Equatable {
    var inode: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int
  }

  private let path: String?
  private let single: [(digest: ContentHash, caller: Caller)]
  private let log: ServiceLog
  private let state = Mutex(State())

  /// Reads the keys.
  ///
  /// - Parameters:
  ///   - path: the keys' file; nil for none.
  ///   - single: keys from the environment, each with the caller that it stands for.
  ///   - log: told when the file changed or cannot be read.
  /// - Throws: `CredentialsError` when the file cannot be read at the start.
  public init(path: String?, single: [(key: String, caller: Caller)] = [], log: ServiceLog) throws(CredentialsError) {
    self.path = path
    self.single = single.map { (.of($0.key), $0.caller) }
    self.log = log
    guard let path else { return }
    // First, so that a file that is replaced meanwhile is read again.
    let version = Self.version(of: path)
    let keys = try Self.keys(of: path)
    state.withLock { state in
      state.keys = keys
      state.version = version
    }
  }

  /// Whose a key is; nil for one that is not known, over or taken back.
  ///
  /// - Complexity: one hash for each known key of that id, of which there is one.
  func caller(showing key: String, now: Int64) -> Caller? {
    refresh()
    if let id = KeyRecord.id(of: key) {
      let record = state.withLock { $0.keys[id] }
      if let record, record.isShown(as: key), record.isValid(at: now) {
        return Caller(
          record.name, principals: Set(record.principals), scopes: Set(record.scopes.compactMap(Scope.init(rawValue:))),
          keyID: record.id)
      }
    }
    // All of them, so that the time does not tell which one fits.
    let shown = ContentHash.of(key)
    var found: Caller?
    for entry in single where entry.digest.isSameInConstantTime(shown) { found = entry.caller }
    return found
  }

  /// Reads the file again when it is another one; at most once a second is it looked at.
  private func refresh() {
    guard let path else { return }
    var clock = timespec()
    clock_gettime(CLOCK_MONOTONIC, &clock)
    let second = Int64(clock.tv_sec)
    let known = state.withLock { state -> FileVersion?? in
      guard second > state.looked else { return nil }
      state.looked = second
      return .some(state.version)
    }
    guard let known else { return }
    let version = Self.version(of: path)
    guard version != known else { return }
    do throws(CredentialsError) {
      let keys = try Self.keys(of: path)
      state.withLock { state in
        state.keys = keys
        state.version = version
      }
      log.write(.info, "keys_read", ["keys": .integer(Int64(keys.count))])
    } catch {
      // What was known goes on: a slip of an editor must not shut everybody out. It is told once for each version.
      state.withLock { $0.version = version }
      log.write(.error, "keys_unreadable", ["error": .string(error.description)])
    }
  }

  private static func keys(of path: String) throws(CredentialsError) -> [String: KeyRecord] {
    let file = try KeyFile.read(path)
    return Dictionary(file.keys.map { ($0.id, $0) }) { $1 }
  }

  private static func version(of path: String) -> FileVersion? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return FileVersion(
      inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: status.st_mtim.tv_sec,
      nanoseconds: status.st_mtim.tv_nsec)
  }
}
