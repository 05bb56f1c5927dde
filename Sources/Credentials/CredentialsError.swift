/// Why a key, a token or a file of keys cannot be used; never shows a secret.
public struct CredentialsError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Code: Sendable, Equatable {
    /// What was given cannot be right.
    case badInput
    /// A file is not there.
    case missing
    /// A file cannot be read or written.
    case system
  }

  /// What kind of failure it is.
  public var code: Code
  /// What is wrong and how to mend it.
  public var description: String

  init(_ code: Code, _ message: String, mend: String) {
    self.code = code
    description = "\(message); \(mend)"
  }
}
