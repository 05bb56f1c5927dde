internal import Corpus
internal import Embedding
internal import Glibc
internal import Terminal

/// Texts into vectors, tokenising included.
enum EmbedStage {
  private static let model = Option(
    "model", "NAME", help: "The model, by name or by the path of its folder.", default: "use-multilingual-v3")
  private static let batch = Option("batch", "N", in: 1...4_096, help: "Texts in one call.", default: 32)
  private static let vectors = Option("vectors", "FILE", help: "Write the vectors too: rows of 32-bit floats.")
  private static let input = Positional("TEXTS", help: "A file with one JSON string a line.")

  static let command = Command(
    "embed", "Embeds texts that were read beforehand, on one thread.", positionals: [input],
    options: [.value(Input.seconds), .value(model), .value(batch), .value(vectors)])

  static func run(_ arguments: Arguments) throws -> JSONValue {
    let texts = try Input.texts(arguments.positionals[0])
    let environment = ["ACERVO_MODELS", "XDG_DATA_HOME", "HOME"].reduce(into: [String: String]()) { values, name in
      values[name] = getenv(name).map { String(cString: $0) }
    }
    let embedder = try LocalEmbedder(
      folder: ModelFinder.folder(of: arguments[model] ?? "", startingAt: ".", environment: environment))
    let size = arguments[batch] ?? 32
    let batches = stride(from: 0, to: texts.count, by: size).map { Array(texts[$0..<min($0 + size, texts.count)]) }
    var rows: [Float] = []
    if let last = batches.last { rows = try embedder.encode(last, as: .document) }
    rows.removeAll()
    // Each text once: what the encoder remembers of tokens helps it as much as in a run over real pages.
    let limit = arguments[vectors] == nil ? Double(arguments[Input.seconds] ?? 0) : .infinity
    let watch = Stopwatch()
    var done = 0
    while done < batches.count, watch.wall < limit {
      rows += try embedder.encode(batches[done], as: .document)
      done += 1
    }
    let (wall, processor) = (watch.wall, watch.processor)
    if let path = arguments[vectors] {
      let file = try OutputFile(path)
      try file.write(rows.withUnsafeBytes { Array($0) })
      try file.close()
    }
    let embedded = texts.prefix(done * size)
    return [
      "texts": .integer(Int64(embedded.count)),
      "tokens": .integer(Int64(embedded.reduce(0) { $0 + embedder.tokenCount($1[...]) })),
      "bytes": .integer(Int64(embedded.reduce(0) { $0 + $1.utf8.count })),
      "wall_s": .number(wall), "cpu_s": .number(processor),
    ]
  }
}
