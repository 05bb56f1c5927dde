/// Why a model cannot be loaded or cannot embed.
public struct EmbeddingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file or folder it is about; empty when it is about none.
  public let path: String
  /// What is wrong and how to mend it.
  public let message: String

  /// Makes an error.
  public init(path: String = "", message: String) {
    self.path = path
    self.message = message
  }

  /// The path with what is wrong there.
  public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
