import AcervoTesting
import Connectors
import Corpus
import Pipelines
import Testing

@Suite(.enabled(if: PostgreSQLServer.programs != nil, "PostgreSQL is not installed: scripts/setup test"))
struct PostgreSQLTests {
  private static let server = Result { try PostgreSQLServer() }

  private func read(
    _ query: String, connection: String? = nil, timeout: Double = 60,
    _ change: (inout TableSettings) throws -> Void = { _ in }
  ) async throws -> CrawlOutcome {
    let server = PostgreSQLSettings(
      connection: Secret(try connection ?? Self.server.get().connection), query: query, statementTimeout: timeout)
    var settings = TableSettings(
      origin: .postgresql(server), key: ["sku"], title: [RowTemplate(column: "sku")],
      body: [RowTemplate(column: "sku", isNamed: true)])
    try change(&settings)
    return try await CrawlOutcome(of: TableSource(id: "db", settings: settings))
  }

  private func refusal(_ query: String, connection: String? = nil, timeout: Double = 60) async throws -> String {
    let error = await #expect(throws: SourceError.self) {
      try await read(query, connection: connection, timeout: timeout)
    }
    return error?.description ?? "no error"
  }

  @Test func `A query's rows keep the types of their columns`() async throws {
    let outcome = try await read(
      """
      SELECT 'A' AS sku, 1299.50::numeric AS price, ARRAY['a','b, "c"',NULL] AS tags, true AS flag,
        '2026-05-17 09:30:00+02'::timestamptz AS seen, '{"x": [1]}'::jsonb AS data, NULL::text AS gone;
      """
    ) { settings in
      settings.fields = [
        "price": ColumnSettings(kind: .number), "tags": ColumnSettings(kind: .keyword),
        "flag": ColumnSettings(kind: .keyword), "seen": ColumnSettings(kind: .date),
        "gone": ColumnSettings(kind: .keyword),
      ]
    }
    #expect(
      outcome.documents.first?.fields == [
        "price": [.number(1299.5)], "tags": [.keyword("a"), .keyword("b, \"c\"")], "flag": [.keyword("true")],
        "seen": [.date(1_779_003_000)],
      ])
  }

  @Test func `Many rows come in batches, each once`() async throws {
    let outcome = try await read("SELECT i AS sku, repeat('x', i % 3000) AS t FROM generate_series(1, 5000) i") {
      $0.maximumRowSize = 2900
    }
    #expect(outcome.documents.count + outcome.failed.count == 5000)
    #expect(Set(outcome.documents.map(\.url)).count == outcome.documents.count)
    #expect(outcome.failed.values.contains { $0.contains("(limits.row_size)") })
  }

  @Test func `The server's errors are told with their state and place`() async throws {
    #expect(
      try await refusal("SELECT 1 AS sku,\n  nothing FROM pg_class")
        == "PostgreSQL: column \"nothing\" does not exist (SQL state 42703), at line 2, column 3 of the query\n  mend: mend the query"
    )
    #expect(try await refusal("SELECT pg_sleep(20), 1 AS sku", timeout: 1).contains("(SQL state 57014)"))
    #expect(try await refusal("SELECT 1 AS sku, 2 AS sku").hasPrefix("the query gives two columns “sku”"))
    #expect(try await refusal("SELECT 1 AS other").hasPrefix("there is no column “sku”"))
  }

  /// The server with a table that queries try to change; made once, for cases run side by side.
  private static let serverWithTable = Result {
    let running = try server.get()
    try running.sql("CREATE TABLE kept (id serial); INSERT INTO kept DEFAULT VALUES")
    return running
  }

  @Test(arguments: [
    "SELECT 1 AS sku; DROP TABLE kept", "SELECT 1 AS sku; COMMIT; DROP TABLE kept",
    "DELETE FROM kept RETURNING 1 AS sku",
    "WITH x AS (DELETE FROM kept RETURNING 1 AS sku) SELECT * FROM x", "SELECT nextval('kept_id_seq') AS sku",
    "COMMIT", "DROP TABLE kept", "SELECT 1 AS sku INTO other",
  ]) func `A query can only read`(query: String) async throws {
    let server = try Self.serverWithTable.get()
    let before = try server.sql(
      "SELECT count(*) > 0, (SELECT count(*) FROM pg_class WHERE relname = 'other') FROM kept")
    _ = try await refusal(query)
    let after = try server.sql("SELECT count(*) > 0, (SELECT count(*) FROM pg_class WHERE relname = 'other') FROM kept")
    #expect(before == after)
  }

  @Test func `A password is never seen`() async throws {
    let connection = try Self.server.get().connection
    for broken in [
      connection.replacing("password='hunter2", with: "password='hunter3"), connection + " wrong",
      connection.replacing("dbname=postgres", with: "dbname=hunter2"),
      "postgresql://acervo:hunter2@127.0.0.1:1/x", "hunter2",
    ] {
      let text = try await refusal("SELECT 1 AS sku", connection: broken)
      #expect(!text.contains("hunter2 is"))
      #expect(!text.contains(":hunter2@"))
    }
    #expect(
      try await refusal("SELECT 1 AS sku", connection: "hunter2").hasPrefix("the connection's string cannot be read"))
  }
}
