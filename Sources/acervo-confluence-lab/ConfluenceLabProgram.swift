internal import AcervoTesting
internal import Glibc
internal import Terminal

/// Runs the conformance Confluence by hand: for trying clients, ours and others'.
///
/// A test program, not shipped.
@main
enum ConfluenceLabProgram {
  static let pages = Option("pages", "N", in: 1...200_000, help: "Pages over all spaces.", default: 200)
  static let seed = Option("seed", "S", in: 0...Int.max, help: "Decides everything that is made up.", default: 1)
  static let spaces = Option("spaces", "N", in: 1...100, help: "Spaces with pages in them.", default: 3)
  static let restricted = Option(
    "restricted", "PERCENT", in: 0...100, help: "Pages with a restriction of their own.", default: 4)
  static let port = Option(
    "port", "PORT", in: 0...65_535, help: "The port on 127.0.0.1; 0 takes any free one.", default: 0)
  static let faults = Option(
    "fault", "FAULT",
    help: "Something that goes wrong; may be given several times. NAME[=VALUE][@ROUTE][+SKIP][*TIMES][%SHARE]: "
      + LabFault.words
  ) { text in
    guard let fault = LabFault(text) else { throw ValueError("use NAME[=VALUE][@ROUTE][+SKIP][*TIMES][%SHARE]") }
    return fault
  }
  static let cursors = Option(
    "cursors", oneOf: ["rows", "counts"],
    help: "How places in listings are kept: by the last row, or by the number of rows before, which shifts.",
    default: "rows")
  static let quota = Option("quota", "POINTS", in: 1...1_000_000, help: "Points that an hour allows.")
  static let lag = Option(
    "index-lag", "SECONDS", in: 0...86_400, help: "How long the search index takes to see a change.", default: 0)
  static let short = Flag("short-pages", help: "Listings give fewer rows than asked for although more follow.")
  static let empty = Flag("empty-pages", help: "Listings put an empty page with a next link before each page.")
  static let skips = Flag("skip-cut-rows", help: "Data Center's next link passes over rows that a cap cut off.")
  static let anonymous = Flag("anonymous", help: "Reading without a token is allowed.")
  static let bare = Flag("described-only", help: "No members beside those that the API descriptions name.")

  static let command = Command(
    "acervo-confluence-lab",
    "Serves a made-up Confluence, as Cloud and as Data Center, on the loopback until it is ended.",
    options: [
      .value(pages), .value(seed), .value(spaces), .value(restricted), .value(port), .value(faults), .value(cursors),
      .value(quota), .value(lag), .flag(short), .flag(empty), .flag(skips), .flag(anonymous), .flag(bare),
    ],
    examples: [
      "acervo-confluence-lab --pages 5000 --seed 7 --port 8090",
      "acervo-confluence-lab --fault 429=2@space-pages*3 --fault 'cut=200@pages%10'",
      "curl -u search.indexer@acme.example:lab-token http://127.0.0.1:8090/wiki/api/v2/spaces",
      "curl -X POST 'http://127.0.0.1:8090/lab/change?do=trash&id=65633'    # also edit, rename, move, restrict …",
      "curl http://127.0.0.1:8090/lab/counts    # requests, bodies and points so far; /lab/site has all data",
    ])

  static func main() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGINT] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
    do {
      switch try command.parse(Array(CommandLine.arguments.dropFirst())) {
      case .help(let text): Output.results.write(text)
      case .version: Output.results.line("acervo-confluence-lab")
      case .run(_, let arguments): try serve(arguments, until: signals)
      }
    } catch {
      Output.notes.line(error is UsageError ? "\(error)" : "acervo-confluence-lab: \(error)")
      exit((error is UsageError ? ExitCode.usage : .unavailable).rawValue)
    }
  }

  private static func serve(_ arguments: Arguments, until signals: sigset_t) throws {
    let number = UInt64(arguments[seed] ?? 1)
    var shape = LabSite.Shape(pages: arguments[pages] ?? 200, seed: number)
    shape.spaces = arguments[spaces] ?? shape.spaces
    shape.restricted = arguments[restricted] ?? shape.restricted
    var site = LabSite(shape)
    site.indexLag = Int64(arguments[lag] ?? 0) * 1_000
    var options = ConfluenceLab.Options()
    options.cursors = arguments[cursors] == "counts" ? .counts : .rows
    options.quota = arguments[quota]
    options.shortPages = arguments[short]
    options.emptyPages = arguments[empty]
    options.skipsCutRows = arguments[skips]
    options.allowsAnonymous = arguments[anonymous]
    options.hasUnknownKeys = !arguments[bare]
    let lab = try ConfluenceLab(site, options, port: arguments[port] ?? 0, seed: number)
    for fault in arguments.all(faults) { lab.fault(fault) }
    let out = Output.results
    out.line("Cloud          \(lab.siteURL)          \(lab.email) : \(ConfluenceLab.siteToken)")
    out.line("Cloud, gateway \(lab.gatewayURL)")
    out.line("               Bearer \(ConfluenceLab.bearerToken), or \(lab.email) : \(ConfluenceLab.scopedToken)")
    out.line(
      "Data Center    \(lab.dataCenterURL)    Bearer \(ConfluenceLab.personalToken), or \(lab.username) : \(ConfluenceLab.password)"
    )
    let keys = site.spaces.map { "\($0.key) (\(site.list(space: $0.key).count) pages)" }
    out.line("Spaces         \(keys.joined(separator: ", "))")
    var signals = signals
    var caught: Int32 = 0
    sigwait(&signals, &caught)
    lab.stop()
  }
}
