internal import Chunking
internal import Cleaning
internal import Corpus
internal import Embedding
internal import Pipelines
internal import Terminal

/// `acervo clean`: what cleaning makes of one page.
enum CleanCommand {
  static let url = Option("url", "URL", help: "The page's address: links are resolved against it.", default: "file:")
  static let type = Option(
    "type", oneOf: ["html", "markdown", "text", "confluence"],
    help: "What the file is; by its name and content by default, else HTML.")
  static let content = Option(
    "content", oneOf: ["main", "all"], help: "The article only, or everything visible.", default: "main")
  private static let format = Option(
    "format", oneOf: ["text", "markdown", "json"], help: "The output.", default: "text")
  private static let file = Positional("FILE", help: "A file, or - for standard input.")

  static let entry = Acervo.Entry(
    command: Command(
      "clean", "Cleans one page and prints what is left.", positionals: [file],
      options: [.value(url), .value(type), .value(content), .value(format)],
      examples: [
        "acervo clean page.html",
        "curl -s https://help.example/ | acervo clean --url https://help.example/ --format markdown -",
        "acervo clean --type confluence page.xhtml",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let document = try clean(arguments)
    switch arguments[format] {
    case "json": Output.results.line(document.json.text(pretty: true))
    case "markdown": Output.results.line(document.markdown)
    default: Output.results.line(document.text)
    }
    if !document.macros.isEmpty { Output.notes.line(lossReport(document.macros)) }
    return .success
  }

  static func clean(_ arguments: Arguments) throws -> CleanDocument {
    let path = arguments.positionals[0]
    var options = Cleaner.Options()
    options.mainContentOnly = arguments[content] != "all"
    let body = try Inputs.bytes(path)
    let document = Document(
      source: "command-line", url: arguments[url] ?? "file:",
      mediaType: mediaType(arguments[type], path: path, body: body), body: body, access: .open)
    return try Cleaner(options: options).clean(document)
  }

  private static func mediaType(_ type: String?, path: String, body: [UInt8]) -> MediaType {
    switch type ?? path.split(separator: ".").last.map(String.init) {
    case "markdown", "md": return .markdown
    case "text", "txt": return .plainText
    case "confluence": return .confluenceStorage
    default:
      guard type == nil else { return .html }
      let text = String(decoding: body, as: UTF8.self)
      return text.contains("<ac:") || text.contains("<ri:") ? .confluenceStorage : .html
    }
  }

  /// What became of the page's macros, a line each.
  private static func lossReport(_ macros: MacroReport) -> String {
    let lines = LossesCommand.lines(macros).map { "  " + $0 }
    return (["macros:"] + lines).joined(separator: "\n")
  }
}

/// `acervo chunk`: where a page is cut.
enum ChunkCommand {
  private static let by = Option(
    "by", oneOf: ["structure", "recursive"], help: "The way of cutting.", default: "structure")
  private static let size = Option("size", "N", in: 1...1_000_000, help: "The largest chunk.", default: 2000)
  private static let overlap = Option(
    "overlap", "N", in: 0...999_999,
    help: "What neighbours share; by default nothing, with --by recursive a tenth of the size.")
  private static let model = Option(
    "model", "NAME", help: "Count tokens of this model instead of characters.")
  private static let json = Flag("json", help: "One JSON object a line: index, start, end, heading, text.")

  static let entry = Acervo.Entry(
    command: Command(
      "chunk", "Cleans one page and cuts it. Plain text is cut as it is.",
      positionals: [Positional("FILE", help: "A file, or - for standard input.")],
      options: [
        .value(by), .value(size), .value(overlap), .value(model), .flag(json), .value(CleanCommand.url),
        .value(CleanCommand.type), .value(CleanCommand.content),
      ],
      examples: [
        "acervo chunk --json page.html", "acervo chunk --by recursive --size 1000 --overlap 100 --json notes.txt",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let size = arguments[size] ?? 2000
    let method: ChunkSettings.Method = arguments[by] == "recursive" ? .recursive : .structure
    let overlap = arguments[overlap] ?? ChunkSettings.overlap(by: method, size: size)
    guard overlap < size else {
      throw UsageError(command: "acervo chunk", message: "--overlap \(overlap) must be smaller than --size \(size)")
    }
    let measure: (@Sendable (Substring) -> Int)? = try arguments[model].map { name in
      let embedder = try EmbedCommand.embedder(name)
      return { embedder.tokenCount($0) }
    }
    let chunker = Chunker(
      method: method == .recursive ? .recursive : .structure, size: size, overlap: overlap, measure: measure)
    for chunk in chunker.chunks(of: try document(arguments)) {
      let heading = chunk.headingPath.joined(separator: " › ")
      if arguments[json] {
        let row: JSONValue = [
          "index": .integer(Int64(chunk.index)), "start": .integer(Int64(chunk.range.start)),
          "end": .integer(Int64(chunk.range.end)), "heading": .string(heading), "text": .string(chunk.text),
        ]
        Output.results.line(row.text())
      } else {
        Output.results.line("--- \(chunk.index) [\(chunk.range.start), \(chunk.range.end)) \(heading)\n\(chunk.text)")
      }
    }
    return .success
  }

  /// Plain text for the recursive splitter is not cleaned: its chunks are those of the very text that was given.
  private static func document(_ arguments: Arguments) throws -> CleanDocument {
    let path = arguments.positionals[0]
    let isText =
      arguments[CleanCommand.type] == "text" || (arguments[CleanCommand.type] == nil && path.hasSuffix(".txt"))
    guard isText, arguments[by] == "recursive" else { return try CleanCommand.clean(arguments) }
    guard let text = String(validating: try Inputs.bytes(path), as: UTF8.self) else {
      throw InputError(description: "\(path) is not UTF-8\n  mend: convert it, or give it as --type html")
    }
    return CleanDocument(title: "", language: nil, text: text, blocks: [])
  }
}

/// `acervo embed`: the vectors of texts.
enum EmbedCommand {
  private static let model = Option(
    "model", "NAME", help: "The model's name, or a path to its folder.", default: "use-multilingual-v3")
  private static let query = Flag("query", help: "Embed as questions; as documents by default.")
  private static let file = Positional(
    "FILE", help: "One JSON string a line; standard input by default.", count: .optional)

  static let entry = Acervo.Entry(
    command: Command(
      "embed", "Reads one JSON string a line and writes one JSON array of numbers a line.", positionals: [file],
      options: [.value(model), .flag(query)],
      examples: ["echo '\"Hola\"' | acervo embed --model use-multilingual-v3"]),
    run: run)

  static func embedder(_ name: String) throws -> LocalEmbedder {
    try LocalEmbedder(
      folder: ModelFinder.folder(of: name, startingAt: Inputs.workingFolder, environment: Inputs.environment))
  }

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let embedder = try embedder(arguments[model] ?? "use-multilingual-v3")
    let role: EmbeddingRole = arguments[query] ? .query : .document
    let path = arguments.positionals.first ?? "-"
    var waiting: [String] = []
    func flush() throws {
      let dimensions = embedder.fingerprint.dimensions
      let matrix = try embedder.encode(waiting, as: role)
      for row in waiting.indices {
        let vector = matrix[row * dimensions..<(row + 1) * dimensions]
        // A Float's own shortest text, so that reading it back gives the same bits.
        Output.results.line("[" + vector.map(\.description).joined(separator: ",") + "]")
      }
      waiting.removeAll()
    }
    try await Inputs.forEachLine(path) { number, line in
      guard let text = try? JSONValue(parsing: line).string else {
        throw InputError(description: "\(path):\(number): a line needs one JSON string, such as \"Hola\"")
      }
      waiting.append(text)
      if waiting.count == 64 { try flush() }
    }
    try flush()
    return .success
  }
}
