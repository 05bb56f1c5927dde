internal import Corpus

/// The Model Context Protocol over standard streams, for an assistant on the same machine: a message a line
/// (specification of 2026-07-28, “stdio”).
public final class AssistantService: Sendable {
  private let core: ServiceCore
  private let server: ContextServer

  /// Makes a service that has loaded nothing yet.
  ///
  /// - Parameters:
  ///   - settings: where the collections are and how questions are answered; what is about networks is not looked at.
  ///   - embedders: loads the models that the snapshots name.
  ///   - log: takes a line for every change; standard output is the protocol's.
  /// - Throws: `ServingError` when the folder is missing.
  public init(_ settings: ServiceSettings, embedders: EmbedderPool, log: ServiceLog) throws {
    core = try ServiceCore(settings, embedders: embedders, journal: nil, log: log)
    let status = StatusRoutes(desk: core.desk, journal: nil, metrics: settings.metrics)
    let routes = AnswerRoutes(desk: core.desk).all + DocumentRoutes(desk: core.desk).all + status.all
    server = ContextServer(routes: routes.map { settings.moderation.around($0) }, version: settings.version)
  }

  /// Loads the collections, then answers until the input ends and what was asked is answered.
  ///
  /// - Parameters:
  ///   - caller: who asks.
  ///   - input: where messages come from, a file descriptor.
  ///   - output: where answers go, a file descriptor.
  public func run(as caller: Caller, from input: Int32, to output: Int32) async {
    core.watcher.start()
    await core.watcher.reloaded()
    await ContextSession(server: server, caller: caller, output: output).run(from: input)
    core.watcher.stop()
  }

  deinit { core.watcher.stop() }
}
