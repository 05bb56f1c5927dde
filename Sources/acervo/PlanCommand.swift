internal import Corpus
internal import Indexing
internal import Terminal

/// `acervo plan`: what a run would do.
enum PlanCommand {
  private static let json = Flag("json", help: "JSON on standard output.")

  static let entry = Acervo.Entry(
    command: Command(
      "plan",
      "Says what a run would fetch, embed and remove, and what it would cost. Asks the sources, as only the pages tell; "
        + "embeds nothing and changes nothing.",
      positionals: [Positional("PIPELINE", help: "The pipeline file.")], options: [.flag(json)],
      examples: ["acervo plan pipelines/web.yaml", "acervo plan --json pipelines/web.yaml | jq .tokens"]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let run = try await IndexCommand.prepare(path: arguments.positionals[0])
    let report = try await Interruption.cancelling { try await run.plan() }
    if arguments[json] {
      Output.results.line(report.json.text(pretty: true))
      return .success
    }
    let output = Output.results
    output.line(
      "\(report.collection): \(report.new.count) new, \(report.changed.count) changed, \(report.unchanged) unchanged, "
        + "\(report.removed.count) to be removed, \(report.failed.count) failed")
    output.line("  requests  \(report.requests), \(ReportText.size(report.bytes))")
    output.line("  embed     \(report.chunks) chunks, \(report.tokens) tokens, \(cost(report.cost))")
    if !report.readers.isEmpty || report.groups > 0 {
      let counts = [AccessRule.Change.widened, .narrowed, .shifted].compactMap { change in
        let count = report.readers.count { $0.change == change }
        return count > 0 ? "\(count) \(change.rawValue)" : nil
      }
      let groups = report.groups > 0 ? ["\(report.groups) groups with other members"] : []
      output.line("  readers   \((counts + groups).joined(separator: ", "))")
    }
    for incomplete in report.incomplete {
      output.line("  source    “\(incomplete.source)” was cut short: \(incomplete.reason); nothing of it would leave")
    }
    if let refusal = report.refusal { output.line("  refused   \(refusal)") }
    for (word, urls) in [
      ("new", report.new), ("changed", report.changed), ("removed", report.removed), ("failed", report.failed),
    ] {
      for url in urls.prefix(20) { output.line("  \(word.padded(to: 8))  \(url)") }
      if urls.count > 20 { output.line("            … and \(urls.count - 20) more: see --json") }
    }
    return .success
  }

  private static func cost(_ dollars: Double) -> String {
    dollars == 0 ? "no cost" : "about \((dollars * 100).rounded() / 100) US dollars"
  }
}
