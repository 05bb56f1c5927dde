internal import Answering
internal import Corpus
internal import Embedding
internal import Glibc
internal import HTTPClient
internal import Serving
internal import Snapshots
internal import Terminal

/// The query service: answers from published snapshots, and never writes to them.
@main
enum AcervoServe {
  static let version = "0.1.0"

  static let snapshots = Option(
    "snapshots", "DIR", help: "The folder that pipelines publish to: one folder a collection.", isRequired: true)
  static let listen = Option("listen", "ADDRESS", help: "The address to listen on.", default: "127.0.0.1")
  static let port = Option(
    "port", "PORT", in: 0...65_535, help: "The port to listen on; 0 takes any free one and prints it.", default: 8_080)
  static let threads = Option(
    "threads", "N", in: 1...64, help: "Threads that read and write; answers are made on all cores.", default: 2)
  static let poll = Option(
    "poll", "SECONDS", in: 1...3_600,
    help: "How often the folder is looked into where nothing tells of a change, as on network file systems.", default: 5
  )
  static let requireSignature = Option(
    "require-signature", "PUBKEY",
    help: "A public key's file: only snapshots signed with it are served. Several may be given, of which one must fit.")
  static let adminKeyFile = Option(
    "admin-key-file", "FILE", help: "The key that POST /admin/reload asks for; $ACERVO_ADMIN_KEY by default.")

  static let journal = Option(
    "journal", "FILE",
    help: "Where conversations are kept, for 30 days and up to 256 MB; without it none are. Never among the snapshots.")
  static let rerank = Option(
    "rerank", "MODEL",
    help: "A cross-encoder (name or folder) that reads the best chunks beside each question and orders them anew.")

  static let command = Command(
    "acervo-serve",
    "Answers questions over HTTP from published snapshots, and takes over new ones as they are published.",
    options: [
      .value(snapshots), .value(listen), .value(port), .value(threads), .value(poll), .value(requireSignature),
      .value(adminKeyFile), .value(journal), .value(rerank),
    ],
    examples: [
      "acervo-serve --snapshots ./snapshots",
      "acervo-serve --snapshots ./snapshots --listen 0.0.0.0 --port 80",
      #"curl -H 'Content-Type: application/json' -d '{"question": "¿Cómo entro?"}' http://127.0.0.1:8080/ask"#,
      "kill -HUP PID    # look for new snapshots now, and try refused ones again",
    ])

  static func main() {
    // Held back in every thread from here on: `sigwait` below takes them, one at a time, in ordinary code.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
    do {
      let invocation = try command.parse(Array(CommandLine.arguments.dropFirst()))
      switch invocation {
      case .help(let text): Output.results.write(text)
      case .version: Output.results.line("acervo-serve \(version)")
      case .run(_, let arguments): try serve(arguments, until: signals)
      }
    } catch {
      Output.notes.line(error is UsageError ? "\(error)" : "acervo-serve: \(error)")
      exit(code(of: error).rawValue)
    }
  }

  private static func serve(_ arguments: Arguments, until signals: sigset_t) throws {
    var settings = ServiceSettings(snapshots: arguments[snapshots] ?? ".")
    settings.listen = arguments[listen] ?? settings.listen
    settings.port = arguments[port] ?? settings.port
    settings.threads = arguments[threads] ?? settings.threads
    settings.pollSeconds = arguments[poll] ?? settings.pollSeconds
    settings.signedBy = try arguments.all(requireSignature).map { try VerifyingKey(file: $0) }
    var authentication = Authentication()
    if let file = arguments[adminKeyFile] {
      authentication.adminKey = try AdminKey(file: file)
    } else if let key = getenv("ACERVO_ADMIN_KEY").map({ String(cString: $0) }), !key.isEmpty {
      authentication.adminKey = try AdminKey(key, from: "ACERVO_ADMIN_KEY")
    }
    settings.authenticator = authentication
    settings.version = version
    let folder = settings.snapshots
    let names =
      ["ACERVO_MODELS", "XDG_DATA_HOME", "HOME"] + Provider.allCases.flatMap(\.variables) + [
        "LLM_PROVIDER", "LLM_MODEL", "LLM_TEMPERATURE", "LLM_MAX_TOKENS", "LLM_CONTEXT_TOKENS", "LLM_TIMEOUT",
        "OPENAI_MODEL", "GEMINI_MODEL", "HF_MODEL", "OLLAMA_MODEL",
      ]
    let environment = names.reduce(into: [String: String]()) { values, name in
      values[name] = getenv(name).map { String(cString: $0) }
    }
    let reranker = try arguments[rerank].map { model in
      try LocalReranker(folder: ModelFinder.folder(of: model, startingAt: folder, environment: environment))
    }
    let client = try HTTPClient()
    settings.models = ModelChain(try ModelSettings.models(environment: environment), client: client)
    settings.journal = arguments[journal].map { JournalSettings(path: $0) }
    let finder = EmbedderFinder(startingAt: folder, for: .answering, environment: environment, client: client)
    let embedders = EmbedderPool(reranker: reranker) { try finder.embedder(for: $0) }
    let service = try QueryService(settings, embedders: embedders, log: ServiceLog())
    // For whoever started it on port 0.
    if settings.port == 0 { Output.results.line("\(service.port)") }
    var signals = signals
    while true {
      var number: Int32 = 0
      guard sigwait(&signals, &number) == 0 else { continue }
      if number == SIGHUP {
        service.reload()
      } else {
        service.stop()
        return
      }
    }
  }

  private static func code(of error: any Error) -> ExitCode {
    switch error {
    case is UsageError: .usage
    case is EmbeddingError: .unavailable
    case ServingError.cannotListen: .unavailable
    case ServingError.noSnapshots, ServingError.noAdminKey: .missingInput
    case ServingError.badAdminKey, is KeyError: .badInput
    case let error as SnapshotError: error.code == .missing ? .missingInput : .badInput
    default: .software
    }
  }
}
