internal import Terminal

/// What the command line can say; it wins over the file, and the file over the defaults.
enum Options {
  static let config = Option(
    "config", "FILE", help: "The service's settings (serve.yaml); options given here win over it.")
  static let checkConfig = Flag("check-config", help: "Check the settings and the files they name, and stop.")
  static let schema = Flag("schema", help: "Print the JSON Schema of the settings' file, for editors.")
  static let snapshots = Option(
    "snapshots", "DIR",
    help: "The folder that pipelines publish to: one folder a collection [required here or in --config].")
  static let listen = Option("listen", "ADDRESS", help: "The address to listen on [default: 127.0.0.1].")
  static let port = Option(
    "port", "PORT", in: 0...65_535,
    help: "The port to listen on; 0 takes any free one and prints it [default: 8080].")
  static let threads = Option(
    "threads", "N", in: 1...64, help: "Threads that read and write; answers are made on all cores [default: 2].")
  static let poll = Option(
    "poll", "SECONDS", in: 1...3_600,
    help:
      "How often the folder is looked into where nothing tells of a change, as on network file systems [default: 5].")
  static let requireSignature = Option(
    "require-signature", "PUBKEY",
    help: "A public key's file: only snapshots signed with it are served. Several may be given, of which one must fit.")
  static let keys = Option(
    "keys", "FILE",
    help: "The API keys' file that “acervo keys” writes; one more key may stand in $ACERVO_API_KEY.")
  static let adminKeyFile = Option(
    "admin-key-file", "FILE", help: "The key that opens every route, also /admin; $ACERVO_ADMIN_KEY by default.")
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
      .value(config), .flag(checkConfig), .flag(schema), .value(snapshots), .value(listen), .value(port),
      .value(threads), .value(poll), .value(requireSignature), .value(keys), .value(adminKeyFile),
      .value(journal), .value(rerank),
    ],
    examples: [
      "acervo-serve --snapshots ./snapshots",
      "acervo-serve --snapshots ./snapshots --listen 0.0.0.0 --port 80 --keys keys.json",
      "acervo-serve --config serve.yaml --check-config",
      #"curl -H 'Content-Type: application/json' -d '{"question": "¿Cómo entro?"}' http://127.0.0.1:8080/ask"#,
      "kill -HUP PID    # look for new snapshots now, and try refused ones again",
    ])
}
