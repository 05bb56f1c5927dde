internal import Corpus
internal import Synchronization

/// Confluence Data Center and Server: the first version only.
final class DataCenterFace: ConfluenceFace {
  let client: ConfluenceClient
  let bodiesAtOnce = 50
  let givesNamesTogether = false

  static let one = "/rest/api"
  private static let entryParts = ["version", "ancestors", "space", "history"]
  /// What the walk over a space brings beside the entries themselves, by space.
  private let walked = Mutex<[String: [String: ContentDetails]]>([:])
  /// What it brings of files, by space and page.
  let files = Mutex<[String: [String: Files]]>([:])
  /// Whether readers and labels are wanted with the walk.
  private let wantsDetails: Bool
  /// Whether attachments are.
  private let wantsFiles: Bool

  init(client: ConfluenceClient, wantsDetails: Bool, wantsFiles: Bool) {
    self.client = client
    self.wantsDetails = wantsDetails
    self.wantsFiles = wantsFiles
  }

  func account() async throws -> String? {
    let user = try await user()
    return user?["userKey"]?.words ?? user?["username"]?.words
  }

  func spaces(_ keys: [String]) async throws -> [ConfluenceSpace] {
    var spaces: [ConfluenceSpace] = []
    let queries: [[(String, String)]] =
      keys.isEmpty ? [[("status", "current")]] : keys.pieces(of: 50).map { $0.map { ("spaceKey", $0) } }
    for query in queries {
      try await client.list(
        Self.one + "/space", query + [("expand", "homepage")], limit: 100, paging: .offset
      ) { results in
        spaces += results.compactMap { space in
          guard let id = space["id"]?.id, let key = space["key"]?.words else { return nil }
          return ConfluenceSpace(
            id: id, key: key, name: space["name"]?.words ?? key, home: space["homepage"]?["id"]?.id,
            isCurrent: space["status"]?.string?.lowercased() != "archived")
        }
      }
    }
    return spaces
  }

  func readers(of space: ConfluenceSpace) async throws -> SpaceReaders {
    let path = Self.one + "/space/\(ConfluenceClient.encoded(space.key))/permissions"
    do {
      // From version 9.1 on. Those who do not administer the space get 500 in place of 403 (CONFSERVER-99908).
      let answer = try await client.get(path, cost: .identity, tries: 2)
      var permissions = answer.array ?? answer["results"]?.array
      if answer["_links"]?["next"]?.string != nil {
        permissions = []
        try await client.list(path, limit: 200, paging: .offset, cost: .identity) { permissions? += $0 }
      }
      guard let permissions else { return .refused("\(client.root + path): the answer names no permissions") }
      return .only(
        Set(
          permissions.compactMap { permission in
            let operation = permission["operation"]
            let key = operation?["operationKey"] ?? operation?["operation"] ?? operation?["key"]
            guard key?.string?.lowercased() == "read",
              operation?["targetType"]?.string?.lowercased() ?? "space" == "space",
              let subject = permission["subject"] ?? permission["principal"]
            else { return nil }
            return Self.user(subject) ?? Self.group(subject)
          }))
    } catch let error as ConfluenceError where error.isRefusal || error.kind == .transient && !error.endsRun {
      return .refused("\(error)")
    }
  }

  // MARK: Lists

  func inventory(
    of space: ConfluenceSpace, blogposts: Bool, _ take: ([ContentEntry]) throws -> Void
  ) async throws {
    walked.withLock { $0[space.id] = [:] }
    files.withLock { $0[space.id] = [:] }
    for kind in blogposts ? [ContentEntry.Kind.page, .blogpost] : [.page] {
      try await walk(space, kind, status: .current, take)
    }
    do {
      try await walk(space, .page, status: .archived, take)
    } catch let error as ConfluenceError where error.isRefusal {
      // Older versions cannot archive single pages.
    }
  }

