import AcervoTesting
import Connectors
import Corpus
import Pipelines
import Testing

@Suite struct TableSourceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func settings(_ origin: TableSettings.Origin) throws -> TableSettings {
    TableSettings(
      origin: origin, key: ["sku"], title: [try RowTemplate("{brand} {name}")],
      body: [try RowTemplate("{text}"), RowTemplate(column: "price", isNamed: true)],
      fields: ["brand": ColumnSettings(kind: .keyword), "price": ColumnSettings(kind: .number)])
  }

  private func read(
    csv text: String, _ memory: SourceMemory = SourceMemory(), _ change: (inout TableSettings) throws -> Void = { _ in }
  ) async throws -> CrawlOutcome {
    let path = try folder.write(text, to: "p.csv")
    var settings = try settings(.csv(CSVSettings(path: path)))
    try change(&settings)
    return try await CrawlOutcome(of: TableSource(id: "shop", settings: settings), memory)
  }

  private static let header = "sku,brand,name,text,price\n"

  @Test func `A row becomes a document with a title, a text and typed fields`() async throws {
    let outcome = try await read(
      csv: "\u{FEFF}" + Self.header + "A/1,HP,Pavilion 15,\"Ligero, con 27\"\" de\nañadido.\",\"1.299,00 €\"\r\n"
        + "\nB2,LG,27\" UltraGear,,799.5\n")
    #expect(outcome.documents.map(\.url) == ["table:shop/A%2F1", "table:shop/B2"])
    let first = try #require(outcome.documents.first)
    #expect(
      first
        == Document(
          source: "shop", url: "table:shop/A%2F1", mediaType: .plainText, charset: "utf-8",
          body: Array("Ligero, con 27\" de\nañadido.\n\nprice: 1.299,00 €".utf8), title: "HP Pavilion 15",
          access: .open, fields: ["brand": [.keyword("HP")], "price": [.number(1299)]]))
    #expect(outcome.documents[1].title == "LG 27\" UltraGear")
    #expect(String(decoding: outcome.documents[1].body, as: UTF8.self) == "price: 799.5")
    #expect(outcome.listing.cutShort == nil)
    #expect(outcome.listing.notes.isEmpty)
  }

  @Test func `What is wrong with a row is told with its place, and nothing is gone then`() async throws {
    let known = SourceMemory(pages: { ["table:shop/OLD"] })
    let outcome = try await read(
      csv: Self.header + "A,HP,x,t,1\nB,HP,x\n,HP,x,t,1\nA,HP,y,t,2\n\"C\"x,HP,x,t,1\nD,HP,x,t,\"1", known)
    #expect(outcome.documents.map(\.url) == ["table:shop/A"])
    #expect(
      outcome.failed.values.sorted() == [
        "p.csv:3: it has 3 values, and the header names 5 columns",
        "p.csv:4: nothing stands in sku",
        "p.csv:5: an earlier row has the same address, table:shop/A; the first one counts",
        "p.csv:6:4: something stands behind a closing quote",
        "p.csv:7:10: the quote that begins here is not closed",
      ])
    #expect(outcome.absences.isEmpty)
    #expect(outcome.listing.cutShort == "5 rows could not be told from others")
  }

  @Test func `Rows that a whole reading does not give are gone`() async throws {
    let known = SourceMemory(pages: { ["table:shop/OLD", "table:shop/A"] })
    let outcome = try await read(csv: Self.header + "A,HP,x,t,1\n", known)
    #expect(outcome.absences == ["table:shop/OLD": .gone])
    #expect(outcome.listing.cutShort == nil)
  }

  @Test func `A table that is empty and was not says nothing of its rows`() async throws {
    let outcome = try await read(csv: Self.header, SourceMemory(pages: { ["table:shop/A"] }))
    #expect(outcome.absences.isEmpty)
    #expect(outcome.listing.cutShort == "the table is empty and was not: is it being filled?")
  }

  @Test func `Limits end the reading, and a row that is too large fails`() async throws {
    let rows = (0..<10).map { "S\($0),HP,x,t,1\n" }.joined()
    let cut = try await read(csv: Self.header + rows, SourceMemory(pages: { ["table:shop/OLD"] })) {
      $0.maximumRows = 4
    }
    #expect(cut.documents.count == 4)
    #expect(cut.listing.cutShort == "there are more than 4 rows (limits.rows)")
    #expect(cut.absences.isEmpty)
    let long = String(repeating: "x", count: 300_000)
    let commas = String(repeating: ",", count: 300_000)
    let large = try await read(csv: Self.header + "A,HP,x,\(long),1\nB,HP,x,\"\(long)\",1\n\(commas)\nC,HP,x,t,1\n") {
      $0.maximumRowSize = 1000
    }
    #expect(large.documents.map(\.url) == ["table:shop/C"])
    #expect(
      large.failed.values.sorted() == [
        "p.csv:2:1: the row has more than 1000 bytes (limits.row_size)",
        "p.csv:3:1: the row has more than 1000 bytes (limits.row_size)",
        "p.csv:4:1: the row has more than 1000 bytes (limits.row_size)",
      ])
  }

  @Test func `A column that is not there is named with those that are`() async throws {
    let error = await #expect(throws: SourceError.self) {
      try await read(csv: "sku,brand,name,text\nA,HP,x,t\n")
    }
    #expect(
      error?.description == "there is no column “price”\n  mend: the columns are “sku”, “brand”, “name”, “text”")
    let semicolons = await #expect(throws: SourceError.self) { try await read(csv: "sku;brand\nA;HP\n") }
    #expect(semicolons?.description.hasSuffix("or write delimiter: \";\"") == true)
    let twice = await #expect(throws: SourceError.self) { try await read(csv: "sku,sku\n") }
    #expect(twice?.description == "p.csv:1: two columns are called “sku”\n  mend: give each its own name")
  }

  @Test func `Values that are not of their field's kind are left out and counted`() async throws {
    let outcome = try await read(csv: Self.header + "A,HP,x,t,consultar\nB,HP,x,t,\"1,299\"\nC,HP,x,t,5\n")
    #expect(outcome.documents.map { $0.fields["price"] } == [nil, nil, [.number(5)]])
    #expect(
      outcome.listing.notes == ["2 values of “price” left out; the first: p.csv:2: “consultar” is no number"])
    let spanish = try await read(csv: Self.header + "B,HP,x,t,\"1.299\"\n") { $0.fields["price"]?.numbers = .es }
    #expect(spanish.documents.first?.fields["price"] == [.number(1299)])
  }

  @Test func `Addresses, readers, dates and languages come from columns`() async throws {
    let text =
      "sku,url,groups,seen,lang,tags\nA,https://shop.example/p/a b,\"user:ana, group:ventas\",2026-05-17,es-ES,a|b\n"
      + "B,https://shop.example/p/b,,2026,en,\nC,https://shop.example/c,*,soon,,\nD,https://shop.example/d,ana,,,x\n"
    let outcome = try await read(csv: text) { settings in
      settings.url = try RowTemplate("{url}")
      settings.title = [try RowTemplate("Producto {sku}")]
      settings.body = [RowTemplate(column: "sku")]
      settings.readers = try RowTemplate("{groups}")
      settings.modified = try RowTemplate("{seen}")
      settings.language = try RowTemplate("{lang}")
      settings.fields = ["label": ColumnSettings(kind: .keyword, column: "tags", split: "|")]
    }
    #expect(outcome.documents.first?.url == "https://shop.example/p/a%20b")
    let ana = try #require(Principal("user:ana"))
    let sales = try #require(Principal("group:ventas"))
    #expect(outcome.documents.map(\.access) == [.allOf([[ana, sales]]), .closed, .open, .closed])
    #expect(outcome.documents.map(\.modified) == [1_778_976_000, 1_767_225_600, nil, nil])
    #expect(outcome.documents.map(\.language) == ["es", "en", nil, nil])
    #expect(outcome.documents.first?.fields["label"] == [.keyword("a"), .keyword("b")])
    #expect(outcome.listing.notes.count == 2)
  }

  @Test func `JSON lines give typed values, members of members and lists`() async throws {
    let path = try folder.write(
      "{\"sku\": 7, \"brand\": [\"HP\", \"Compaq\"], \"name\": \"x\", \"price\": 1.299, \"specs\": {\"ram\": 16}}\n\n[1]\n{\"sku\":\n",
      to: "p.jsonl")
    var settings = try settings(.jsonLines(path))
    settings.fields["ram"] = ColumnSettings(kind: .number, column: "specs.ram")
    let outcome = try await CrawlOutcome(of: TableSource(id: "shop", settings: settings))
    let row = try #require(outcome.documents.first)
    #expect(row.url == "table:shop/7")
    #expect(row.title == "HP, Compaq x")
    #expect(
      row.fields == [
        "brand": [.keyword("HP"), .keyword("Compaq")], "price": [.number(1.299)], "ram": [.number(16)],
      ])
    #expect(outcome.failed.values.sorted().first == "p.jsonl:3:1: this is no object")
    #expect(outcome.failed.values.sorted().last?.hasPrefix("p.jsonl:4:8: not JSON") == true)
    #expect(outcome.listing.notes == ["no row has “text”"])
  }

  @Test func `Windows' spreadsheets can be read, and are told apart from UTF-8`() async throws {
    let bytes = Array("sku;name\nA;".utf8) + [0x41, 0xF1, 0x6F, 0x20, 0x80] + Array("\n".utf8)
    let path = try folder.write(bytes, to: "w.csv")
    var settings = TableSettings(
      origin: .csv(CSVSettings(path: path, delimiter: .semicolon, encoding: .windows1252)), key: ["sku"],
      title: [RowTemplate(column: "name")], body: [RowTemplate(column: "name")])
    let outcome = try await CrawlOutcome(of: TableSource(id: "shop", settings: settings))
    #expect(outcome.documents.map(\.title) == ["Año €"])
    settings.origin = .csv(CSVSettings(path: path, delimiter: .semicolon))
    let refused = try await CrawlOutcome(of: TableSource(id: "shop", settings: settings))
    #expect(refused.failed.values.first?.hasPrefix("w.csv:2:3: the value is no UTF-8") == true)
  }

  @Test(arguments: ["/nowhere/p.csv", "/tmp", ""]) func `A file that cannot be read is a fault of the source`(
    path: String
  ) async throws {
    let source = TableSource(id: "shop", settings: try settings(.csv(CSVSettings(path: path))))
    await #expect(throws: SourceError.self) { try await CrawlOutcome(of: source) }
  }
}
