internal import Connectors
internal import Corpus
internal import Dispatch
internal import Embedding
internal import FoundationEssentials
internal import Glibc
internal import HTTPClient
internal import Indexing
internal import Pipelines
internal import Settings
internal import Synchronization
internal import Terminal

/// `acervo index`: runs a pipeline to a published snapshot.
enum IndexCommand {
  private static let threads = Option(
    "threads", "N", in: 1...256, help: "Pages cleaned and batches embedded at the same time; all cores by default.")
  private static let json = Flag("json", help: "Print the run's report as JSON on standard output.")
  private static let quiet = Flag("quiet", short: "q", help: "No progress; only errors and the result.")
  private static let zeroWhenUnchanged = Flag(
    "zero-when-unchanged", help: "Exit with 0 instead of 3 when nothing changed, for schedulers that know no third end."
  )
  private static let acceptShrink = Flag(
    "accept-shrink", help: "Publish this once even though a source lost more documents than it may.")

  static let entry = Acervo.Entry(
    command: Command(
      "index",
      """
      Fetches, cleans, chunks, embeds and publishes. Exit codes: 0 published, 3 nothing changed, 5 too many failures \
      or too much shrink, 64 usage, 65 bad pipeline file, 69 source or model unreachable, 75 another run holds the \
      lock.
      """,
      positionals: [Positional("PIPELINE", help: "The pipeline file.")],
      options: [.value(threads), .flag(acceptShrink), .flag(zeroWhenUnchanged), .flag(json), .flag(quiet)],
      examples: [
        "acervo index pipelines/handbook.yaml", "acervo index --json --quiet pipelines/handbook.yaml | jq .run",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let pipeline = try PipelineFile.read(path: arguments.positionals[0], environment: Inputs.environment)
    let embedder = try embedder(for: pipeline)
    let client = try HTTPClient()
    let progress = RunProgress()
    let run = IndexingRun(
      pipeline: pipeline,
      sources: pipeline.sources.map {
        source(for: $0, client: client, progress: progress.source($0.id))
      },
      embedder: embedder, threads: arguments[threads] ?? ProcessInfo.processInfo.activeProcessorCount,
      acceptsShrink: arguments[acceptShrink], progress: progress)
    let text = ProgressText(progress)
    let line = ProgressLine(isQuiet: arguments[quiet]) { text.line }
    let report: RunReport
    do {
      report = try await Interruption.cancelling { try await run.run() }
    } catch {
      line.finish()
      throw error
    }
    line.finish()
    if arguments[json] {
      Output.results.line(report.json.text(pretty: true))
    } else if !arguments[quiet] || report.outcome.exitCode != .success {
      Output.notes.write(ReportText.of(report))
    }
    let code = report.outcome.exitCode
    return code == .unchanged && arguments[zeroWhenUnchanged] ? .success : code
  }

  /// The embedder that a pipeline asks for.
  static func embedder(for pipeline: PipelineFile) throws -> (any Embedder)? {
    switch pipeline.embed.provider {
    case .none: return nil
    case .local:
      let folder = try ModelFinder.folder(
        of: pipeline.embed.model, startingAt: pipeline.folder, environment: Inputs.environment)
      return try LocalEmbedder(folder: folder)
    }
  }
}

extension PipelineFile {
  /// The folder that the file stands in.
  fileprivate var folder: String {
    path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
  }
}

extension RunReport.Outcome {
  fileprivate var exitCode: ExitCode {
    switch self {
    case .published: .success
    case .unchanged: .unchanged
    case .refused: .tooManyFailures
    }
  }
}

/// SIGINT and SIGTERM cancel the work; what was done is saved before the program ends.
enum Interruption {
  static func cancelling<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let task = Task { try await work() }
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { @Sendable in task.cancel() }
      source.activate()
      return source
    }
    defer { for source in sources { source.cancel() } }
    return try await task.value
  }
}
