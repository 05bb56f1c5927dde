internal import Connectors
internal import Corpus
internal import Snapshots
internal import Terminal

/// `acervo access`: who may read what of a snapshot.
enum AccessCommand {
  private static let snapshot = Option("snapshot", "ID", help: "The snapshot, by id; the current one by default.")
  private static let json = Flag("json", help: "JSON on standard output.")
  static let asked = Option(
    "as", "PRINCIPAL", help: "Who asks, “user:ID” or “group:ID”, as often as needed; somebody unknown by default."
  ) { text in
    guard let principal = Principal(text) else { throw ValueError("write “user:ID” or “group:ID”") }
    return principal
  }
  private static let options: [Command.Parameter] = [
    .value(Collections.snapshots), .value(Collections.collection), .value(snapshot), .value(asked), .flag(json),
  ]

  static let entries = [explainEntry, listEntry]

  private static let explainEntry = Acervo.Entry(
    command: Command(
      "explain",
      """
      Says why somebody may or may not read a page: each set of its rule (space, ancestors, the page), and which \
      principal or group meets it. Exit code 0 when they may, 6 when they may not, 66 when there is no such page.
      """,
      positionals: [
        Positional("URL", help: "The page's address; of a Confluence page also the one that a browser shows.")
      ], options: options,
      examples: [
        "acervo access explain https://wiki.example/pages/viewpage.action?pageId=12 --as user:5b10ac8d",
        "acervo access explain https://help.example/salaries --as user:ana --as group:staff --json",
      ]),
    run: explain)

  private static let listEntry = Acervo.Entry(
    command: Command(
      "list",
      """
      Counts documents that are open, restricted and closed, and the groups that rules name; with --as, also what \
      somebody may read.
      """,
      options: options,
      examples: ["acervo access list --collection wiki", "acervo access list --as user:5b10ac8d --json"]),
    run: list)

  private static func opened(_ arguments: Arguments) throws -> Snapshot {
    let folder = try Collections.folder(arguments)
    return try arguments[snapshot].map { try Snapshot(folder: folder.folder(ofSnapshot: $0)) } ?? folder.openCurrent()
  }

  private static func explain(_ arguments: Arguments) async throws -> ExitCode {
    let snapshot = try opened(arguments)
    let url = arguments.positionals[0]
    let found = try snapshot.documentNumber(url: url)
    let number = try found ?? ConfluenceAddress.indexed(url).flatMap { try snapshot.documentNumber(url: $0) }
    guard let number else {
      throw InputError(
        description: "\(snapshot.manifest.collection)/\(snapshot.manifest.id) has no page \(url)\n  mend: write its "
          + "address as “acervo snapshots show --documents” does; a page that the index does not hold is read by nobody",
        code: .missingInput)
    }
    let explanation = try AccessExplanation(of: number, as: Set(arguments.all(asked)), in: snapshot)
    if arguments[json] {
      Output.results.line(explanation.json.text(pretty: true))
    } else {
      Output.results.write(explanation.text)
    }
    return explanation.isAllowed ? .success : .notAllowed
  }

  private static func list(_ arguments: Arguments) async throws -> ExitCode {
    let asker = arguments.all(asked)
    let overview = try Overview(opened(arguments), as: asker.isEmpty ? nil : Set(asker))
    if arguments[json] {
      Output.results.line(overview.json.text(pretty: true))
    } else {
      Output.results.write(overview.text)
    }
    return .success
  }
}

/// What may be read of a snapshot, counted.
private struct Overview {
  private let snapshot: Snapshot
  private var (open, restricted, closed) = (0, 0, 0)
  private var closedPages: [String] = []
  /// The groups that rules name, and how many are in them; nil where nothing is known.
  private var groups: [(group: Principal, members: Int?)] = []
  private var asker: Set<Principal>?
  private var readable = 0

  private static let shown = 20

  init(_ snapshot: Snapshot, as asker: Set<Principal>?) throws {
    self.snapshot = snapshot
    self.asker = asker
    let rules = try (0..<snapshot.ruleCount).map(snapshot.rule)
    let principals = try snapshot.principals(of: asker ?? [])
    let admits = rules.map { $0.admits(principals) }
    for document in 0..<snapshot.manifest.documents {
      let rule = snapshot.ruleNumber(ofDocument: document)
      if admits[rule] { readable += 1 }
      switch rules[rule] {
      case .open: open += 1
      case .closed, .allOf([]):
        closed += 1
        if closedPages.count < Self.shown { closedPages.append(try snapshot.document(document).url) }
      case .allOf: restricted += 1
      }
    }
    let known = try snapshot.groups()
    let named = rules.reduce(into: Set<Principal>()) { $0.formUnion($1.principals.filter(\.isGroup)) }
    groups = named.sorted().map { ($0, known[$0]?.count) }
  }

  private var unknown: [Principal] { groups.filter { $0.members == nil }.map(\.group) }

  var text: String {
    var lines = ["\(snapshot.manifest.collection)/\(snapshot.manifest.id)"]
    func documents(_ count: Int) -> String { "\(count) \(count == 1 ? "document" : "documents")" }
    lines.append("  open        \(documents(open)): everybody may read \(open == 1 ? "it" : "them")")
    lines.append("  restricted  \(documents(restricted)), \(snapshot.ruleCount) different rules in all")
    lines.append("  closed      \(documents(closed)): nobody may read \(closed == 1 ? "it" : "them")")
    lines += closedPages.map { "                \($0)" }
    if closed > closedPages.count { lines.append("                … and \(closed - closedPages.count) more") }
    lines.append("  groups      \(groups.count) named by rules, \(groups.count - unknown.count) known")
    for group in unknown.prefix(Self.shown) {
      lines.append("                \(group.name): not known, nobody is in it")
    }
    if unknown.count > Self.shown {
      lines.append("                … and \(unknown.count - Self.shown) more: see --json")
    }
    if let asker {
      lines.append("  readable    \(documents(readable)), by \(asker.sorted().map(\.name).joined(separator: " and "))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("collection", .string(snapshot.manifest.collection)), .init("snapshot", .string(snapshot.manifest.id)),
      .init("open", .integer(Int64(open))), .init("restricted", .integer(Int64(restricted))),
      .init("closed", .integer(Int64(closed))), .init("rules", .integer(Int64(snapshot.ruleCount))),
      .init(
        "groups",
        .array(
          groups.map {
            ["group": .string($0.group.name), "members": $0.members.map { .integer(Int64($0)) } ?? .null]
          })),
    ]
    if let asker {
      members.append(.init("as", .array(asker.sorted().map { .string($0.name) })))
      members.append(.init("readable", .integer(Int64(readable))))
    }
    return .object(members)
  }
}
