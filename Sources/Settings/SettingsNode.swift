/// A value of a settings file with its place.
public struct SettingsNode: Sendable {
  enum Content: Sendable {
    /// `isPlain`: written without quotes, so that it may be a number, a Boolean or nothing.
    case scalar(String, isPlain: Bool)
    case list([SettingsNode])
    case map([Entry])
  }

  struct Entry: Sendable {
    var key: String
    var keyRange: Range<Int>
    var value: SettingsNode
  }

  /// What a scalar means by YAML 1.2's core schema (section 10.3).
  enum Scalar: Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
  }

  var content: Content
  /// Unicode scalars of the file, from 0.
  var range: Range<Int>

  /// The value of a key; nil when this is not a mapping or has no such key.
  public subscript(key: String) -> SettingsNode? {
    guard case .map(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// The entries of a list; empty for anything else.
  public var elements: [SettingsNode] {
    if case .list(let elements) = content { elements } else { [] }
  }

  /// The scalar by the core schema; nil for a list or a mapping.
  var scalar: Scalar? {
    guard case .scalar(let text, let isPlain) = content else { return nil }
    guard isPlain else { return .string(text) }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    guard text.utf8.count <= 64, let first = text.utf8.first,
      first == UInt8(ascii: "-") || first == UInt8(ascii: "+") || first == UInt8(ascii: ".")
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
    else { return .string(text) }
    if let integer = Int(text) { return .integer(integer) }
    let isDecimal = text.utf8.allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "+-.eE".utf8.contains($0)
    }
    if isDecimal, let number = Double(text) { return .number(number) }
    return .string(text)
  }

  /// The text as it stands in the file, where variables are to be filled in: what messages show in place of a value
  /// from the environment; nil where the file has the value itself.
  public var reference: String? {
    guard case .scalar(let written, _) = content, Variables(written).hasVariables else { return nil }
    return Self.cut(written)
  }

  /// Whether a number or a Boolean stands in quotes, which make it a text.
  var isQuotedPlainly: Bool {
    guard case .scalar(let text, false) = content else { return false }
    return switch SettingsNode(content: .scalar(text, isPlain: true), range: range).scalar {
    case .bool, .integer, .number: true
    default: false
    }
  }

  /// The value in a few words, for «needs a whole number, not …».
  var inWords: String {
    switch content {
    case .list: "a list"
    case .map: "a mapping"
    case .scalar(let text, _):
      switch scalar {
      case .null: "nothing"
      case .bool: "the Boolean \(text)"
      case .integer, .number: "the number \(Self.cut(text))"
      default: "“\(Self.cut(text))”"
      }
    }
  }

  /// A text as a message quotes it: on one line, without control characters, at most 60 characters.
  static func cut(_ text: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(61) {
      shown.append(scalar.properties.generalCategory == .control ? " " : scalar)
    }
    return shown.count > 60 ? String(String.UnicodeScalarView(shown.prefix(59))) + "…" : String(shown)
  }
}
