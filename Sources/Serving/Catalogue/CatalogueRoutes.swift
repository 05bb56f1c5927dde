internal import Answering
internal import Corpus
internal import Retrieval
internal import Snapshots

/// `GET /categories`, `/items/{category}` and `/stats`: what a catalogue holds, as far as the caller may read it.
struct CatalogueRoutes: Sendable {
  let store: CollectionStore
  /// The collections that are catalogues.
  let names: [String]

  var all: [Route] {
    [
      categories("/categories", "categories"), categories("/categorias", "categorias"),
      items("/items/{category}", "items", "category"), items("/productos/{categoria}", "productos", "categoria"),
      stats("/stats", "stats"), stats("/estadisticas", "estadisticas"),
    ]
  }

  private static let many = 0...1_000_000_000
  private static let mostItems = 200

  private static let failures: [(status: Int, meaning: String)] = [
    (400, "Several collections are catalogues, and none is named."),
    (404, "There is no such collection or category, or the collection is no catalogue."),
    (422, "A parameter is unknown or wrong; the detail names it."),
    (503, "Nothing is loaded yet: try again after `Retry-After` seconds."),
  ]

  private static let collection = Route.Parameter.query(
    "collection", .string(bytes: 1...64), "Which catalogue; may be left out where there is only one.")

  // MARK: What is asked

  /// A catalogue as a caller sees it.
  private struct View {
    var served: ServedSnapshot
    var vocabulary: CatalogueVocabulary
    var caller: Caller
    var retriever: Retriever { served.retriever }
    var origin: [JSONValue.Member] { AnswerSyntax.origin(of: served) }

    /// The rows that meet conditions and that the caller may read.
    func select(_ filters: [Filter]) throws -> DocumentSelection {
      let field = vocabulary.price ?? vocabulary.category
      let rows = field.map { [Filter(field: $0, test: .range(nil, nil))] } ?? []
      return try retriever.select(rows + filters, for: caller.principals)
    }
  }

  private func view(_ request: ServerRequest) throws -> View {
    var name = request.parameters["collection"]?.string
    if name == nil, names.count == 1 { name = names.first }
    let served = try store.snapshot(of: name)
    guard let vocabulary = served.catalogue?.vocabulary else {
      let known = names.map { "“\($0)”" }.joined(separator: ", ")
      throw RequestFailure(
        404,
        known.isEmpty
          ? "This service has no catalogue; “catalogues” of its file declares them."
          : "The collection is no catalogue; known are \(known).")
    }
    return View(served: served, vocabulary: vocabulary, caller: request.caller)
  }

  // MARK: /categories

  private static let figures = JSONSchema.object([
    .required("min", .number, "The least."), .required("max", .number, "The greatest."),
    .required("mean", .number, "The arithmetic mean."), .required("count", .integer(many), "Of how many values."),
  ])

  private static let category = JSONSchema.object([
    .required("category", .text, "As rows have it."), .required("items", .integer(many), "How many rows."),
    .required("price", .nullable(figures), "What they cost; null where no price is known."),
  ])

  private func categories(_ path: String, _ name: String) -> Route {
    Route(
      "GET", path, name: name, summary: "Lists the categories of a catalogue.", scope: .ask,
      parameters: [Self.collection],
      result: (
        "application/json",
        .object(
          [
            .required(
              "categories", .array(of: Self.category, count: 0...1_000_000), "In the order of names, those with rows."),
            .required("currency", .text, "Of the prices."),
          ] + Self.provenance)
      ), failures: Self.failures,
      handler: .task { request, _ in
        let view = try view(request)
        return .json(
          .object(
            [
              .init("categories", .array(try Self.categories(of: view))),
              .init("currency", .string(view.vocabulary.settings.currency)),
            ] + view.origin))
      })
  }

  private static let provenance: [JSONSchema.Property] = [
    .required("collection", .text, "The collection."),
    .required("snapshot", .text, "The snapshot that this comes from."),
  ]

