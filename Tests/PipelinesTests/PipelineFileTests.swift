import Corpus
import Pipelines
import Settings
import Testing

@Suite struct PipelineFileTests {
  /// The package's folder.
  static let package = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

  @Test func `the shortest file is completed with the defaults`() throws {
    let file = try PipelineFile.parse(PipelineSample.shortest, path: "/srv/pipelines/short.yaml", environment: [:])
    let expected = PipelineFile(
      path: "/srv/pipelines/short.yaml", name: "short",
      sources: [SourceSettings(id: "files", kind: .folder(FolderSettings(path: "/srv/pages")))],
      clean: CleanSettings(), chunk: ChunkSettings(), embed: EmbedSettings(), index: IndexSettings(),
      publish: PublishSettings(to: "/srv/snapshots"))
    #expect(file == expected)
  }

  @Test func `every setting is read`() throws {
    let file = try PipelineFile.parse(
      PipelineSample.full, path: "/srv/acervo/full.yaml", environment: ["SITE": "https://docs.example", "AGENT": ""])
    let folder = FolderSettings(
      path: "/srv/pages", include: ["**/*.md"], exclude: ["drafts/**"], url: "https://help.example/")
    let web = WebSettings(
      start: ["https://docs.example/start"], include: ["/docs/**"], exclude: ["**/print/**"], maximumPages: 500,
      maximumDepth: 8, maximumPageSize: 5_000_000, maximumTime: 5400, concurrency: 2, delay: 0.25, obeyRobots: false,
      userAgent: "acervo-test/1.0", sitemap: .only)
    let expected = PipelineFile(
      path: "/srv/acervo/full.yaml", name: "full-1",
      sources: [SourceSettings(id: "files", kind: .folder(folder)), SourceSettings(id: "docs", kind: .web(web))],
      clean: CleanSettings(content: .all, tables: .drop, keepsCode: false, keepsLinks: false),
      chunk: ChunkSettings(by: .recursive, size: 300, overlap: 30, unit: .tokens),
      embed: EmbedSettings(provider: .local, model: "/srv/acervo/models/mini"),
      index: IndexSettings(languages: ["pt-BR"], lexical: false),
      publish: PublishSettings(to: "/var/lib/acervo", keep: 2, toleratedFailures: 0.005, toleratedShrink: 0.5))
    #expect(file == expected)
  }

