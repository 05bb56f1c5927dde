public import Corpus

/// What earlier runs know of a source's pages: lets a source ask for what has changed only.
public struct SourceMemory: Sendable {
  /// The addresses of the source's pages that the index holds, in any order.
  public var pages: @Sendable () throws -> [String]
  /// How an address was last visited; nil for one that is new or whose bytes are needed whatever happened since.
  public var visit: @Sendable (_ url: String) throws -> PageVisit?
  /// The groups that the rules of the source's pages name, in any order: what a source tells of, whatever it asks anew.
  public var groups: @Sendable () throws -> Set<Principal>
  /// Whether the source's settings differ from those of its last whole listing.
  public var settingsChanged: Bool
  /// Ask for these addresses and nothing else: the listing counts as cut short then.
  public var only: [String]?

  /// Makes a memory; by default one that knows nothing.
  public init(
    pages: @escaping @Sendable () throws -> [String] = { [] },
    visit: @escaping @Sendable (_ url: String) throws -> PageVisit? = { _ in nil },
    groups: @escaping @Sendable () throws -> Set<Principal> = { [] }, settingsChanged: Bool = false,
    only: [String]? = nil
  ) {
    self.pages = pages
    self.visit = visit
    self.groups = groups
    self.settingsChanged = settingsChanged
    self.only = only
  }
}

/// How a page was last fetched, and what it said beside its content: enough to go on from it without its bytes.
public struct PageVisit: Sendable, Equatable {
  /// The HTTP status that its bytes came with; 0 where there is none.
  public var status: Int
  /// When its bytes came, in seconds since 1970.
  public var fetched: Int64
  /// When it was last found unchanged, in seconds since 1970; `fetched` until then.
  public var checked: Int64
  /// Of its bytes.
  public var hash: ContentHash
  /// `ETag` as it came.
  public var etag: String?
  /// `Last-Modified` as it came.
  public var lastModified: String?
  /// The `lastmod` of the sitemap that listed it then, in seconds since 1970.
  public var listed: Int64?
  /// Of what decided how it was read; another one means that links and directives must be read anew.
  public var reading: ContentHash
  /// Whether it asked not to be indexed.
  public var noIndex: Bool
  /// From when on it asks not to be indexed, in seconds since 1970.
  public var unavailableAfter: Int64?
  /// The address that it calls its own, where it is another one.
  public var canonical: String?
  /// Where it leads: absolute addresses in any scope; none where it asked not to be followed.
  public var links: [String]
  /// Whether the index holds its content; set by whoever remembers.
  public var hasContent: Bool

  /// Makes a visit.
  public init(
    status: Int, fetched: Int64, checked: Int64? = nil, hash: ContentHash, etag: String? = nil,
    lastModified: String? = nil, listed: Int64? = nil, reading: ContentHash, noIndex: Bool = false,
    unavailableAfter: Int64? = nil, canonical: String? = nil, links: [String] = [], hasContent: Bool = false
  ) {
    self.status = status
    self.fetched = fetched
    self.checked = checked ?? fetched
    self.hash = hash
    self.etag = etag
    self.lastModified = lastModified
    self.listed = listed
    self.reading = reading
    self.noIndex = noIndex
    self.unavailableAfter = unavailableAfter
    self.canonical = canonical
    self.links = links
    self.hasContent = hasContent
  }
}
