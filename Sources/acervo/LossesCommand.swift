internal import Corpus
internal import Indexing
internal import Pipelines
internal import Terminal

/// `acervo losses`: what became of the macros of Confluence's pages.
enum LossesCommand {
  private static let json = Flag("json", help: "JSON on standard output, with every page.")
  private static let page = Option("page", "URL", help: "Only this page.")
  private static let space = Option("space", "KEY", help: "Only pages of this space.")

  static let entry = Acervo.Entry(
    command: Command(
      "losses",
      "Tells which macros of Confluence pages are in the text, which something stands for, and which left nothing.",
      positionals: [Positional("PIPELINE", help: "The pipeline file.")],
      options: [.value(space), .value(page), .flag(json)],
      examples: ["acervo losses pipelines/support.yaml", "acervo losses --space SUP pipelines/support.yaml"]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let pipeline = try PipelineFile.read(path: arguments.positionals[0], environment: Inputs.environment)
    var report = try CollectionState(pipeline: pipeline).losses()
    if arguments[page] != nil || arguments[space] != nil {
      report.pages.removeAll { $0.url != arguments[page] ?? $0.url || $0.space != arguments[space] ?? $0.space }
      report.count = report.pages.count
      report.files.removeAll { $0.url != arguments[page] ?? $0.url || $0.space != arguments[space] ?? $0.space }
      report.spaces = report.pages.reduce(into: [:]) { $0[$1.space, default: MacroReport()].add($1.macros) }
    }
    if arguments[json] {
      Output.results.line(report.json.text(pretty: true))
      return .success
    }
    for (key, macros) in report.spaces.sorted(by: { $0.key < $1.key }) {
      let pages = report.pages.count { $0.space == key }
      Output.results.line("\(key.isEmpty ? "no space" : key): \(pages) page\(pages == 1 ? "" : "s") with macros")
      for line in lines(macros) { Output.results.line("  " + line) }
    }
    let losing = report.pages.filter { page in page.macros.counts.values.contains { $0.dropped > 0 } }
    for page in losing.prefix(20) {
      let names = page.macros.counts.filter { $0.value.dropped > 0 }.keys.sorted().joined(separator: ", ")
      Output.results.line("dropped \(names) in \(page.url) \(page.title)")
    }
    if losing.count > 20 { Output.notes.line("… and \(losing.count - 20) more pages: see --json") }
    for file in report.files.prefix(20) { Output.results.line("not read: \(file.url): \(file.reason)") }
    if report.files.count > 20 { Output.notes.line("… and \(report.files.count - 20) more files: see --json") }
    if report.spaces.isEmpty, report.files.isEmpty { Output.notes.line("no page with macros is known") }
    return .success
  }

  /// What became of macros, a line each.
  static func lines(_ macros: MacroReport) -> [String] {
    macros.counts.sorted { $0.key < $1.key }.map { name, counts in
      let parts = [(counts.rendered, "rendered"), (counts.reduced, "reduced"), (counts.dropped, "dropped")]
      return "\(name): " + parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
  }
}
