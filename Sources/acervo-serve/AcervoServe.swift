internal import Corpus
internal import Glibc
internal import HTTPClient
internal import Serving
internal import Settings
internal import Snapshots
internal import Terminal

/// The query service: answers from published snapshots, and never writes to them.
@main
enum AcervoServe {
  static let version = "0.1.0"

  static func main() {
    Output.fillClosedStreams()
    // Held back in every thread from here on: `sigwait` below takes them, one at a time, in ordinary code.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
    // Keys and tokens are in this process's memory: no core file may hold them.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    do {
      let invocation = try Options.command.parse(Array(CommandLine.arguments.dropFirst()))
      switch invocation {
      case .help(let text): Output.results.write(text)
      case .version: Output.results.line("acervo-serve \(version)")
      case .run(_, let arguments):
        if arguments[Options.schema] {
          Output.results.line(ServeFile.jsonSchema.text(pretty: true))
        } else {
          try run(arguments, until: signals)
        }
      }
    } catch {
      report(error)
      exit(code(of: error).rawValue)
    }
  }

  private static func run(_ arguments: Arguments, until signals: sigset_t) throws {
    let environment = Startup.environment
    let path = arguments[Options.config]
    var file = try path.map { try ServeFile.read(path: $0, environment: environment) } ?? ServeFile()
    try Startup.complete(&file, with: arguments, environment)
    if arguments[Options.checkConfig] {
      _ = try Startup.settings(file, environment, client: HTTPClient(), log: ServiceLog { _ in })
      Output.results.line("\(path ?? "the command line"): valid")
      return
    }
    let log = ServiceLog()
    let client = try HTTPClient()
    let settings = try Startup.settings(file, environment, client: client, log: log)
    let embedders = try Startup.embedders(file, folder: settings.snapshots, environment, client: client)
    let service = try QueryService(settings, embedders: embedders, log: log)
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

  private static func report(_ error: any Error) {
    switch error {
    case let errors as SettingsErrors: Output.notes.line(errors.text(color: Output.notes.usesColor))
    case is UsageError: Output.notes.line("\(error)")
    default: Output.notes.line("acervo-serve: \(error)")
    }
  }
}
