/// The data of a made-up Confluence site: what both faces of `ConfluenceLab` show.
///
/// A value: a test keeps a copy, changes another, and compares what was read with what is there. The functions of
/// `LabSite+Editing` do what people do on a site (edit, move, restrict …) and keep what belongs together in step;
/// `LabSite+Reading` says who may read what.
public struct LabSite: Sendable {
  /// What kind of thing a content is.
  public enum Kind: String, Sendable, CaseIterable {
    case page, blogpost, folder, whiteboard, database, embed
  }

  /// Where a content stands in its life; a purged one is not there at all.
  public enum Status: String, Sendable, CaseIterable {
    case current, archived, trashed, draft
  }

  /// One version of a content or comment.
  public struct Version: Sendable, Equatable {
    /// Counted from 1.
    public var number: Int
    /// Milliseconds since 1970.
    public var createdAt: Int64
    /// The account that made it.
    public var author: String
    /// What its author said about it.
    public var message = ""
    /// Whether its author asked that nobody be told.
    public var isMinor = false
  }

  /// Users and groups of whom one must fit; empty is nobody's restriction.
  public struct Subjects: Sendable, Equatable {
    /// Account ids.
    public var users: Set<String>
    /// Group ids.
    public var groups: Set<String>

    /// Names users and groups.
    public init(users: Set<String> = [], groups: Set<String> = []) {
      self.users = users
      self.groups = groups
    }

    /// Whether nobody is named.
    public var isEmpty: Bool { users.isEmpty && groups.isEmpty }
  }

  /// A page, blog post, folder, whiteboard, database or embed.
  public struct Content: Sendable {
    /// The id, unique over all kinds.
    public var id: Int64
    /// What it is.
    public var kind: Kind
    /// Where it stands in its life.
    public var status: Status = .current
    /// The title.
    public var title: String
    /// The space that it is in.
    public var space: Int64
    /// What it hangs below; nil at the top, and for blog posts.
    public var parent: Int64?
    /// Its place among its siblings.
    public var position = 0
    /// The account that made it.
    public var author: String
    /// Milliseconds since 1970.
    public var createdAt: Int64
    /// The newest version.
    public var version: Version
    /// Names of its labels, in the order in which they were put on.
    public var labels: [String] = []
    /// Who alone may read it; nil where the page itself restricts nobody.
    public var readers: Subjects?
    /// Who alone may edit it.
    public var editors: Subjects?
    /// Whether it is a live doc.
    public var isLive = false
    /// The body where somebody wrote one; nil is the body that `LabBodies` makes for the id and version.
    public var text: String?
    /// Decides the made-up body.
    public var seed: UInt64
  }

  /// A space.
  public struct Space: Sendable {
    /// The id.
    public var id: Int64
    /// The key, as in addresses.
    public var key: String
    /// The name.
    public var name: String
    /// What kind it is of, as in “global” or “personal”.
    public var type = "global"
    /// Whether it is archived: its pages stay readable.
    public var isArchived = false
    /// Its first page.
    public var home: Int64?
    /// The account that made it.
    public var author: String
    /// Milliseconds since 1970.
    public var createdAt: Int64
    /// Who may read it.
    public var readers: Subjects
    /// Labels of the space itself.
    public var labels: [String] = []
  }

  /// An account.
  public struct User: Sendable {
    /// The id that Cloud knows it by.
    public var accountID: String
    /// The key that Data Center knows it by.
    public var userKey: String
    /// The name to log in with on Data Center.
    public var username: String
    /// The name that people see.
    public var displayName: String
    /// The address.
    public var email: String
    /// `active`, `inactive`, `closed`.
    public var status = "active"
  }

  /// A group of users.
  public struct Group: Sendable {
    /// The id that Cloud knows it by.
    public var id: String
    /// The name, which Data Center knows it by.
    public var name: String
    /// Account ids.
    public var members: Set<String>
  }

  /// A comment on a page or blog post.
  public struct Comment: Sendable {
    /// The id.
    public var id: Int64
    /// The page or blog post.
    public var content: Int64
    /// The comment that it answers; nil for a root comment.
    public var parent: Int64?
    /// The words on the page that an inline comment is about; nil for a footer comment.
    public var selection: String?
    /// `open`, `reopened`, `resolved`, `dangling`; inline comments only.
    public var resolution = "open"
    /// Its newest version.
    public var version: Version
    /// Storage format.
    public var text: String
  }

  /// A file attached to a page or blog post.
  public struct Attachment: Sendable {
    /// The number behind `att`.
    public var id: Int64
    /// The page or blog post.
    public var content: Int64
    /// The file's name.
    public var name: String
    /// What the uploader said that it is.
    public var mediaType: String
    /// The bytes.
    public var bytes: [UInt8]
    /// Its newest version.
    public var version: Version
    /// `current`, `archived` or `trashed`.
    public var status: Status = .current
  }

  /// By id.
  public internal(set) var contents: [Int64: Content] = [:]
  /// All content's ids, in ascending order.
  public internal(set) var order: [Int64] = []
  /// In order of their ids.
  public internal(set) var spaces: [Space] = []
  /// By account id.
  public internal(set) var users: [String: User] = [:]
  /// In the order in which they were made.
  public internal(set) var groups: [Group] = []
  /// In order of their ids.
  public internal(set) var comments: [Comment] = []
  /// In order of their ids.
  public internal(set) var attachments: [Attachment] = []

  /// The account that the lab's ordinary tokens belong to.
  public internal(set) var indexer = ""
  /// The group of that account; generated restrictions name it, but on pages that are hidden from it.
  public internal(set) var indexers = ""
  /// The group of all who use the site.
  public internal(set) var everybody = ""

  /// What time it is on the site: nil takes the machine's clock.
  ///
  /// Milliseconds since 1970.
  public var clock: Int64?
  var nextID: Int64 = 65_537
  /// The search index's view of what it has not seen yet: by id, until when, and as it was (nil: not there).
  var unindexed: [Int64: (until: Int64, was: Content?)] = [:]
  /// How long the search index takes to see a change: milliseconds.
  public var indexLag: Int64 = 0
  /// Rises with each change: what is remembered about a site holds for one number only.
  var generation = 0

  /// An empty site.
  public init() {}
}
