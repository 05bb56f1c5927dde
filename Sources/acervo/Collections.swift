internal import Corpus
internal import Embedding
internal import Retrieval
internal import Snapshots
internal import Terminal

/// How commands are told which collection they read.
enum Collections {
  static let snapshots = Option("snapshots", "DIR", help: "The folder that publish.to names.", default: "snapshots")
  static let collection = Option(
    "collection", "NAME", help: "The collection; may be left out where the folder holds only one.")

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

  /// The current snapshot of the chosen collection, ready to be searched, and its embedder.
  static func retriever(_ arguments: Arguments) throws -> (Retriever, embedder: (any Embedder)?) {
    let snapshot = try folder(arguments).openCurrent()
    let embedder: (any Embedder)? = try snapshot.manifest.embedder.map { fingerprint in
      let folder = try ModelFinder.folder(
        of: fingerprint.model, startingAt: arguments[snapshots] ?? ".", environment: Inputs.environment)
      return try LocalEmbedder(folder: folder)
    }
    return (try Retriever(snapshot: snapshot, embedder: embedder), embedder)
  }
}
