internal import Corpus
internal import Indexing
internal import Snapshots
internal import Terminal

/// `acervo explain`: from a chunk back to where it came from.
enum ExplainCommand {
  private static let snapshot = Option(
    "snapshot", "SNAPSHOT", help: "The snapshot whose chunk it is, by id; the current one by default.")
  private static let json = Flag("json", help: "One JSON object a chunk.")

  static let entry = Acervo.Entry(
    command: Command(
      "explain",
      """
      Walks back from a chunk, or from every chunk that an answer cites: chunk, page version, fetch (when, status, \
      hash), stages with their settings and versions. Moments and statuses are in the state beside the snapshots; \
      without it, or when the page has changed since, the rest is told.
      """,
      positionals: [
        Positional("CHUNK|ANSWER_ID", help: "A chunk's number in the snapshot, or the “id” of an answer.")
      ],
      options: [
        .value(Collections.snapshots), .value(Collections.collection), .value(snapshot), .flag(json),
      ],
      examples: [
        "acervo explain 17 --collection handbook",
        "acervo explain handbook.20261121T040704Z-98b3a3b122ea.17.42",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let word = arguments.positionals[0]
    let folder: CollectionFolder
    let id: String?
    let chunks: [Int]
    if let answer = AnswerIdentifier(word) {
      folder = try CollectionFolder(
        snapshots: arguments[Collections.snapshots] ?? "snapshots", collection: answer.collection)
      (id, chunks) = (answer.snapshot, answer.chunks)
    } else if let number = Int(word), number >= 0 {
      folder = try Collections.folder(arguments)
      (id, chunks) = (arguments[snapshot], [number])
    } else {
      throw UsageError(
        command: "acervo explain", message: "“\(word)” is neither a chunk's number nor the id of an answer")
    }
    guard let id = try id ?? folder.currentID() else {
      throw InputError(
        description: "\(folder.path) has no current snapshot\n  mend: run “acervo index PIPELINE”", code: .missingInput)
    }
    let snapshot = try Snapshot(folder: folder.folder(ofSnapshot: id))
    let state: CollectionState?
    do {
      state = try CollectionState(collectionFolder: folder.path)
    } catch {
      // The snapshot tells the rest by itself.
      Output.notes.line("acervo: \(error)")
      state = nil
    }
    if chunks.isEmpty, !arguments[json] {
      Output.results.line("\(folder.name)/\(id): the answer cites nothing, as it says itself")
    }
    for (place, number) in chunks.enumerated() {
      let origin = try Origin(of: number, in: snapshot, state)
      if arguments[json] {
        Output.results.line(origin.json.text())
      } else {
        Output.results.write((place > 0 ? "\n" : "") + origin.text)
      }
    }
    return .success
  }
}

/// Where a chunk came from.
private struct Origin {
  let number: Int
  let chunk: Chunk
  let documentNumber: Int
  let document: DocumentRecord
  let manifest: SnapshotManifest
  let history: PageHistory?

  init(of number: Int, in snapshot: Snapshot, _ state: CollectionState?) throws {
    self.number = number
    chunk = try snapshot.chunk(number)
    documentNumber = try snapshot.document(ofChunk: number)
    document = try snapshot.document(documentNumber)
    manifest = snapshot.manifest
    history = try state?.history(source: document.source, url: document.url, hash: document.hash, snapshot: manifest.id)
  }

  /// The stages in their order, each with the version of its code, if it has one, and its settings.
  private var stages: [(name: String, version: Int?, settings: JSONValue?)] {
    let settings = manifest.stages
    let versions = settings?["versions"]
    return [
      ("fetch", nil, settings?["fetch"]?[document.source]), ("clean", versions?["clean"]?.int, settings?["clean"]),
      ("chunk", versions?["chunk"]?.int, settings?["chunk"]),
      ("embed", manifest.embedder?.codeVersion, settings?["embed"]),
      ("index", versions?["analysis"]?.int, settings?["index"]),
    ]
  }

  private var address: String { document.url + (chunk.anchor.map { "#" + $0 } ?? "") }

  var text: String {
    var lines = ["chunk    \(number) of \(manifest.collection)/\(manifest.id)"]
    let words = chunk.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    lines.append("         “\(words.count > 200 ? words.prefix(200) + "…" : words)”")
    let path = chunk.headingPath.joined(separator: " › ")
    lines.append(
      "         bytes \(chunk.range.start) to \(chunk.range.end) of the clean page, number \(chunk.index) of "
        + "\(document.chunkCount)" + (path.isEmpty ? "" : ", under \(path)"))
    lines.append("page     “\(document.title)” \(address)")
    lines.append("         source “\(document.source)”, clean form SHA-256 \(document.hash)")
    if let modified = document.modified {
      lines.append("         changed \(Moment.text(modified)), as its source says")
    }
    if let history {
      let moment = history.fetched.map { "when \(Moment.text($0))" } ?? "when not told by the source"
      let status = history.status.map { ", status \($0)" } ?? ""
      lines.append("fetch    \(moment)\(status), \(history.mediaType.rawValue), SHA-256 \(history.contentHash)")
      if let checked = history.checked, checked != history.fetched {
        lines.append("         found unchanged \(Moment.text(checked))")
      }
      let validators = [history.etag.map { "ETag \($0)" }, history.lastModified.map { "Last-Modified \($0)" }]
      if validators.contains(where: { $0 != nil }) {
        lines.append("         " + validators.compactMap { $0 }.joined(separator: ", "))
      }
    } else {
      lines.append("fetch    not known: the state has another version of the page by now, or is not here")
    }
    if let embedder = manifest.embedder {
      lines.append("model    \(embedder.model) (\(embedder.provider)), fingerprint \(embedder.digest)")
    }
    if manifest.stages == nil { lines.append("stages   not told by this snapshot's manifest") }
    for stage in stages where manifest.stages != nil {
      let version = stage.version.map { "version \($0) " } ?? ""
      lines.append("\(stage.name)    \(version)\(stage.settings?.text() ?? "{}")")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  var json: JSONValue {
    [
      "collection": .string(manifest.collection), "snapshot": .string(manifest.id), "chunk": .integer(Int64(number)),
      "text": .string(chunk.text), "start": .integer(Int64(chunk.range.start)), "end": .integer(Int64(chunk.range.end)),
      "headings": .array(chunk.headingPath.map { .string($0) }),
      "page": [
        "url": .string(document.url), "anchor": chunk.anchor.map { .string($0) } ?? .null,
        "title": .string(document.title), "source": .string(document.source), "hash": .string(document.hash.hex),
        "modified": document.modified.map { .string(Moment.text($0)) } ?? .null, "access": document.access.json,
      ],
      "fetch": history.map { history in
        [
          "fetched": history.fetched.map { .string(Moment.text($0)) } ?? .null,
          "checked": history.checked.map { .string(Moment.text($0)) } ?? .null,
          "status": history.status.map { .integer(Int64($0)) } ?? .null,
          "media_type": .string(history.mediaType.rawValue), "hash": .string(history.contentHash.hex),
          "etag": history.etag.map { .string($0) } ?? .null,
          "last_modified": history.lastModified.map { .string($0) } ?? .null,
        ]
      } ?? .null,
      "embedder": manifest.embedder?.json ?? .null, "stages": manifest.stages ?? .null,
    ]
  }
}
