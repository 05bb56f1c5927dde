internal import Corpus

/// A page, blog post or folder as a listing shows it: without its body.
struct ContentEntry: Sendable, Equatable {
  /// What kind of content it is, by the word that Confluence uses.
  enum Kind: String, Sendable {
    case page, blogpost, folder, whiteboard, database, embed
  }

  var id: String
  var kind: Kind
  var status: Status
  var title: String
  /// The id of its space.
  var space: String
  /// What it hangs below; nil at the top.
  var parent: String?
  /// What kind of content that is; a page where nothing is said.
  var parentKind = Kind.page
  /// The number of its newest version.
  var version = 0
  /// When that came about, in seconds since 1970.
  var modified: Int64?
  /// The account that made it, and the one that changed it last.
  var author: String?
  var editor: String?

  enum Status: String, Sendable {
    case current, archived
  }
}

/// A space.
struct ConfluenceSpace: Sendable, Equatable {
  var id: String
  var key: String
  var name: String
  /// The page that it opens with.
  var home: String?
  var isCurrent = true
}

/// Who alone may read a content by its own restriction, whatever those above it say.
enum ReadRestriction: Sendable, Equatable {
  /// Whoever may read what is above it.
  case unrestricted
  /// One of these.
  case only(Set<Principal>)
  /// The lists were cut: to be asked for by itself.
  case cut
  /// It could not be had this time; the words say why.
  case unknown(String)
  /// The site does not tell it; the words say why.
  case refused(String)
}

/// What a listing leaves out: who may read a content, and its labels.
struct ContentDetails: Sendable, Equatable {
  var restriction: ReadRestriction
  /// Sorted; nil when they are not known.
  var labels: [String]?
  /// What stands above it by the site's own account, from the top down; nil where it was not asked for.
  var above: [ContentEntry]?
}

/// A content's body.
struct ContentBody: Sendable, Equatable {
  var entry: ContentEntry
  var storage: String
}

/// Who may read a space.
enum SpaceReaders: Sendable, Equatable {
  case only(Set<Principal>)
  /// The site does not tell; the words say why.
  case refused(String)
}

/// One of Confluence's two programming interfaces, in the words of the source.
///
/// Two are there: `CloudFace` and `DataCenterFace`.
protocol ConfluenceFace: Sendable {
  var client: ConfluenceClient { get }

  /// The account that asks; nil for nobody.
  func account() async throws -> String?

  /// The spaces with these keys that the account sees; all that are current for none.
  func spaces(_ keys: [String]) async throws -> [ConfluenceSpace]

  /// Who may read a space.
  func readers(of space: ConfluenceSpace) async throws -> SpaceReaders

  /// Every page, blog post and, where they can be listed, folder of a space: never drafts nor what is in the trash.
  ///
  /// - Parameters:
  ///   - space: the space.
  ///   - blogposts: whether blog posts are wanted, too.
  ///   - take: called with a piece at a time; some may come twice, of which the later holds.
  /// - Throws: `ConfluenceError` when it did not come to its end; what `take` throws; `CancellationError`.
  func inventory(
    of space: ConfluenceSpace, blogposts: Bool, _ take: ([ContentEntry]) throws -> Void) async throws

  /// Own restrictions and labels of the contents of a space, as many as can be had cheaply.
  ///
  /// - Parameters:
  ///   - space: the space.
  ///   - above: whether what stands above each is wanted, too.
  ///   - take: called with a piece at a time.
  /// - Throws: `ConfluenceError` when it did not come to its end; what `take` throws; `CancellationError`.
  func details(
    of space: ConfluenceSpace, above: Bool, _ take: ([String: ContentDetails]) throws -> Void) async throws

  /// Own restrictions and labels of some contents; those that cannot be found this way are left out.
  func details(of ids: [String]) async throws -> [String: ContentDetails]

  /// What stands above some contents, from the top down; those that cannot be found this way are left out.
  func above(_ ids: [String]) async throws -> [String: [ContentEntry]]

  /// A content's own restriction, asked for by itself.
  func restriction(of id: String) async throws -> ReadRestriction

  /// A content's labels, asked for by itself.
  func labels(of entry: ContentEntry) async throws -> [String]

  /// Which of some contents are there; those that are not are left out, as are drafts and what is in the trash.
  func entries(_ ids: [String]) async throws -> [ContentEntry]

  /// One content; nil when it is not there, not to be seen, a draft or in the trash.
  func entry(_ id: String, kind: ContentEntry.Kind) async throws -> ContentEntry?

  /// The bodies of some contents of one kind; those that do not come are left out.
  func bodies(_ ids: [String], kind: ContentEntry.Kind) async throws -> [ContentBody]

  /// Who is in a group; nil when there is none of that name.
  func members(of group: Principal) async throws -> Set<Principal>?

  /// The names that people see, by account id, user key or user name.
  func names(of people: [String]) async throws -> [String: String]

  /// Every comment on the contents of some spaces, perhaps of others, too, without its words.
  ///
  /// - Parameters:
  ///   - spaces: the spaces.
  ///   - take: called with a piece at a time; some may come twice, of which the later holds.
  /// - Throws: `ConfluenceError` when it did not come to its end; what `take` throws; `CancellationError`.
  func comments(in spaces: [ConfluenceSpace], _ take: ([CommentMark]) throws -> Void) async throws

