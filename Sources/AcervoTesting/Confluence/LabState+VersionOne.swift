internal import Corpus

extension LabOperation {
  private static let restrictions = ["read:confluence-content.all"]

  /// Version 1: what is left of it on Cloud, and what Data Center has in the same way.
  static let versionOne: [LabOperation] = [
    .init(.v1, "content/search", .contentSearch, scopes: ["search:confluence"]) {
      try $0.search(call: $1, envelopes: false)
    },
    .init(.v1, "search", .search, scopes: ["search:confluence"]) { try $0.search(call: $1, envelopes: true) },
    .init(.v1, "content/{}/restriction/byOperation", .restrictions, scopes: restrictions) { try $0.restrictions($1) },
    .init(.v1, "content/{}/restriction/byOperation/{}", .restrictions, scopes: restrictions) { state, call in
      let content = try state.restrictable(call)
      let operation = call.parameters[1]
      guard operation == "read" || operation == "update" else { throw LabRefusal.v1(400, "No such operation") }
      return state.counted(
        state.restriction(operation, of: content, call, limit: try state.offsets(call, or: 100, cap: 200)), content)
    },
    .init(.v1, "content/{}/restriction", .restrictions, scopes: restrictions) { try $0.restrictionList($1) },
    .init(
      .v1, "content/{}/permission/check", .permissionCheck, scopes: ["read:confluence-content.permission"],
      method: "POST"
    ) {
      try $0.permissionCheck($1)
    },
    .init(.cloudV1, "group", .groups, scopes: ["read:confluence-groups"]) { try $0.groups($1) },
    .init(.cloudV1, "group/by-id", .groups, scopes: ["read:confluence-groups"]) { state, call in
      guard let group = state.site.groups.first(where: { $0.id == call.first("id") }) else {
        throw LabRefusal.v1(404, "No group")
      }
      return .json(state.groupItem(group, call), identities: 1)
    },
    .init(.cloudV1, "group/{}/membersByGroupId", .groupMembers, scopes: ["read:confluence-groups"]) { state, call in
      try state.members(call, of: state.site.groups.first { $0.id == call.parameters[0] }, refusesMany: true)
    },
    .init(.v1, "user/current", .currentUser, scopes: ["read:confluence-user"]) { state, call in
      guard let user = call.account.id.flatMap({ state.site.users[$0] }) else {
        return .json(["type": "anonymous", "profilePicture": .null, "displayName": "Anonymous"], identities: 1)
      }
      return .json(state.userItem(user, call), identities: 1)
    },
    .init(.v1, "user", .user, scopes: ["read:confluence-user"]) { state, call in
      let user = state.site.users.values.first {
        $0.accountID == call.first("accountId") || $0.userKey == call.first("key")
          || $0.username == call.first("username")
      }
      guard let user else { throw LabRefusal.v1(404, "No user found") }
      return .json(state.userItem(user, call), identities: 1)
    },
    .init(.cloudV1, "user/bulk", .user, scopes: ["read:confluence-user"]) { state, call in
      let users = (call.list("accountId") ?? []).compactMap { state.site.users[$0] }
      return state.offsetList(call, users.map { state.userItem($0, call) }, identities: true, limit: (0, 200))
    },
    .init(.v1, "user/memberof", .memberOf, scopes: ["read:confluence-user"]) { state, call in
      let user = state.site.users.values.first {
        $0.accountID == call.first("accountId") || $0.userKey == call.first("key")
          || $0.username == call.first("username")
      }
      guard let user else { throw LabRefusal.v1(404, "No user found") }
      let groups = state.site.groups.filter { $0.members.contains(user.accountID) }
      return state.offsetList(
        call, groups.map { state.groupItem($0, call) }, identities: true,
        limit: try state.offsets(call, or: 200, cap: 200))
    },
    .init(.cloudV1, "settings/systemInfo", .systemInfo) { state, call in
      .json([
        "cloudId": .string(ConfluenceLab.cloudID), "commitHash": "lab", "baseUrl": .string(state.base(call)),
        "edition": "STANDARD", "siteTitle": "Lab", "defaultLocale": "en_GB", "defaultTimeZone": "Europe/Madrid",
      ])
    },
    .init(
      .cloudV1, "content/{}/child/attachment/{}/download", .download,
      scopes: ["readonly:content.attachment:confluence", "read:attachment:confluence"]
    ) { state, call in
      guard let content = call.id, let file = state.attachment(named: call.parameters[1]), file.content == content,
        state.sees(content, call)
      else { throw LabRefusal.v1(404, "No attachment found") }
      return state.send(file, call)
    },
  ]
}

