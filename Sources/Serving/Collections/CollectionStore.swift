internal import Answering
internal import Corpus
internal import Dispatch
internal import Embedding
internal import Retrieval
internal import Snapshots
internal import Synchronization

/// The collections below one folder, each with the snapshot that answers for it now.
///
/// `refresh` is the only place where snapshots come and go; it runs on the watcher's thread, never on the pool that
/// answers are made on, and exchanges one reference when everything about the new snapshot has been checked.
public final class CollectionStore: Sendable {
  private struct State {
    var served: [String: ServedSnapshot] = [:]
    /// The snapshot that was refused last, by collection: not tried again until `current` moves or somebody asks.
    var refused: [String: String] = [:]
    /// Snapshots whose whole content has been hashed.
    var verified: Set<String> = []
    var isLoaded = false
  }

  private let folder: String
  private let embedders: EmbedderPool
  private let metrics: Metrics
  private let log: ServiceLog
  private let state = Mutex(State())

  /// Names the folder; `refresh` looks into it.
  public init(folder: String, embedders: EmbedderPool, metrics: Metrics, log: ServiceLog) {
    self.folder = folder
    self.embedders = embedders
    self.metrics = metrics
    self.log = log
  }

  // MARK: Reading

  /// Whether the folder has been looked into and something answers.
  public var isReady: Bool { state.withLock { $0.isLoaded && !$0.served.isEmpty } }

  /// What answers now, in the order of names.
  var served: [ServedSnapshot] {
    state.withLock { Array($0.served.values) }.sorted { $0.manifest.collection < $1.manifest.collection }
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
    let isFirst = state.withLock { state in
      defer { state.isLoaded = true }
      return !state.isLoaded
    }
    // The first answer need not wait until the whole files are hashed; what fails then is withdrawn.
    if isFirst { verifyServed() }
  }

  private func take(_ folder: CollectionFolder) {
    var name = "?"
    do {
      guard let id = try folder.currentID() else { return }
      name = id
      let (serving, refused, isLoaded) = state.withLock {
        ($0.served[folder.name]?.manifest.id, $0.refused[folder.name], $0.isLoaded)
      }
      guard serving != id, refused != id else { return }
      let candidate = try open(folder, id: id, isFirst: !isLoaded)
      state.withLock { state in
        state.served[folder.name] = candidate
        state.refused[folder.name] = nil
        if isLoaded { state.verified.insert(id) }
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
    let isVerified = state.withLock { $0.verified.contains(id) }
    let snapshot = try Snapshot(folder: folder.folder(ofSnapshot: id), verifiesContent: !isFirst && !isVerified)
    guard snapshot.manifest.collection == folder.name, snapshot.manifest.id == id else {
      throw SnapshotMismatch(folder: folder.name, id: id, manifest: snapshot.manifest)
    }
    let served = try ServedSnapshot(
      snapshot: snapshot, embedder: try embedders.embedder(for: snapshot.manifest.embedder),
      second: try embedders.embedder(for: snapshot.manifest.secondEmbedder), reranker: embedders.reranker)
    if !isFirst { try warm(served) }
    return served
  }

  /// Answers a question, so that the first person's need not wait for pages to be mapped and a model to be read.
  private func warm(_ served: ServedSnapshot) throws {
    let outcome = WarmUp()
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      do {
        let question = "acervo: ¿cómo? how?"
        let hits = try await served.retriever.search(SearchRequest(query: question, topK: 1))
        _ = try await served.answerer.answer(question, from: hits)
      } catch { outcome.error.withLock { $0 = error } }
      done.signal()
    }
    // Waiting is allowed: this is the watcher's own thread.
    done.wait()
    if let error = outcome.error.withLock({ $0 }) { throw error }
  }

  private func verifyServed() {
    for served in served {
      let manifest = served.manifest
      do {
        let folder = try CollectionFolder(snapshots: folder, collection: manifest.collection)
        _ = try Snapshot(folder: folder.folder(ofSnapshot: manifest.id), verifiesContent: true)
        state.withLock { _ = $0.verified.insert(manifest.id) }
      } catch {
        state.withLock { state in
          if state.served[manifest.collection] === served { state.served[manifest.collection] = nil }
        }
        refuse(manifest.collection, id: manifest.id, error)
      }
    }
  }

  private func refuse(_ collection: String, id: String, _ error: any Error) {
    let isNew = state.withLock { $0.refused.updateValue(id, forKey: collection) != id }
    guard isNew else { return }
    metrics.refused(collection)
    log.write(
      .error, "snapshot_refused",
      ["collection": .string(collection), "snapshot": .string(id), "error": .string("\(error)")])
  }

  private func remove(allBut names: Set<String>) {
    let gone = state.withLock { state in
      let gone = state.served.keys.filter { !names.contains($0) }
      for name in gone {
        state.served[name] = nil
        state.refused[name] = nil
      }
      state.verified.formIntersection(state.served.values.map(\.manifest.id))
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
