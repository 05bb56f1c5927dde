import Corpus
import Foundation
import Pipelines
import Settings
import Testing

@Suite struct PipelineDocumentTests {
  private static func text() throws -> String {
    let file = PipelineFileTests.package + "/docs/pipeline-file.md"
    return try String(decoding: Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
  }

  /// The YAML blocks of the document about pipeline files.
  private static func blocks() throws -> [String] {
    try text().components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
  }

  @Test func `the shortest file of the document is without a fault`() throws {
    let shortest = try #require(Self.blocks().first)
    #expect(try PipelineFile.parse(shortest, path: "p.yaml", environment: [:]).sources.map(\.id) == ["files"])
  }

  @Test func `the defaults that the document tells are the defaults`() throws {
    let file = try PipelineFile.parse(Self.blocks()[1], path: "/p/p.yaml", environment: [:])
    #expect(file.clean == CleanSettings())
    #expect(file.chunk == ChunkSettings())
    #expect(file.embed == EmbedSettings())
    #expect(file.index == IndexSettings())
    #expect(file.publish == PublishSettings(to: "/snapshots"))
    let web = WebSettings(start: ["https://docs.example/"], include: ["/docs/**"])
    let folder = FolderSettings(path: "/fixtures/handbook", url: "https://help.example/")
    #expect(file.sources.map(\.kind) == [.folder(folder), .web(web)])
  }

  @Test func `the confluence source of the document has the defaults`() throws {
    let source = try #require(Self.blocks().first { $0.contains("confluence:") && $0.contains("recheck") })
    let text = PipelineSample.shortest.replacing(
      "  - fetch: { sources: [{ id: files, folder: { path: ../pages } }] }\n",
      with: "  - fetch:\n      sources:\n" + source)
    let environment = [
      "CONFLUENCE_URL": "https://acme.atlassian.net", "CONFLUENCE_USERNAME": "ana@acme.example",
      "CONFLUENCE_API_TOKEN": "hunter2",
    ]
    let file = try PipelineFile.parse(text, path: "/p/p.yaml", environment: environment)
    let expected = ConfluenceSettings(
      url: "https://acme.atlassian.net", user: "ana@acme.example", token: Secret("hunter2"), spaces: ["SUP", "FAQ"])
    #expect(file.sources.map(\.kind) == [.confluence(expected)])
    #expect(!file.stageSettings.json.text().contains("hunter2"))
  }

  @Test func `the tables of the document have the defaults`() throws {
    let sources = try #require(Self.blocks().first { $0.contains("csv:") })
    let text = PipelineSample.shortest.replacing(
      "  - fetch: { sources: [{ id: files, folder: { path: ../pages } }] }\n",
      with: "  - fetch:\n      sources:\n" + sources)
    let file = try PipelineFile.parse(
      text, path: "/p/p.yaml", environment: ["SHOP_DATABASE": "host=db password=hunter2"])
    let expected = TableSettings(
      origin: .csv(CSVSettings(path: "/data/products.csv")), key: ["sku"],
      url: try RowTemplate("https://shop.example/p/{sku}"), title: [try RowTemplate("{brand} {name}")],
      body: [
        RowTemplate(column: "description", isNamed: true), RowTemplate(column: "brand", isNamed: true),
        try RowTemplate("Precio: {price} €"),
      ], language: try RowTemplate("es"), modified: try RowTemplate("{updated_at}"),
      fields: [
        "brand": ColumnSettings(kind: .keyword),
        "category": ColumnSettings(kind: .keyword, column: "family", split: "|"),
        "price": ColumnSettings(kind: .number),
      ])
    #expect(file.sources.first?.kind == .table(expected))
    guard case .table(let prices)? = file.sources.last?.kind, case .postgresql(let server) = prices.origin else {
      Issue.record("no PostgreSQL table")
      return
    }
    #expect(server == PostgreSQLSettings(connection: Secret("host=db password=hunter2"), query: server.query))
    #expect(!file.stageSettings.json.text().contains("hunter2"))
    #expect(file.fieldKinds["price"] == .number)
  }

  @Test func `the errors that the document shows are those of the program`() throws {
    let text = PipelineSample.shortest.replacing("- chunk: {}", with: "- chunk: { sise: 1000, by: magic }")
    let error = #expect(throws: SettingsErrors.self) {
      try PipelineFile.parse(text, path: "pipelines/two.yaml", environment: [:])
    }
    #expect(try Self.text().contains("```\n" + (error?.text() ?? "no error") + "\n```"))
  }
}
