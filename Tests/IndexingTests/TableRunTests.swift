import AcervoTesting
import Connectors
import Corpus
import Embedding
import Pipelines
import Snapshots
import Testing

@testable import Indexing

/// A table from its rows to a snapshot, again and again.
@Suite struct TableRunTests {
  private let home: RunFolder

  init() throws { home = try RunFolder() }

  private func pipeline(_ origin: TableSettings.Origin) throws -> PipelineFile {
    var pipeline = home.pipeline(shrink: 0.5)
    let table = TableSettings(
      origin: origin, key: ["sku"], title: [try RowTemplate("{brand} {name}")],
      body: [RowTemplate(column: "brand", isNamed: true), RowTemplate(column: "name", isNamed: true)],
      fields: ["brand": ColumnSettings(kind: .keyword), "price": ColumnSettings(kind: .number)])
    pipeline.sources = [SourceSettings(id: "shop", kind: .table(table))]
    return pipeline
  }

  private func run(_ pipeline: PipelineFile) async throws -> RunReport {
    guard case .table(let table) = try #require(pipeline.sources.first).kind else { throw CancellationError() }
    return try await home.run(TableSource(id: "shop", settings: table), pipeline)
  }

  private func rows(_ count: Int) -> [String] {
    (0..<count).map { "S\($0),\($0 % 2 == 0 ? "HP" : "LG"),Model \($0),\($0 * 10).50" }
  }

  private func write(_ rows: [String]) throws -> TableSettings.Origin {
    let text = "sku,brand,name,price\n" + rows.joined(separator: "\n") + "\n"
    return .csv(CSVSettings(path: try home.folder.write(text, to: "p.csv")))
  }

  @Test func `Unchanged rows cost nothing, and what changed is exactly what is done again`() async throws {
    var rows = rows(12)
    let pipeline = try pipeline(try write(rows))
    let first = try await run(pipeline)
    #expect(first.counts.new == 12)
    #expect(first.counts.chunksEmbedded == 12)
    // Most rows say “brand: HP”: that is no template of a site.
    #expect(try home.text().contains("brand: HP"))
    #expect(try home.collection.openCurrent().document(1).fields["price"] == [.number(10.5)])

    let again = try await run(pipeline)
    #expect(again.counts.unchanged == 12)
    #expect(again.counts.cleaned == 0)
    guard case .unchanged = again.outcome else { throw Unexpected(again) }

    // One text, one figure that no text holds, one row gone, one new.
    rows[3] = "S3,LG,Model 3 plus,30.50"
    rows[4] = "S4,HP,Model 4,41"
    rows.remove(at: 7)
    rows.append("S99,HP,Model 99,990.50")
    _ = try write(rows)
    let third = try await run(pipeline)
    #expect(third.counts.new == 1)
    #expect(third.counts.changed == 2)
    #expect(third.counts.removed == 1)
    #expect(third.counts.unchanged == 9)
    #expect(third.counts.chunksEmbedded == 2)
    let snapshot = try home.collection.openCurrent()
    let number = try #require(try snapshot.documentNumber(url: "table:shop/S4"))
    #expect(try snapshot.document(number).fields["price"] == [.number(41)])
    #expect(try snapshot.documentNumber(url: "table:shop/S7") == nil)
  }

  @Test func `A table that is not read whole takes nothing away`() async throws {
    let pipeline = try pipeline(try write(rows(12)))
    _ = try await run(pipeline)
    _ = try write(Array(rows(8)) + ["\"S9"])
    let report = try await run(pipeline)
    #expect(report.counts.removed == 0)
    #expect(try home.urls().count == 12)
  }

  @Test func `Many rows may come to say the same at once`() async throws {
    let pipeline = try pipeline(try write(rows(12)))
    _ = try await run(pipeline)
    _ = try write((0..<12).map { "S\($0),HP,The same,1" })
    let report = try await run(pipeline)
    #expect(report.counts.changed == 12)
    #expect(try home.text().contains("Model") == false)
  }

  @Test(.enabled(if: PostgreSQLServer.programs != nil, "PostgreSQL is not installed: scripts/setup test"))
  func `Rows that change in PostgreSQL are picked by the next run, and no others`() async throws {
    let server = try PostgreSQLServer()
    try server.sql(
      """
      CREATE TABLE products (sku text PRIMARY KEY, brand text, name text, price numeric(10, 2));
      INSERT INTO products SELECT 'S' || i, CASE i % 2 WHEN 0 THEN 'HP' ELSE 'LG' END, 'Model ' || i, i * 10 + 0.5
        FROM generate_series(1, 1200) i
      """)
    let query = "SELECT sku, brand, name, price FROM products"
    let pipeline = try pipeline(
      .postgresql(PostgreSQLSettings(connection: Secret(server.connection), query: query)))
    let first = try await run(pipeline)
    #expect(first.counts.new == 1200)
    try server.sql(
      """
      UPDATE products SET name = 'Changed ' || sku WHERE sku IN ('S5', 'S600', 'S1199');
      UPDATE products SET price = price + 1 WHERE sku IN ('S7', 'S8');
      DELETE FROM products WHERE sku IN ('S1', 'S2');
      INSERT INTO products VALUES ('N1', 'HP', 'New', 5)
      """)
    let second = try await run(pipeline)
    #expect(second.counts.new == 1)
    #expect(second.counts.changed == 5)
    #expect(second.counts.removed == 2)
    #expect(second.counts.unchanged == 1193)
    #expect(second.counts.chunksEmbedded == 4)
    let snapshot = try home.collection.openCurrent()
    let number = try #require(try snapshot.documentNumber(url: "table:shop/S7"))
    #expect(try snapshot.document(number).fields["price"] == [.number(71.5)])
  }

  private struct Unexpected: Error {
    let report: String

    init(_ report: RunReport) { self.report = "\(report.outcome)" }
  }
}