extension LabState {
  // MARK: Lists by offset

  /// `start` and `limit`: the limit cut silently.
  func offsets(_ call: LabCall, or fallback: Int, cap: Int) throws -> (start: Int, limit: Int) {
    let start = call.first("start").flatMap { Int($0) } ?? 0
    let limit = call.first("limit").map { Int($0) ?? -1 } ?? fallback
    guard start >= 0, limit >= 0 else { throw LabRefusal.v1(400, "start and limit have to be numbers from 0") }
    return (start, min(limit, cap))
  }

  /// A list of version 1 cut by `start` and `limit`.
  func offsetList(
    _ call: LabCall, _ values: [JSONValue], identities: Bool = false, limit: (start: Int, limit: Int)
  ) -> LabReply {
    let rows = Array(values.dropFirst(limit.start).prefix(limit.limit))
    var links: [(String, JSONValue)] = [
      ("base", .string(base(call))), ("context", .string(call.face.isCloud ? "/wiki" : "/confluence")),
      ("self", .string(base(call) + call.linkPath)),
    ]
    if limit.start + rows.count < values.count, !rows.isEmpty {
      let asked = call.first("limit").flatMap { Int($0) } ?? limit.limit
      let next = limit.start + (options.skipsCutRows && !call.face.isCloud ? max(asked, rows.count) : rows.count)
      links.append(("next", .string(call.link(with: [("limit", "\(asked)"), ("start", "\(next)")]))))
    }
    return .json(
      [
        "results": .array(rows), "start": .int(limit.start), "limit": .int(limit.limit), "size": .int(rows.count),
        "totalSize": .int(values.count), "_links": .object(links.map { JSONValue.Member($0.0, $0.1) }),
      ], objects: identities ? 0 : rows.count, identities: identities ? rows.count : 0)
  }

  // MARK: People

  func userItem(_ user: LabSite.User, _ call: LabCall) -> JSONValue {
    let picture: JSONValue = [
      "path": "/wiki/aa-avatar/lab", "width": 48, "height": 48, "isDefault": .bool(false),
    ]
    guard call.face.isCloud else {
      return [
        "type": "known", "username": .string(user.username), "userKey": .string(user.userKey),
        "profilePicture": picture, "displayName": .string(user.displayName),
        "_links": ["self": .string(base(call) + "/rest/api/user?key=\(user.userKey)")],
        "_expandable": ["status": ""],
      ]
    }
    return [
      "type": "known", "accountId": .string(user.accountID), "accountType": "atlassian", "email": "",
      "publicName": .string(user.displayName), "profilePicture": picture, "displayName": .string(user.displayName),
      "isExternalCollaborator": .bool(false), "_expandable": ["operations": "", "personalSpace": ""],
      "_links": ["self": .string(base(call) + "/rest/api/user?accountId=" + LabCall.encoded(user.accountID))],
    ]
  }

  func groupItem(_ group: LabSite.Group, _ call: LabCall) -> JSONValue {
    let path =
      call.face.isCloud ? "/rest/api/group/by-id?id=\(group.id)" : "/rest/api/group/" + LabCall.encoded(group.name)
    let item: JSONValue = ["type": "group", "name": .string(group.name)]
    return item.adding(
      (call.face.isCloud ? [("id", .string(group.id))] : []) + [("_links", ["self": .string(base(call) + path)])])
  }

  func groups(_ call: LabCall) throws -> LabReply {
    offsetList(
      call, site.groups.map { groupItem($0, call) }, identities: true, limit: try offsets(call, or: 200, cap: 200))
  }

