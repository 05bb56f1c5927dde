internal import Answering
internal import Corpus
internal import Embedding
internal import HTTPClient
internal import Retrieval
internal import Snapshots
internal import Terminal

/// `acervo ask`: an answer from the snapshot, in quotes or in a language model's words.
enum AskCommand {
  private static let top = Option("top", short: "k", "K", in: 1...100, help: "Chunks of evidence.", default: 4)
  private static let json = Flag("json", help: "The answer as JSON.")
  private static let provider = Option(
    "provider", "NAME",
    help: "Which language model answers, of those that the environment names (OPENAI_API_KEY …); quotes without it.")
  private static let deadline = Option(
    "deadline", "SECONDS", in: 1...600, help: "When the answer has to be there, whatever the model does.", default: 20)
  private static let stream = Flag("stream", help: "Print the answer as it is checked, sentence by sentence.")

  static let entry = Acervo.Entry(
    command: Command(
      "ask", "Answers a question with sentences quoted from the snapshot, or with a language model.",
      positionals: [Positional("QUESTION", help: "In Spanish or English.")],
      options: [
        .value(Collections.snapshots), .value(Collections.collection), .value(top), .value(Collections.filters),
        .value(AccessCommand.asked), .value(Collections.rerank), .value(provider), .value(deadline), .flag(stream),
        .flag(json),
      ],
      examples: [
        "acervo ask --snapshots snapshots \"How do I reset my password?\"",
        "OLLAMA_BASE_URL=http://127.0.0.1:11434 acervo ask --provider ollama \"How do I reset my password?\"",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let (retriever, embedder) = try Collections.retriever(arguments)
    let question = arguments.positionals[0]
    var wanted = SearchRequest.evidence(for: question, topK: arguments[top] ?? 4)
    wanted.filters = try Collections.filters(arguments, for: retriever)
    wanted.principals = Set(arguments.all(AccessCommand.asked))
    let end = ContinuousClock.now.advanced(by: .seconds(arguments[deadline] ?? 20))
    let hits = try await retriever.search(wanted)
    var request = AnswerRequest(question: question, evidence: hits, deadline: end)
    request.provider = arguments[provider] ?? Answer.extractive
    let answerer = Answerer(models: try models(arguments), embedder: embedder)
    var answer = Answer(text: "", language: "", citations: [], sources: [], isAnswered: false)
    for await event in answerer.answer(request) {
      switch event {
      case .token(let text): if arguments[stream], !arguments[json] { Output.results.write(text) }
      case .restart: if arguments[stream], !arguments[json] { Output.results.line("\n…") }
      case .done(let whole): answer = whole
      case .sources, .citation: break
      }
    }
    if arguments[json] {
      Output.results.line(object(answer, retriever.snapshot.manifest).text(pretty: true))
    } else {
      Output.results.line(arguments[stream] ? "" : answer.text)
      if let notice = answer.notice { Output.notes.line(notice) }
      for failure in answer.failures { Output.notes.line("\(failure)") }
      for (index, citation) in answer.citations.enumerated() {
        let heading = citation.heading.isEmpty ? "" : " › " + citation.heading
        Output.results.line("[\(index + 1)] \(citation.title)\(heading)")
        Output.results.line("    \(citation.url)\(citation.anchor.map { "#" + $0 } ?? "")")
      }
    }
    return .success
  }

  private static func models(_ arguments: Arguments) throws -> ModelChain {
    guard let name = arguments[provider], name != Answer.extractive else { return ModelChain([ModelChain.Member]()) }
    let settings = try ModelSettings.models(environment: Inputs.environment)
    let chain = ModelChain(settings, client: try HTTPClient())
    guard chain.knows(name) else {
      let known = settings.map(\.name).joined(separator: ", ")
      throw InputError(
        description: "the environment names no model “\(name)”\n  mend: "
          + (known.isEmpty ? "set LLM_PROVIDER, or a provider's key or address" : "write one of: \(known)"))
    }
    return chain
  }

  private static func object(_ answer: Answer, _ manifest: SnapshotManifest) -> JSONValue {
    let id = AnswerIdentifier(
      collection: manifest.collection, snapshot: manifest.id, chunks: answer.citations.map(\.chunk))
    return .object(
      [
        .init("answer", .string(answer.text)), .init("id", .string(id.description)),
        .init("sources", .array(answer.sources.map { .string($0) })),
        .init("citations", .array(answer.citations.map(\.json))),
        .init("collection", .string(manifest.collection)), .init("snapshot", .string(manifest.id)),
      ] + answer.provenance)
  }
}
