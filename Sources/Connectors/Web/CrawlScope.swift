internal import HTTPClient
internal import Pipelines

/// Which addresses belong to a crawl.
///
/// Without `include`, everything on the hosts of the starts. With it, what a glob matches: one with `://` in it is
/// held against the whole URL on any host, another against path and query on the hosts of the starts. `exclude` is
/// read alike and wins.
struct CrawlScope: Sendable {
  /// What a crawl does with an address.
  enum Verdict: Equatable {
    /// It is fetched and kept.
    case inside
    /// It belongs to nobody we crawl: not a word about it.
    case outside
    /// A rule of the pipeline file leaves it out.
    case leftOut(reason: String)
  }

  private let hosts: Set<String>
  private let include: [ScopeGlob]
  private let exclude: [ScopeGlob]

  init(settings: WebSettings, starts: [WebURL]) throws(GlobError) {
    hosts = Set(starts.map(Self.place))
    include = try settings.include.map(ScopeGlob.init)
    exclude = try settings.exclude.map(ScopeGlob.init)
  }

  /// Host and port; `http` and `https` at their own ports are one place, as a site that moves to TLS stays itself.
  static func place(of url: WebURL) -> String {
    (url.host ?? "") + (url.port.map { ":\($0)" } ?? "")
  }

  /// Judges an address.
  func verdict(on url: WebURL) -> Verdict {
    guard url.isHTTP, url.username.isEmpty, url.password.isEmpty else { return .outside }
    let isHome = hosts.contains(Self.place(of: url))
    if include.isEmpty {
      guard isHome else { return .outside }
    } else if !include.contains(where: { $0.matches(url, isHome: isHome) }) {
      return .outside
    }
    if let glob = exclude.first(where: { $0.matches(url, isHome: true) }) {
      return .leftOut(reason: "excluded by \(glob.text)")
    }
    return .inside
  }
}

/// A glob of `include` or `exclude`.
private struct ScopeGlob: Sendable {
  let text: String
  private let glob: Glob
  private let isWhole: Bool

  init(_ text: String) throws(GlobError) {
    self.text = text
    glob = try Glob(text)
    isWhole = text.contains("://")
  }

  func matches(_ url: WebURL, isHome: Bool) -> Bool {
    isWhole ? glob.matches(url.description) : isHome && glob.matches(url.pathAndQuery)
  }
}
