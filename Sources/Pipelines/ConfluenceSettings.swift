public import Corpus

/// Spaces of a Confluence site: Cloud or Data Center.
public struct ConfluenceSettings: Sendable, Equatable {
  /// The site's address: `https://acme.atlassian.net`, with or without `/wiki`; the gateway
  /// `https://api.atlassian.com/ex/confluence/CLOUD-ID`; or that of a Data Center with its context path.
  public var url: String
  /// What kind of site it is; found out by default.
  public var deployment: Deployment
  /// Whose token it is: the e-mail address (Cloud) or the user name (Data Center); nil sends the token by itself.
  public var user: String?
  /// An API token, with or without scopes, an OAuth access token, a personal access token or a password.
  public var token: Secret?
  /// Keys of the spaces; empty for all current ones that the account sees.
  public var spaces: [String]
  /// Only pages with one of these labels; empty for all.
  public var labels: [String]
  /// Whether archived pages are read; not by default.
  public var archived: Bool
  /// Whether comments are read with their pages; not by default.
  public var comments: Bool
  /// What of attachments is read; nothing by default.
  public var attachments: Attachments
  /// Whether blog posts are read; yes by default.
  public var blogposts: Bool
  /// Who may read what is read.
  public var access: Access
  /// How long the readers and labels of pages that did not change are taken as they were last read, in seconds; 0, the
  /// default, reads those of every page in every run.
  public var recheck: Double
  /// At most so long in all, in seconds; 6 hours by default.
  public var maximumTime: Double
  /// When the site asks to wait longer than this, in seconds, the run ends with what it has; 15 minutes by default.
  public var maximumWait: Double
  /// At most so many requests to the site at a time; 4 by default.
  public var concurrency: Int

  /// What kind of site it is.
  public enum Deployment: String, Sendable, Equatable, CaseIterable {
    /// Found out from the address and what it answers.
    case auto
    /// Atlassian's cloud.
    case cloud
    /// Confluence Data Center or Server.
    case dataCenter = "data_center"
  }

  /// What of attachments is read.
  public enum Attachments: String, Sendable, Equatable, CaseIterable {
    /// Nothing.
    case none
    /// Those with a text: text, Markdown and HTML, and PDF and Office files where a tool for them is installed.
    case text
  }

  /// Who may read what is read.
  public enum Access: String, Sendable, Equatable, CaseIterable {
    /// Whoever may read it in Confluence.
    case restrictions
    /// Everybody.
    case `public`
  }

  /// Makes a Confluence source with the defaults.
  public init(
    url: String, deployment: Deployment = .auto, user: String? = nil, token: Secret? = nil, spaces: [String] = [],
    labels: [String] = [], archived: Bool = false, comments: Bool = false, attachments: Attachments = .none,
    blogposts: Bool = true, access: Access = .restrictions, recheck: Double = 0, maximumTime: Double = 6 * 3600,
    maximumWait: Double = 900, concurrency: Int = 4
  ) {
    self.url = url
    self.deployment = deployment
    self.user = user
    self.token = token
    self.spaces = spaces
    self.labels = labels
    self.archived = archived
    self.comments = comments
    self.attachments = attachments
    self.blogposts = blogposts
    self.access = access
    self.recheck = recheck
    self.maximumTime = maximumTime
    self.maximumWait = maximumWait
    self.concurrency = concurrency
  }
}
