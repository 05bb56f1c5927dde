/// One source of documents.
public struct SourceSettings: Sendable, Equatable {
  /// What kind of source it is.
  public enum Kind: Sendable, Equatable {
    /// Files below a folder.
    case folder(FolderSettings)
    /// A crawled web site.
    case web(WebSettings)
    /// Spaces of a Confluence site.
    case confluence(ConfluenceSettings)
    /// Rows of a table.
    case table(TableSettings)
  }

  /// The name that documents carry as their source; unique in the file.
  public var id: String
  /// What kind of source it is.
  public var kind: Kind

  /// Makes a source.
  public init(id: String, kind: Kind) {
    self.id = id
    self.kind = kind
  }
}

/// Files below a folder.
public struct FolderSettings: Sendable, Equatable {
  /// The folder, absolute: the file's own folder resolves a relative path.
  public var path: String
  /// Globs over paths relative to the folder, of which one must match.
  public var include: [String]
  /// Globs that leave files out.
  public var exclude: [String]
  /// What replaces the folder in citations: `https://help.example/`; nil cites `folder:<id>/<relative path>`.
  public var url: String?

  /// Makes a folder source; `include` defaults to HTML, Markdown and plain text anywhere below.
  public init(
    path: String, include: [String] = ["**/*.html", "**/*.htm", "**/*.xhtml", "**/*.md", "**/*.txt"],
    exclude: [String] = [], url: String? = nil
  ) {
    self.path = path
    self.include = include
    self.exclude = exclude
    self.url = url
  }
}

/// A crawled web site.
public struct WebSettings: Sendable, Equatable {
  /// Where the crawl begins: absolute `http` or `https` addresses; at least one.
  public var start: [String]
  /// Globs over URL paths (with query), or over whole URLs where they hold `://`; empty: the hosts of `start`.
  public var include: [String]
  /// Globs that leave pages out.
  public var exclude: [String]
  /// At most so many pages; 10,000 by default.
  public var maximumPages: Int
  /// At most so many links away from a start; 16 by default.
  public var maximumDepth: Int
  /// At most so many bytes a page, decoded; 10 MB by default.
  public var maximumPageSize: Int
  /// At most so long in all, in seconds; 6 hours by default.
  public var maximumTime: Double
  /// At most so many requests to one host at a time; 4 by default.
  public var concurrency: Int
  /// At least so long between two requests to one host, in seconds; 0 by default (robots.txt may ask for more).
  public var delay: Double
  /// Whether robots.txt is obeyed; yes by default.
  public var obeyRobots: Bool
  /// The product token sent as `User-Agent` and matched in robots.txt.
  public var userAgent: String
  /// Whether sitemaps are read beside following links.
  public var sitemap: SitemapUse
  /// How long a page whose `lastmod` in the sitemap stays the same is taken as unchanged without being asked, in
  /// seconds; 7 days by default, 0 for never.
  public var revisit: Double

  /// Whether sitemaps are read.
  public enum SitemapUse: String, Sendable, Equatable, CaseIterable {
    /// Those that robots.txt names, and `/sitemap.xml`.
    case auto
    /// None.
    case off
    /// Only pages that a sitemap lists are fetched; links are not followed.
    case only
  }

  /// Makes a web source with the defaults.
  public init(
    start: [String], include: [String] = [], exclude: [String] = [], maximumPages: Int = 10_000,
    maximumDepth: Int = 16, maximumPageSize: Int = 10_000_000, maximumTime: Double = 6 * 3600, concurrency: Int = 4,
    delay: Double = 0, obeyRobots: Bool = true, userAgent: String = "acervo", sitemap: SitemapUse = .auto,
    revisit: Double = 7 * 86_400
  ) {
    self.start = start
    self.include = include
    self.exclude = exclude
    self.maximumPages = maximumPages
    self.maximumDepth = maximumDepth
    self.maximumPageSize = maximumPageSize
    self.maximumTime = maximumTime
    self.concurrency = concurrency
    self.delay = delay
    self.obeyRobots = obeyRobots
    self.userAgent = userAgent
    self.sitemap = sitemap
    self.revisit = revisit
  }
}
