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