  private static func categories(of view: View) throws -> [JSONValue] {
    guard let field = view.vocabulary.category else { return [] }
    let values = try view.retriever.values(of: field, in: try view.select([]))
    return try values.map { count in
      let own = try view.select([Filter(field: field, test: .anyOf([count.value]))])
      return [
        "category": count.value.json, "items": .integer(Int64(own.count)), "price": try figures(of: own, view) ?? .null,
      ]
    }
  }

  private static func figures(of selection: DocumentSelection, _ view: View) throws -> JSONValue? {
    guard let price = view.vocabulary.price else { return nil }
    return try figures(price, of: selection, view)
  }

  /// Least, greatest and mean of a number.
  private static func figures(_ field: String, of selection: DocumentSelection, _ view: View) throws -> JSONValue? {
    let values = try view.retriever.values(of: field, in: selection)
    var (sum, count) = (0.0, 0)
    for value in values {
      guard case .number(let number) = value.value else { continue }
      sum += number * Double(value.documents)
      count += value.documents
    }
    guard count > 0, let first = values.first, let last = values.last else { return nil }
    return [
      "min": first.value.json, "max": last.value.json, "mean": .number((sum / Double(count) * 1e6).rounded() / 1e6),
      "count": .integer(Int64(count)),
    ]
  }

  // MARK: /items/{category}

  private static let item = JSONSchema.object([
    .required("url", .text, "The row's address."), .required("title", .text, "Its title."),
    .required("fields", .map(of: .any, maximum: 1_000), "Its typed fields."),
  ])

  private func items(_ path: String, _ name: String, _ parameter: String) -> Route {
    Route(
      "GET", path, name: name, summary: "Lists the items of a category.", scope: .ask,
      parameters: [
        .path(
          parameter, .string(bytes: 1...500), "The category; upper and lower case, accents and plurals are the same."),
        Self.collection,
        .query("offset", .integer(0...1_000_000_000), "How many are passed over; 0 by default."),
        .query("limit", .integer(1...Self.mostItems), "How many are listed; 20 by default."),
        .query(
          "sort", .string(bytes: 1...40), "A field, with “-” before it for the greatest first; the price by default."),
        // Of what a request's path and query may have in all.
        .query("filters", .string(bytes: 2...4_000), "Conditions as JSON, as `POST /search` takes them."),
        .query("min_price", .number, "What an item costs at least."),
        .query("max_price", .number, "What an item costs at most."),
      ],
      result: (
        "application/json",
        .object(
          [
            .required("category", .text, "As rows have it."),
            .required("items", .array(of: Self.item, count: 0...Self.mostItems), "In the order that was asked for."),
            .required("total", .integer(Self.many), "How many there are."),
            .required("offset", .integer(Self.many), "How many were passed over."),
            .required("next", .nullable(.integer(Self.many)), "The offset of the next page; null at the end."),
            .required("currency", .text, "Of the prices."),
          ] + Self.provenance)
      ), failures: Self.failures,
      handler: .task { request, _ in
        let view = try view(request)
        let (category, filters) = try Self.conditions(request, parameter, view)
        let selection = try view.select(filters)
        let offset = request.parameters["offset"]?.int ?? 0
        let limit = request.parameters["limit"]?.int ?? 20
        let numbers = try Self.ordered(selection, request.parameters["sort"]?.string, offset, limit, view)
        let next = offset + numbers.count < selection.count && !numbers.isEmpty ? offset + numbers.count : nil
        return .json(
          .object(
            [
              .init("category", .string(category)),
              .init("items", .array(try numbers.map { try view.retriever.item($0).json })),
              .init("total", .integer(Int64(selection.count))), .init("offset", .integer(Int64(offset))),
              .init("next", next.map { .integer(Int64($0)) } ?? .null),
              .init("currency", .string(view.vocabulary.settings.currency)),
            ] + view.origin))
      })
  }