  func members(_ call: LabCall, of group: LabSite.Group?, refusesMany: Bool) throws -> LabReply {
    guard let group else { throw LabRefusal.v1(404, "No group with that id or name") }
    if refusesMany, let limit = call.first("limit").flatMap({ Int($0) }), limit > 200 {
      throw LabRefusal.v1(400, "limit must be at most 200")
    }
    let users = group.members.sorted().compactMap { site.users[$0] }
    return offsetList(
      call, users.map { userItem($0, call) }, identities: true, limit: try offsets(call, or: 200, cap: 200))
  }

  // MARK: Restrictions

  func restrictable(_ call: LabCall) throws -> LabSite.Content {
    guard let id = call.id, let content = site.contents[id], sees(id, call), content.status != .trashed else {
      throw LabRefusal.v1(404, "No content found with id: ContentId{id=\(call.parameters.first ?? "")}")
    }
    return content
  }

  /// One operation's own restriction; what ancestors restrict is never in it.
  func restriction(
    _ operation: String, of content: LabSite.Content, _ call: LabCall, limit: (start: Int, limit: Int) = (0, 200)
  ) -> JSONValue {
    let subjects = (operation == "read" ? content.readers : content.editors) ?? LabSite.Subjects()
    func list(_ values: [JSONValue]) -> JSONValue {
      let rows = Array(values.dropFirst(limit.start).prefix(limit.limit))
      return [
        "results": .array(rows), "start": .int(limit.start), "limit": .int(limit.limit), "size": .int(rows.count),
        "totalSize": .int(values.count), "_links": ["self": .string(base(call))],
      ]
    }
    let users = subjects.users.sorted().compactMap { site.users[$0] }.map { userItem($0, call) }
    let groups = site.groups.filter { subjects.groups.contains($0.id) }.map { groupItem($0, call) }
    let path = "/rest/api/content/\(content.id)"
    return [
      "operation": .string(operation),
      "restrictions": ["user": list(users), "group": list(groups), "_expandable": [:]],
      "_expandable": ["content": .string(path)],
      "_links": ["self": .string(base(call) + path + "/restriction/byOperation/" + operation)],
    ]
  }

  func counted(_ value: JSONValue, _ content: LabSite.Content) -> LabReply {
    let readers = content.readers ?? LabSite.Subjects()
    return .json(value, objects: 1, identities: readers.users.count + readers.groups.count)
  }

  func restrictions(_ call: LabCall) throws -> LabReply {
    let content = try restrictable(call)
    return counted(
      [
        "read": restriction("read", of: content, call), "update": restriction("update", of: content, call),
        "_links": [
          "self": .string(base(call) + "/rest/api/content/\(content.id)/restriction/byOperation"),
          "base": .string(base(call)),
        ],
      ], content)
  }

  func restrictionList(_ call: LabCall) throws -> LabReply {
    let content = try restrictable(call)
    let limit = try offsets(call, or: 100, cap: 200)
    return counted(
      [
        "results": [
          restriction("read", of: content, call, limit: limit), restriction("update", of: content, call, limit: limit),
        ], "start": .int(limit.start), "limit": .int(limit.limit), "size": 2,
        "restrictionsHash": .string(String(LabCursor.hash("\(content.readers ?? .init())", 0), radix: 16)),
        "_links": ["base": .string(base(call))],
      ], content)
  }

  func permissionCheck(_ call: LabCall) throws -> LabReply {
    let content = try restrictable(call)
    let body = try? JSONValue(parsing: call.body)
    guard let subject = body?["subject"]?["identifier"]?.string, let type = body?["subject"]?["type"]?.string else {
      throw LabRefusal.v1(400, "subject is missing")
    }
    let may =
      type == "user"
      ? site.mayRead(content.id, as: subject)
      : site.readers(of: content.id).allSatisfy { $0.groups.contains(subject) }
    return .json(["hasPermission": .bool(may), "errors": []], identities: 1)
  }

  // MARK: Search

