internal import Answering
internal import Corpus
internal import Evaluation
internal import Snapshots
internal import Terminal

/// `acervo snapshots diff`: what changed from one snapshot to another, in words.
enum DiffCommand {
  private static let questions = Option(
    "questions", "FILE", help: "Golden questions: also ask both snapshots, and tell whose answers changed.")
  private static let all = Flag("all", help: "Every page; without it, at most 20 of each kind.")

  static let entry = Acervo.Entry(
    command: Command(
      "diff",
      """
      Says what changed from one snapshot to another: pages added, removed, moved and changed, readers, chunks. \
      Without arguments: what the current one changed; with one: from that one to the current.
      """,
      positionals: [
        Positional("A", help: "The earlier snapshot; the one before the current by default.", count: .optional),
        Positional("B", help: "The later one; the current one by default.", count: .optional),
      ],
      options: SnapshotsCommand.place + [.value(questions), .flag(all), .flag(SnapshotsCommand.json)],
      examples: [
        "acervo snapshots diff --collection handbook --questions evals/handbook.yaml",
        "acervo snapshots diff 20261120T231500Z-3f9a1c0b7e21 20261121T041500Z-98b3a3b122ea --json",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let folder = try Collections.folder(arguments)
    let words = arguments.positionals
    guard let after = try words.count > 1 ? words[1] : folder.currentID() else {
      throw InputError(
        description: "\(folder.path) has no current snapshot\n  mend: run “acervo index PIPELINE”", code: .missingInput)
    }
    let golden = try arguments[questions].map { try GoldenQuestion.read(path: $0, environment: Inputs.environment) }
    let before = try words.first ?? folder.previousID()
    let (old, new) = (
      try Snapshot(folder: folder.folder(ofSnapshot: before)), try Snapshot(folder: folder.folder(ofSnapshot: after))
    )
    let diff = try SnapshotDiff(from: old, to: new)
    var changes: [AnswerChange]?
    if let golden {
      let reports = (try await ask(golden, old, arguments), try await ask(golden, new, arguments))
      changes = zip(reports.0.outcomes, reports.1.outcomes).compactMap(AnswerChange.init)
    }
    if arguments[SnapshotsCommand.json] {
      let answers = changes.map { [JSONValue.Member("answers", .array($0.map(\.json)))] } ?? []
      Output.results.line(JSONValue.object((diff.json.members ?? []) + answers).text(pretty: true))
    } else {
      Output.results.write(DiffText.of(diff, changes, limit: arguments[all] ? .max : 20))
    }
    return .success
  }

  private static func ask(
    _ questions: [GoldenQuestion], _ snapshot: Snapshot, _ arguments: Arguments
  ) async throws -> EvaluationReport {
    let (retriever, embedder) = try Collections.retriever(
      snapshot, startingAt: arguments[Collections.snapshots] ?? ".", rerank: nil)
    return try await Evaluator(retriever, answerer: ExtractiveAnswerer(embedder: embedder)).run(questions)
  }
}

/// A golden question that is answered otherwise.
struct AnswerChange {
  var question: String
  var before: String
  var after: String
  /// Whether the answer quotes what a right one contains, or rightly says that nothing fits; nil where nobody knows.
  var wasRight: Bool?
  var isRight: Bool?

  /// Nil when the answers are the same.
  init?(_ before: QuestionOutcome, _ after: QuestionOutcome) {
    guard before.answer != after.answer || Self.right(before) != Self.right(after) else { return nil }
    question = after.question
    (self.before, self.after) = (before.answer ?? "", after.answer ?? "")
    (wasRight, isRight) = (Self.right(before), Self.right(after))
  }

  private static func right(_ outcome: QuestionOutcome) -> Bool? {
    outcome.isUnanswerable ? outcome.isAnswered.map { !$0 } : outcome.containsAnswer
  }

  /// What became of it, in a word.
  var kind: String {
    switch (wasRight, isRight) {
    case (true?, false?): "worse"
    case (false?, true?): "better"
    default: "other words"
    }
  }

  var json: JSONValue {
    [
      "question": .string(question), "change": .string(kind), "before": .string(before), "after": .string(after),
    ]
  }
}

/// A difference in words.
enum DiffText {
  static func of(_ diff: SnapshotDiff, _ answers: [AnswerChange]? = nil, limit: Int) -> String {
    var lines = ["\(diff.before.collection): \(diff.before.id) → \(diff.after.id)"]
    func list<Item>(_ title: String, _ items: [Item], _ line: (Item) -> String) {
      guard !items.isEmpty else { return }
      lines.append("\(title): \(items.count)")
      lines += items.prefix(limit).map { "  " + line($0) }
      if items.count > limit { lines.append("  … and \(items.count - limit) more: see --all") }
    }
    if diff.before.embedder != diff.after.embedder {
      lines.append("model: \(diff.before.embedder?.model ?? "none") → \(diff.after.embedder?.model ?? "none")")
    }
    if diff.before.pipeline != diff.after.pipeline, diff.settings.isEmpty {
      lines.append("settings of the pipeline: changed")
    }
    list("settings changed", diff.settings) { "\($0.name): \($0.before ?? "-") → \($0.after ?? "-")" }
    list("pages added", diff.added, name)
    list("pages removed", diff.removed, name)
    list("pages moved", diff.moved) { "\(name($0.to)) (was \($0.from.url))" }
    list("pages changed", diff.changed) { change in
      let parts = change.parts.map { part in
        part == .title ? "title, before: “\(change.titleBefore)”" : part.rawValue
      }
      return "\(name(change.page)): \(parts.joined(separator: "; "))"
    }
    for change in [AccessRule.Change.widened, .narrowed, .shifted] {
      let title = change == .shifted ? "access given to some and taken from others" : "access \(change.rawValue)"
      list(title, diff.access.filter { $0.change == change }) { access in
        "\(name(access.page)): \(text(access.before)) → \(text(access.after))"
      }
    }
    list("groups with other members", diff.groups) { group in
      let parts = [("+", group.added), ("-", group.removed)].compactMap { sign, members in
        members.isEmpty
          ? nil
          : sign + " " + members.prefix(5).map(\.name).joined(separator: ", ")
            + (members.count > 5 ? " and \(members.count - 5) more" : "")
      }
      return "\(group.group.name): \(parts.joined(separator: "; "))"
    }
    lines.append(
      "chunks: \(diff.before.chunks) → \(diff.after.chunks); \(diff.chunksEmbedded) embedded anew, "
        + "\(diff.chunksKept) as before")
    if let answers {
      if answers.isEmpty { lines.append("golden answers: all as before") }
      list("golden answers changed", answers) { change in
        "\(change.kind): \(oneLine(change.question))\n    - \(oneLine(change.before))\n    + \(oneLine(change.after))"
      }
    }
    if diff.isEmpty { lines.append("nothing differs") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func oneLine(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > 200 ? line.prefix(200) + "…" : line
  }

  private static func name(_ page: SnapshotDiff.Page) -> String { "“\(page.title)” \(page.url)" }

  private static func text(_ rule: AccessRule) -> String {
    switch rule {
    case .open: "everybody"
    case .closed: "nobody"
    case .allOf(let sets):
      sets.map { $0.sorted().map(\.name).joined(separator: " or ") }.map { sets.count > 1 ? "(\($0))" : $0 }
        .joined(separator: " and ")
    }
  }
}