  @Test func `what the environment gives to a schedule is not shown`() {
    let error = #expect(throws: SettingsErrors.self) {
      try PipelineFile.parse(
        PipelineSample.shortest + "\nschedule: { cron: \"${TIMES}\", time_zone: \"${ZONE}\" }", path: "p.yaml",
        environment: ["TIMES": "hidden 1 2 3 4", "ZONE": "hidden/too"])
    }
    let text = error?.description ?? ""
    #expect(text.contains("“${TIMES}” is no cron expression") && text.contains("“${ZONE}” is no time zone"))
    #expect(!text.contains("hidden"))
  }

  @Test(arguments: [
    ("\"30 4 * * mon\"", ("30 4 * * mon", "UTC", 0.0, true)),
    (
      "{ cron: \"@daily\", time_zone: Europe/Madrid, jitter: 5m, catch_up: false }",
      ("0 0 * * *", "Europe/Madrid", 300.0, false)
    ),
  ])
  func `a schedule is an expression or a mapping`(
    text: String, expected: (cron: String, zone: String, jitter: Double, catchesUp: Bool)
  ) throws {
    let file = try PipelineFile.parse(
      PipelineSample.shortest + "\nschedule: " + text, path: "p.yaml", environment: [:])
    let schedule = ScheduleSettings(
      cron: try CronExpression(expected.cron), timeZone: expected.zone, jitter: expected.jitter,
      catchesUp: expected.catchesUp)
    #expect(file.schedule == schedule)
    #expect(
      file.stageSettings
        == (try PipelineFile.parse(PipelineSample.shortest, path: "p.yaml", environment: [:]).stageSettings))
  }

  @Test func `declared fields are read, in short or in full`() throws {
    let text = PipelineSample.shortest.replacing(
      "index: {}",
      with: """
        index:
              fields:
                price: number
                product: { type: keyword, from: "meta:Product.Name" }
                date: { type: date, from: "meta:article:modified_time" }
        """)
    let file = try PipelineFile.parse(text, path: "p.yaml", environment: [:])
    #expect(
      file.index.fields == [
        "price": FieldSettings(kind: .number), "product": FieldSettings(kind: .keyword, attribute: "product.name"),
        "date": FieldSettings(kind: .date, attribute: "article:modified_time"),
      ])
    #expect(
      file.stageSettings.index.text()
        == #"{"languages":["es","en"],"lexical":true,"vectors":"float32","fields":{"#
        + #""date":{"type":"date","from":"meta:article:modified_time"},"price":{"type":"number"},"#
        + #""product":{"type":"keyword","from":"meta:product.name"}}}"#)
  }

  @Test(arguments: [
    ("Price: number", "7:24: “Price” cannot be a name in “fields”"),
    ("price: integer", "7:31: “price” cannot be “integer”"),
    ("price: { from: \"meta:x\" }", "7:24: “type” is missing in “price”"),
    (
      "price: { type: number, from: price }", "7:53: “from” needs “meta:” and a name, such as meta:product, not “price”"
    ),
    ("url: keyword", "7:24: “url” is a field of every document and cannot be declared"),
    ("date: keyword", "7:24: “date” is a date in every collection, not a keyword"),
    ("price: 3", "7:31: “price” cannot be the number 3"),
  ])
  func `a field that cannot be is refused where it stands`(field: String, message: String) {
    let text = PipelineSample.shortest.replacing("index: {}", with: "index: { fields: { \(field) } }")
    let errors = #expect(throws: SettingsErrors.self) {
      try PipelineFile.parse(text, path: "p.yaml", environment: [:])
    }
    let told = errors?.errors.map { "\($0.position.line):\($0.position.column): \($0.message)" }
    #expect(told == [message])
  }

  @Test func `an overlap that is not written is none along the structure, else a tenth of the size`() throws {
    for (settings, overlap) in [("size: 300", 0), ("size: 300, by: recursive", 30), ("by: structure", 0)] {
      let text = PipelineSample.shortest.replacing("chunk: {}", with: "chunk: { \(settings) }")
      #expect(try PipelineFile.parse(text, path: "p.yaml", environment: [:]).chunk.overlap == overlap)
    }
  }

  @Test(arguments: ["handbook", "support", "web"])
  func `the examples are without a fault`(name: String) throws {
    let file = try PipelineFile.read(
      path: "\(Self.package)/pipelines/\(name).yaml",
      environment: [
        "CONFLUENCE_URL": "https://acme.atlassian.net", "CONFLUENCE_USERNAME": "ana@acme.example",
        "CONFLUENCE_API_TOKEN": "secret",
      ])
    #expect(file.name == name)
    #expect(file.publish.to == Self.package + "/snapshots")
  }

  @Test func `a file that is not there is named`() {
    #expect(
      throws: SettingsErrors([
        SettingsError(
          position: SourcePosition(file: "/nowhere/p.yaml", line: 0, column: 0),
          message: "the file cannot be read: No such file or directory", mend: "give the path of a readable file")
      ])
    ) { try PipelineFile.read(path: "/nowhere/p.yaml", environment: [:]) }
  }
}

/// Pipeline files that tests start from.
enum PipelineSample {
  static let shortest = """
    acervo: 1
    name: short
    stages:
      - fetch: { sources: [{ id: files, folder: { path: ../pages } }] }
      - chunk: {}
      - embed: {}
      - index: {}
    publish: { to: ../snapshots }
    """

  static let full = """
    acervo: 1
    name: full-1
    stages:
      - fetch:
          sources:
            - id: files
              folder: { path: ../pages, include: ["**/*.md"], exclude: [drafts/**], url: "https://help.example/" }
            - id: docs
              web:
                start: ["${SITE}/start"]
                include: ["/docs/**"]
                exclude: ["**/print/**"]
                limits: { pages: 500, depth: 8, page_size: 5MB, time: 1.5h }
                polite: { concurrency: 2, delay: 250ms, robots: ignore, user_agent: "${AGENT:-acervo-test/1.0}" }
                sitemap: only
      - clean: { content: all, tables: drop, code: drop, links: drop }
      - chunk: { by: recursive, size: 300, overlap: 30, unit: tokens }
      - embed: { provider: local, model: models/mini }
      - index: { languages: [pt-BR], lexical: false, vectors: float32 }
    publish:
      to: /var/lib/acervo/
      keep: 2
      tolerate: { failed: 0.5%, shrink: 0.5 }
    """
}
