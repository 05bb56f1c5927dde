internal import Corpus
internal import Embedding
internal import HTTPClient
internal import Retrieval
internal import Snapshots
internal import Terminal

/// How commands are told which collection they read.
enum Collections {
  static let snapshots = Option("snapshots", "DIR", help: "The folder that publish.to names.", default: "snapshots")
  static let collection = Option(
    "collection", "NAME", help: "The collection; may be left out where the folder holds only one.")

  static let rerank = Option(
    "rerank", "MODEL",
    help: "A cross-encoder (name or folder) that reads the best chunks beside the question and orders them anew.")
  static let filters = Option(
    "filters", "JSON",
    help: "Conditions on fields of the documents, as POST /search takes them: '{\"language\": \"es\"}'."
  ) { text in
    guard let value = try? JSONValue(parsing: Array(text.utf8)), value.members != nil else {
      throw ValueError("write a JSON object from field to condition, such as {\"language\": \"es\"}")
    }
    return value
  }

  /// The conditions that `--filters` names.
  static func filters(_ arguments: Arguments, for retriever: Retriever) throws -> [Filter] {
    try Filter.filters(arguments[filters], kinds: retriever.fields)
  }

  static func folder(_ arguments: Arguments) throws -> CollectionFolder {
    let snapshots = arguments[Self.snapshots] ?? "snapshots"
    if let name = arguments[collection] { return try CollectionFolder(snapshots: snapshots, collection: name) }
    let all = try CollectionFolder.all(in: snapshots)
    switch all.count {
    case 1: return all[0]
    case 0:
      throw InputError(
        description: "\(snapshots) holds no collection\n  mend: run “acervo index PIPELINE”, or name another folder",
        code: .missingInput)
    default:
      let names = all.map(\.name).joined(separator: ", ")
      throw InputError(
        description: "\(snapshots) holds several collections: \(names)\n  mend: choose one with --collection NAME")
    }
  }

  /// A snapshot of the chosen collection, ready to be searched, and its embedder.
  ///
  /// - Parameters:
  ///   - arguments: name the collection and the folder.
  ///   - id: the snapshot's id; nil for the current one.
  /// - Returns: both.
  /// - Throws: `SnapshotError`, `RetrievalError` and `EmbeddingError`.
  static func retriever(
    _ arguments: Arguments, snapshot id: String? = nil
  ) throws -> (Retriever, embedder: (any Embedder)?) {
    let folder = try folder(arguments)
    let snapshot = try id.map { try Snapshot(folder: folder.folder(ofSnapshot: $0)) } ?? folder.openCurrent()
    return try retriever(snapshot, startingAt: arguments[snapshots] ?? ".", rerank: arguments[rerank])
  }

  /// A snapshot ready to be searched, and its embedder; models are looked for above `start`, too.
  static func retriever(
    _ snapshot: Snapshot, startingAt start: String, rerank: String?
  ) throws -> (Retriever, embedder: (any Embedder)?) {
    func embedder(_ fingerprint: EmbedderFingerprint?) throws -> (any Embedder)? {
      try fingerprint.map { fingerprint in
        try EmbedderFinder(startingAt: start, environment: Inputs.environment, client: HTTPClient())
          .embedder(for: fingerprint)
      }
    }
    let first = try embedder(snapshot.manifest.embedder)
    let second = try embedder(snapshot.manifest.secondEmbedder)
    let reranker = try rerank.map { model in
      try LocalReranker(folder: ModelFinder.folder(of: model, startingAt: start, environment: Inputs.environment))
    }
    return (try Retriever(snapshot: snapshot, embedder: first, second: second, reranker: reranker), first)
  }
}
