internal import Corpus
internal import Indexing
internal import Pipelines
internal import Terminal

/// `acervo failures`: the documents that failed, and another try.
enum FailuresCommand {
  private static let json = Flag("json", help: "JSON on standard output.")
  private static let source = Option("source", "ID", help: "Only those of this source.")
  private static let pipeline = Positional("PIPELINE", help: "The pipeline file.")

  static let listEntry = Acervo.Entry(
    command: Command(
      "list", "Lists the documents that failed in the last run: stage, attempts, since when, what happened.",
      positionals: [pipeline], options: [.value(source), .flag(json)],
      examples: ["acervo failures list pipelines/web.yaml", "acervo failures list --source docs pipelines/web.yaml"]),
    run: list)

  static let showEntry = Acervo.Entry(
    command: Command(
      "show", "Shows all that is known of one document that failed.",
      positionals: [pipeline, Positional("URL", help: "The document's address.")],
      options: [.value(source), .flag(json)],
      examples: ["acervo failures show pipelines/web.yaml https://docs.example/a.html"]),
    run: show)

  static let retryEntry = Acervo.Entry(
    command: Command(
      "retry",
      "Fetches only the documents that failed, and publishes what comes of it; nothing is removed. Exit codes as of "
        + "“acervo index”.",
      positionals: [pipeline], options: [.value(source)] + IndexCommand.options,
      examples: ["acervo failures retry pipelines/web.yaml"]),
    run: { arguments in
      let file = try PipelineFile.read(path: arguments.positionals[0], environment: Inputs.environment)
      try checkSource(arguments, of: file)
      return try await IndexCommand.run(arguments, onlyFailed: .init(source: arguments[source]))
    })

  private static func checkSource(_ arguments: Arguments, of pipeline: PipelineFile) throws {
    if let id = arguments[source], !pipeline.sources.contains(where: { $0.id == id }) {
      throw UsageError(
        command: "acervo failures",
        message: "\(pipeline.path) has no source “\(id)”; it has "
          + pipeline.sources.map { "“\($0.id)”" }.joined(separator: ", "))
    }
  }

  private static func failures(_ arguments: Arguments) throws -> [FailureRecord] {
    let pipeline = try PipelineFile.read(path: arguments.positionals[0], environment: Inputs.environment)
    try checkSource(arguments, of: pipeline)
    return try CollectionState(pipeline: pipeline).failures().filter { $0.source == arguments[source] ?? $0.source }
  }

  private static func list(_ arguments: Arguments) async throws -> ExitCode {
    let failures = try failures(arguments)
    if arguments[json] {
      Output.results.line(JSONValue.array(failures.map(\.json)).text(pretty: true))
      return .success
    }
    for failure in failures {
      Output.results.line("\(failure.url)")
      Output.results.line(
        "  \(failure.source), \(failure.stage), \(failure.attempts) attempt\(failure.attempts == 1 ? "" : "s") since "
          + "\(Moment.text(failure.since)): \(failure.reason)")
    }
    if failures.isEmpty { Output.notes.line("nothing failed in the last run") }
    return .success
  }

  private static func show(_ arguments: Arguments) async throws -> ExitCode {
    let url = arguments.positionals[1]
    let found = try failures(arguments).filter { $0.url == url }
    guard !found.isEmpty else {
      throw InputError(
        description: "\(url) is not among the documents that failed\n  mend: see “acervo failures list”",
        code: .missingInput)
    }
    if arguments[json] {
      Output.results.line(JSONValue.array(found.map(\.json)).text(pretty: true))
      return .success
    }
    for failure in found {
      Output.results.line(failure.url)
      Output.results.line("  source    \(failure.source)")
      Output.results.line("  stage     \(failure.stage)")
      Output.results.line("  error     \(failure.reason)")
      Output.results.line("  attempts  \(failure.attempts), one a run")
      Output.results.line("  since     \(Moment.text(failure.since))")
      Output.results.line("  last      \(Moment.text(failure.last))")
    }
    return .success
  }
}
