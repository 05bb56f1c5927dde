internal import Answering
internal import Corpus
internal import Evaluation
internal import Retrieval
internal import Synchronization
internal import Terminal

/// `acervo eval`: how well questions with known answers are found and answered.
enum EvalCommand {
  private static let compare = Option(
    "compare", "SNAPSHOT", help: "Another snapshot of the collection, by id: both side by side, changed questions told."
  )
  private static let snapshot = Option(
    "snapshot", "SNAPSHOT", help: "The snapshot that is asked, by id; the current one by default.")
  private static let json = Flag(
    "json", help: "A JSON object for each question, then one for all: the last line is the summary.")
  private static let measure = Option<Measure>(
    "measure", "NAME", help: "A further measure, such as recall@20 or ndcg@5; may be given several times."
  ) { text in
    guard let measure = Measure(text) else { throw ValueError("use \(Measure.expectation)") }
    return measure
  }
  private static let quiet = Flag("quiet", short: "q", help: "No progress.")

  static let entry = Acervo.Entry(
    command: Command(
      "eval",
      """
      Measures what is found and answered. FILE holds golden questions: a YAML list of { question, expect: [address or \
      address#anchor], answer: [text], language, as: [principal], none: true }. With --beir, DIR holds corpus.jsonl, \
      queries.jsonl and qrels.tsv; the corpus is indexed as it is in a temporary folder, and documents are ranked by \
      their best chunk.
      """,
      positionals: [Positional("FILE", help: "Golden questions; not with --beir.", count: .optional)],
      options: [
        .value(Collections.snapshots), .value(Collections.collection), .value(snapshot), .value(compare),
        .value(EvalBenchmark.beir), .value(EvalBenchmark.pipeline), .value(EvalBenchmark.keep),
        .value(Collections.rerank),
        .value(measure),
        .flag(json), .flag(quiet),
      ],
      examples: [
        "acervo eval evals/handbook.yaml --snapshots snapshots",
        "acervo eval evals/handbook.yaml --compare 20261120T231500Z-3f9a1c0b7e21   # what changed since then",
        "acervo eval --beir xquad_es --json | tail -1 | jq '.[\"ndcg@10\"]'",
        "acervo eval --beir xquad_es --pipeline pipelines/handbook.yaml   # that file's chunk, embed and index stages",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let measures = Measure.standard + arguments.all(measure).filter { !Measure.standard.contains($0) }
    switch (arguments.positionals.first, arguments[EvalBenchmark.beir]) {
    case (let file?, nil):
      let questions = try GoldenQuestion.read(path: file, environment: Inputs.environment)
      let report = try await evaluate(questions, arguments, snapshot: arguments[snapshot], measures)
      guard let other = arguments[compare] else {
        show(report, arguments, measures)
        return .success
      }
      let before = try await evaluate(questions, arguments, snapshot: other, measures)
      show(EvaluationComparison(before: before, after: report, measures: measures), arguments)
    case (nil, let folder?):
      guard arguments[compare] == nil, arguments[snapshot] == nil else {
        throw UsageError(command: "acervo eval", message: "--compare and --snapshot go with FILE, not with --beir")
      }
      let depth = max(100, measures.compactMap(\.depth).max() ?? 0)
      let report = try await EvalBenchmark.run(folder, arguments, depth: depth, isQuiet: arguments[quiet])
      show(report, arguments, measures + [.recall(100)])
    default:
      throw UsageError(command: "acervo eval", message: "give either FILE or --beir DIR")
    }
    return .success
  }

  private static func evaluate(
    _ questions: [GoldenQuestion], _ arguments: Arguments, snapshot: String?, _ measures: [Measure]
  ) async throws -> EvaluationReport {
    let (retriever, embedder) = try Collections.retriever(arguments, snapshot: snapshot)
    let evaluator = Evaluator(retriever, answerer: ExtractiveAnswerer(embedder: embedder), measures: measures)
    return try await counting(questions.count, isQuiet: arguments[quiet]) { progress in
      try await evaluator.run(questions, progress: progress)
    }
  }

  /// Runs a work that says how many questions are done.
  static func counting<Value>(
    _ total: Int, isQuiet: Bool, _ work: (@escaping @Sendable (Int) -> Void) async throws -> Value
  ) async throws -> Value {
    let done = QuestionCount()
    let line = ProgressLine(isQuiet: isQuiet) { "\(done.value.withLock { $0 }) of \(total) questions" }
    defer { line.finish() }
    return try await work { number in done.value.withLock { $0 = number } }
  }

  // MARK: Showing

  private static func show(_ report: EvaluationReport, _ arguments: Arguments, _ measures: [Measure]) {
    let output = Output.results
    if arguments[json] {
      for outcome in report.outcomes { output.line(outcome.json(measures).text()) }
      output.line(report.json(measures).text())
    } else {
      output.write(EvaluationText.of(report, measures))
    }
  }

  private static func show(_ comparison: EvaluationComparison, _ arguments: Arguments) {
    let output = Output.results
    if arguments[json] {
      for outcome in comparison.after.outcomes { output.line(outcome.json(comparison.measures).text()) }
      output.line(comparison.json.text())
    } else {
      output.write(EvaluationText.of(comparison))
    }
  }
}

/// How many questions are done: the work writes, the terminal's line reads.
private final class QuestionCount: Sendable {
  let value = Mutex(0)
}
