internal import Corpus

/// Confluence Cloud: its second version for content, its first for searches, restrictions and groups.
struct CloudFace: ConfluenceFace {
  let client: ConfluenceClient

  static let two = "/api/v2"
  private static let one = "/rest/api"
  /// Ids that one answer may be asked for.
  private static let idsAtOnce = 250
  /// Contents with expanded parts in one answer of a search.
  private static let foundAtOnce = 200

  let bodiesAtOnce = 50
  let givesNamesTogether = true

  func account() async throws -> String? {
    try await user()?["accountId"]?.words
  }

  func spaces(_ keys: [String]) async throws -> [ConfluenceSpace] {
    var spaces: [ConfluenceSpace] = []
    func take(_ results: [JSONValue]) {
      spaces += results.compactMap { space in
        guard let id = space["id"]?.id, let key = space["key"]?.words else { return nil }
        return ConfluenceSpace(
          id: id, key: key, name: space["name"]?.words ?? key, home: space["homepageId"]?.id,
          isCurrent: space["status"]?.string != "archived")
      }
    }
    guard !keys.isEmpty else {
      try await client.list(Self.two + "/spaces", [("status", "current")], limit: 250, paging: .cursor) { take($0) }
      return spaces
    }
    for piece in keys.pieces(of: 100) {
      try await client.list(Self.two + "/spaces", [("keys", piece.joined(separator: ","))], limit: 250, paging: .cursor)
      {
        take($0)
      }
    }
    return spaces
  }

  func readers(of space: ConfluenceSpace) async throws -> SpaceReaders {
    var readers: Set<Principal> = []
    var roles = 0
    do {
      try await client.list(
        Self.two + "/spaces/\(space.id)/permissions", limit: 250, paging: .cursor, cost: .identity
      ) { results in
        for permission in results {
          let operation = permission["operation"]
          guard operation?["key"]?.string == "read", operation?["targetType"]?.string == "space",
            let id = permission["principal"]?["id"]?.id
          else { continue }
          switch permission["principal"]?["type"]?.string?.lowercased() {
          case "user": if let user = Principal("user:\(id)") { readers.insert(user) }
          case "group": if let group = Principal("group:\(id)") { readers.insert(group) }
          default: roles += 1
          }
        }
      }
      // Where rights are given by roles, those who have one that reads come besides.
      if roles > 0 || readers.isEmpty {
        do {
          readers.formUnion(try await readersByRole(of: space))
        } catch let error as ConfluenceError where error.isRefusal && !readers.isEmpty {
          // Those who are named by themselves read it in any case.
        }
      }
    } catch let error as ConfluenceError where error.isRefusal {
      return .refused("\(error)")
    }
    return .only(readers)
  }

  /// Who reads a space by a role; classes such as all users of the site are not known by their members, and left out.
  private func readersByRole(of space: ConfluenceSpace) async throws -> Set<Principal> {
    var roles: Set<String> = []
    try await client.list(
      Self.two + "/space-roles", [("space-id", space.id)], limit: 250, paging: .cursor, cost: .identity
    ) { results in
      for role in results where role.list("spacePermissions").contains(where: { $0.string == "read/space" }) {
        if let id = role["id"]?.id { roles.insert(id) }
      }
    }
    var readers: Set<Principal> = []
    try await client.list(
      Self.two + "/spaces/\(space.id)/role-assignments", limit: 250, paging: .cursor, cost: .identity
    ) { results in
      for assignment in results where assignment["roleId"]?.id.map(roles.contains) == true {
        guard let id = assignment["principal"]?["principalId"]?.id else { continue }
        switch assignment["principal"]?["principalType"]?.string?.uppercased() {
        case "USER": if let user = Principal("user:\(id)") { readers.insert(user) }
        case "GROUP": if let group = Principal("group:\(id)") { readers.insert(group) }
        default: continue
        }
      }
    }
    return readers
  }

  // MARK: Lists

