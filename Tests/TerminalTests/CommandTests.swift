import Testing

@testable import Terminal

@Suite struct CommandTests {
  static let port = Option("port", short: "p", "PORT", in: 0...65535, help: "Port to listen on.", default: 8080)
  static let root = Option("snapshots", "DIR", help: "Folder of collections.", isRequired: true)
  static let label = Option("label", "NAME", help: "May be repeated.")
  static let format = Option("format", oneOf: ["text", "json"], help: "How to print.", default: "text")
  static let json = Flag("json", help: "Print JSON.")
  static let serve = Command(
    "serve", "Serves snapshots. Never writes.", positionals: [Positional("FILE", help: "A file.", count: .optional)],
    options: [.value(root), .value(port), .value(label), .value(format), .flag(json)],
    examples: ["serve --snapshots ./snapshots"])
  static let tree = Command(
    "acervo", "Leads.",
    subcommands: [
      Command(
        "index", "Indexes `index.mdb` at once. Never twice.",
        positionals: [Positional("FILE", help: "A file.", count: .several)]),
      Command("snapshots", "Of snapshots.", subcommands: [Command("list", "Lists them.")]),
    ])

  func run(_ words: String...) throws -> Arguments {
    guard case .run("serve", let arguments) = try Self.serve.parse(words) else {
      throw ValueError("not a run")
    }
    return arguments
  }

  @Test func `values are written beside or after an equals sign`() throws {
    let arguments = try run("--snapshots", "a=b", "--port=9", "--label=", "--label", "-x", "--json", "page.html")
    #expect(arguments[Self.root] == "a=b")
    #expect(arguments[Self.port] == 9)
    #expect(arguments.all(Self.label) == ["", "-x"])
    #expect(arguments[Self.label] == "-x")
    #expect(arguments[Self.json])
    #expect(arguments.positionals == ["page.html"])
  }

  @Test func `what is not given has its default or nothing`() throws {
    let arguments = try run("--snapshots=x")
    #expect(arguments[Self.port] == 8080)
    #expect(arguments[Self.label] == nil)
    #expect(arguments.all(Self.label).isEmpty)
    #expect(!arguments[Self.json])
  }

  @Test func `a double dash ends the options and a single one is an argument`() throws {
    #expect(try run("--snapshots", "x", "--", "--json").positionals == ["--json"])
    #expect(try run("-p", "1", "--snapshots", "x", "-").positionals == ["-"])
  }

  @Test(arguments: [
    (["--snapshot", "x"], "unknown option “--snapshot”; did you mean “--snapshots”?"),
    (["--prot=1"], "unknown option “--prot”; did you mean “--port”?"),
    (["--snap", "x"], "unknown option “--snap”; did you mean “--snapshots”?"),
    (["--entirely-else"], "unknown option “--entirely-else”"),
    (["--snapshots"], "“--snapshots” needs a value: --snapshots DIR"),
    (["--json=1"], "“--json” takes no value"),
    (["--port", "70000"], "“70000” is no value for “--port”: use a whole number from 0 to 65535"),
    (["--format=xml"], "“xml” is no value for “--format”: use one of text, json"),
    ([], "“--snapshots DIR” is missing"),
    (["--snapshots=x", "a", "b"], "nothing is expected at “b”; put an argument that has spaces into quotes"),
  ])
  func `a wrong command line is refused with the mend`(words: [String], message: String) {
    #expect(throws: UsageError(command: "serve", message: message)) { try Self.serve.parse(words) }
  }

  @Test func `subcommands lead to their own arguments`() throws {
    guard case .run(let command, let arguments) = try Self.tree.parse(["index", "a", "b"]) else {
      Issue.record("not a run")
      return
    }
    #expect(command == "acervo index")
    #expect(arguments.positionals == ["a", "b"])
    guard case .run("acervo snapshots list", _) = try Self.tree.parse(["snapshots", "list"]) else {
      Issue.record("not a run")
      return
    }
    #expect(throws: UsageError(command: "acervo snapshots", message: "say what to do: list")) {
      try Self.tree.parse(["snapshots"])
    }
    #expect(throws: UsageError(command: "acervo", message: "unknown command “idnex”; did you mean “index”?")) {
      try Self.tree.parse(["idnex"])
    }
    #expect(throws: UsageError(command: "acervo index", message: "“FILE” is missing")) {
      try Self.tree.parse(["index"])
    }
  }

  @Test func `the help shows everything that was defined`() throws {
    guard case .help(let text) = try Self.serve.parse(["--port", "1", "-h"]) else {
      Issue.record("no help")
      return
    }
    #expect(
      text == """
        Serves snapshots. Never writes.

        Usage: serve --snapshots DIR [OPTIONS] [FILE]

        Arguments:
          FILE  A file.

        Options:
          --snapshots DIR     Folder of collections. [required]
          -p, --port PORT     Port to listen on. [default: 8080]
          --label NAME        May be repeated.
          --format text|json  How to print. [default: text]
          --json              Print JSON.
          -h, --help          Print this help.
          --version           Print the version.

        Examples:
          serve --snapshots ./snapshots

        """)
    guard case .help(let tree) = try Self.tree.parse(["--help"]), case .version = try Self.tree.parse(["--version"])
    else {
      Issue.record("no help")
      return
    }
    #expect(tree.contains("  index      Indexes `index.mdb` at once.\n"))
  }
}
