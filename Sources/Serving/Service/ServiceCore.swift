internal import Glibc

/// What answers, whatever the questions come by: the collections that follow what is published, and the desk that asks
/// them.
struct ServiceCore: Sendable {
  let store: CollectionStore
  let watcher: CollectionWatcher
  let desk: AnswerDesk

  /// Reads nothing yet: the watcher loads the collections when it is started.
  ///
  /// - Parameters:
  ///   - settings: where and how.
  ///   - embedders: loads the models that the snapshots name.
  ///   - journal: takes what was asked; nil: nothing is kept.
  ///   - log: takes a line for every change.
  /// - Throws: `ServingError` when the folder of the snapshots is missing.
  init(_ settings: ServiceSettings, embedders: EmbedderPool, journal: Journal?, log: ServiceLog) throws(ServingError) {
    guard let folder = opendir(settings.snapshots) else {
      throw .noSnapshots(folder: settings.snapshots, reason: String(cString: strerror(errno)))
    }
    closedir(folder)
    store = CollectionStore(
      folder: settings.snapshots, signedBy: settings.signedBy, embedders: embedders, catalogues: settings.catalogues,
      metrics: settings.metrics, log: log)
    watcher = CollectionWatcher(store: store, folder: settings.snapshots, pollSeconds: settings.pollSeconds)
    desk = AnswerDesk(
      store: store, finder: EvidenceFinder(rememberedBytes: settings.caches.retrievalBytes), models: settings.models,
      settings: settings.answering, caches: settings.caches, limits: settings.limits, journal: journal)
  }
}
