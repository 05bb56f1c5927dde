/// A value that must not be seen: its description is dots, in logs, errors and debuggers alike.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The value itself, for the one place that sends it.
  public let reveal: String

  /// Wraps a value.
  public init(_ value: String) {
    reveal = value
  }

  /// Dots.
  public var description: String { "•••" }

  /// Dots.
  public var debugDescription: String { "•••" }

  /// Nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
