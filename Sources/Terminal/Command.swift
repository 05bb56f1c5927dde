internal import Corpus

/// A command: its options and arguments, defined once for parsing and for the help.
///
/// ```swift
/// let port = Option("port", "PORT", in: 0...65535, help: "Port to listen on.", default: 8080)
/// let command = Command("serve", "Serves.", options: [.value(port)])
/// if case .run(_, let arguments) = try command.parse(["--port", "80"]) { arguments[port] }
/// ```
public struct Command: Sendable {
  /// An option or a flag, as a list of them needs it.
  public struct Parameter: Sendable {
    let option: AnyOption

    /// An option with a value.
    public static func value<Value>(_ option: Option<Value>) -> Parameter { Parameter(option: option.option) }

    /// A flag.
    public static func flag(_ flag: Flag) -> Parameter { Parameter(option: flag.option) }
  }

  /// What a command line asks for.
  public enum Invocation: Sendable {
    /// To run a command, named in full (`acervo snapshots list`).
    case run(command: String, Arguments)
    /// To print this text on standard output and exit with 0.
    case help(String)
    /// To print the version on standard output and exit with 0.
    case version
  }

  /// One word.
  public let name: String
  let summary: String
  let positionals: [Positional]
  let options: [AnyOption]
  let examples: [String]
  let subcommands: [Command]

  /// Defines a command.
  ///
  /// - Parameters:
  ///   - name: one word.
  ///   - summary: what it does, in a sentence or a few.
  ///   - positionals: arguments in order; only the last may be optional or several.
  ///   - options: options and flags; `--help` and `--version` are there by themselves.
  ///   - examples: whole command lines, each with an explanation after `#` if it needs one.
  ///   - subcommands: if there are any, the command itself only leads to them.
  public init(
    _ name: String, _ summary: String, positionals: [Positional] = [], options: [Parameter] = [],
    examples: [String] = [], subcommands: [Command] = []
  ) {
    self.name = name
    self.summary = summary
    self.positionals = positionals
    self.options = options.map(\.option)
    self.examples = examples
    self.subcommands = subcommands
  }

  /// Understands a command line.
  ///
  /// - Parameter arguments: what follows the program's name.
  /// - Returns: what is asked for.
  /// - Throws: `UsageError`.
  public func parse(_ arguments: [String]) throws(UsageError) -> Invocation {
    try parse(arguments[...], path: name)
  }

  private func parse(_ words: ArraySlice<String>, path: String) throws(UsageError) -> Invocation {
    if !subcommands.isEmpty { return try lead(words, path: path) }
    var rest = words
    var parsed = Arguments()
    while let word = rest.popFirst() {
      if word == "--" {
        parsed.positionals += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        parsed.positionals.append(word)
        continue
      }
      if word == "--help" || word == "-h" { return .help(help(path: path)) }
      if word == "--version" { return .version }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let option = try self.option(String(parts[0]), path: path)
      var value = parts.count == 2 ? String(parts[1]) : nil
      if let placeholder = option.placeholder {
        value = value ?? rest.popFirst()
        guard let value else {
          throw UsageError(command: path, message: "“--\(option.name)” needs a value: --\(option.name) \(placeholder)")
        }
        do { try option.check(value) } catch {
          throw UsageError(command: path, message: "“\(value)” is no value for “--\(option.name)”: \(error)")
        }
      } else if value != nil {
        throw UsageError(command: path, message: "“--\(option.name)” takes no value")
      }
      parsed.given[option.name, default: []].append(value ?? "")
    }
    try check(parsed, path: path)
    return .run(command: path, parsed)
  }

  private func lead(_ words: ArraySlice<String>, path: String) throws(UsageError) -> Invocation {
    let names = subcommands.map(\.name)
    guard let word = words.first else {
      throw UsageError(command: path, message: "say what to do: \(names.joined(separator: ", "))")
    }
    if word == "--help" || word == "-h" { return .help(help(path: path)) }
    if word == "--version" { return .version }
    guard let command = subcommands.first(where: { $0.name == word }) else {
      let hint = Spelling.nearest(to: word, among: names).map { "; did you mean “\($0)”?" } ?? ""
      let kind = word.hasPrefix("-") ? "option" : "command"
      throw UsageError(command: path, message: "unknown \(kind) “\(word)”" + hint)
    }
    return try command.parse(words.dropFirst(), path: path + " " + command.name)
  }

  private func option(_ word: String, path: String) throws(UsageError) -> AnyOption {
    for option in options {
      if word == "--" + option.name { return option }
      if let short = option.short, word == "-\(short)" { return option }
    }
    let hint = Spelling.nearest(to: word, among: options.map { "--" + $0.name } + ["--help", "--version"])
    throw UsageError(
      command: path, message: "unknown option “\(word)”" + (hint.map { "; did you mean “\($0)”?" } ?? ""))
  }

  private func check(_ parsed: Arguments, path: String) throws(UsageError) {
    for option in options where option.isRequired && parsed.given[option.name] == nil {
      throw UsageError(command: path, message: "“--\(option.name) \(option.placeholder ?? "")” is missing")
    }
    let needed = positionals.filter { $0.count != .optional }
    if parsed.positionals.count < needed.count {
      throw UsageError(command: path, message: "“\(needed[parsed.positionals.count].placeholder)” is missing")
    }
    if parsed.positionals.count > positionals.count, positionals.last?.count != .several {
      let word = parsed.positionals[positionals.count]
      let mend = positionals.isEmpty ? "" : "; put an argument that has spaces into quotes"
      throw UsageError(command: path, message: "nothing is expected at “\(word)”" + mend)
    }
  }
}
