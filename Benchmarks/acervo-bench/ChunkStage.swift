internal import Chunking
internal import Corpus
internal import Terminal

/// Clean texts into chunks.
enum ChunkStage {
  private static let method = Option(
    "by", oneOf: ["recursive", "structure"], help: "How to cut.", default: "recursive")
  private static let size = Option("size", "N", in: 1...1_000_000, help: "The largest chunk.", default: 2_000)
  private static let overlap = Option("overlap", "N", in: 0...999_999, help: "What neighbours share.", default: 400)
  private static let texts = Flag("texts", help: "Print the chunks' texts instead, one JSON string a line.")
  private static let input = Positional("TEXTS", help: "A file with one JSON string a line: a page's text.")

  static let command = Command(
    "chunk", "Cuts texts that were read beforehand.", positionals: [input],
    options: [.value(Input.seconds), .value(method), .value(size), .value(overlap), .flag(texts)])

  static func run(_ arguments: Arguments) throws -> JSONValue {
    let pages = try Input.texts(arguments.positionals[0])
    let documents = pages.map { CleanDocument(title: "", language: nil, text: $0, blocks: []) }
    let chunker = Chunker(
      method: arguments[method] == "structure" ? .structure : .recursive, size: arguments[size] ?? 2_000,
      overlap: arguments[overlap] ?? 400)
    if arguments[texts] {
      for chunk in documents.flatMap({ chunker.chunks(of: $0) }) {
        Output.results.line(JSONValue.string(chunk.text).text())
      }
    }
    var chunks = 0
    let measured = Measurement(seconds: arguments[texts] ? 0 : Double(arguments[Input.seconds] ?? 0)) {
      chunks = documents.reduce(0) { $0 + chunker.chunks(of: $1).count }
    }
    return measured.result(of: ["bytes": pages.reduce(0) { $0 + $1.utf8.count }, "chunks": chunks])
  }
}
