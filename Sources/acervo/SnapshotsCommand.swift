internal import Corpus
internal import Snapshots
internal import Terminal

/// `acervo snapshots`: what is published.
enum SnapshotsCommand {
  private static let json = Flag("json", help: "JSON on standard output.")
  private static let documents = Flag("documents", help: "Also every document: one line, or one JSON object a line.")
  private static let id = Positional("ID", help: "A snapshot's id; the current one by default.", count: .optional)
  private static let place: [Command.Parameter] = [
    .value(Collections.snapshots), .value(Collections.collection),
  ]

  static let listEntry = Acervo.Entry(
    command: Command(
      "list", "Lists the snapshots of every collection, newest first; * marks the current one.",
      options: place + [.flag(json)], examples: ["acervo snapshots list --snapshots snapshots"]),
    run: list)

  static let showEntry = Acervo.Entry(
    command: Command(
      "show", "Shows a snapshot's manifest, or its documents.", positionals: [id],
      options: place + [.flag(documents), .flag(json)],
      examples: [
        "acervo snapshots show --collection handbook",
        "acervo snapshots show --collection handbook --documents --json",
      ]),
    run: show)

  static let verifyEntry = Acervo.Entry(
    command: Command(
      "verify", "Recomputes every hash of a snapshot; exit code 65 when something differs.", positionals: [id],
      options: place, examples: ["acervo snapshots verify --collection handbook"]),
    run: verify)

  private static func list(_ arguments: Arguments) async throws -> ExitCode {
    let folders =
      arguments[Collections.collection] == nil
      ? try CollectionFolder.all(in: arguments[Collections.snapshots] ?? "snapshots")
      : [try Collections.folder(arguments)]
    var rows: [JSONValue] = []
    for folder in folders {
      let current = try folder.currentID()
      for id in try folder.snapshotIDs() {
        let manifest = try folder.manifest(ofSnapshot: id)
        if arguments[json] {
          rows.append([
            "collection": .string(folder.name), "snapshot": .string(id), "current": .bool(id == current),
            "documents": .integer(Int64(manifest.documents)), "chunks": .integer(Int64(manifest.chunks)),
            "bytes": .integer(Int64(manifest.indexBytes)),
            "parent": manifest.parent.map { .string($0) } ?? .null,
          ])
        } else {
          Output.results.line(
            "\(id == current ? "*" : " ") \(folder.name)/\(id)  \(manifest.documents) documents  "
              + "\(manifest.chunks) chunks  \(ReportText.size(manifest.indexBytes))")
        }
      }
    }
    if arguments[json] { Output.results.line(JSONValue.array(rows).text(pretty: true)) }
    return .success
  }

  private static func snapshotFolder(_ arguments: Arguments) throws -> String {
    let folder = try Collections.folder(arguments)
    guard let id = try arguments.positionals.first ?? folder.currentID() else {
      throw InputError(
        description: "\(folder.path) has no current snapshot\n  mend: run “acervo index PIPELINE”", code: .missingInput)
    }
    return try folder.folder(ofSnapshot: id)
  }

  private static func show(_ arguments: Arguments) async throws -> ExitCode {
    let snapshot = try Snapshot(folder: snapshotFolder(arguments))
    guard arguments[documents] else {
      Output.results.line(snapshot.manifest.json.text(pretty: true))
      return .success
    }
    for number in 0..<snapshot.manifest.documents {
      let document = try snapshot.document(number)
      if arguments[json] {
        let row: JSONValue = [
          "url": .string(document.url), "title": .string(document.title),
          "language": document.language.map { .string($0) } ?? .null, "chunks": .integer(Int64(document.chunkCount)),
          "hash": .string(document.hash.hex),
        ]
        Output.results.line(row.text())
      } else {
        Output.results.line("\(document.language ?? "--")  \(document.chunkCount)\t\(document.url)\t\(document.title)")
      }
    }
    return .success
  }

  private static func verify(_ arguments: Arguments) async throws -> ExitCode {
    let snapshot = try Snapshot(folder: snapshotFolder(arguments))
    try snapshot.verify()
    Output.results.line("\(snapshot.manifest.collection)/\(snapshot.manifest.id): whole")
    return .success
  }
}