  func inventory(
    of space: ConfluenceSpace, blogposts: Bool, _ take: ([ContentEntry]) throws -> Void
  ) async throws {
    // Archived pages are listed whatever is wanted: current ones may hang below them.
    try await client.list(
      Self.two + "/spaces/\(space.id)/pages", [("status", "current,archived"), ("sort", "id")], limit: 250,
      paging: .cursor
    ) { try take($0.compactMap { Self.entry($0, .page) }) }
    if blogposts {
      try await client.list(
        Self.two + "/spaces/\(space.id)/blogposts", [("status", "current"), ("sort", "id")], limit: 250,
        paging: .cursor
      ) { try take($0.compactMap { Self.entry($0, .blogpost) }) }
    }
  }

  func details(
    of space: ConfluenceSpace, above: Bool, _ take: ([String: ContentDetails]) throws -> Void
  ) async throws {
    let query = "space = \(VersionOne.quoted(space.key)) and type in (page, blogpost)"
    do {
      try await search(query, expand: VersionOne.details + (above ? ["ancestors"] : [])) { try take($0) }
    } catch let error as ConfluenceError where above && error.isRefusal {
      // One ancestor that is a draft or in the trash takes a whole answer away (CONFCLOUD-77618).
      try await search(query) { try take($0) }
    }
  }

  func details(of ids: [String]) async throws -> [String: ContentDetails] {
    var found: [String: ContentDetails] = [:]
    for piece in ids.pieces(of: Self.foundAtOnce) {
      _ = try await VersionOne.halving(piece) { ids -> [String] in
        try await search("id in (\(ids.joined(separator: ",")))") { found.merge($0) { $1 } }
        return []
      } failed: { _, _ in
      }
    }
    return found
  }

  func above(_ ids: [String]) async throws -> [String: [ContentEntry]] {
    var found: [String: [ContentEntry]] = [:]
    for piece in ids.pieces(of: Self.foundAtOnce) {
      try await search("id in (\(piece.joined(separator: ",")))", expand: ["ancestors"]) {
        for (id, details) in $0 { found[id] = details.above }
      }
    }
    return found
  }

  private func search(
    _ query: String, expand: [String] = VersionOne.details, _ take: ([String: ContentDetails]) throws -> Void
  ) async throws {
    try await client.list(
      Self.one + "/content/search", [("cql", query), ("expand", expand.joined(separator: ","))],
      limit: Self.foundAtOnce, paging: .cursor, endsWhenEmpty: true
    ) { results in
      var details: [String: ContentDetails] = [:]
      for content in results {
        guard let id = content["id"]?.id else { continue }
        details[id] = VersionOne.details(of: content, user: Self.user, group: Self.group)
      }
      try take(details)
    }
  }

  func restriction(of id: String) async throws -> ReadRestriction {
    var start = 0
    var principals: Set<Principal> = []
    // Each list inside goes on by itself; both are asked on together until neither gives more.
    while true {
      let answer = try await client.get(
        Self.one + "/content/\(id)/restriction/byOperation",
        [("expand", "restrictions.user,restrictions.group"), ("start", "\(start)"), ("limit", "200")], cost: .identity)
      guard let lists = answer["read"]?["restrictions"], let users = lists["user"]?["results"]?.array,
        let groups = lists["group"]?["results"]?.array
      else { return .unknown("the site's answer names no read restriction") }
      let before = principals.count
      principals.formUnion(users.compactMap(Self.user) + groups.compactMap(Self.group))
      let count = max(users.count, groups.count)
      if count == 0, start == 0 { return .unrestricted }
      let most = max(lists["user"]?["limit"]?.int ?? 200, lists["group"]?["limit"]?.int ?? 200)
      guard count >= most, principals.count > before, start < 10_000 else { return .only(principals) }
      start += count
    }
  }

  func labels(of entry: ContentEntry) async throws -> [String] {
    var labels: [String] = []
    let folder = entry.kind == .blogpost ? "blogposts" : "pages"
    try await client.list(Self.two + "/\(folder)/\(entry.id)/labels", limit: 250, paging: .cursor) {
      labels += $0.compactMap { $0["name"]?.words }
    }
    return Array(Set(labels)).sorted()
  }

  // MARK: Single contents

