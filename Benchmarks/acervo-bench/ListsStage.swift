internal import Corpus
internal import Embedding
internal import SearchIndexes
internal import Snapshots
internal import Terminal
internal import TextAnalysis

/// What each index of a snapshot knows of each query, unfused: for trying rules of fusion without building anew.
enum ListsStage {
  private static let queries = Option(
    "queries", "FILE", help: "Objects {\"_id\": …, \"text\": …}, one a line.", isRequired: true)
  private static let lists = Option("lists", "FILE", help: "Where the lists go, one object a line.", isRequired: true)
  private static let vectors = Option(
    "vectors", "FILE", help: "Where the queries' vectors go: rows of 32-bit floats.", isRequired: true)
  private static let model = Option("model", "DIR", help: "The model's folder.", isRequired: true)
  private static let folder = Positional("SNAPSHOT", help: "The folder of one snapshot.")

  static let command = Command(
    "lists", "Writes what the lexical index finds for queries, and the queries' vectors.", positionals: [folder],
    options: [.value(queries), .value(lists), .value(vectors), .value(model)])

  static func run(_ arguments: Arguments) throws -> JSONValue {
    let snapshot = try Snapshot(folder: arguments.positionals[0])
    let index = try LexicalIndex(owner: snapshot) { try snapshot.section($0, part: $1) }
    guard let index else { throw ValueError("\(snapshot.folder) has no lexical index") }
    let embedder = try LocalEmbedder(folder: arguments[model] ?? "")
    let detector = LanguageDetector()
    let languages = Set(index.languages + snapshot.languages + ["en", "es"]).subtracting([""]).sorted()
    let output = try OutputFile(arguments[lists] ?? "")
    let numbers = try OutputFile(arguments[vectors] ?? "")
    let documents: JSONValue = [
      "documents": .array(
        try (0..<snapshot.manifest.documents).map { number in
          let document = try snapshot.document(number)
          return [
            "url": .string(document.url), "first": .integer(Int64(document.firstChunk)),
            "count": .integer(Int64(document.chunkCount)), "language": .string(document.language ?? ""),
          ]
        }),
      "languages": .array(index.languages.map { .string($0) }),
      "language_chunks": .array(index.languageChunks.map { .integer(Int64($0)) }),
    ]
    try output.write(documents.bytes + [UInt8(ascii: "\n")])
    let lines = String(decoding: try Input.bytes(arguments[queries] ?? ""), as: UTF8.self)
    var count = 0
    for line in lines.split(separator: "\n") {
      let object = try JSONValue(parsing: String(line))
      let text = object["text"]?.string ?? ""
      let language = detector.language(ofQuestion: text, among: languages)
      let query = try index.query(text, language: language)
      let found = try index.search(query, limit: 200)
      let row: JSONValue = [
        "id": object["_id"] ?? .null, "language": language.map { .string($0) } ?? .null,
        "terms": .array(query.terms.map { .string($0) }),
        "frequencies": .array(query.frequencies.map { .integer(Int64($0)) }),
        "wanted": .integer(Int64(query.wanted)), "known": .integer(Int64(query.known)),
        "chunks": .array(found.map { .integer(Int64($0.chunk)) }),
        "scores": .array(found.map { .number(Double($0.score)) }),
      ]
      try output.write(row.bytes + [UInt8(ascii: "\n")])
      try embedder.encode([text], as: .query).withUnsafeBytes { try numbers.write(Array($0)) }
      count += 1
    }
    try output.close()
    try numbers.close()
    return ["queries": .integer(Int64(count))]
  }
}
