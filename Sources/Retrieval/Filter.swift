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

extension Filter {
  /// The same bytes for conditions that mean the same, byte by byte, and no others.
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.write(field)
    func write(_ writer: inout ByteWriter, _ value: FieldValue) {
      switch value {
      case .keyword(let text):
        writer.write(0)
        writer.write(text)
      case .number(let number):
        writer.write(1)
        writer.write(fixed: number.bitPattern)
      case .date(let moment):
        writer.write(2)
        writer.write(fixed: UInt64(bitPattern: moment))
      }
    }
    switch test {
    case .anyOf(let values):
      writer.write(0)
      writer.write(list: values, write)
    case .range(let low, let high):
      writer.write(1)
      writer.write(low, write)
      writer.write(high, write)
    case .prefix(let prefix):
      writer.write(2)
      writer.write(prefix)
    case .dates(let spans):
      writer.write(3)
      writer.write(list: spans) { writer, span in
        writer.write(fixed: UInt64(bitPattern: span.lowerBound))
        writer.write(fixed: UInt64(bitPattern: span.upperBound))
      }
    }
    return writer.bytes
  }
}

extension Filter.Test {
  /// Whether a text meets the condition.
  func admits(_ text: String) -> Bool {
    switch self {
    case .anyOf(let values):
      values.contains { if case .keyword(let value) = $0 { value.utf8.elementsEqual(text.utf8) } else { false } }
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