  mutating func search(call: LabCall, envelopes: Bool) throws -> LabReply {
    guard let text = call.first("cql") else { throw LabRefusal.v1(400, "cql is missing") }
    let query = try parsed(text, call, envelopes)
    let found = try find(text, query, call, envelopes)
    let expand = Set(call.list("expand") ?? [])
    let page = try searchPage(call, query, found, expand, envelopes)
    // The index says which contents are found; what they are like comes from the database.
    let contents = page.ids.compactMap { site.contents[$0] }.filter { $0.status == .current }
    if expand.contains(where: { $0.hasPrefix("ancestors.restrictions") }) { try refuseTrashedAncestors(contents) }
    let rows = contents.map { hit($0, envelopes ? [] : expand, envelopes, call) }
    var links: [(String, JSONValue)] = [
      ("base", .string(base(call))), ("context", .string(call.face.isCloud ? "/wiki" : "/confluence")),
      ("self", .string(base(call) + call.linkPath)),
    ]
    if let next = page.next { links.append(("next", .string(next))) }
    var members: [(String, JSONValue)] = [
      ("start", .int(page.start)), ("limit", .int(page.limit)), ("size", .int(rows.count)),
    ]
    if envelopes {
      members += [("totalSize", .int(found.count)), ("cqlQuery", .string(text)), ("searchDuration", 3)]
    }
    members.append(("_links", .object(links.map { JSONValue.Member($0.0, $0.1) })))
    // The rows are encoded already: they are put before the other members.
    var body = Array(#"{"results":["#.utf8)
    for (index, row) in rows.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      body += row
    }
    body += Array("],".utf8) + JSONValue.object(members.map { JSONValue.Member($0.0, $0.1) }).bytes.dropFirst()
    var reply = LabReply(
      headers: [("Content-Type", "application/json")], body: body, objects: rows.count)
    if !envelopes, expand.contains(where: { $0.hasPrefix("body.") }) { reply.bodies = contents.map(\.id) }
    return reply
  }

