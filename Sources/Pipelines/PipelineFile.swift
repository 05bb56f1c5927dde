public import Corpus

/// A pipeline file, read, checked and completed with its defaults.
///
/// The stages of version 1 always stand in one order, so a file has one value per stage instead of a list.
public struct PipelineFile: Sendable, Equatable {
  /// Where the file was read from, as the user gave it.
  public var path: String
  /// The collection's name.
  public var name: String
  /// Where documents come from; at least one.
  public var sources: [SourceSettings]
  /// How documents are cleaned.
  public var clean: CleanSettings
  /// How clean documents are cut.
  public var chunk: ChunkSettings
  /// What makes the vectors.
  public var embed: EmbedSettings
  /// What is indexed.
  public var index: IndexSettings
  /// Where snapshots go.
  public var publish: PublishSettings

  /// Makes a pipeline file from settings.
  public init(
    path: String, name: String, sources: [SourceSettings], clean: CleanSettings, chunk: ChunkSettings,
    embed: EmbedSettings, index: IndexSettings, publish: PublishSettings
  ) {
    self.path = path
    self.name = name
    self.sources = sources
    self.clean = clean
    self.chunk = chunk
    self.embed = embed
    self.index = index
    self.publish = publish
  }
}

/// One source of documents.
public struct SourceSettings: Sendable, Equatable {
  /// What kind of source it is.
  public enum Kind: Sendable, Equatable {
    /// Files below a folder.
    case folder(FolderSettings)
    /// A crawled web site.
    case web(WebSettings)
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
    delay: Double = 0, obeyRobots: Bool = true, userAgent: String = "acervo", sitemap: SitemapUse = .auto
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
  }
}

/// How documents are cleaned.
public struct CleanSettings: Sendable, Equatable {
  /// Which part of a page is kept.
  public enum Content: String, Sendable, Equatable, CaseIterable {
    /// The article without the page around it.
    case main
    /// Everything visible.
    case all
  }

  /// Which part of a page is kept; `main` by default.
  public var content: Content
  /// `rows` keeps tables row by row with the header repeated; `drop` leaves them out.
  public var tables: TableUse
  /// Whether code is kept; yes by default.
  public var keepsCode: Bool
  /// Whether links are kept beside the text; yes by default.
  public var keepsLinks: Bool

  /// What becomes of tables.
  public enum TableUse: String, Sendable, Equatable, CaseIterable {
    /// A block per row.
    case rows
    /// Nothing.
    case drop
  }

  /// Makes clean settings with the defaults.
  public init(content: Content = .main, tables: TableUse = .rows, keepsCode: Bool = true, keepsLinks: Bool = true) {
    self.content = content
    self.tables = tables
    self.keepsCode = keepsCode
    self.keepsLinks = keepsLinks
  }
}

/// How clean documents are cut.
public struct ChunkSettings: Sendable, Equatable {
  /// The way of cutting.
  public enum Method: String, Sendable, Equatable, CaseIterable {
    /// Along headings, blocks and sentences.
    case structure
    /// As LangChain's `RecursiveCharacterTextSplitter` does with its default separators.
    case recursive
  }

  /// What sizes count.
  public enum Unit: String, Sendable, Equatable, CaseIterable {
    /// Unicode scalars (what Python's `len` counts).
    case characters
    /// Tokens of the embedder's tokenizer.
    case tokens
  }

  /// The way of cutting; `structure` by default.
  public var by: Method
  /// The largest chunk; 2,000 by default.
  public var size: Int
  /// What neighbours share at most; 400 by default.
  public var overlap: Int
  /// What `size` and `overlap` count.
  public var unit: Unit

  /// Makes chunk settings with the defaults.
  public init(by: Method = .structure, size: Int = 2000, overlap: Int = 400, unit: Unit = .characters) {
    self.by = by
    self.size = size
    self.overlap = overlap
    self.unit = unit
  }
}

/// What makes the vectors.
public struct EmbedSettings: Sendable, Equatable {
  /// Who makes them.
  public enum Provider: String, Sendable, Equatable, CaseIterable {
    /// A model folder on this machine.
    case local
    /// Nobody: the index is lexical only.
    case none
  }

  /// Who makes them; `local` by default.
  public var provider: Provider
  /// The model's name, or a path to its folder; `use-multilingual-v3` by default.
  public var model: String

  /// Makes embed settings with the defaults.
  public init(provider: Provider = .local, model: String = "use-multilingual-v3") {
    self.provider = provider
    self.model = model
  }
}

/// What is indexed.
public struct IndexSettings: Sendable, Equatable {
  /// The languages whose stems and stop words the lexical index knows (BCP 47); `es` and `en` by default.
  public var languages: [String]
  /// Whether words are indexed beside vectors; yes by default.
  public var lexical: Bool

  /// Makes index settings with the defaults.
  public init(languages: [String] = ["es", "en"], lexical: Bool = true) {
    self.languages = languages
    self.lexical = lexical
  }
}

/// Where snapshots go.
public struct PublishSettings: Sendable, Equatable {
  /// The folder of all collections, absolute.
  public var to: String
  /// How many snapshots stay; 5 by default.
  public var keep: Int
  /// The share of documents that may fail before nothing is published, 0 to 1; 0.02 by default.
  public var toleratedFailures: Double
  /// The share by which a source may shrink before nothing is published, 0 to 1; 0.2 by default.
  public var toleratedShrink: Double

  /// Makes publish settings with the defaults.
  public init(to: String, keep: Int = 5, toleratedFailures: Double = 0.02, toleratedShrink: Double = 0.2) {
    self.to = to
    self.keep = keep
    self.toleratedFailures = toleratedFailures
    self.toleratedShrink = toleratedShrink
  }
}

extension PipelineFile {
  /// Reads a pipeline file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the file with its defaults filled in.
  /// - Throws: `SettingsErrors` with every fault found, each with its place and how to mend it.
  public static func read(path: String, environment: [String: String]) throws -> PipelineFile {
    preconditionFailure("under construction")
  }

  /// The JSON Schema (2020-12) of a pipeline file, made from the same definitions that read it.
  public static var jsonSchema: JSONValue { .null }
}
