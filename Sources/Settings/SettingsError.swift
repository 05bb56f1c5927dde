public import Corpus

/// One fault of a settings file: where, what, and how to mend it.
public struct SettingsError: Error, Sendable, Equatable {
  /// Where the fault begins.
  public var position: SourcePosition
  /// What is wrong; values that came from the environment and secrets are never in it.
  public var message: String
  /// How to mend it.
  public var mend: String
  /// The line of the file with its secrets hidden; nil when the fault is of the file as a whole.
  public var excerpt: Excerpt?

  /// A line of the file as it is shown.
  public struct Excerpt: Sendable, Equatable {
    /// The line, with secrets and control characters replaced, cut to a window around the fault when long.
    public var line: String
    /// What stands before the caret: blanks and tabs that are as wide as the shown line up to the fault.
    public var indent: String

    /// Makes an excerpt.
    public init(line: String, indent: String) {
      self.line = line
      self.indent = indent
    }
  }

  /// Makes an error.
  public init(position: SourcePosition, message: String, mend: String, excerpt: Excerpt? = nil) {
    self.position = position
    self.message = message
    self.mend = mend
    self.excerpt = excerpt
  }
}

/// All faults found in a settings file, in the order of their places.
public struct SettingsErrors: Error, Sendable, Equatable, CustomStringConvertible {
  /// The faults; at least one.
  public var errors: [SettingsError]
  /// How many more were found than are kept.
  public var omitted: Int

  /// Collects errors.
  public init(_ errors: [SettingsError], omitted: Int = 0) {
    self.errors = errors
    self.omitted = omitted
  }

  /// The errors as `text()` gives them, without colour.
  public var description: String { text() }

  /// The errors for a person: place and message, the line with a caret, the mend.
  ///
  /// - Parameter color: whether ANSI colours are used; only for a terminal.
  /// - Returns: the text, without a newline at its end.
  public func text(color: Bool = false) -> String {
    var parts = errors.map { $0.text(color: color) }
    if omitted > 0 { parts.append("and \(omitted) more like these") }
    return parts.joined(separator: "\n")
  }

  /// The errors for a program: `{"errors": [{"file", "line", "column", "message", "mend"}], "omitted"}`.
  public var json: JSONValue {
    [
      "errors": .array(
        errors.map { error in
          [
            "file": .string(error.position.file), "line": .integer(Int64(error.position.line)),
            "column": .integer(Int64(error.position.column)), "message": .string(error.message),
            "mend": .string(error.mend),
          ]
        }), "omitted": .integer(Int64(omitted)),
    ]
  }
}

extension SettingsError {
  fileprivate func text(color: Bool) -> String {
    let bold = color ? "\u{1B}[1m" : ""
    let red = color ? "\u{1B}[1;31m" : ""
    let green = color ? "\u{1B}[32m" : ""
    let plain = color ? "\u{1B}[0m" : ""
    let place = position.line > 0 ? "\(position.file):\(position.line):\(position.column)" : position.file
    var text = "\(bold)\(place): \(red)error:\(plain)\(bold) \(message)\(plain)"
    if let excerpt {
      let number = String(position.line)
      let blank = String(repeating: " ", count: number.count)
      text += "\n    \(number) | \(excerpt.line)"
      text += "\n    \(blank) | \(excerpt.indent)\(red)^\(plain)"
    }
    return text + "\n    \(green)\(mend)\(plain)"
  }
}
