internal import Corpus
internal import Pipelines
internal import Settings
internal import Terminal

/// `acervo validate` and `acervo schema`: the pipeline file before anything runs.
enum ValidateCommand {
  private static let json = Flag("json", help: "Print the faults as JSON on standard output.")

  static let entry = Acervo.Entry(
    command: Command(
      "validate", "Checks pipeline files without running them; every fault is shown with its place and its mend.",
      positionals: [Positional("PIPELINE", help: "Pipeline files.", count: .several)], options: [.flag(json)],
      examples: ["acervo validate pipelines/*.yaml"]),
    run: validate)

  static let schemaEntry = Acervo.Entry(
    command: Command(
      "schema", "Prints the JSON Schema of pipeline files, for editors and other checkers.",
      examples: ["acervo schema > pipeline.schema.json"]),
    run: { _ in
      Output.results.line(PipelineFile.jsonSchema.text(pretty: true))
      return .success
    })

  private static func validate(_ arguments: Arguments) async throws -> ExitCode {
    var faults: [JSONValue] = []
    var isValid = true
    for path in arguments.positionals {
      do {
        let pipeline = try PipelineFile.read(path: path, environment: Inputs.environment)
        if !arguments[json] {
          let sources = pipeline.sources.map(\.id).joined(separator: ", ")
          Output.results.line("\(path): valid (\(pipeline.name); sources: \(sources))")
        }
      } catch let errors as SettingsErrors {
        isValid = false
        faults += errors.json["errors"]?.array ?? []
        if !arguments[json] { Output.notes.line(errors.text(color: Output.notes.usesColor)) }
      }
    }
    if arguments[json] {
      let result: JSONValue = ["valid": .bool(isValid), "errors": .array(faults)]
      Output.results.line(result.text(pretty: true))
    }
    return isValid ? .success : .badInput
  }
}