  private mutating func find(_ text: String, _ query: LabQuery, _ call: LabCall, _ envelopes: Bool) throws -> [Int64] {
    let archivedSpaces = call.first("includeArchivedSpaces") == "true"
    let lower = text.lowercased()
    let isTimeless = !lower.contains("now(") && !lower.contains("startofday(") && site.unindexed.isEmpty
    let key = "\(call.account.id ?? "") \(call.account.seesRestricted) \(call.face.isCloud) \(archivedSpaces) \(text)"
    if isTimeless, let known = found[key] { return known }
    let clock = LabQuery.Clock(now: site.now, zone: options.zoneMinutes)
    let spaces = Dictionary(site.spaces.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let ids = visible(call)
    let site = site
    var found: [Int64] = []
    do throws(LabQuery.Refusal) {
      for id in ids {
        guard let content = indexed(id), content.status == .current, isKnown(content.kind, call),
          let space = spaces[content.space], archivedSpaces || !space.isArchived
        else { continue }
        let subject = LabQuery.Subject(
          content: content, space: space, ancestors: { site.ancestors(id) },
          text: { content.title + " " + site.body(of: content) }, type: content.kind.rawValue)
        if try query.holds(for: subject, clock) { found.append(id) }
      }
    } catch {
      throw refused(error, call, envelopes)
    }
    if isTimeless { self.found[key] = found }
    return found
  }

  /// A hit as one row, encoded; kept while the site stays as it is.
  private mutating func hit(
    _ content: LabSite.Content, _ expand: Set<String>, _ envelopes: Bool, _ call: LabCall
  ) -> [UInt8] {
    let key = "\(call.face.isCloud) \(envelopes) \(expand.sorted().joined(separator: ","))"
    if let known = hits[key]?[content.id] { return known }
    let item = object(content, expand: expand, call)
    let bytes = (envelopes ? envelope(content, item) : item).bytes
    hits[key, default: [:]][content.id] = bytes
    return bytes
  }

  private func parsed(_ text: String, _ call: LabCall, _ envelopes: Bool) throws -> LabQuery {
    do throws(LabQuery.Refusal) {
      return try LabQuery(text)
    } catch {
      throw refused(error, call, envelopes)
    }
  }

  private struct SearchPage {
    var ids: [Int64]
    var start: Int
    var limit: Int
    var next: String?
  }

  /// Cloud goes by cursors and does not look at `start`; Data Center goes by `start`.
  private func searchPage(
    _ call: LabCall, _ query: LabQuery, _ found: [Int64], _ expand: Set<String>, _ envelopes: Bool
  ) throws -> SearchPage {
    let contents = site.contents
    let limit = try offsets(call, or: 25, cap: Self.cap(expand))
    var key: ((Int64) -> LabKey)?
    switch query.order?.field {
    case "lastmodified": key = { .number(contents[$0]?.version.createdAt ?? 0) }
    case "created": key = { .number(contents[$0]?.createdAt ?? 0) }
    case "title": key = { .text(contents[$0]?.title ?? "") }
    default: key = nil
    }
    let descending = query.order?.descending ?? false
    if call.face.isCloud {
      let page = try cut(call, found, limit: max(1, limit.limit), descending: descending, key: key) { _ in true }
      let next = page.next.map { call.link(with: [("cursor", $0)]) }
      return SearchPage(ids: page.ids, start: 0, limit: limit.limit, next: next)
    }
    var offsetCall = call
    offsetCall.query.removeAll { $0.name == "cursor" }
    let all = try cut(offsetCall, found, limit: Int.max / 2, descending: descending, key: key) { _ in true }.ids
    let ids = Array(all.dropFirst(limit.start).prefix(limit.limit))
    let asked = call.first("limit").flatMap { Int($0) } ?? limit.limit
    let after = limit.start + (options.skipsCutRows ? max(asked, ids.count) : ids.count)
    let hasMore = limit.start + ids.count < all.count && !ids.isEmpty
    let next = hasMore ? call.link(with: [("limit", "\(asked)"), ("start", "\(after)")]) : nil
    return SearchPage(ids: ids, start: limit.start, limit: limit.limit, next: next)
  }

  /// The most rows by what is to be expanded.
  static func cap(_ expand: Set<String>) -> Int {
    if expand.contains("body.export_view") || expand.contains("body.styled_view") { return 25 }
    if expand.contains(where: { $0.hasPrefix("body") }) { return 50 }
    return expand.isEmpty ? 1_000 : 200
  }

  private func refused(_ refusal: LabQuery.Refusal, _ call: LabCall, _ envelopes: Bool) -> LabRefusal {
    .v1(call.face.isCloud || envelopes ? 400 : 404, refusal.message)
  }

  /// A content as the search index sees it: perhaps as it was a while ago.
  private func indexed(_ id: Int64) -> LabSite.Content? {
    if let waiting = site.unindexed[id], waiting.until > site.now { return waiting.was }
    return site.contents[id]
  }

  /// One ancestor in the trash, or a draft, makes the whole batch a 404.
  private func refuseTrashedAncestors(_ contents: [LabSite.Content]) throws {
    for content in contents {
      for ancestor in site.ancestors(content.id) where site.contents[ancestor]?.status != .current {
        throw LabRefusal.v1(404, "Cannot find content: ContentId{id=\(ancestor)}")
      }
    }
  }

  private func envelope(_ content: LabSite.Content, _ item: JSONValue) -> JSONValue {
    let space = site.space(content.space)
    let (name, key) = (space?.name ?? "", space?.key ?? "")
    return [
      "content": item, "title": .string(content.title), "excerpt": .string(LabBodies.mark(of: content)),
      "url": .string(webui(content)),
      "resultGlobalContainer": ["title": .string(name), "displayUrl": .string("/spaces/" + key)], "breadcrumbs": [],
      "entityType": "content", "iconCssClass": "aui-icon content-type-page",
      "lastModified": .string(LabTime.utc(content.version.createdAt)), "friendlyLastModified": "some time ago",
      "score": .number(0.5),
    ]
  }
}
