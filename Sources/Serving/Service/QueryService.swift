public import Answering
internal import Corpus
internal import Glibc
public import Snapshots

/// What the service is started with.
public struct ServiceSettings: Sendable {
  /// The folder of the collections.
  public var snapshots: String
  /// The address to listen on; 127.0.0.1 by default.
  public var listen = "127.0.0.1"
  /// The port to listen on; 0 lets the system choose.
  public var port = 8_080
  /// The threads that read and write, 2 by default; answers are made on all cores whatever stands here.
  public var threads = 2
  /// What clients may ask of it.
  public var limits = ServerLimits()
  /// How often the folder is looked into when nothing tells of a change, in seconds; 5 by default.
  public var pollSeconds = 5
  /// The public keys of which one must have signed a snapshot; none: no signature is asked for.
  public var signedBy: [VerifyingKey] = []
  /// Tells who asks; by default anybody may ask, and nobody reload.
  public var authenticator: any Authenticator = Authentication()
  /// The language models that answer; none by default: answers are quotes.
  public var models = ModelChain([])
  /// How questions are answered.
  public var answering = AnswerSettings()
  /// What can be asked of several models side by side.
  public var projects: [ProjectSettings] = []
  /// The collections whose rows answer questions.
  public var catalogues: [CatalogueSettings] = []
  /// Where conversations are kept; nil, the default: nowhere.
  public var journal: JournalSettings?
  /// How much is remembered.
  public var caches = CacheSettings()
  /// What stands between the network and the routes.
  public var front = FrontSettings()
  /// Where traces go.
  public var traces = TraceSettings()
  /// What is kept out of questions and answers.
  public var moderation = Moderation()
  /// Whether a Forge app's routes are there.
  public var servesForge = false
  /// Counts what happens.
  public var metrics = Metrics()
  /// The program's version, for the contract.
  public var version = "0"

  /// Makes settings with the defaults.
  public init(snapshots: String) {
    self.snapshots = snapshots
  }
}

/// The whole query service: collections that follow what is published, and an HTTP server that asks them.
public final class QueryService: Sendable {
  /// Where it is reached.
  public var url: String { server.url }
  /// The port that it listens on, also when the system chose it.
  public var port: Int { server.port }

  private let watcher: CollectionWatcher
  private let server: HTTPServer
  private let journal: Journal?
  private let log: ServiceLog

  /// Starts to listen at once and loads the collections meanwhile; `GET /ready` tells when they answer.
  ///
  /// - Parameters:
  ///   - settings: where and how.
  ///   - embedders: loads the models that the snapshots name.
  ///   - log: takes a line for every request and every change.
  /// - Throws: `ServingError` when the folder is missing or the address cannot be had.
  public init(_ settings: ServiceSettings, embedders: EmbedderPool, log: ServiceLog) throws {
    self.log = log
    let metrics = settings.metrics
    let journal = try settings.journal.map { try Journal($0, masking: settings.moderation.masked, log: log) }
    self.journal = journal
    let core = try ServiceCore(settings, embedders: embedders, journal: journal, log: log)
    let (store, watcher, desk) = (core.store, core.watcher, core.desk)
    self.watcher = watcher
    var routes = AnswerRoutes(desk: desk).all
    let chat = ChatRoutes(desk: desk, journal: journal, log: log)
    routes += chat.all
    routes +=
      SocketRoutes(
        chat: chat, route: settings.moderation.around(chat.sessions), origins: settings.front.crossOrigin,
        isStreamed: settings.moderation.masked.isEmpty, log: log
      ).all
    routes += DocumentRoutes(desk: desk).all
    routes += FeedbackRoutes(journal: journal).all
    routes += OpenAIRoutes(desk: desk).all
    routes += CatalogueRoutes(store: store, names: settings.catalogues.map(\.collection)).all
    let records = try InteractionRecords(journal: journal)
    routes += ProjectRoutes(desk: desk, projects: settings.projects, records: records).all
    routes += OrchestrationRoutes(records: records, models: settings.models).all
    routes +=
      DashboardRoutes(
        desk: desk, journal: journal, collections: CollectionReports(store: store, folder: settings.snapshots),
        metrics: metrics
      ).all
    routes += StatusRoutes(desk: desk, journal: journal, metrics: metrics).all
    routes += AdminRoutes(store: store) { await watcher.reloaded() }.all
    routes = routes.map { settings.moderation.around($0) }
    let assistants = ContextServer(routes: routes, version: settings.version)
    if settings.servesForge { routes += ForgeRoutes.routes(beside: routes, metrics: metrics) }
    // Its tools are the routes above: their questions are checked and their answers masked there.
    routes += AssistantRoutes(server: assistants, crossOrigin: settings.front.crossOrigin).all
    routes.append(DocumentationPage.route)
    routes += PageRoutes().pages
    routes.append(
      Self.contract(of: routes, version: settings.version, admitsAnybody: settings.authenticator.admitsAnybody))
    var front = settings.front
    front.exporter = try TraceExporter.make(settings.traces)
    routes += PageRoutes().files
    server = try HTTPServer(
      address: settings.listen, port: settings.port, threads: settings.threads, limits: settings.limits, routes: routes,
      authenticator: settings.authenticator, front: front, metrics: metrics, log: log)
    watcher.start()
    log.write(
      .info, "listening", ["url": .string(server.url), "snapshots": .string(settings.snapshots)])
  }

  private static func contract(of routes: [Route], version: String, admitsAnybody: Bool) -> Route {
    let result = (type: "application/json", schema: JSONSchema.map(of: .any, maximum: 100))
    let route = Route(
      "GET", "/openapi.json", name: "contract", summary: "This contract.", scope: .open, result: result,
      handler: .immediate { _ in .json(.null) })
    let answer = ServerResponse.json(
      OpenAPI.document(of: routes + [route], version: version, admitsAnybody: admitsAnybody))
    var complete = route
    complete.handler = .immediate { _ in answer }
    return complete
  }

  /// Looks into the folder now and tries refused snapshots again.
  public func reload() {
    log.write(.info, "reload")
    watcher.reload()
  }

  /// Takes no more requests, lets those in flight end, then returns.
  public func stop() {
    log.write(.info, "stopping")
    watcher.stop()
    server.stop()
    journal?.finish()
    log.write(.info, "stopped")
  }

  deinit {
    watcher.stop()
  }
}