  private static func conditions(
    _ request: ServerRequest, _ parameter: String, _ view: View
  ) throws -> (category: String, filters: [Filter]) {
    let wanted = request.parameters[parameter]?.string ?? ""
    guard let field = view.vocabulary.category,
      let category = try view.vocabulary.value(wanted, of: field, among: try view.select([]), view.retriever)
    else { throw RequestFailure(404, "There is no such category; /categories lists those that there are.") }
    var filters = [Filter(field: field, test: .anyOf([.keyword(category)]))]
    if let text = request.parameters["filters"]?.string {
      let value: JSONValue
      do { value = try JSONValue(parsing: text, maximumDepth: 8) } catch {
        throw RequestFailure(422, "“filters” is not JSON: \(error).")
      }
      filters += try FilterSyntax.filters(value, for: view.retriever)
    }
    let low = request.parameters["min_price"]?.double
    let high = request.parameters["max_price"]?.double
    if low != nil || high != nil {
      guard let price = view.vocabulary.price else { throw RequestFailure(422, "The catalogue has no price.") }
      filters.append(Filter(field: price, test: .range(low.map { .number($0) }, high.map { .number($0) })))
    }
    return (category, filters)
  }

  private static func ordered(
    _ selection: DocumentSelection, _ sort: String?, _ offset: Int, _ limit: Int, _ view: View
  ) throws -> [Int] {
    let isDescending = sort?.hasPrefix("-") ?? false
    let name = sort.map { isDescending ? String($0.dropFirst()) : $0 } ?? view.vocabulary.price
    guard let name else { return selection.numbers(from: offset, atMost: limit) }
    guard view.served.fields[name] != nil, !FieldKind.identity.contains(name) else {
      let known = view.served.fields.keys.filter { !FieldKind.identity.contains($0) }.sorted()
      throw RequestFailure(422, "“sort” names no field; known are \(known.map { "“\($0)”" }.joined(separator: ", ")).")
    }
    return try view.retriever.ordered(selection, by: name, descending: isDescending, from: offset, atMost: limit)
  }

  // MARK: /stats

  private func stats(_ path: String, _ name: String) -> Route {
    let field = JSONSchema.object([
      .required("field", .text, "The field's name."), .required("type", .text, "“keyword”, “number” or “date”."),
      .required("values", .integer(Self.many), "How many different values it has."),
      .required("items", .integer(Self.many), "How many rows have one."),
      .optional("figures", .nullable(Self.figures), "Of numbers."),
    ])
    return Route(
      "GET", path, name: name, summary: "Tells how much a catalogue holds.", scope: .ask, parameters: [Self.collection],
      result: (
        "application/json",
        .object(
          [
            .required("items", .integer(Self.many), "How many rows the caller may read."),
            .required("price", .nullable(Self.figures), "What they cost; null where no price is known."),
            .required("currency", .text, "Of the prices."),
            .required("categories", .array(of: Self.category, count: 0...1_000_000), "As /categories lists them."),
            .required("fields", .array(of: field, count: 0...1_000), "In the order of names."),
          ] + Self.provenance)
      ), failures: Self.failures,
      handler: .task { request, _ in
        let view = try view(request)
        let rows = try view.select([])
        var fields: [JSONValue] = []
        for (name, kind) in view.served.fields.sorted(by: { $0.key < $1.key })
        where !FieldKind.identity.contains(name) {
          let values = try view.retriever.values(of: name, in: rows)
          guard !values.isEmpty else { continue }
          let own = try view.select([Filter(field: name, test: .range(nil, nil))])
          fields.append([
            "field": .string(name), "type": .string(kind.rawValue), "values": .integer(Int64(values.count)),
            "items": .integer(Int64(own.count)),
            "figures": kind == .number ? try Self.figures(name, of: rows, view) ?? .null : .null,
          ])
        }
        return .json(
          .object(
            [
              .init("items", .integer(Int64(rows.count))), .init("price", try Self.figures(of: rows, view) ?? .null),
              .init("currency", .string(view.vocabulary.settings.currency)),
              .init("categories", .array(try Self.categories(of: view))), .init("fields", .array(fields)),
            ] + view.origin))
      })
  }
}