  /// One kind of content of a space, in the order of ids.
  private func walk(
    _ space: ConfluenceSpace, _ kind: ContentEntry.Kind, status: ContentEntry.Status,
    _ take: ([ContentEntry]) throws -> Void
  ) async throws {
    let expand = Self.entryParts + (wantsDetails ? VersionOne.details : []) + (wantsFiles ? Self.files : [])
    let query = [
      ("spaceKey", space.key), ("type", kind.rawValue), ("status", status.rawValue),
      ("expand", expand.joined(separator: ",")),
    ]
    func receive(_ results: [JSONValue]) throws {
      if wantsDetails {
        walked.withLock { walked in
          for content in results {
            guard let id = content["id"]?.id else { continue }
            walked[space.id, default: [:]][id] = VersionOne.details(of: content, user: Self.user, group: Self.group)
          }
        }
      }
      if wantsFiles {
        for content in results {
          guard let id = content["id"]?.id, let list = Self.files(of: content) else { continue }
          files.withLock { $0[space.id, default: [:]][id] = list }
        }
      }
      try take(results.compactMap { Self.entry($0, space: space.id) })
    }
    do {
      // From version 7.18 on: ordered by id, so that nothing is passed over when content comes in meanwhile.
      try await client.list(Self.one + "/content/scan", query, limit: 200, paging: .cursor) { try receive($0) }
    } catch let error as ConfluenceError where error.kind == .notFound || error.kind == .unsupported {
      try await client.list(Self.one + "/content", query, limit: 200, paging: .offset) { try receive($0) }
    }
  }

  func details(
    of space: ConfluenceSpace, above: Bool, _ take: ([String: ContentDetails]) throws -> Void
  ) async throws {
    // They came with the walk.
    try take(walked.withLock { $0.removeValue(forKey: space.id) } ?? [:])
  }

  func details(of ids: [String]) async throws -> [String: ContentDetails] {
    var found: [String: ContentDetails] = [:]
    for piece in ids.pieces(of: 100) {
      _ = try await VersionOne.halving(piece) { ids -> [String] in
        try await client.list(
          Self.one + "/content/search",
          [("cql", "id in (\(ids.joined(separator: ",")))"), ("expand", VersionOne.details.joined(separator: ","))],
          limit: 100, paging: .offset
        ) { results in
          for content in results {
            guard let id = content["id"]?.id else { continue }
            found[id] = VersionOne.details(of: content, user: Self.user, group: Self.group)
          }
        }
        return []
      } failed: { _, _ in
      }
    }
    return found
  }

  /// There are no folders: the listing has all that pages hang below.
  func above(_ ids: [String]) async throws -> [String: [ContentEntry]] { [:] }

  func restriction(of id: String) async throws -> ReadRestriction {
    let answer = try await client.get(
      Self.one + "/content/\(id)/restriction/byOperation", [("expand", "restrictions.user,restrictions.group")],
      cost: .identity)
    guard let read = answer["read"] else { return .unknown("the site's answer names no read restriction") }
    let restriction = VersionOne.restriction(read, user: Self.user, group: Self.group)
    guard restriction == .cut, let lists = read["restrictions"], let users = lists["user"]?["results"]?.array,
      let groups = lists["group"]?["results"]?.array
    else { return restriction == .cut ? .unknown("the site's answer names no read restriction") : restriction }
    // What came is right as far as it goes: those who were cut off may not read until it is whole.
    return .only(Set(users.compactMap(Self.user) + groups.compactMap(Self.group)))
  }

  func labels(of entry: ContentEntry) async throws -> [String] {
    var labels: [String] = []
    try await client.list(Self.one + "/content/\(entry.id)/label", limit: 200, paging: .offset) {
      labels += $0.compactMap { $0["name"]?.words }
    }
    return Array(Set(labels)).sorted()
  }

  // MARK: Single contents

