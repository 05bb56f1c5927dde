internal import Cleaning
internal import Corpus
internal import Terminal

/// Pages into clean text.
enum CleanStage {
  private static let texts = Flag("texts", help: "Print the clean texts instead, one JSON string a line.")
  private static let blocks = Flag("blocks", help: "Print each page's blocks and their measures instead, for training.")
  private static let list = Positional("LIST", help: "A file that names one HTML file a line.")

  static let command = Command(
    "clean", "Cleans HTML pages that were read beforehand.", positionals: [list],
    options: [.value(Input.seconds), .flag(texts), .flag(blocks)])

  static func run(_ arguments: Arguments) throws -> JSONValue {
    let documents = try Input.lines(arguments.positionals[0]).map { line in
      let path = String(decoding: line, as: UTF8.self)
      return Document(source: "bench", url: "file://" + path, mediaType: .html, body: try Input.bytes(path))
    }
    let cleaner = Cleaner()
    if arguments[texts] {
      for document in documents { Output.results.line(JSONValue.string(try cleaner.clean(document).text).text()) }
    }
    if arguments[blocks] {
      for document in documents {
        let measured = try cleaner.measuredBlocks(of: document)
        let row: JSONValue = [
          "url": .string(document.url), "texts": .array(measured.map { .string($0.text) }),
          "measures": .array(measured.map { .array($0.measures.map { .number(Double($0)) }) }),
        ]
        Output.results.line(row.text())
      }
      return ["pages": .integer(Int64(documents.count))]
    }
    var written = 0
    let measured = try Measurement(seconds: arguments[texts] ? 0 : Double(arguments[Input.seconds] ?? 0)) {
      written = 0
      for document in documents { written += try cleaner.clean(document).text.utf8.count }
    }
    return measured.result(of: [
      "pages": documents.count, "bytes": documents.reduce(0) { $0 + $1.body.count }, "text_bytes": written,
    ])
  }
}
