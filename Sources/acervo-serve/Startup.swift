internal import Answering
internal import Corpus
internal import Credentials
internal import Embedding
internal import Glibc
internal import HTTPClient
internal import Serving
internal import Settings
internal import Snapshots
internal import Terminal

/// From command line, file and environment to what the service is started with.
enum Startup {
  /// All variables of the environment.
  static var environment: [String: String] {
    var values: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let cut = text.firstIndex(of: "=") { values[String(text[..<cut])] = String(text[text.index(after: cut)...]) }
      next = next.advanced(by: 1)
    }
    return values
  }

  /// Puts the command line over the file, and fills with the environment what both leave out.
  static func complete(
    _ file: inout ServeFile, with arguments: Arguments, _ environment: [String: String]
  ) throws(UsageError) {
    func variable(_ name: String) -> Secret? {
      environment[name].flatMap { $0.isEmpty ? nil : Secret($0) }
    }
    if let folder = arguments[Options.snapshots] { file.snapshots = folder }
    if let address = arguments[Options.listen] { file.listen.address = address }
    if let port = arguments[Options.port] { file.listen.port = port }
    if let threads = arguments[Options.threads] { file.listen.threads = threads }
    if let poll = arguments[Options.poll] { file.collections.poll = Double(poll) }
    let keys = arguments.all(Options.requireSignature)
    if !keys.isEmpty { file.collections.requireSignature = keys }
    if let model = arguments[Options.rerank] { file.collections.rerank = model }
    if let path = arguments[Options.journal] { file.journal = JournalSettings(path: path) }
    if let path = arguments[Options.keys] { file.authentication.keys = path }
    if let path = arguments[Options.adminKeyFile] { file.authentication.adminKey = .file(path) }
    if file.authentication.adminKey == nil {
      file.authentication.adminKey = variable("ACERVO_ADMIN_KEY").map { .content($0) }
    }
    if file.authentication.key == nil { file.authentication.key = variable("ACERVO_API_KEY") }
    if file.traces.endpoint == nil { file.traces.endpoint = variable("OTEL_EXPORTER_OTLP_ENDPOINT")?.reveal }
    if let name = variable("OTEL_SERVICE_NAME"), file.traces.service == TraceSettings().service {
      file.traces.service = name.reveal
    }
    guard file.snapshots != nil else {
      throw UsageError(
        command: "acervo-serve",
        message: "“--snapshots DIR” is missing: name the folder here or in the file of --config")
    }
  }

  /// What the service is started with.
  static func settings(
    _ file: ServeFile, _ environment: [String: String], client: HTTPClient, log: ServiceLog
  ) throws -> ServiceSettings {
    var settings = ServiceSettings(snapshots: file.snapshots ?? ".")
    settings.listen = file.listen.address
    settings.port = file.listen.port
    settings.threads = file.listen.threads
    settings.limits = file.limits.server
    settings.front.trustedProxies = file.listen.trustedProxies
    settings.front.crossOrigin = file.crossOrigin
    settings.front.rates = file.limits.rates
    settings.moderation = file.moderation
    settings.traces = file.traces
    settings.pollSeconds = Int(file.collections.poll)
    settings.signedBy = try file.collections.requireSignature.map { try VerifyingKey(file: $0) }
    settings.authenticator = try Authentication(file.authentication, log: log, metrics: settings.metrics)
    let models =
      file.models.isEmpty
      ? try ModelSettings.models(environment: environment)
      : try file.models.map { try $0.settings(environment: environment) }
    settings.models = ModelChain(models, client: client)
    settings.answering = file.answer
    settings.projects = file.projects
    settings.catalogues = file.catalogues
    settings.journal = file.journal
    settings.caches = file.caches
    settings.servesForge = file.authentication.forge != nil
    settings.version = AcervoServe.version
    return settings
  }

  /// The models that snapshots name, found beside the snapshots or where the environment says.
  static func embedders(
    _ file: ServeFile, folder: String, _ environment: [String: String], client: HTTPClient
  ) throws -> EmbedderPool {
    let reranker = try file.collections.rerank.map { model in
      try LocalReranker(folder: ModelFinder.folder(of: model, startingAt: folder, environment: environment))
    }
    var prices: [Provider: Double] = [:]
    for entry in file.embeddings { prices[entry.provider] = entry.price }
    let finder = EmbedderFinder(
      startingAt: folder, for: .answering,
      accesses: try file.embeddings.map { try $0.access(environment: environment) }, prices: prices,
      environment: environment, client: client)
    return EmbedderPool(reranker: reranker) { try finder.embedder(for: $0) }
  }
}

extension AcervoServe {
  /// Which code a scheduler sees.
  static func code(of error: any Error) -> ExitCode {
    switch error {
    case is UsageError: .usage
    case is SettingsErrors: .badInput
    case is EmbeddingError, is HTTPError: .unavailable
    case ServingError.cannotListen: .unavailable
    case ServingError.noSnapshots, ServingError.noAdminKey: .missingInput
    case ServingError.badAdminKey, ServingError.openToNetwork, is KeyError: .badInput
    case let error as CredentialsError: error.code == .badInput ? .badInput : .missingInput
    case let error as SnapshotError: error.code == .missing ? .missingInput : .badInput
    default: .software
    }
  }
}
