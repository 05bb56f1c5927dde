internal import Corpus
internal import Retrieval
internal import Snapshots

/// `POST /document`: the text of a page that was found, for those who want to read on.
struct DocumentRoutes: Sendable {
  static let path = "/document"

  let desk: AnswerDesk

  /// The longest part of a page that is sent at once, in bytes of UTF-8.
  private static let part = 64 << 10
  private static let longestAddress = 8_192

  var all: [Route] { [document] }

  private var document: Route {
    let many = 0...Int(Int32.max)
    return Route(
      "POST", Self.path, name: "fetch_document", summary: "Reads a page's text by its address.", scope: .ask,
      body: .object([
        .required(
          "url", .string(bytes: 1...Self.longestAddress), "The page's address, as `sources` and results name it."),
        .optional("collection", .string(bytes: 1...64), "Which collection; may be left out where there is only one."),
        .optional("from", .integer(many), "Which chunk of the page to begin with; `next` of the part before."),
      ]),
      result: (
        "application/json",
        .object([
          .required("url", .text, "The page's address."), .required("title", .text, "Its title."),
          .required("language", .nullable(.text), "Its language."),
          .required("source", .text, "Which source of the pipeline it came from."),
          .required("modified", .nullable(.text), "When its source says that it changed (RFC 3339, UTC)."),
          .required("breadcrumbs", .array(of: .text, count: 0...1_000), "The titles above it."),
          .required("text", .text, "Its text, as it was cleaned."),
          .required("next", .nullable(.integer(many)), "The chunk that goes on with it; null at its end."),
          .required("collection", .text, "The collection."), .required("snapshot", .text, "The snapshot."),
        ])
      ), failures: AnswerRoutes.failures,
      handler: .task { [desk] request, body in
        let served = try desk.store.snapshot(of: body["collection"]?.string)
        return .json(
          try Self.json(url: body["url"]?.string ?? "", from: body["from"]?.int ?? 0, in: served, for: request.caller))
      })
  }

  private static func json(url: String, from first: Int, in served: ServedSnapshot, for caller: Caller) throws
    -> JSONValue
  {
    let snapshot = served.retriever.snapshot
    // Nobody is told whether a page that they may not read is there.
    guard let number = try snapshot.documentNumber(url: url),
      case let page = try snapshot.document(number),
      page.access.admits(try snapshot.principals(of: caller.principals))
    else { throw RequestFailure(404, "There is no such page in the collection, or not for you.") }
    let numbers = snapshot.chunkNumbers(ofDocument: number)
    guard first < max(numbers.count, 1) else {
      throw RequestFailure(422, "“from” is behind the page's last chunk; pages have chunks from 0 on.")
    }
    var text: [UInt8] = []
    var end: Int?
    var next: Int?
    for (index, chunkNumber) in numbers.enumerated().dropFirst(first) {
      let chunk = try snapshot.chunk(chunkNumber)
      if !text.isEmpty, text.count + chunk.text.utf8.count > part {
        next = index
        break
      }
      append(chunk, to: &text, after: end)
      end = chunk.range.end
    }
    return .object(
      [
        .init("url", .string(page.url)), .init("title", .string(page.title)),
        .init("language", page.language.map { .string($0) } ?? .null), .init("source", .string(page.source)),
        .init("modified", page.modified.map { .string(Moment.text($0)) } ?? .null),
        .init("breadcrumbs", .array(page.breadcrumbs.map { .string($0) })),
        .init("text", .string(String(decoding: text, as: UTF8.self))),
        .init("next", next.map { .integer(Int64($0)) } ?? .null),
      ] + AnswerSyntax.origin(of: served))
  }

  /// Chunks may overlap: what the one before said is not said again.
  private static func append(_ chunk: Chunk, to text: inout [UInt8], after end: Int?) {
    let known = end.map { max(0, $0 - chunk.range.start) } ?? 0
    guard known < chunk.text.utf8.count else { return }
    if !text.isEmpty, known == 0 { text += [UInt8(ascii: "\n"), UInt8(ascii: "\n")] }
    text += chunk.text.utf8.dropFirst(known)
  }
}