  /// All comments on a content with their words, in any order.
  ///
  /// - Parameters:
  ///   - entry: the page or blog post.
  ///   - answered: the comments that are answered; nil where that is not known.
  /// - Returns: the comments; of settled ones the answers may be missing.
  /// - Throws: `ConfluenceError` when not all of them came; `CancellationError`.
  func comments(on entry: ContentEntry, answered: Set<String>?) async throws -> [ConfluenceComment]

  /// Every file attached to the contents of some spaces, perhaps of others, too.
  ///
  /// - Parameters:
  ///   - spaces: the spaces, each listed before.
  ///   - take: called with a piece at a time; some may come twice, of which the later holds.
  /// - Throws: `ConfluenceError` when it did not come to its end; what `take` throws; `CancellationError`.
  func attachments(in spaces: [ConfluenceSpace], _ take: ([ConfluenceAttachment]) throws -> Void) async throws

  /// One file; nil when it is not there, not to be seen, or in the trash.
  func attachment(_ id: String) async throws -> ConfluenceAttachment?

  /// Whether many names come with one request: then they are asked for in every run.
  var givesNamesTogether: Bool { get }

  /// How many bodies are asked for at a time.
  var bodiesAtOnce: Int { get }
}

extension JSONValue {
  /// A text that is not empty.
  var words: String? { string.flatMap { $0.isEmpty ? nil : $0 } }

  /// An id: digits, as a text or as a number.
  var id: String? {
    if let text = words { return text }
    return int.map(String.init)
  }

  /// A member's list; empty where it is missing or null.
  func list(_ name: String) -> [JSONValue] { self[name]?.array ?? [] }
}

/// What both interfaces' first version says the same way.
enum VersionOne {
  /// What has to be expanded for `details`.
  static let details = [
    "restrictions.read.restrictions.user", "restrictions.read.restrictions.group", "metadata.labels",
  ]

  /// Own restriction and labels of a content that came with them.
  static func details(of content: JSONValue, user: (JSONValue) -> Principal?, group: (JSONValue) -> Principal?)
    -> ContentDetails
  {
    let read = content["restrictions"]?["read"]
    return ContentDetails(
      restriction: read.map { restriction($0, user: user, group: group) } ?? .cut,
      labels: labels(content["metadata"]?["labels"]), above: content["ancestors"]?.array.flatMap(above))
  }

  /// The contents that an answer names above another one; nil where one of them cannot be read.
  private static func above(_ ancestors: [JSONValue]) -> [ContentEntry]? {
    var entries: [ContentEntry] = []
    for ancestor in ancestors {
      guard let id = ancestor["id"]?.id, let kind = ContentEntry.Kind(rawValue: ancestor["type"]?.string ?? "page")
      else { return nil }
      entries.append(
        ContentEntry(
          id: id, kind: kind, status: .current, title: ancestor["title"]?.string ?? "", space: "",
          parent: entries.last?.id, parentKind: entries.last?.kind ?? .page))
    }
    return entries
  }

  /// A read restriction, from the object that belongs to the operation `read`.
  static func restriction(
    _ read: JSONValue, user: (JSONValue) -> Principal?, group: (JSONValue) -> Principal?
  ) -> ReadRestriction {
    guard let lists = read["restrictions"], let users = lists["user"], let groups = lists["group"],
      users["results"]?.array != nil, groups["results"]?.array != nil
    else { return .cut }
    let (people, teams) = (users.list("results"), groups.list("results"))
    if people.isEmpty, teams.isEmpty, !isCut(users, 0), !isCut(groups, 0) { return .unrestricted }
    if isCut(users, people.count) || isCut(groups, teams.count) { return .cut }
    // One that cannot be read is left out: fewer may read then, never more.
    return .only(Set(people.compactMap(user) + teams.compactMap(group)))
  }

  /// Whether a list inside an answer goes on elsewhere.
  static func isCut(_ list: JSONValue, _ count: Int) -> Bool {
    if list["_links"]?["next"]?.string != nil { return true }
    if let size = list["size"]?.int, size > count { return true }
    if let total = list["totalSize"]?.int, total > count { return true }
    if let limit = list["limit"]?.int, limit > 0, count >= limit { return true }
    return false
  }

  /// The names of labels; nil where they did not come or not all of them.
  static func labels(_ list: JSONValue?) -> [String]? {
    guard let list, let results = list["results"]?.array, !isCut(list, results.count) else { return nil }
    return results.compactMap { $0["name"]?.words }.sorted()
  }

  /// A text in a search's language.
  static func quoted(_ text: String) -> String {
    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
  }

  /// What comes of a list that is asked for in pieces, each halved until it comes or is a single one.
  ///
  /// - Parameters:
  ///   - ids: what is asked for.
  ///   - ask: asks for some at once.
  ///   - failed: told of a single one that cannot be had.
  /// - Returns: what came.
  /// - Throws: a `ConfluenceError` that ends the run; what `failed` throws; `CancellationError`.
  static func halving<Result>(
    _ ids: [String], _ ask: ([String]) async throws -> [Result],
    failed: (String, ConfluenceError) async throws -> Void
  ) async throws -> [Result] {
    var waiting = [ids[...]]
    var results: [Result] = []
    while let piece = waiting.popLast() {
      do {
        results += try await ask(Array(piece))
      } catch let error as ConfluenceError where !error.endsRun {
        guard piece.count > 1, error.mayBeTooMuch || error.isRefusal else {
          guard let id = piece.first, piece.count == 1 else { throw error }
          try await failed(id, error)
          continue
        }
        let middle = piece.startIndex + piece.count / 2
        waiting.append(piece[middle...])
        waiting.append(piece[..<middle])
      }
    }
    return results
  }
}
