/// A place in a settings file.
public struct SourcePosition: Hashable, Sendable {
  /// The file's path as the user gave it.
  public var file: String
  /// 1-based line; 0 means the file as a whole.
  public var line: Int
  /// 1-based column, in characters.
  public var column: Int

  /// Makes a position.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }
}
