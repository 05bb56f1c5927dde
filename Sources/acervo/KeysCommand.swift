internal import Corpus
internal import Credentials
internal import Glibc
internal import Settings
internal import Terminal

/// `acervo keys`: the API keys of the service.
enum KeysCommand {
  static let entries = [newEntry, listEntry, revokeEntry]

  private static let file = Option(
    "file", "FILE", help: "The keys' file, which acervo-serve is given with --keys.", default: "keys.json")
  private static let scope = Option(
    "scope", oneOf: KeyRecord.knownScopes, help: "What the key allows; may be given several times. “ask” by default.")
  private static let principal = Option(
    "as", "PRINCIPAL", help: "As whom it searches: user:ID or group:ID; may be given several times."
  ) { text in
    guard let principal = Principal(text) else { throw ValueError("write user:ID or group:ID") }
    return principal
  }
  private static let expires = Option(
    "expires", "SPAN", help: "How long it is valid, such as 90d; without it until it is revoked."
  ) { text in
    guard let seconds = TimeSpan.parse(text), seconds >= 1, seconds < 4e9 else { throw ValueError("write 12h or 90d") }
    return Int64(seconds)
  }
  private static let json = Flag("json", help: "JSON on standard output.")

  private static var now: Int64 { Int64(time(nil)) }

  // MARK: new

  private static let newEntry = Acervo.Entry(
    command: Command(
      "new", "Makes an API key, keeps its hash and prints the key, which cannot be shown again.",
      positionals: [Positional("NAME", help: "Whose it is or what for.")],
      options: [.value(file), .value(scope), .value(principal), .value(expires)],
      examples: [
        "acervo keys new --file /etc/acervo/keys.json support-desk",
        "acervo keys new --scope ask --scope metrics --as group:staff --expires 90d intranet",
      ]),
    run: { arguments in
      let scopes = arguments.all(scope)
      let now = now
      let (record, key) = try KeyRecord.make(
        name: arguments.positionals[0], scopes: scopes.isEmpty ? ["ask"] : scopes, principals: arguments.all(principal),
        expires: arguments[expires].map { now + $0 }, now: now)
      try KeyFile.update(arguments[file] ?? "keys.json") { $0.keys.append(record) }
      Output.notes.line(
        "key \(record.id), \(record.scopes.joined(separator: ", ")); keep what follows, it is not kept here:")
      Output.results.line(key)
      return .success
    })

  // MARK: list

  private static let listEntry = Acervo.Entry(
    command: Command(
      "list", "Lists the API keys: id, state, scopes, principals, name.", options: [.value(file), .flag(json)],
      examples: ["acervo keys list --file /etc/acervo/keys.json"]),
    run: { arguments in
      let keys = try KeyFile.read(arguments[file] ?? "keys.json").keys
      let now = now
      guard !arguments[json] else {
        let list = keys.map { key -> JSONValue in
          [
            "id": .string(key.id), "name": .string(key.name), "state": .string(state(of: key, now)),
            "scopes": .array(key.scopes.map { .string($0) }),
            "principals": .array(key.principals.map { .string($0.name) }),
            "created": .string(Moment.text(key.created)),
            "expires": key.expires.map { .string(Moment.text($0)) } ?? .null,
          ]
        }
        Output.results.line(JSONValue.array(list).text(pretty: true))
        return .success
      }
      for key in keys {
        let principals = key.principals.map(\.name).joined(separator: ",")
        Output.results.line(
          [
            key.id, state(of: key, now).padded(to: 28), key.scopes.joined(separator: ",").padded(to: 17),
            principals.isEmpty ? "-" : principals, key.name,
          ].joined(separator: "  "))
      }
      return .success
    })

  private static func state(of key: KeyRecord, _ now: Int64) -> String {
    if let revoked = key.revoked { return "revoked \(Moment.text(revoked))" }
    guard let expires = key.expires else { return "valid" }
    return (now < expires ? "until " : "expired ") + Moment.text(expires)
  }

  // MARK: revoke

  private static let revokeEntry = Acervo.Entry(
    command: Command(
      "revoke", "Takes API keys back; services that read the file refuse them within a second or two.",
      positionals: [Positional("ID", help: "The ids that “list” shows.", count: .several)], options: [.value(file)],
      examples: ["acervo keys revoke --file /etc/acervo/keys.json k3n8w2ab7q"]),
    run: { arguments in
      let now = now
      // Of all or of none: read first, so that a mistyped path makes no file.
      _ = try KeyFile.read(arguments[file] ?? "keys.json")
      try KeyFile.update(arguments[file] ?? "keys.json") { content in
        for id in arguments.positionals {
          guard let index = content.keys.firstIndex(where: { $0.id == id }) else {
            throw InputError(description: "no key has the id “\(id)”; “acervo keys list” shows them")
          }
          content.keys[index].revoked = content.keys[index].revoked ?? now
        }
      }
      for id in arguments.positionals { Output.notes.line("revoked \(id)") }
      return .success
    })
}
