internal import CLMDB
internal import Glibc

/// Why LMDB refused.
public struct LMDBError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is, by LMDB's number; never by its message.
  public enum Code: Sendable, Equatable {
    /// `MDB_KEYEXIST`: the key is there already, or not after the last one where keys are appended.
    case keyExists
    /// `MDB_NOTFOUND`: no such key or database.
    case notFound
    /// `MDB_PAGE_NOTFOUND`, `MDB_CORRUPTED`, `MDB_PANIC`: the file is damaged.
    case damaged
    /// `MDB_VERSION_MISMATCH`: another version of LMDB made the file.
    case otherVersion
    /// `MDB_INVALID`: not an LMDB file.
    case notADatabase
    /// `MDB_MAP_FULL`: the map has no room left.
    case mapFull
    /// `MDB_DBS_FULL`: more named databases than the environment was opened for.
    case tooManyDatabases
    /// `MDB_BAD_VALSIZE`: an empty key, or one longer than `Environment.maximumKeyLength`.
    case badKeySize
    /// `ENOSPC`: the disk is full.
    case diskFull
    /// `EACCES`, `EPERM`, `EROFS`: not allowed.
    case notPermitted
    /// `ENOENT`: no such file or folder.
    case noSuchFile
    /// The rules of this library were broken; the error's text says which.
    case misuse
    /// Any other number, LMDB's (negative) or the system's (positive).
    case other(Int32)
  }

  /// What kind of failure it is.
  public let code: Code
  /// What was being done, and to what.
  public let action: String
  /// LMDB's or the system's own words.
  public let reason: String

  /// What was being done and why it failed.
  public var description: String { "LMDB could not \(action): \(reason)" }

  init(misuse action: String, reason: String) {
    code = .misuse
    self.action = action
    self.reason = reason
  }

  init(damaged path: String, reason: String) {
    code = .damaged
    action = "trust “\(path)”"
    self.reason = reason
  }

  init(notADatabase path: String) {
    self.init(number: MDB_INVALID, action: "open “\(path)”")
  }

  init(number: Int32, action: String) {
    self.action = action
    reason = mdb_strerror(number).map { String(cString: $0) } ?? "error \(number)"
    code =
      switch number {
      case MDB_KEYEXIST: .keyExists
      case MDB_NOTFOUND: .notFound
      case MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_PANIC: .damaged
      case MDB_VERSION_MISMATCH: .otherVersion
      case MDB_INVALID: .notADatabase
      case MDB_MAP_FULL: .mapFull
      case MDB_DBS_FULL: .tooManyDatabases
      case MDB_BAD_VALSIZE: .badKeySize
      case ENOSPC, EDQUOT: .diskFull
      case EACCES, EPERM, EROFS: .notPermitted
      case ENOENT: .noSuchFile
      default: .other(number)
      }
  }
}

/// The one place where LMDB's return codes become errors.
func check(_ number: Int32, _ action: @autoclosure () -> String) throws(LMDBError) {
  guard number == MDB_SUCCESS else { throw LMDBError(number: number, action: action()) }
}
