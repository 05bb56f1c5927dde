internal import Corpus
internal import Glibc
internal import Snapshots
internal import Terminal

/// What changes the folder of a collection: going back, removing, taking to another machine, keys for signing.
extension SnapshotsCommand {
  private static let keep = Option(
    "keep", "N", in: 1...1000, help: "How many published snapshots stay, as publish.keep says.", default: 5)
  private static let to = Option("to", "FILE", help: "Where to write; - is standard output.", isRequired: true)
  private static let current = Flag("current", help: "Make it the current snapshot at once.")

  static let rollbackEntry = Acervo.Entry(
    command: Command(
      "rollback",
      """
      Makes another snapshot the current one: by default the one that the current one replaced. Services follow by \
      themselves. The next run that finds something to publish moves on from there.
      """,
      positionals: [
        Positional("ID", help: "The snapshot to go to; the one before the current by default.", count: .optional)
      ],
      options: place,
      examples: ["acervo snapshots rollback --collection handbook"]),
    run: rollback)

  static let pruneEntry = Acervo.Entry(
    command: Command(
      "prune",
      """
      Removes old snapshots; never the current one. Of the candidates that the gate refused, the newest stays while it \
      is newer than the current one.
      """,
      options: place + [.value(keep)], examples: ["acervo snapshots prune --collection handbook --keep 3"]),
    run: prune)

  static let exportEntry = Acervo.Entry(
    command: Command(
      "export", "Writes a snapshot as one file (tar) for another machine.",
      positionals: [Positional("ID", help: "A snapshot's id; the current one by default.", count: .optional)],
      options: place + [.value(to)],
      examples: [
        "acervo snapshots export --collection handbook --to handbook.tar",
        "acervo snapshots export --to - | ssh server acervo snapshots import --snapshots /srv/snapshots -",
      ]),
    run: export)

  static let importEntry = Acervo.Entry(
    command: Command(
      "import",
      """
      Reads a file that “export” wrote, verifies everything in it and puts the snapshot into its collection. It becomes \
      current with --current, or where the collection has none and no gate refused it.
      """,
      positionals: [Positional("FILE", help: "The file; - is standard input.")],
      options: [.value(Collections.snapshots), .flag(current), .value(requireSignature)],
      examples: ["acervo snapshots import --snapshots snapshots --current handbook.tar"]),
    run: importFile)

  static let keygenEntry = Acervo.Entry(
    command: Command(
      "keygen",
      """
      Makes a pair of keys (Ed25519): FILE, which publish.sign names and only you may read, and FILE.pub, which \
      --require-signature names.
      """,
      positionals: [Positional("FILE", help: "The private key's file; it must not be there yet.")],
      examples: ["acervo snapshots keygen publish.pem"]),
    run: keygen)

  private static func rollback(_ arguments: Arguments) async throws -> ExitCode {
    let folder = try Collections.folder(arguments)
    let before = try folder.currentID()
    let id = try arguments.positionals.first ?? folder.previousID()
    try folder.makeCurrent(id)
    Output.results.line("\(folder.name)/\(id) is current" + (before.map { "; it was \($0)" } ?? ""))
    return .success
  }

  private static func prune(_ arguments: Arguments) async throws -> ExitCode {
    let folder = try Collections.folder(arguments)
    for id in try folder.prune(keep: arguments[keep] ?? 5) { Output.results.line("removed \(folder.name)/\(id)") }
    return .success
  }

  private static func export(_ arguments: Arguments) async throws -> ExitCode {
    let folder = try Collections.folder(arguments)
    let id = try chosenID(arguments, in: folder)
    let path = arguments[to] ?? "-"
    guard path != "-" else {
      try folder.export(id) { try write($0, to: STDOUT_FILENO, "standard output") }
      return .success
    }
    // Under another name until it is whole: half an archive must not look like one.
    let partial = path + ".part"
    let file = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw cannotWrite(partial) }
    do {
      defer { close(file) }
      try folder.export(id) { try write($0, to: file, partial) }
      guard fsync(file) == 0 else { throw cannotWrite(partial) }
    } catch {
      unlink(partial)
      throw error
    }
    guard rename(partial, path) == 0 else { throw cannotWrite(path) }
    Output.notes.line("\(folder.name)/\(id) is in \(path)")
    return .success
  }

  private static func cannotWrite(_ path: String) -> InputError {
    InputError(description: "cannot write \(path): \(String(cString: strerror(errno)))", code: .cannotWrite)
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to file: Int32, _ path: String) throws {
    var written = 0
    while written < bytes.count {
      let count = Glibc.write(file, bytes.baseAddress?.advanced(by: written), bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw cannotWrite(path) }
      written += count
    }
  }

  private static func importFile(_ arguments: Arguments) async throws -> ExitCode {
    let path = arguments.positionals[0]
    let snapshots = arguments[Collections.snapshots] ?? "snapshots"
    let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw InputError(description: "cannot read \(path): \(String(cString: strerror(errno)))", code: .missingInput)
    }
    defer { if path != "-" { close(file) } }
    let (manifest, isNew) = try CollectionFolder.importSnapshot(
      into: snapshots, signedBy: keys(arguments), source: path == "-" ? "standard input" : path
    ) { buffer in
      while true {
        let count = read(file, buffer.baseAddress, buffer.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else {
          throw InputError(description: "cannot read \(path): \(String(cString: strerror(errno)))", code: .missingInput)
        }
        return count
      }
    }
    let folder = try CollectionFolder(snapshots: snapshots, collection: manifest.collection)
    let becomesCurrent = try arguments[current] || (folder.currentID() == nil && !folder.isRefused(manifest.id))
    if becomesCurrent { try folder.makeCurrent(manifest.id) }
    Output.results.line(
      "\(manifest.collection)/\(manifest.id): \(manifest.documents) documents, \(manifest.chunks) chunks, "
        + (isNew ? "imported" : "was there already") + (becomesCurrent ? ", current" : ""))
    return .success
  }

  private static func keygen(_ arguments: Arguments) async throws -> ExitCode {
    let path = arguments.positionals[0]
    let key = try SigningKey.generate()
    for (name, bytes, mode) in [(path, key.privatePEM, mode_t(0o600)), (path + ".pub", key.publicPEM, mode_t(0o644))] {
      let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      guard file >= 0 else { throw cannotWrite(name) }
      defer { close(file) }
      try bytes.withUnsafeBytes { try write($0, to: file, name) }
    }
    Output.results.line("\(path) signs: name it in publish.sign, and keep it to yourself")
    Output.results.line("\(path).pub verifies: give it to whoever reads, for --require-signature")
    return .success
  }
}
