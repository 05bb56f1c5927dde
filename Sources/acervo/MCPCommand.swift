internal import Corpus
internal import Embedding
internal import Glibc
internal import HTTPClient
internal import Serving
internal import Terminal

/// `acervo mcp`: the collections for an assistant on this machine, over standard streams.
enum MCPCommand {
  private static let verbose = Flag("verbose", short: "v", help: "Tell on standard error what happens.")

  static let entry = Acervo.Entry(
    command: Command(
      "mcp",
      "Lets an assistant search, ask and read the collections: a Model Context Protocol server on standard input and "
        + "output. Follows what is published while it runs.",
      options: [
        .value(Collections.snapshots), .value(AccessCommand.asked), .value(Collections.rerank), .flag(verbose),
      ],
      examples: [
        "acervo mcp --snapshots snapshots",
        "acervo mcp --snapshots snapshots --as user:ana --as group:support   # also what these may read",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let folder = arguments[Collections.snapshots] ?? "snapshots"
    var settings = ServiceSettings(snapshots: folder)
    settings.version = Acervo.version
    let log = arguments[verbose] ? ServiceLog() : ServiceLog { _ in }
    let finder = EmbedderFinder(startingAt: folder, environment: Inputs.environment, client: try HTTPClient())
    let reranker = try arguments[Collections.rerank].map { model in
      try LocalReranker(folder: ModelFinder.folder(of: model, startingAt: folder, environment: Inputs.environment))
    }
    let embedders = EmbedderPool(reranker: reranker) { try finder.embedder(for: $0) }
    let service = try AssistantService(settings, embedders: embedders, log: log)
    let caller = Caller("assistant", principals: Set(arguments.all(AccessCommand.asked)), scopes: [.ask])
    await service.run(as: caller, from: STDIN_FILENO, to: STDOUT_FILENO)
    return .success
  }
}
