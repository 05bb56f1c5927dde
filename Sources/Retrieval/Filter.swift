public import Corpus

/// A condition on documents: only chunks of those that meet it are searched.
public struct Filter: Sendable, Hashable {
  /// How a field is compared.
  public enum Test: Sendable, Hashable {
    /// One of these values.
    case anyOf([FieldValue])
    /// Between two values, each end optional and included; texts by their bytes.
    case range(FieldValue?, FieldValue?)
    /// A text that begins so.
    case prefix(String)
    /// A date within one of these spans of seconds since 1970, both ends included.
    case dates([ClosedRange<Int64>])
  }

  /// `source`, `language`, `url` or a field of the collection.
  public var field: String
  /// How it is compared.
  public var test: Test

  /// Makes a filter.
  public init(field: String, test: Test) {
    self.field = field
    self.test = test
  }
}

extension Filter.Test {
  /// Whether a text meets the condition.
  func admits(_ text: String) -> Bool {
    switch self {
    case .anyOf(let values): values.contains(.keyword(text))
    case .prefix(let prefix): text.utf8.starts(with: prefix.utf8)
    case .range(let low, let high):
      Self.isOrdered(low ?? .keyword(text), .keyword(text)) && Self.isOrdered(.keyword(text), high ?? .keyword(text))
    case .dates: false
    }
  }

  private static func isOrdered(_ first: FieldValue, _ second: FieldValue) -> Bool {
    guard case .keyword(let first) = first, case .keyword(let second) = second else { return false }
    return !second.utf8.lexicographicallyPrecedes(first.utf8)
  }
}