  func entries(_ ids: [String]) async throws -> [ContentEntry] {
    // By the database: a search knows nothing of what came in the last minute.
    var found: [ContentEntry] = []
    for id in ids { if let entry = try await entry(id, kind: .page) { found.append(entry) } }
    return found
  }

  func entry(_ id: String, kind: ContentEntry.Kind) async throws -> ContentEntry? {
    do {
      let query = [("expand", Self.entryParts.joined(separator: ","))]
      return Self.entry(try await client.get(Self.one + "/content/\(id)", query), space: nil)
    } catch let error as ConfluenceError where error.kind == .notFound {
      return nil
    }
  }

  func bodies(_ ids: [String], kind: ContentEntry.Kind) async throws -> [ContentBody] {
    var bodies: [ContentBody] = []
    let expand = ("expand", (Self.entryParts + ["body.storage"]).joined(separator: ","))
    if ids.count > 1 {
      try await client.list(
        Self.one + "/content/search", [("cql", "id in (\(ids.joined(separator: ",")))"), expand],
        limit: min(ids.count, bodiesAtOnce), paging: .offset
      ) { bodies += $0.compactMap(Self.body) }
    } else if let id = ids.first {
      do {
        if let body = Self.body(try await client.get(Self.one + "/content/\(id)", [expand])) { bodies.append(body) }
      } catch let error as ConfluenceError where error.kind == .notFound {
        return []
      }
    }
    return bodies
  }

  // MARK: People

  func members(of group: Principal) async throws -> Set<Principal>? {
    let name = ConfluenceClient.encoded(String(group.name.dropFirst("group:".count)))
    var members: Set<Principal> = []
    do {
      try await client.list(Self.one + "/group/\(name)/member", limit: 200, paging: .offset, cost: .identity) {
        members.formUnion($0.compactMap(Self.user))
      }
    } catch let error as ConfluenceError where error.kind == .notFound {
      return nil
    }
    return members
  }

  func names(of people: [String]) async throws -> [String: String] {
    var names: [String: String] = [:]
    for person in people {
      do {
        let user = try await client.get(Self.one + "/user", [("key", person)], cost: .identity)
        names[person] = user["displayName"]?.words
      } catch let error as ConfluenceError where error.isRefusal {
        let user = try? await client.get(Self.one + "/user", [("username", person)], cost: .identity, tries: 1)
        names[person] = user?["displayName"]?.words
      }
    }
    return names
  }

  // MARK: Reading

  private static func user(_ user: JSONValue) -> Principal? {
    user["userKey"]?.words.flatMap { Principal("user:\($0)") }
  }

  private static func group(_ group: JSONValue) -> Principal? {
    guard group["type"]?.string?.lowercased() != "user", group["userKey"] == nil else { return nil }
    return (group["name"] ?? group["groupName"])?.words.flatMap { Principal("group:\($0)") }
  }

  private static func body(_ content: JSONValue) -> ContentBody? {
    guard let entry = entry(content, space: nil), let storage = content["body"]?["storage"]?["value"]?.string
    else { return nil }
    return ContentBody(entry: entry, storage: storage)
  }

  private static func entry(_ content: JSONValue, space: String?) -> ContentEntry? {
    guard let id = content["id"]?.id,
      let status = ContentEntry.Status(rawValue: content["status"]?.string ?? "current"),
      let kind = ContentEntry.Kind(rawValue: content["type"]?.string ?? "page")
    else { return nil }
    let version = content["version"]
    return ContentEntry(
      id: id, kind: kind, status: status, title: content["title"]?.string ?? "",
      space: space ?? content["space"]?["id"]?.id ?? "", parent: content.list("ancestors").last?["id"]?.id,
      version: version?["number"]?.int ?? 0, modified: version?["when"]?.string.flatMap { W3CDateTime.parse($0) },
      author: person(content["history"]?["createdBy"]), editor: person(version?["by"]))
  }

  static func person(_ user: JSONValue?) -> String? { user?["userKey"]?.words ?? user?["username"]?.words }
}
