internal import Terminal

/// The batch program: from a pipeline file to a published snapshot, and tools to look at every stage.
@main
enum Acervo {
  static let version = "0.1.0"

  /// A command and what it runs.
  struct Entry: Sendable {
    let command: Command
    let run: @Sendable (Arguments) async throws -> ExitCode
  }

  private static let entries: [Entry] = [
    IndexCommand.entry, PlanCommand.entry, StateCommand.entry, LossesCommand.entry, ValidateCommand.entry,
    ValidateCommand.schemaEntry,
    SearchCommand.entry, AskCommand.entry, ExplainCommand.entry, EvalCommand.entry, CleanCommand.entry,
    ChunkCommand.entry,
    EmbedCommand.entry, DoctorCommand.entry, ScheduleCommand.entry, MCPCommand.entry,
  ]

  private static let failureEntries: [Entry] = [
    FailuresCommand.listEntry, FailuresCommand.showEntry, FailuresCommand.retryEntry,
  ]

  private static let command = Command(
    "acervo", "Turns pages into one immutable file that answers questions.",
    examples: [
      "acervo index pipelines/handbook.yaml   # fetch, clean, chunk, embed, publish",
      "acervo ask --snapshots snapshots \"¿Cómo restablezco mi contraseña?\"",
      "acervo doctor                          # what this machine has and lacks",
    ],
    subcommands: entries.map(\.command) + [
      Command(
        "snapshots", "Looks at published snapshots, compares, verifies and moves them.",
        subcommands: SnapshotsCommand.entries.map(\.command)),
      Command(
        "access", "Says who may read what of a snapshot.", subcommands: AccessCommand.entries.map(\.command)),
      Command("failures", "Documents that failed.", subcommands: failureEntries.map(\.command)),
      Command("keys", "API keys of the service.", subcommands: KeysCommand.entries.map(\.command)),
      Command("token", "JSON Web Tokens for the service.", subcommands: TokenCommand.entries.map(\.command)),
    ])

  static func main() async {
    Output.fillClosedStreams()
    let code = await run(Array(CommandLine.arguments.dropFirst()))
    exitProgram(code)
  }

  static func run(_ arguments: [String]) async -> ExitCode {
    do {
      switch try command.parse(arguments) {
      case .help(let text):
        Output.results.write(text)
        return .success
      case .version:
        Output.results.line("acervo \(version)")
        return .success
      case .run(let path, let arguments):
        let words = path.split(separator: " ").dropFirst().map(String.init)
        let entries =
          switch words.first {
          case "snapshots": SnapshotsCommand.entries
          case "failures": failureEntries
          case "access": AccessCommand.entries
          case "keys": KeysCommand.entries
          case "token": TokenCommand.entries
          default: entries
          }
        guard let entry = entries.first(where: { $0.command.name == words.last }) else { return .software }
        return try await entry.run(arguments)
      }
    } catch {
      return Failure.report(error)
    }
  }
}
