internal import Glibc
internal import LMDB

/// Why a snapshot cannot be written, opened or read.
public struct SnapshotError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Code: Sendable, Equatable {
    /// There is no such snapshot, collection, document or chunk.
    case missing
    /// The file does not hold what its format says, or is not the one that its manifest describes.
    case damaged
    /// Another version of Acervo wrote it.
    case otherFormat
    /// It is not signed, or by a key that is not trusted.
    case untrusted
    /// The writer was given something that a snapshot cannot hold.
    case refused
    /// The disk is full, or the index is longer than `SnapshotWriter.maximumIndexBytes`.
    case full
    /// The system refused; the reason says why.
    case system
  }

  /// What kind of failure it is.
  public let code: Code
  /// The file or folder.
  public let path: String
  /// What is wrong.
  public let reason: String
  /// What to do about it.
  public let mend: String

  init(_ code: Code, _ path: String, _ reason: String, mend: String) {
    self.code = code
    self.path = path
    self.reason = reason
    self.mend = mend
  }

  /// Path, reason and mend in one line.
  public var description: String { "\(path): \(reason); \(mend)" }

  static func damaged(_ path: String, _ reason: String) -> SnapshotError {
    SnapshotError(.damaged, path, reason, mend: "restore it from a copy, go back to another snapshot or index again")
  }

  /// The system's own words for `errno`.
  static func system(_ path: String, _ action: String, _ number: Int32) -> SnapshotError {
    let reason = "could not \(action): \(String(cString: strerror(number)))"
    if number == ENOENT { return SnapshotError(.missing, path, reason, mend: "check the path") }
    if number == ENOSPC || number == EDQUOT {
      return SnapshotError(.full, path, reason, mend: "make room on that disk and run again")
    }
    return SnapshotError(.system, path, reason, mend: "check the folder's owner and permissions")
  }

  static func lmdb(_ path: String, _ error: LMDBError) -> SnapshotError {
    switch error.code {
    case .mapFull:
      SnapshotError(
        .full, path, "the index is longer than \(SnapshotWriter.maximumIndexBytes >> 30) GiB",
        mend: "split the pipeline into several collections")
    case .diskFull:
      SnapshotError(.full, path, error.description, mend: "make room on that disk and run again")
    case .noSuchFile: SnapshotError(.missing, path, error.description, mend: "check the path")
    case .damaged, .notADatabase, .notFound: damaged(path, error.description)
    case .otherVersion:
      SnapshotError(.otherFormat, path, error.description, mend: "index again with this version of Acervo")
    default: SnapshotError(.system, path, error.description, mend: "check the folder's owner and permissions")
    }
  }
}
