public import Answering
internal import Corpus
internal import Dispatch
internal import Embedding
internal import Retrieval
public import Snapshots
internal import Synchronization

/// The collections below one folder, each with the snapshot that answers for it now.
///
/// `refresh` is the only place where snapshots come and go; it runs on the watcher's thread, never on the pool that
/// answers are made on, and exchanges one reference when everything about the new snapshot has been checked.
public final class CollectionStore: Sendable {
  private struct State {
    var served: [String: ServedSnapshot] = [:]
    /// The snapshot that was refused last, by collection.
    var refused: [String: Refusal] = [:]
    var isLoaded = false
  }

  /// A published snapshot that does not answer.
  struct Refusal: Sendable {
    var collection: String
    var snapshot: String
    var reason: String
    /// Whether it may be better the next time without anybody changing it, as when a network folder is away.
    var isPassing: Bool
  }

  private let folder: String
  private let keys: [VerifyingKey]
  private let embedders: EmbedderPool
  let metrics: Metrics
  /// By collection.
  private let catalogues: [String: CatalogueSettings]
  private let log: ServiceLog
  private let state = Mutex(State())

  /// Names the folder; `refresh` looks into it.
  ///
  /// - Parameters:
  ///   - folder: the folder of the collections.
  ///   - keys: the public keys of which one must have signed a snapshot; none: no signature is asked for.
  ///   - embedders: loads the models that the snapshots name.
  ///   - catalogues: the collections whose rows answer questions, and how.
  ///   - metrics: counts swaps and refusals.
  ///   - log: tells of them.
  public init(
    folder: String, signedBy keys: [VerifyingKey] = [], embedders: EmbedderPool,
    catalogues: [CatalogueSettings] = [], metrics: Metrics, log: ServiceLog
  ) {
    self.folder = folder
    self.keys = keys
    self.embedders = embedders
    self.metrics = metrics
    self.catalogues = Dictionary(catalogues.map { ($0.collection, $0) }) { first, _ in first }
    self.log = log
  }

  // MARK: Reading

  /// Whether the folder has been looked into and something answers.
  public var isReady: Bool { state.withLock { $0.isLoaded && !$0.served.isEmpty } }

  /// What answers now, in the order of names.
  var served: [ServedSnapshot] {
    state.withLock { Array($0.served.values) }.sorted { $0.manifest.collection < $1.manifest.collection }
  }

  /// What was published and does not answer, in the order of names.
  var refused: [Refusal] {
    state.withLock { Array($0.refused.values) }.sorted { $0.collection < $1.collection }
  }

  /// What the models' memories did, by model.
  var rememberedVectors: [(model: String, counts: RememberingEmbedder.Counts)] { embedders.counts }

  /// The snapshot that answers for a collection; without a name, for the only one.
  func snapshot(of collection: String?) throws(RequestFailure) -> ServedSnapshot {
    let (served, isLoaded) = state.withLock { ($0.served, $0.isLoaded) }
    if let collection, let found = served[collection] { return found }
    if collection == nil, served.count == 1, let only = served.values.first { return only }
    guard isLoaded, !served.isEmpty else {
      throw RequestFailure(
        503, isLoaded ? "No collection has been published yet." : "The collections are being loaded.",
        headers: [.init("Retry-After", "1")])
    }
    let known = served.keys.sorted().map { "“\($0)”" }.joined(separator: ", ")
    guard collection != nil else {
      throw RequestFailure(400, "There are several collections: name one in “collection”; known are \(known).")
    }
    throw RequestFailure(404, "There is no such collection; known are \(known).")
  }

  // MARK: Changing

  /// Looks into the folder and takes over what changed.
  ///
  /// - Parameter retriesRefused: also tries snapshots again that were refused before.
  public func refresh(retriesRefused: Bool = false) {
    let folders: [CollectionFolder]
    do { folders = try CollectionFolder.all(in: folder) } catch {
      // A network folder may be away for a moment: what is loaded stays mapped and goes on answering.
      log.write(.error, "snapshots_unreadable", ["error": .string("\(error)")])
      return
    }
    if retriesRefused { state.withLock { $0.refused = [:] } }
    for folder in folders { take(folder) }
    remove(allBut: Set(folders.map(\.name)))
    embedders.keep(only: served.flatMap { [$0.manifest.embedder, $0.manifest.secondEmbedder].compactMap { $0 } })
    state.withLock { $0.isLoaded = true }
  }

