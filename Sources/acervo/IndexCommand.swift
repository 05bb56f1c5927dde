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
internal import Snapshots
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

  private static let metrics = Option(
    "metrics", "FILE",
    help: "Write the run's figures there in Prometheus' text format, also when it fails, but not when it cannot begin.")

  /// What a run can be told.
  static let options: [Command.Parameter] = [
    .value(threads), .flag(acceptShrink), .value(metrics), .flag(zeroWhenUnchanged), .flag(json), .flag(quiet),
  ]

  static let entry = Acervo.Entry(
    command: Command(
      "index",
      """
      Fetches, cleans, chunks, embeds and publishes. Exit codes: 0 published, 3 nothing changed, 4 refused by the \
      gate, 5 too many failures or too much shrink, 64 usage, 65 bad pipeline file, 69 source or model unreachable, 75 another run holds the \
      lock.
      """,
      positionals: [Positional("PIPELINE", help: "The pipeline file.")],
      options: options,
      examples: [
        "acervo index pipelines/handbook.yaml", "acervo index --json --quiet pipelines/handbook.yaml | jq .run",
      ]),
    run: { try await run($0) })

  /// A run of a pipeline file.
  static func prepare(
    path: String, threads: Int? = nil, acceptsShrink: Bool = false, onlyFailed: IndexingRun.FailureFilter? = nil,
    progress: RunProgress = RunProgress(), finished: @escaping @Sendable (RunReport) throws -> Void = { _ in }
  ) async throws -> IndexingRun {
    let pipeline = try PipelineFile.read(path: path, environment: Inputs.environment)
    let client = try HTTPClient()
    return IndexingRun(
      pipeline: pipeline,
      sources: pipeline.sources.map { source(for: $0, client: client, progress: progress.source($0.id)) },
      embedders: try await embedders(for: pipeline, client: client),
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
      acceptsShrink: acceptsShrink, onlyFailed: onlyFailed, environment: Inputs.environment,
      otherEmbedder: { fingerprint in
        try EmbedderFinder(startingAt: pipeline.publish.to, environment: Inputs.environment, client: client)
          .embedder(for: fingerprint)
      }, progress: progress, finished: finished)
  }

  static func run(_ arguments: Arguments, onlyFailed: IndexingRun.FailureFilter? = nil) async throws -> ExitCode {
    let progress = RunProgress()
    let metricsFile = arguments[metrics]
    if let metricsFile { try checkFolder(of: metricsFile) }
    let run = try await prepare(
      path: arguments.positionals[0], threads: arguments[threads], acceptsShrink: arguments[acceptShrink],
      onlyFailed: onlyFailed, progress: progress,
      finished: { report in
        guard let metricsFile else { return }
        // What was published is published: the run ends as it ends.
        do { try AtomicFile.write(report.metrics, to: metricsFile) } catch { Output.notes.line("acervo: \(error)") }
      })
    let text = ProgressText(progress)
    let line = ProgressLine(isQuiet: arguments[quiet]) { text.line }
    let report: RunReport
    do {
      report = try await Interruption.cancelling { try await run.run() }
    } catch {
      line.finish()
      if error is CancellationError, !arguments[quiet] {
        Output.notes.line("stopped: what was done is kept, and the next run goes on from there")
      }
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

  /// That a file can be written is found out before anything is fetched.
  private static func checkFolder(of file: String) throws {
    let folder = file.lastIndex(of: "/").map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
    guard access(folder, W_OK | X_OK) == 0 else {
      throw InputError(
        description: "\(file) cannot be written: \(String(cString: strerror(errno)))\n"
          + "  mend: name a file in a folder that exists and may be written to", code: .cannotWrite)
    }
  }

  /// The embedders that a pipeline asks for, in their order.
  static func embedders(for pipeline: PipelineFile, client: HTTPClient) async throws -> [any Embedder] {
    let embed = pipeline.embed
    guard let provider = Provider(rawValue: embed.provider.rawValue) else {
      guard embed.provider == .local else { return [] }
      return try [embed.model, embed.also].compactMap { $0 }.map { model in
        try LocalEmbedder(
          folder: ModelFinder.folder(of: model, startingAt: pipeline.folder, environment: Inputs.environment))
      }
    }
    let access = try ProviderAccess(
      provider, url: embed.url, key: embed.apiKey, environment: Inputs.environment)
    var settings = EmbeddingProviderSettings(access: access, model: embed.model, dimensions: embed.dimensions)
    settings.batch = embed.batch
    settings.price = embed.price
    return [try await ProviderEmbedder.make(settings, client: client)]
  }
}

extension PipelineFile {
  /// The folder that the file stands in.
  fileprivate var folder: String {
    path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
  }
}

extension RunReport.Outcome {
  var exitCode: ExitCode {
    switch self {
    case .published: .success
    case .unchanged: .unchanged
    case .refused: .tooManyFailures
    case .gateRefused: .gateRefused
    case .failed: .failure
    }
  }
}

/// SIGINT and SIGTERM cancel the work; what was done is saved before the program ends.
enum Interruption {
  /// The last one that came; 0 for none.
  private static let received = Atomic<Int32>(0)

  /// How a program ends whose work was cancelled.
  static var exitCode: ExitCode { received.load(ordering: .relaxed) == SIGINT ? .interrupted : .terminated }

  static func cancelling<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let task = Task { try await work() }
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { @Sendable in
        received.store(number, ordering: .relaxed)
        task.cancel()
      }
      source.activate()
      return source
    }
    // Whoever waits for what comes after the work can be ended as any program.
    defer {
      for source in sources { source.cancel() }
      for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
    return try await task.value
  }
}
