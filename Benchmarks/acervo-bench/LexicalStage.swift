internal import Corpus
internal import SearchIndexes
internal import Terminal
internal import TextAnalysis

/// The word index: chunks from a file, then one question after the other.
enum LexicalStage {
  private static let queries = Option(
    "queries", "FILE", help: "A file with one JSON string a line: the questions.", isRequired: true)
  private static let top = Option("top", "K", in: 1...1_000, help: "How many chunks of each question.", default: 10)
  private static let language = Option("language", "TAG", help: "The texts' language.", default: "en")
  private static let terms = Option(
    "terms", "FOLDER",
    help: "Write what the index counts, blanks between: a line a chunk in “chunks”, a line a question in “queries”.")
  private static let results = Option("results", "FILE", help: "Write what was found: a list of [chunk, score] a line.")
  private static let input = Positional("TEXTS", help: "A file with one JSON string a line: a chunk's text.")

  static let command = Command(
    "lexical", "Searches words in chunks, one question after the other.", positionals: [input],
    options: [
      .value(Input.seconds), .value(queries), .value(top), .value(language), .value(terms), .value(results),
    ])

  static func run(_ arguments: Arguments) throws -> JSONValue {
    let texts = try Input.texts(arguments.positionals[0])
    let questions = try Input.texts(arguments[queries] ?? "")
    let (language, top) = (arguments[language] ?? "en", arguments[top] ?? 10)
    let sections = MemorySections()
    let building = Stopwatch()
    let writer = try LexicalIndexWriter { sections.add($2, as: $0, $1) }
    for text in texts { try writer.append(text: text, title: "", headings: [], language: language) }
    try writer.finish()
    let buildSeconds = building.processor
    guard let index = try LexicalIndex(owner: sections, source: { sections.bytes(of: $0, $1) }) else {
      throw ValueError("there are no chunks")
    }
    let prepared = try questions.map { try index.query($0, language: language) }
    if let folder = arguments[terms] {
      let analyzer = Analyzer(language: language)
      try write(texts.map(analyzer.terms), to: folder + "/chunks")
      try write(prepared.map(\.terms), to: folder + "/queries")
    }
    if let path = arguments[results] {
      let file = try OutputFile(path)
      for query in prepared {
        let hits = try index.search(query, limit: top).map { hit -> JSONValue in
          [.integer(Int64(hit.chunk)), .number(Double(hit.score))]
        }
        try file.write(JSONValue.array(hits).bytes + [UInt8(ascii: "\n")])
      }
      try file.close()
    }
    let seconds = Double(arguments[Input.seconds] ?? 0)
    let fromText = try Measurement(seconds: seconds / 2) {
      for question in questions { _ = try index.search(index.query(question, language: language), limit: top) }
    }
    let searching = try Measurement(seconds: seconds / 2) {
      for query in prepared { _ = try index.search(query, limit: top) }
    }
    return .object(
      (searching.result(of: ["queries": questions.count]).members ?? []) + [
        .init("from_text_queries", .integer(Int64(questions.count * fromText.rounds))),
        .init("from_text_cpu_s", .number(fromText.processor)), .init("build_cpu_s", .number(buildSeconds)),
        .init("chunks", .integer(Int64(index.count))),
      ])
  }

  private static func write(_ lines: [[String]], to path: String) throws {
    let file = try OutputFile(path)
    for line in lines { try file.write(Array(line.joined(separator: " ").utf8) + [UInt8(ascii: "\n")]) }
    try file.close()
  }
}