  private func take(_ folder: CollectionFolder) {
    var name = "?"
    do {
      guard let id = try folder.currentID() else { return }
      name = id
      let (serving, refused, isLoaded) = state.withLock {
        ($0.served[folder.name]?.manifest.id, $0.refused[folder.name], $0.isLoaded)
      }
      guard serving != id else {
        // Gone back to what answers anyway.
        state.withLock { $0.refused[folder.name] = nil }
        return
      }
      if let refused, refused.snapshot == id, !refused.isPassing { return }
      let candidate = try open(folder, id: id, isFirst: !isLoaded)
      state.withLock { state in
        state.served[folder.name] = candidate
        state.refused[folder.name] = nil
      }
      if serving != nil { metrics.swapped(folder.name) }
      log.write(
        .info, serving == nil ? "collection_loaded" : "snapshot_swapped",
        [
          "collection": .string(folder.name), "snapshot": .string(id), "previous": serving.map { .string($0) } ?? .null,
          "documents": .integer(Int64(candidate.manifest.documents)),
          "chunks": .integer(Int64(candidate.manifest.chunks)),
        ])
    } catch {
      refuse(folder.name, id: name, error)
    }
  }

  private func open(_ folder: CollectionFolder, id: String, isFirst: Bool) throws -> ServedSnapshot {
    let snapshot = try Snapshot(folder: folder.folder(ofSnapshot: id), signedBy: keys)
    guard snapshot.manifest.collection == folder.name, snapshot.manifest.id == id else {
      throw SnapshotMismatch(folder: folder.name, id: id, manifest: snapshot.manifest)
    }
    // Nothing is answered from a file of which a bit is wrong. At the start all cores hash while the model is read;
    // later one does, so that the answers of the old snapshot keep theirs.
    let check = snapshot.beginContentCheck(threads: isFirst ? ProcessStatus.cores : 0)
    let embedder = try embedders.embedder(for: snapshot.manifest.embedder)
    let second = try embedders.embedder(for: snapshot.manifest.secondEmbedder)
    try check.finish()
    let served = try ServedSnapshot(
      snapshot: snapshot, embedder: embedder, second: second, reranker: embedders.reranker,
      catalogue: catalogues[folder.name])
    if let missing = served.catalogue?.vocabulary.missing, !missing.isEmpty {
      log.write(
        .warning, "catalogue_fields_missing",
        ["collection": .string(folder.name), "fields": .array(missing.map { .string($0) })])
    }
    if !isFirst { try warm(served) }
    return served
  }

  /// Answers a few questions: what cannot answer them must not take over, and the first person's need not wait for
  /// pages to be mapped and a model to be read.
  private func warm(_ served: ServedSnapshot) throws {
    let outcome = WarmUp()
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      do {
        for question in try Self.canaries(of: served.retriever.snapshot) {
          let hits = try await served.retriever.search(SearchRequest(query: question, topK: 4))
          _ = try await served.answerer.answer(question, from: hits)
        }
      } catch { outcome.error.withLock { $0 = error } }
      done.signal()
    }
    // Waiting is allowed: this is the watcher's own thread.
    done.wait()
    if let error = outcome.error.withLock({ $0 }) { throw error }
  }

  /// One question that fits nothing, and titles from the beginning, the middle and the end.
  private static func canaries(of snapshot: Snapshot) throws -> [String] {
    let count = snapshot.manifest.documents
    let documents = Set([0, count / 2, count - 1].filter { (0..<count).contains($0) }).sorted()
    return try ["acervo: ¿cómo? how?"] + documents.map { try snapshot.document($0).title }
  }

  private func refuse(_ collection: String, id: String, _ error: any Error) {
    let code = (error as? SnapshotError)?.code
    let refusal = Refusal(
      collection: collection, snapshot: id, reason: "\(error)", isPassing: code == .system || code == .missing)
    let isNew = state.withLock { $0.refused.updateValue(refusal, forKey: collection)?.snapshot != id }
    guard isNew else { return }
    metrics.refused(collection)
    log.write(
      .error, "snapshot_refused",
      ["collection": .string(collection), "snapshot": .string(id), "error": .string("\(error)")])
  }

  private func remove(allBut names: Set<String>) {
    let gone = state.withLock { state in
      let gone = state.served.keys.filter { !names.contains($0) }
      for name in gone { state.served[name] = nil }
      // Also of those that never answered.
      state.refused = state.refused.filter { names.contains($0.key) }
      return gone
    }
    for name in gone.sorted() { log.write(.warning, "collection_removed", ["collection": .string(name)]) }
  }
}

/// What went wrong with a first question, if anything.
private final class WarmUp: Sendable {
  let error = Mutex<(any Error)?>(nil)
}

/// A snapshot in the wrong folder.
private struct SnapshotMismatch: Error, CustomStringConvertible {
  let folder: String
  let id: String
  let manifest: SnapshotManifest

  var description: String {
    "the folder of snapshot “\(id)” of collection “\(folder)” holds snapshot “\(manifest.id)” of collection "
      + "“\(manifest.collection)”; publish it anew with “acervo index”"
  }
}
