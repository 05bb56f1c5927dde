internal import Corpus
internal import Snapshots
internal import Terminal

/// `acervo snapshots diff`: what changed from one snapshot to another, in words.
enum DiffCommand {
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
      options: SnapshotsCommand.place + [.flag(all), .flag(SnapshotsCommand.json)],
      examples: [
        "acervo snapshots diff --collection handbook",
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
    let before = try words.first ?? folder.previousID()
    let diff = try SnapshotDiff(
      from: Snapshot(folder: folder.folder(ofSnapshot: before)), to: Snapshot(folder: folder.folder(ofSnapshot: after)))
    if arguments[SnapshotsCommand.json] {
      Output.results.line(diff.json.text(pretty: true))
    } else {
      Output.results.write(DiffText.of(diff, limit: arguments[all] ? .max : 20))
    }
    return .success
  }
}

/// A difference in words.
enum DiffText {
  static func of(_ diff: SnapshotDiff, limit: Int) -> String {
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
    if diff.before.pipeline != diff.after.pipeline { lines.append("settings of the pipeline: changed") }
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
    lines.append(
      "chunks: \(diff.before.chunks) → \(diff.after.chunks); \(diff.chunksEmbedded) embedded anew, "
        + "\(diff.chunksKept) as before")
    if diff.isEmpty { lines.append("nothing differs") }
    return lines.joined(separator: "\n") + "\n"
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
