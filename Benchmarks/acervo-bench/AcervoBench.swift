internal import Corpus
internal import Glibc
internal import Terminal

/// Drives single stages in this process and prints how long they took, one JSON object a run.
///
/// `scripts/bench` sets the numbers beside those of other programs; for people, `acervo` has a command for each stage.
@main
enum AcervoBench {
  static let command = Command(
    "acervo-bench", "Measures one stage on one thread.",
    subcommands: [
      CleanStage.command, ChunkStage.command, EmbedStage.command, ScanStage.command, LexicalStage.command,
      DumpStage.command, ListsStage.command,
    ])

  static func main() {
    do {
      switch try command.parse(Array(CommandLine.arguments.dropFirst())) {
      case .help(let text): Output.results.write(text)
      case .version: Output.results.line("acervo-bench")
      case .run(let name, let arguments):
        let result: JSONValue =
          switch name {
          case "acervo-bench clean": try CleanStage.run(arguments)
          case "acervo-bench chunk": try ChunkStage.run(arguments)
          case "acervo-bench embed": try EmbedStage.run(arguments)
          case "acervo-bench scan": try ScanStage.run(arguments)
          case "acervo-bench lists": try ListsStage.run(arguments)
          case "acervo-bench lexical": try LexicalStage.run(arguments)
          default: try DumpStage.run(arguments)
          }
        Output.results.line(result.text())
      }
    } catch {
      Output.notes.line("acervo-bench: \(error)")
      exit((error is UsageError ? ExitCode.usage : .software).rawValue)
    }
  }
}
