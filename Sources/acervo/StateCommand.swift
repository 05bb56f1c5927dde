internal import Corpus
internal import Indexing
internal import Pipelines
internal import Terminal

/// `acervo state`: what a pipeline remembers between runs.
enum StateCommand {
  private static let json = Flag("json", help: "JSON on standard output.")

  static let entry = Acervo.Entry(
    command: Command(
      "state", "Shows what a pipeline remembers between runs: sizes, counts, ages. Changes nothing.",
      positionals: [Positional("PIPELINE", help: "The pipeline file.")], options: [.flag(json)],
      examples: ["acervo state pipelines/web.yaml", "acervo state --json pipelines/web.yaml | jq .file_bytes"]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let pipeline = try PipelineFile.read(path: arguments.positionals[0], environment: Inputs.environment)
    let summary = try CollectionState(pipeline: pipeline).summary()
    if arguments[json] {
      Output.results.line(summary.json.text(pretty: true))
      return .success
    }
    let output = Output.results
    output.line(summary.path)
    output.line(
      "  file      \(ReportText.size(summary.fileBytes)), \(ReportText.size(summary.liveBytes)) in use; limit "
        + ReportText.size(pipeline.state.limit))
    output.line(
      "  pages     \(summary.pages), of which \(summary.pending) differ from the current snapshot; "
        + "\(summary.visits) visits, \(summary.failures) failures")
    for (stage, results) in summary.results {
      output.line(
        "  \(stage.padded(to: 8))  \(results.count) results, \(ReportText.size(results.bytes)); "
          + "\(results.unusedCount) unused, \(ReportText.size(results.unusedBytes))")
    }
    if let oldest = summary.oldestUnused { output.line("  unused    since \(Moment.text(oldest)) at the longest") }
    return .success
  }
}

extension String {
  /// With blanks behind it, for columns.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
