/// An option that is there or not: `--json`.
public struct Flag: Sendable {
  let option: AnyOption

  /// Defines a flag by its long name without dashes, and what it does.
  public init(_ name: String, short: Character? = nil, help: String) {
    option = AnyOption(name: name, short: short, placeholder: nil, help: help, isRequired: false, check: { _ in })
  }
}

/// An option with a value, written `--name value` or `--name=value`; it may be given several times.
public struct Option<Value: Sendable>: Sendable {
  let option: AnyOption
  let fallback: Value?
  let parse: @Sendable (String) throws -> Value

  /// Defines an option.
  ///
  /// - Parameters:
  ///   - name: the long name without dashes.
  ///   - short: the letter of `-x`, if any.
  ///   - placeholder: what the help shows for the value, in capitals.
  ///   - help: what it does; the default is added by itself.
  ///   - fallback: the value when the option is not given.
  ///   - isRequired: whether it must be given.
  ///   - parse: reads the value; throws an error whose description says what a value looks like.
  public init(
    _ name: String, short: Character? = nil, _ placeholder: String, help: String, default fallback: Value? = nil,
    isRequired: Bool = false, parse: @escaping @Sendable (String) throws -> Value
  ) {
    let note = fallback.map { "\(help) [default: \($0)]" } ?? (isRequired ? "\(help) [required]" : help)
    option = AnyOption(
      name: name, short: short, placeholder: placeholder, help: note, isRequired: isRequired,
      check: { _ = try parse($0) }
    )
    self.fallback = fallback
    self.parse = parse
  }
}

extension Option where Value == String {
  /// Defines an option whose value is any text.
  public init(
    _ name: String, short: Character? = nil, _ placeholder: String, help: String, default fallback: String? = nil,
    isRequired: Bool = false
  ) {
    self.init(name, short: short, placeholder, help: help, default: fallback, isRequired: isRequired) { $0 }
  }

  /// Defines an option whose value is one of a few words.
  public init(
    _ name: String, oneOf words: [String], help: String, default fallback: String? = nil, isRequired: Bool = false
  ) {
    self.init(name, words.joined(separator: "|"), help: help, default: fallback, isRequired: isRequired) { text in
      guard words.contains(text) else { throw ValueError("use one of \(words.joined(separator: ", "))") }
      return text
    }
  }
}

extension Option where Value == Int {
  /// Defines an option whose value is a whole number within bounds.
  public init(
    _ name: String, short: Character? = nil, _ placeholder: String, in bounds: ClosedRange<Int>, help: String,
    default fallback: Int? = nil, isRequired: Bool = false
  ) {
    self.init(name, short: short, placeholder, help: help, default: fallback, isRequired: isRequired) { text in
      guard let number = Int(text), bounds.contains(number) else {
        throw ValueError("use a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
      }
      return number
    }
  }
}

/// Why an option's value is refused: what a right one looks like.
public struct ValueError: Error, Equatable, CustomStringConvertible {
  /// The mend.
  public let description: String

  /// Takes the mend, in the imperative.
  public init(_ mend: String) {
    description = mend
  }
}

/// An argument without a name.
public struct Positional: Sendable {
  /// How many there may be.
  public enum Count: Sendable {
    /// Exactly one.
    case one
    /// One or none.
    case optional
    /// One or more.
    case several
  }

  let placeholder: String
  let help: String
  let count: Count

  /// Defines an argument by what the help shows for it, in capitals.
  public init(_ placeholder: String, help: String, count: Count = .one) {
    self.placeholder = placeholder
    self.help = help
    self.count = count
  }
}

/// What was given on a command line; every value has been checked already.
public struct Arguments: Sendable {
  var given: [String: [String]] = [:]
  /// The arguments without a name, in order.
  public internal(set) var positionals: [String] = []

  /// Whether a flag was given.
  public subscript(flag: Flag) -> Bool { given[flag.option.name] != nil }

  /// An option's last value, or its default; nil when there is neither.
  public subscript<Value>(option: Option<Value>) -> Value? {
    given[option.option.name]?.last.flatMap { try? option.parse($0) } ?? option.fallback
  }

  /// All values of an option in the order given; empty when it was not.
  public func all<Value>(_ option: Option<Value>) -> [Value] {
    (given[option.option.name] ?? []).compactMap { try? option.parse($0) }
  }
}

/// A command line that cannot be understood: exit with 64 (`EX_USAGE`).
public struct UsageError: Error, Equatable, CustomStringConvertible {
  /// The command as far as it was understood: `acervo snapshots`.
  public let command: String
  /// What is wrong.
  public let message: String

  /// Makes an error; programs use it for rules between options.
  public init(command: String, message: String) {
    self.command = command
    self.message = message
  }

  /// The message, and where help is.
  public var description: String { "\(command): \(message)\nSee “\(command) --help”." }
}

/// An option without the type of its value.
struct AnyOption: Sendable {
  let name: String
  let short: Character?
  let placeholder: String?
  let help: String
  let isRequired: Bool
  let check: @Sendable (String) throws -> Void
}
