import AcervoTesting
import Answering
import Corpus
import Embedding
import Foundation
import SearchIndexes
import Snapshots
import Testing

@testable import Serving

/// Questions about rows, and their lists, over HTTP.
@Suite(.timeLimit(.minutes(2))) struct CatalogueTests {
  private let handbook: PublishedHandbook

  init() throws { handbook = try PublishedHandbook() }

  private struct Row {
    var sku: String
    var title: String
    var brand: String
    var category: String
    var price: Double
    var color = "negro"
    var released = "2024-05-01"
    var readers = AccessRule.open
  }

  private static let staff = Principal("group:staff")

  private static var rows: [Row] {
    let yesterday = Moment.text(Int64(Date().timeIntervalSince1970) - 86_400)
    let staff = AccessRule.allOf([Set([Self.staff].compactMap { $0 })])
    return [
      Row(sku: "1", title: "HP Aurora X200", brand: "HP", category: "Portátiles", price: 799.99),
      Row(sku: "2", title: "HP Vega K15", brand: "HP", category: "Portátiles", price: 1299),
      Row(sku: "3", title: "Lenovo Delta 14", brand: "Lenovo", category: "Portátiles", price: 650.5, color: "rojo"),
      Row(
        sku: "4", title: "LG Lumen 27", brand: "LG", category: "Monitores", price: 249, color: "rojo",
        released: yesterday),
      Row(sku: "5", title: "HP Zenit M27", brand: "HP", category: "Monitores", price: 199.95),
      Row(sku: "6", title: "Secretum Nova 1", brand: "Secretum", category: "Portátiles", price: 100, readers: staff),
    ]
  }

  private func publish(collection: String = "shop") async throws {
    let embedder = HashingEmbedder()
    let writer = try SnapshotWriter(snapshots: handbook.folder.path, collection: collection)
    let sink: SectionSink = { try writer.put(section: $0, part: $1, $2) }
    var vectors = try VectorIndexWriter(dimensions: embedder.fingerprint.dimensions, sink: sink)
    let lexical = try LexicalIndexWriter(temporaryFolder: writer.temporaryFolder, sink: sink)
    let fields = FieldIndexWriter(
      kinds: FieldKind.standard.merging([
        "brand": .keyword, "category": .keyword, "color": .keyword, "price": .number, "released": .date,
      ]) { $1 }, sink: sink)
    func append(_ document: DocumentRecord, _ text: String) async throws {
      let chunk = Chunk(index: 0, range: TextRange(start: 0, end: text.utf8.count), text: text, headingPath: [])
      try writer.append(document, chunks: [chunk])
      fields.append(document.fields, modified: nil)
      try vectors.append(try await embedder.embed([text], as: .document))
      try lexical.append(text: text, title: document.title, headings: [], language: "es")
    }
    let help = "Para devolver un portátil HP tienes 30 días desde la entrega."
    try await append(
      DocumentRecord(
        url: "https://help.example/devoluciones", source: "web", title: "Devoluciones", language: "es", hash: .of(help),
        access: .open), help)
    for row in Self.rows {
      let text = "Un \(row.title).\n\nprecio: \(row.price) €"
      let document = DocumentRecord(
        url: "table:shop/\(row.sku)", source: "shop", title: row.title, language: "es", hash: .of(text),
        access: row.readers,
        fields: [
          "brand": [.keyword(row.brand)], "category": [.keyword(row.category)], "price": [.number(row.price)],
          "color": [.keyword(row.color)], "released": [.date(Moment.span(row.released)?.lowerBound ?? 0)],
        ])
      try await append(document, text)
    }
    try vectors.finish()
    try lexical.finish()
    try fields.finish()
    let description = SnapshotDescription(
      pipeline: .of("p"), embedder: embedder.fingerprint, languages: ["en", "es"], created: 1_800_000_000)
    _ = try writer.finish(description)
    try writer.publish(keep: 3)
  }

  /// Believes whoever somebody says to be, and that they are in a group of that name.
  private struct ByUser: Authenticator {
    func identify(_ head: ServerRequest, for route: Route) -> Identification {
      let name = head.header("X-User") ?? "guest"
      let principals = Set([Principal("group:\(name)")].compactMap { $0 })
      return .known(Caller(name, principals: principals, scopes: [.ask, .metrics, .admin]))
    }
  }

  private func serve(_ change: (inout CatalogueSettings) -> Void = { _ in }) async throws -> QueryService {
    try await publish()
    var catalogue = CatalogueSettings(collection: "shop")
    catalogue.entities["category"] = EntitySettings(synonyms: ["Portátiles": ["laptops"], "Monitores": ["screens"]])
    change(&catalogue)
    let service = try handbook.serve(authenticator: ByUser()) { [catalogue] in
      $0.catalogues = [catalogue]
    }
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    return service
  }

  private func ask(_ question: String, _ service: QueryService, as user: String = "") async throws -> JSONValue {
    let body = JSONValue.object([.init("question", .string(question))]).text()
    let headers = user.isEmpty ? [] : ["X-User: \(user)"]
    let response = try await request("POST", "/ask", port: service.port, headers: headers, body: body)
    #expect(response.status == 200, "\(response.json.text())")
    return response.json
  }

  private func titles(_ answer: JSONValue) -> [String] {
    answer["catalogue"]?["items"]?.array?.compactMap { $0["title"]?.string } ?? []
  }

  // MARK: Questions

  @Test func `a question with a category, a brand and a limit is answered from the rows`() async throws {
    let service = try await serve()
    let answer = try await ask("laptops HP de menos de 800 €", service)
    #expect(titles(answer) == ["HP Aurora X200"])
    #expect(answer["provider"]?.string == "catalogue")
    #expect(
      answer["answer"]?.string
        == "Hay 1 (categoría Portátiles, marca HP, precio menos de 800,00 €):\n- HP Aurora X200: 799,99 € [1]")
    #expect(answer["citations"]?.array?.first?["quote"]?.string == "precio: 799.99 €")
    #expect(answer["sources"]?.array?.compactMap(\.string) == ["table:shop/1"])
    #expect(
      answer["catalogue"]?["conditions"]?.text()
        == #"[{"field":"category","any":["Portátiles"]},{"field":"brand","any":["HP"]},{"field":"price","to":800,"exclusive":true}]"#
    )
  }

  private static let asked: [(question: String, items: [String], text: String)] = [
    ("Compara el precio de HP Aurora X200 y Lenovo Delta 14", ["HP Aurora X200", "Lenovo Delta 14"], "650,50 €"),
    ("compare Aurora X200 with Vega K15", ["HP Aurora X200", "HP Vega K15"], "€1,299.00"),
    ("¿Cuánto cuesta el Zenit M27?", ["HP Zenit M27"], "199,95 €"),
    ("How much is the LG Lumen 27?", ["LG Lumen 27"], "€249.00"),
    ("el portátil más barato", ["Lenovo Delta 14"], "650,50 €"),
    ("the most expensive HP", ["HP Vega K15"], "€1,299.00"),
    ("portátiles que no sean HP", ["Lenovo Delta 14"], "650,50 €"),
    ("productos que no sean ni de HP ni de Lenovo", ["LG Lumen 27"], "249,00 €"),
    (
      "Dudo entre el HP Aurora X200 y el Lenovo Delta 14, ¿me los comparas?", ["HP Aurora X200", "Lenovo Delta 14"],
      "650,50 €"
    ), ("Me interesan portátiles cuyo precio baje de los 700 €", ["Lenovo Delta 14"], "650,50 €"),
    ("items other than HP or LG", ["Lenovo Delta 14"], "€650.50"),
    ("portátiles HP, no quiero gastar más de 800 euros", ["HP Aurora X200"], "799,99 €"),
    (
      "¿Es más barato el Aurora X200 que el Vega K15?", ["HP Aurora X200", "HP Vega K15"],
      "El más barato es HP Aurora X200 [1]."
    ),
    ("screens between 200 and 300 euros", ["LG Lumen 27"], "€249.00"),
    ("PORTATIL hp hasta mil euros", ["HP Aurora X200"], "799,99 €"),
    ("¿Cuántos monitores hay?", [], "Hay 2"), ("monitores de menos de 10 €", [], "No hay ninguno"),
    ("compara portátiles HP y Lenovo", ["HP Aurora X200", "Lenovo Delta 14"], "El más barato es Lenovo Delta 14 [2]."),
  ]

  // One service for all: a service a question would keep the other tests of this target waiting.
  @Test func `the rows answer`() async throws {
    let service = try await serve()
    for (question, items, text) in Self.asked {
      let answer = try await ask(question, service)
      #expect(titles(answer) == items, "\(question)")
      #expect(answer["answer"]?.string?.contains(text) == true, "\(question): \(answer["answer"]?.string ?? "")")
    }
  }

  private static let answered: [(question: String, items: [String], text: String)] = [
    // “Or” across fields, with a limit for all; a list of values; two ranges.
    ("portátiles HP o monitores LG por menos de 1000 euros", ["LG Lumen 27", "HP Aurora X200"], "Hay 2"),
    ("portátiles rojos o monitores negros", ["HP Zenit M27", "Lenovo Delta 14"], "Hay 2"),
    ("portátiles HP o Lenovo de menos de 700 €", ["Lenovo Delta 14"], "Hay 1"),
    ("items under 200 euros or over 1000 euros", ["HP Zenit M27", "HP Vega K15"], "There are 2"),
    // Negations.
    ("laptops that aren't HP", ["Lenovo Delta 14"], "There is 1"),
    ("everything except laptops under 220 euros", ["HP Zenit M27"], "There is 1"),
    ("screens, any brand but LG", ["HP Zenit M27"], "There is 1"),
    // Slips of the pen, gender, a word of a longer name.
    ("portátiles lenobo", ["Lenovo Delta 14"], "«lenobo»: Lenovo"),
    ("portátiles rojos Lenovo", ["Lenovo Delta 14"], "Hay 1"),
    // What came last, how many are wanted, an average, the values of a field.
    ("¿Cuál es el monitor más nuevo?", ["LG Lumen 27"], "Lo más reciente"),
    ("the two cheapest laptops", ["Lenovo Delta 14", "HP Aurora X200"], "The cheapest"),
    ("¿Cuál es el precio medio de los monitores?", [], "Precio medio de 2 (categoría Monitores): 224,48 €."),
    ("¿Qué marcas de portátiles hay?", [], "HP (2), Lenovo (1)."),
    ("screens released in the last 7 days", ["LG Lumen 27"], "There is 1"),
    // Names alone; what stands before the wish.
    ("a laptop, but please no HP", ["Lenovo Delta 14"], "There is 1"),
    ("What screens can I get with 200 euros?", ["HP Zenit M27"], "There is 1"),
    ("the most recently released screen", ["LG Lumen 27"], "The newest"),
    ("Vega K15 precio", ["HP Vega K15"], "1.299,00 €"),
    ("¿Cuál cuesta más, Vega K15 o Lumen 27?", ["HP Vega K15", "LG Lumen 27"], "El más barato es LG Lumen 27"),
    (
      "Mi hija empieza la universidad y quiero un portátil HP de menos de 800 euros", ["HP Aurora X200"],
      "No tengo en cuenta"
    ),
  ]

  @Test func `conditions in other grammar are understood`() async throws {
    let service = try await serve()
    for (question, items, text) in Self.answered {
      let answer = try await ask(question, service)
      #expect(titles(answer) == items, "\(question)")
      #expect(answer["answer"]?.string?.contains(text) == true, "\(question): \(answer["answer"]?.string ?? "")")
    }
  }

  @Test func `a question of which a word is not understood has no figures`() async throws {
    let service = try await serve()
    for question in [
      "portátiles HP con pantalla táctil", "laptops under 800 dollars", "laptops with 512 GB SSD under 900 euros",
      "cámaras Nikon de menos de 300 euros", "portátiles HP usados", "¿Cuántos portátiles plegables hay?",
      "portátiles HP o de menos de 300 euros", "un portátil HP 800 euros", "¿Cuánto cuesta la funda del HP Vega K15?",
      "Necesito pantalla táctil. ¿Qué portátiles HP hay?", "laptops HP and screens",
      "What is the difference between laptops and screens?", "portátiles sin HP dentro de caja",
      String(repeating: "HP ", count: 400) + "laptops",
    ] {
      let answer = try await ask(question, service)
      #expect(answer["catalogue"] == .null, "\(question): \(answer["answer"]?.string ?? "")")
    }
  }

  @Test func `a question that is none of a catalogue goes the ordinary way`() async throws {
    let service = try await serve()
    for question in [
      "¿Cómo devuelvo un portátil HP?", "¿Cuánto tiempo tengo para devolver un portátil?", "¿Quién fundó la empresa?",
    ] {
      let answer = try await ask(question, service)
      #expect(answer["catalogue"] == .null, "\(question)")
      #expect(answer["provider"]?.string == "extractive", "\(question)")
    }
  }

  @Test func `rows that somebody may not read are neither found nor named nor counted`() async throws {
    let service = try await serve()
    let question = "portátiles Secretum de menos de 500 €"
    #expect(titles(try await ask(question, service, as: "staff")) == ["Secretum Nova 1"])
    let other = try await ask(question, service, as: "guest")
    #expect(!titles(other).contains("Secretum Nova 1"))
    #expect(other["catalogue"]?.text().contains("Secretum") != true)
    #expect(other["answer"]?.string?.contains("Secretum") != true)
    #expect(titles(try await ask("el portátil más barato", service, as: "guest")) == ["Lenovo Delta 14"])
    #expect(titles(try await ask("¿cuánto cuesta el Secretum Nova 1?", service, as: "guest")).isEmpty)
    for path in ["/categories", "/stats", "/items/portatiles"] {
      let hidden = try await request("GET", path, port: service.port, headers: ["X-User: guest"])
      #expect(hidden.status == 200)
      #expect(!hidden.json.text().contains("Secretum"))
      let seen = try await request("GET", path, port: service.port, headers: ["X-User: staff"])
      #expect(seen.json["items"] != hidden.json["items"] || path == "/categories")
    }
  }

  @Test func `a streamed answer and the other routes say the same`() async throws {
    let service = try await serve()
    let whole = try await ask("laptops HP de menos de 800 €", service)
    let body = #"{"question": "laptops HP de menos de 800 €", "stream": true}"#
    let client = try RawClient(port: service.port)
    client.send(
      "POST /ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        + body)
    #expect(await client.head().status == 200)
    let streamed = String(decoding: try #require(await client.chunks()), as: UTF8.self)
    for part in ["event: sources", "event: citation", "event: token", "event: done", "799,99 €"] {
      #expect(streamed.contains(part))
    }
    let chat = try await request(
      "POST", "/api/v1/chat", port: service.port, body: #"{"message": "laptops HP de menos de 800 €"}"#)
    #expect(chat.json["answer"] == whole["answer"])
    #expect(chat.json["catalogue"] == whole["catalogue"])
    let metrics = try await request("GET", "/metrics", port: service.port)
    #expect(metrics.text.contains(#"acervo_intents_total{collection="shop",intent="search"} 3"#))
  }

  @Test func `intents that the service declares are told and answered`() async throws {
    let service = try await serve { catalogue in
      catalogue.intents["hours"] = IntentSettings(
        patterns: ["horario*", "opening hours"], reply: ["es": "De 9 a 18 h.", "en": "From 9 to 6."])
      catalogue.intents["compare"] = IntentSettings(action: .ask)
      catalogue.intents["search"] = IntentSettings(examples: ["algo bonito de esa marca"])
    }
    #expect(try await ask("¿Cuál es vuestro horario?", service)["answer"]?.string == "De 9 a 18 h.")
    #expect(try await ask("What are your opening hours?", service)["answer"]?.string == "From 9 to 6.")
    #expect(try await ask("compara HP Aurora X200 y HP Vega K15", service)["catalogue"] == .null)
    #expect(try await ask("hola", service)["catalogue"]?["intent"]?.string == "greeting")
    // By likeness alone: no word of a pattern, but those of an example.
    #expect(try await ask("algo bonito de esa marca HP", service)["catalogue"]?["intent"]?.string == "search")
  }

  // MARK: Lists

  @Test func `categories, items and figures come from the snapshot`() async throws {
    let service = try await serve()
    let categories = try await request("GET", "/categories", port: service.port)
    #expect(
      categories.json["categories"]?.text()
        == #"[{"category":"Monitores","items":2,"price":{"min":199.95,"max":249,"mean":224.475,"count":2}},"#
        + #"{"category":"Portátiles","items":3,"price":{"min":650.5,"max":1299,"mean":916.496667,"count":3}}]"#)
    #expect(try await request("GET", "/categorias", port: service.port).json == categories.json)
    let first = try await request("GET", "/items/PORTATIL?limit=2", port: service.port)
    #expect(first.json["category"]?.string == "Portátiles")
    #expect(first.json["items"]?.array?.map { $0["title"]?.string } == ["Lenovo Delta 14", "HP Aurora X200"])
    #expect(first.json["total"]?.int == 3)
    #expect(first.json["next"]?.int == 2)
    let second = try await request("GET", "/productos/Port%C3%A1tiles?limit=2&offset=2", port: service.port)
    #expect(second.json["items"]?.array?.map { $0["title"]?.string } == ["HP Vega K15"])
    #expect(second.json["next"] == .null)
    let sorted = try await request("GET", "/items/laptops?sort=-price&max_price=1000", port: service.port)
    #expect(sorted.json["items"]?.array?.map { $0["title"]?.string } == ["HP Aurora X200", "Lenovo Delta 14"])
    let filtered = try await request(
      "GET", "/items/laptops?filters=%7B%22brand%22:%22HP%22%7D", port: service.port)
    #expect(filtered.json["total"]?.int == 2)
    let stats = try await request("GET", "/estadisticas", port: service.port)
    #expect(stats.json["items"]?.int == 5)
    #expect(stats.json["price"]?["min"]?.double == 199.95)
    #expect(
      stats.json["fields"]?.array?.map { $0["field"]?.string } == ["brand", "category", "color", "price", "released"])
  }

  @Test func `what cannot be listed is refused`() async throws {
    let service = try await serve()
    for (path, status) in [
      ("/items/nothing", 404), ("/items/laptops?sort=wombat", 422), ("/items/laptops?limit=0", 422),
      ("/items/laptops?filters=%7B", 422), ("/items/laptops?filters=%7B%22wombat%22:1%7D", 422),
      ("/stats?wombat=1", 422), ("/categories?collection=other", 404),
    ] {
      let response = try await request("GET", path, port: service.port)
      #expect(response.status == status, "\(path)")
      #expect(response.json["detail"]?.string?.isEmpty == false, "\(path)")
    }
  }

  @Test func `a service without catalogues says so`() async throws {
    try await handbook.publish(7)
    let service = try handbook.serve()
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
    let response = try await request("GET", "/categories", port: service.port)
    #expect(response.status == 404)
    #expect(response.json["detail"]?.string?.contains("catalogues") == true)
  }
}
