internal import Corpus

/// What assistants may read by its address: the collections, and the documents in them.
///
/// - `acervo://collections/NAME`: what the collection holds, as `GET /collections` tells it.
/// - `acervo://collections/NAME/documents/URL`: a document's text, its address percent-encoded.
struct ContextResources: Sendable {
  private static let root = "acervo://collections/"
  private static let documents = "/documents/"

  /// `GET /collections`.
  private let collections: @Sendable (ServerRequest) throws -> ServerResponse
  /// `POST /document`.
  private let document: @Sendable (ServerRequest, JSONValue) async throws -> ServerResponse

  /// Reads through routes, as tools do; nil where one of them is missing.
  init?(_ routes: [Route]) {
    guard let list = routes.first(where: { $0.path == "/collections" }), case .immediate(let all) = list.handler,
      let one = routes.first(where: { $0.path == DocumentRoutes.path }), case .task(let document) = one.handler
    else { return nil }
    (collections, self.document) = (all, document)
  }

  /// The collections, as `resources/list` answers.
  func list(for request: ServerRequest) throws -> JSONValue {
    let resources = try known(to: request).map { collection -> JSONValue in
      let name = collection["name"]?.string ?? ""
      let count = collection["documents"]?.int ?? 0
      let languages = (collection["languages"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
      return [
        "uri": .string(Self.root + name), "name": .string(name), "title": .string("Collection “\(name)”"),
        "description": .string("\(count) documents" + (languages.isEmpty ? "" : " in \(languages)")),
        "mimeType": "application/json",
      ]
    }
    return ["resources": .array(resources)]
  }

  /// How documents are addressed, as `resources/templates/list` answers.
  static let templates: JSONValue = [
    "resourceTemplates": [
      [
        "uriTemplate": .string(root + "{collection}" + documents + "{url}"), "name": "document",
        "title": "A document's text",
        "description": "The text of a page that `search` or `ask` named, by its collection and its address.",
        "mimeType": "text/markdown",
      ]
    ]
  ]

  /// What is at an address, as `resources/read` answers.
  ///
  /// - Throws: `ContextFailure` for an address where nothing is, or nothing for the caller.
  func read(_ uri: String, for request: ServerRequest) async throws -> JSONValue {
    guard uri.hasPrefix(Self.root), uri.utf8.count <= 10_000 else { throw missing(uri) }
    let rest = uri.dropFirst(Self.root.count)
    guard let cut = rest.range(of: Self.documents) else {
      guard let collection = try known(to: request).first(where: { $0["name"]?.string == String(rest) }) else {
        throw missing(uri)
      }
      return contents(uri, "application/json", collection.text())
    }
    guard let address = percentDecoded(String(rest[cut.upperBound...])), !address.isEmpty else { throw missing(uri) }
    do {
      let name = String(rest[..<cut.lowerBound])
      let response = try await document(request, ["collection": .string(name), "url": .string(address)])
      guard let page = try? JSONValue(parsing: response.body) else { throw ContextFailure.unexpected }
      let title = page["title"]?.string.map { "# \($0)\n\n" } ?? ""
      return contents(uri, "text/markdown", title + (page["text"]?.string ?? ""))
    } catch let failure as RequestFailure where failure.status == 404 {
      throw missing(uri)
    }
  }

  private func known(to request: ServerRequest) throws -> [JSONValue] {
    try JSONValue(parsing: collections(request).body)["collections"]?.array ?? []
  }

  private func contents(_ uri: String, _ type: String, _ text: String) -> JSONValue {
    ["contents": [["uri": .string(uri), "mimeType": .string(type), "text": .string(text)]]]
  }

  private func missing(_ uri: String) -> ContextFailure {
    .invalidParameters("There is no resource “\(uri.prefix(200))”, or not for you.")
  }
}

extension Substring {
  /// Where a text first stands in it.
  fileprivate func range(of part: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
      start = index(after: start)
    }
    return nil
  }
}