  func entries(_ ids: [String]) async throws -> [ContentEntry] {
    var found: [ContentEntry] = []
    for (folder, kind, statuses) in [
      ("pages", ContentEntry.Kind.page, "current,archived"), ("blogposts", .blogpost, "current"),
    ] {
      for piece in ids.pieces(of: Self.idsAtOnce) {
        let query = [("id", piece.joined(separator: ",")), ("status", statuses)]
        try await client.list(Self.two + "/\(folder)", query, limit: Self.idsAtOnce, paging: .cursor) {
          found += $0.compactMap { Self.entry($0, kind) }
        }
      }
    }
    return found
  }

  func entry(_ id: String, kind: ContentEntry.Kind) async throws -> ContentEntry? {
    let folder =
      switch kind {
      case .page: "pages"
      case .blogpost: "blogposts"
      case .folder: "folders"
      case .whiteboard: "whiteboards"
      case .database: "databases"
      case .embed: "embeds"
      }
    do {
      return Self.entry(try await client.get(Self.two + "/\(folder)/\(id)"), kind)
    } catch let error as ConfluenceError where error.kind == .notFound {
      return nil
    }
  }

  func bodies(_ ids: [String], kind: ContentEntry.Kind) async throws -> [ContentBody] {
    var bodies: [ContentBody] = []
    let folder = kind == .blogpost ? "blogposts" : "pages"
    let statuses = kind == .blogpost ? "current" : "current,archived"
    // As many as are asked for come at once: a list that is cut goes on by its cursor.
    try await client.list(
      Self.two + "/\(folder)",
      [("id", ids.joined(separator: ",")), ("status", statuses), ("body-format", "storage")],
      limit: ids.count, paging: .cursor
    ) { results in
      bodies += results.compactMap { content in
        guard let entry = Self.entry(content, kind), let storage = content["body"]?["storage"]?["value"]?.string
        else { return nil }
        return ContentBody(entry: entry, storage: storage)
      }
    }
    return bodies
  }

  // MARK: People

  func members(of group: Principal) async throws -> Set<Principal>? {
    let id = ConfluenceClient.encoded(String(group.name.dropFirst("group:".count)))
    var members: Set<Principal> = []
    do {
      try await client.list(
        Self.one + "/group/\(id)/membersByGroupId", limit: 200, paging: .offset, cost: .identity
      ) { members.formUnion($0.compactMap(Self.user)) }
    } catch let error as ConfluenceError where error.kind == .notFound {
      return nil
    }
    return members
  }

  func names(of people: [String]) async throws -> [String: String] {
    var names: [String: String] = [:]
    for piece in people.pieces(of: 200) {
      let answer = try await client.post(
        Self.two + "/users-bulk", ["accountIds": .array(piece.map { .string($0) })], cost: .identity)
      for user in answer.list("results") {
        guard let id = user["accountId"]?.words else { continue }
        names[id] = user["displayName"]?.words ?? user["publicName"]?.words
      }
    }
    return names
  }

  // MARK: Reading

  private static func user(_ user: JSONValue) -> Principal? {
    user["accountId"]?.words.flatMap { Principal("user:\($0)") }
  }

  private static func group(_ group: JSONValue) -> Principal? {
    group["id"]?.words.flatMap { Principal("group:\($0)") }
  }

  private static func entry(_ content: JSONValue, _ kind: ContentEntry.Kind) -> ContentEntry? {
    guard let id = content["id"]?.id, let status = ContentEntry.Status(rawValue: content["status"]?.string ?? "current")
    else { return nil }
    let version = content["version"]
    return ContentEntry(
      id: id, kind: kind, status: status, title: content["title"]?.string ?? "", space: content["spaceId"]?.id ?? "",
      parent: content["parentId"]?.id,
      parentKind: content["parentType"]?.string.flatMap { ContentEntry.Kind(rawValue: $0) } ?? .page,
      version: version?["number"]?.int ?? 0, modified: version?["createdAt"]?.string.flatMap { W3CDateTime.parse($0) },
      author: content["authorId"]?.words, editor: version?["authorId"]?.words)
  }
}

extension Array {
  /// The elements in order, so many at a time.
  func pieces(of count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
  }
}
