internal import Corpus
internal import Retrieval
internal import Snapshots
internal import Terminal

/// `acervo search`: what retrieval finds, without an answer.
enum SearchCommand {
  private static let top = Option("top", short: "k", "K", in: 1...1000, help: "How many chunks.", default: 4)
  private static let queries = Option(
    "queries", "FILE", help: "A file (or - for standard input) with an object a line: {\"id\": …, \"text\": …}.")
  private static let json = Flag("json", help: "A line of JSON for each question: its id and its results.")
  private static let perPage = Option("per-page", "N", in: 1...1000, help: "How many chunks of one page at most.")
  private static let neighbours = Option(
    "neighbours", "N", in: 0...3, help: "Also what stands up to N chunks before and after, in the same section.")
  private static let diversity = Option<Double>(
    "diversity", "D", help: "How much a chunk's likeness to better ones counts against it, 0 to 1 [default: 0]"
  ) { text in
    guard let number = Double(text), (0...1).contains(number) else { throw ValueError("use a number from 0 to 1") }
    return number
  }
  private static let fusion = Option(
    "fusion", oneOf: Fusion.allCases.map(\.rawValue), help: "How the indexes' lists become one.", default: "scores")

  static let entry = Acervo.Entry(
    command: Command(
      "search", "Finds the chunks that fit a question.",
      positionals: [Positional("QUERY", help: "The question; not with --queries.", count: .optional)],
      options: [
        .value(Collections.snapshots), .value(Collections.collection), .value(top), .value(queries),
        .value(Collections.filters), .value(AccessCommand.asked), .value(perPage),
        .value(neighbours), .value(diversity), .value(fusion), .value(Collections.rerank), .flag(json),
      ],
      examples: [
        "acervo search --snapshots snapshots \"cambiar la contraseña\"",
        "acervo search --filters '{\"language\": \"es\", \"url\": {\"prefix\": \"https://help.example/\"}}' \"copias\"",
        "acervo search --collection handbook --top 10 --json --queries questions.jsonl",
        "acervo search --per-page 1 --neighbours 1 \"ERR-4012\"   # one chunk a page, with what stands around it",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let (retriever, _) = try Collections.retriever(arguments)
    let filters = try Collections.filters(arguments, for: retriever)
    func request(_ query: String) -> SearchRequest {
      var request = SearchRequest(
        query: query, topK: arguments[top] ?? 4, perDocument: arguments[perPage], filters: filters,
        principals: Set(arguments.all(AccessCommand.asked)))
      request.neighbours = arguments[neighbours] ?? 0
      request.diversity = arguments[diversity] ?? 0
      request.fusion = arguments[fusion].flatMap(Fusion.init(rawValue:)) ?? .scores
      return request
    }
    let withNeighbours = (arguments[neighbours] ?? 0) > 0
    switch (arguments.positionals.first, arguments[queries]) {
    case (let query?, nil):
      let hits = try await retriever.search(request(query))
      if arguments[json] {
        Output.results.line(object(id: "1", hits, withNeighbours).text())
      } else {
        if hits.isEmpty { Output.notes.line("nothing found among what this caller may read and --filters let through") }
        for (index, hit) in hits.enumerated() { Output.results.write(text(of: hit, rank: index + 1)) }
      }
    case (nil, let file?):
      try await Inputs.forEachLine(file) { number, line in
        guard let value = try? JSONValue(parsing: line), let id = value["id"]?.string, let text = value["text"]?.string
        else {
          throw InputError(description: "\(file):\(number): a line needs an object {\"id\": \"…\", \"text\": \"…\"}")
        }
        let hits = try await retriever.search(request(text))
        Output.results.line(object(id: id, hits, withNeighbours).text())
      }
    default:
      throw UsageError(command: "acervo search", message: "give either a QUERY or --queries FILE")
    }
    return .success
  }

  private static func object(id: String, _ hits: [SearchHit], _ withNeighbours: Bool) -> JSONValue {
    let results = hits.enumerated().map { $1.json(rank: $0 + 1, withNeighbours: withNeighbours) }
    return ["id": .string(id), "results": .array(results)]
  }

  private static func text(of hit: SearchHit, rank: Int) -> String {
    let address = hit.url + (hit.chunk.anchor.map { "#" + $0 } ?? "")
    let heading = ([hit.title] + hit.chunk.headingPath).joined(separator: " › ")
    func excerpt(_ text: String) -> String {
      let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      return words.count > 300 ? words.prefix(300) + "…" : words
    }
    let before = hit.before.isEmpty ? "" : "   (before) \(excerpt(hit.before))\n"
    let after = hit.after.isEmpty ? "" : "   (after) \(excerpt(hit.after))\n"
    return "\(rank). \(heading)\n   \(address)\n\(before)   \(excerpt(hit.chunk.text))\n\(after)\n"
  }
}
