internal import Answering
internal import Corpus
internal import Retrieval
internal import Snapshots
internal import Terminal

/// `acervo search`: what retrieval finds, without an answer.
enum SearchCommand {
  private static let top = Option("top", short: "k", "K", in: 1...1000, help: "How many chunks.", default: 4)
  private static let queries = Option(
    "queries", "FILE", help: "A file (or - for standard input) with an object a line: {\"id\": …, \"text\": …}.")
  private static let json = Flag("json", help: "One JSON object a line.")

  static let entry = Acervo.Entry(
    command: Command(
      "search", "Finds the chunks that fit a question.",
      positionals: [Positional("QUERY", help: "The question; not with --queries.", count: .optional)],
      options: [
        .value(Collections.snapshots), .value(Collections.collection), .value(top), .value(queries), .flag(json),
      ],
      examples: [
        "acervo search --snapshots snapshots \"cambiar la contraseña\"",
        "acervo search --collection handbook --top 10 --json --queries questions.jsonl",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let (retriever, _) = try Collections.retriever(arguments)
    let topK = arguments[top] ?? 4
    switch (arguments.positionals.first, arguments[queries]) {
    case (let query?, nil):
      let hits = try await retriever.search(SearchRequest(query: query, topK: topK))
      if arguments[json] {
        Output.results.line(object(id: "1", hits).text())
      } else {
        for (index, hit) in hits.enumerated() { Output.results.write(text(of: hit, rank: index + 1)) }
      }
    case (nil, let file?):
      try await Inputs.forEachLine(file) { number, line in
        guard let value = try? JSONValue(parsing: line), let id = value["id"]?.string, let text = value["text"]?.string
        else {
          throw InputError(description: "\(file):\(number): a line needs an object {\"id\": \"…\", \"text\": \"…\"}")
        }
        Output.results.line(object(id: id, try await retriever.search(SearchRequest(query: text, topK: topK))).text())
      }
    default:
      throw UsageError(command: "acervo search", message: "give either a QUERY or --queries FILE")
    }
    return .success
  }

  private static func object(id: String, _ hits: [SearchHit]) -> JSONValue {
    let results = hits.enumerated().map { $1.json(rank: $0 + 1) }
    return ["id": .string(id), "results": .array(results)]
  }

  private static func text(of hit: SearchHit, rank: Int) -> String {
    let address = hit.url + (hit.chunk.anchor.map { "#" + $0 } ?? "")
    let heading = ([hit.title] + hit.chunk.headingPath).joined(separator: " › ")
    let words = hit.chunk.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let excerpt = words.count > 300 ? words.prefix(300) + "…" : words[...]
    return "\(rank). \(heading)\n   \(address)\n   \(excerpt)\n\n"
  }
}

/// `acervo ask`: an answer quoted from the snapshot.
enum AskCommand {
  private static let top = Option("top", short: "k", "K", in: 1...100, help: "Chunks of evidence.", default: 4)
  private static let json = Flag("json", help: "The answer as JSON.")

  static let entry = Acervo.Entry(
    command: Command(
      "ask", "Answers a question with sentences quoted from the snapshot.",
      positionals: [Positional("QUESTION", help: "In Spanish or English.")],
      options: [.value(Collections.snapshots), .value(Collections.collection), .value(top), .flag(json)],
      examples: ["acervo ask --snapshots snapshots \"How do I reset my password?\""]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let (retriever, embedder) = try Collections.retriever(arguments)
    let question = arguments.positionals[0]
    let hits = try await retriever.search(.evidence(for: question, topK: arguments[top] ?? 4))
    let answer = try await ExtractiveAnswerer(embedder: embedder).answer(question, from: hits)
    if arguments[json] {
      let json: JSONValue = [
        "answer": .string(answer.text), "sources": .array(answer.sources.map { .string($0) }),
        "citations": .array(answer.citations.map(\.json)),
        "collection": .string(retriever.snapshot.manifest.collection),
        "snapshot": .string(retriever.snapshot.manifest.id),
      ]
      Output.results.line(json.text(pretty: true))
    } else {
      Output.results.line(answer.text)
      for (index, citation) in answer.citations.enumerated() {
        let heading = citation.heading.isEmpty ? "" : " › " + citation.heading
        Output.results.line("[\(index + 1)] \(citation.title)\(heading)")
        Output.results.line("    \(citation.url)\(citation.anchor.map { "#" + $0 } ?? "")")
      }
    }
    return .success
  }
}
