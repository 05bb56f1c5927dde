internal import Corpus
internal import Snapshots
internal import Terminal

/// `acervo snapshots`: what is published.
enum SnapshotsCommand {
  static let json = Flag("json", help: "JSON on standard output.")
  static let place: [Command.Parameter] = [.value(Collections.snapshots), .value(Collections.collection)]
  static let requireSignature = Option(
    "require-signature", "PUBKEY", help: "A public key's file: refuse what is not signed with it.")
  private static let documents = Flag("documents", help: "Also every document: one line, or one JSON object a line.")
  private static let id = Positional("ID", help: "A snapshot's id; the current one by default.", count: .optional)

  static let entries = [
    listEntry, showEntry, DiffCommand.entry, verifyEntry, rollbackEntry, pruneEntry, exportEntry, importEntry,
    keygenEntry,
  ]

  private static let listEntry = Acervo.Entry(
    command: Command(
      "list",
      """
      Lists the snapshots of every collection, newest first; * marks the current one, ! a candidate that the gate \
      refused.
      """,
      options: place + [.flag(json)], examples: ["acervo snapshots list --snapshots snapshots"]),
    run: list)

  private static let showEntry = Acervo.Entry(
    command: Command(
      "show", "Shows a snapshot's manifest, or its documents.", positionals: [id],
      options: place + [.flag(documents), .flag(json)],
      examples: [
        "acervo snapshots show --collection handbook",
        "acervo snapshots show --collection handbook --documents --json",
      ]),
    run: show)

  private static let verifyEntry = Acervo.Entry(
    command: Command(
      "verify",
      "Recomputes every hash of a snapshot and reads every record; exit code 65 when something differs.",
      positionals: [id], options: place + [.value(requireSignature)],
      examples: [
        "acervo snapshots verify --collection handbook", "acervo snapshots verify --require-signature publish.pem.pub",
      ]),
    run: verify)

  private static func list(_ arguments: Arguments) async throws -> ExitCode {
    let folders =
      arguments[Collections.collection] == nil
      ? try CollectionFolder.all(in: arguments[Collections.snapshots] ?? "snapshots")
      : [try Collections.folder(arguments)]
    var rows: [JSONValue] = []
    var failures: [any Error] = []
    for folder in folders {
      do { try list(folder, asJSON: arguments[json], into: &rows) } catch { failures.append(error) }
    }
    if arguments[json] { Output.results.line(JSONValue.array(rows).text(pretty: true)) }
    // One that is damaged does not hide the others.
    for failure in failures.dropFirst() { Output.notes.line("acervo: \(failure)") }
    if let failure = failures.first { throw failure }
    return .success
  }

  private static func list(_ folder: CollectionFolder, asJSON: Bool, into rows: inout [JSONValue]) throws {
    let current = try folder.currentID()
    for id in try folder.snapshotIDs() {
      let manifest = try folder.manifest(ofSnapshot: id)
      let isRefused = try folder.isRefused(id)
      if asJSON {
        rows.append([
          "collection": .string(folder.name), "snapshot": .string(id), "current": .bool(id == current),
          "refused": .bool(isRefused), "documents": .integer(Int64(manifest.documents)),
          "chunks": .integer(Int64(manifest.chunks)), "bytes": .integer(Int64(manifest.indexBytes)),
          "parent": manifest.parent.map { .string($0) } ?? .null,
        ])
      } else {
        Output.results.line(
          "\(id == current ? "*" : isRefused ? "!" : " ") \(folder.name)/\(id)  \(manifest.documents) documents  "
            + "\(manifest.chunks) chunks  \(ReportText.size(manifest.indexBytes))"
            + (isRefused ? "  refused by the gate" : ""))
      }
    }
  }

  /// The id that the first argument names, or the current one.
  static func chosenID(_ arguments: Arguments, in folder: CollectionFolder) throws -> String {
    guard let id = try arguments.positionals.first ?? folder.currentID() else {
      throw InputError(
        description: "\(folder.path) has no current snapshot\n  mend: run “acervo index PIPELINE”", code: .missingInput)
    }
    return id
  }

  private static func snapshotFolder(_ arguments: Arguments) throws -> String {
    let folder = try Collections.folder(arguments)
    return try folder.folder(ofSnapshot: chosenID(arguments, in: folder))
  }

  private static func show(_ arguments: Arguments) async throws -> ExitCode {
    let snapshot = try Snapshot(folder: snapshotFolder(arguments))
    guard arguments[documents] else {
      Output.results.line(snapshot.manifest.json(blocks: false).text(pretty: true))
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

  static func keys(_ arguments: Arguments) throws -> [VerifyingKey] {
    try arguments.all(requireSignature).map { try VerifyingKey(file: $0) }
  }

  private static func verify(_ arguments: Arguments) async throws -> ExitCode {
    let keys = try keys(arguments)
    let manifest = try Snapshot.verify(folder: snapshotFolder(arguments), signedBy: keys)
    Output.results.line(
      "\(manifest.collection)/\(manifest.id): whole" + (keys.isEmpty ? "" : ", and signed with the required key"))
    return .success
  }
}
