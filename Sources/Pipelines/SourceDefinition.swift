internal import Corpus
internal import Settings

/// A source while it is being read.
struct SourceDraft: Sendable {
  var id = ""
  var folder: FolderSettings?
  var web: WebSettings?
  var confluence: ConfluenceSettings?
  var table: TableSettings?

  /// The source; nil for a draft that was refused.
  var settings: SourceSettings? {
    if let folder { return SourceSettings(id: id, kind: .folder(folder)) }
    if let web { return SourceSettings(id: id, kind: .web(web)) }
    if let table { return SourceSettings(id: id, kind: .table(table)) }
    return confluence.map { SourceSettings(id: id, kind: .confluence($0)) }
  }

  private typealias Field = SettingsField<SourceDraft>

  static let definition = SettingsObject(
    initial: SourceDraft(),
    fields: [
      Field(
        "id", \.id,
        .string(
          pattern: "^[A-Za-z0-9_-]{1,64}$", needs: "a name of 1 to 64 letters, digits, hyphens and underscores",
          isMatch: isName),
        isRequired: true, "The name that pages carry as their source; unique in the file."),
      Field(
        "folder", \.folder, FolderSettings.definition.type, "Files below a folder: HTML, Markdown, plain text."),
      Field("web", \.web, WebSettings.definition.type, "A web site, crawled."),
      Field("confluence", \.confluence, ConfluenceSettings.definition.type, "Spaces of a Confluence site."),
      Field(
        "table", \.table, TableSettings.definition.type,
        "Rows of a CSV file, of JSON lines or of a PostgreSQL query, each a document with typed fields."),
    ], exactlyOneOf: ["folder", "web", "confluence", "table"])

  @Sendable private static func isName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-" || $0 == "_")
      }
  }
}

extension FolderSettings {
  private typealias Field = SettingsField<FolderSettings>

  static let definition = SettingsObject(
    initial: FolderSettings(path: ""),
    fields: [
      Field("path", \.path, .path, isRequired: true, "The folder."),
      Field(
        "include", \.include, .list(of: .string(needs: "a glob"), count: 1...1000),
        "Globs over paths below the folder, of which one must match."),
      Field(
        "exclude", \.exclude, .list(of: .string(needs: "a glob"), count: 0...1000), "Globs that leave files out."),
      Field(
        "url", \.url, .webAddress, "What replaces the folder in citations, such as https://help.example/."),
    ])
}

extension WebSettings {
  private typealias Field = SettingsField<WebSettings>

  static let definition = SettingsObject(
    initial: WebSettings(start: []),
    fields: [
      Field(
        "start", \.start, .list(of: .webAddress, count: 1...10_000), isRequired: true,
        "Where the crawl begins: http or https addresses."),
      Field(
        "include", \.include, .list(of: .string(needs: "a glob"), count: 1...1000),
        "Globs over URL paths, or over whole URLs where they hold “://”; without it, the hosts of “start”."),
      Field(
        "exclude", \.exclude, .list(of: .string(needs: "a glob"), count: 0...1000), "Globs that leave pages out."),
      Field(
        group: "limits",
        [
          Field("pages", \.maximumPages, .integer(in: 1...100_000_000), "At most so many pages."),
          Field(
            "depth", \.maximumDepth, .integer(in: 0...1000), "At most so many links away from a start."),
          Field(
            "page_size", \.maximumPageSize, .byteCount(in: 1024...1_000_000_000),
            "At most so many bytes a page, decoded."),
          Field(
            "time", \.maximumTime, .duration(in: 1...2_592_000), shapesResult: false, "At most so long in all."),
        ], "Where a crawl ends at the latest."),
      Field(
        group: "polite",
        [
          Field(
            "concurrency", \.concurrency, .integer(in: 1...64), shapesResult: false,
            "At most so many requests to one host at a time."),
          Field(
            "delay", \.delay, .duration(in: 0...3600), shapesResult: false,
            "At least so long between two requests to one host; robots.txt may ask for more."),
          Field(
            "robots", \.obeyRobots, .choice([(word: "obey", value: true), (word: "ignore", value: false)]),
            "Whether robots.txt is obeyed; “ignore” is for your own site."),
          Field(
            "user_agent", \.userAgent, userAgentType, "The name sent to the site and looked up in its robots.txt."),
        ], "How the site is treated."),
      Field(
        "sitemap", \.sitemap, .choice(),
        "“auto” reads sitemaps beside following links, “off” none, “only” fetches just the pages they list."),
      Field(
        "revisit", \.revisit, .duration(in: 0...31_536_000), shapesResult: false,
        "How long a page is not asked for while its date in the sitemap stays the same; 0s asks every time."),
    ])

  /// RFC 9110 section 10.1.5: a product token, perhaps a version, perhaps a comment; one line of ASCII.
  private static var userAgentType: SettingType<String> {
    .string(pattern: "^[A-Za-z0-9_-]+([/ ][ -~]*)?$", needs: "a name such as acervo or acervo/1.0 (+https://…)") {
      text in
      let token = text.unicodeScalars.prefix {
        $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-" || $0 == "_")
      }
      let rest = text.unicodeScalars.dropFirst(token.count)
      return !token.isEmpty && text.utf8.count <= 256 && (rest.isEmpty || rest.first == "/" || rest.first == " ")
        && rest.allSatisfy { (0x20...0x7E).contains($0.value) }
    }
  }
}
