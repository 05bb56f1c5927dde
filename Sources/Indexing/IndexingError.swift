internal import LMDB
internal import SearchIndexes
internal import Snapshots

/// Why a run could not go on.
public struct IndexingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of trouble it is; programs choose their exit code by it.
  public enum Kind: Sendable, Equatable {
    /// Another run of the same pipeline is at work.
    case locked
    /// The state or a folder cannot be read or written.
    case storage
    /// The pipeline asks for something impossible, such as vectors without a model.
    case settings
  }

  /// What kind of trouble it is.
  public let kind: Kind
  /// What happened, where and how to mend it.
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

extension IndexingError {
  /// An error of the disk as a person needs it: with the mend, and of the kind that decides the exit code.
  static func readable(_ error: any Error) -> any Error {
    switch error {
    case let error as LMDBError:
      let mend =
        switch error.code {
        case .diskFull: "make room on that disk and run again; what was done is kept"
        case .notPermitted: "make the folder writable for this user"
        default: "look at the disk; if state.mdb is damaged, move it away, and the next run makes a new one"
        }
      return IndexingError(.storage, "\(error)\n  mend: \(mend)")
    case let error as SnapshotError where error.code == .full || error.code == .system:
      return IndexingError(.storage, "\(error.path): \(error.reason)\n  mend: \(error.mend)")
    case let error as SearchIndexError:
      return IndexingError(.storage, "\(error)\n  mend: make room on that disk and run again")
    default: return error
    }
  }
}
