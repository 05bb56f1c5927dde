internal import Corpus

extension LabOperation {
  /// Version 1's content operations: Data Center's, and on Cloud removed ones.
  static let dataCenter: [LabOperation] = [
    .init(.v1, "content", .contentList) { state, call in
      try state.removed(call)
      let kind = LabSite.Kind(rawValue: call.first("type") ?? "page")
      let key = call.first("spaceKey")
      if let key { _ = try state.space(key: key, call) }
      let title = call.first("title")
      return try state.objects(call) { content, space in
        content.kind == kind && (key == nil || space.key == key) && (title == nil || content.title == title)
      }
    },
    .init(.dataCenter, "content/scan", .scan) { try $0.scan($1) },
    .init(.v1, "content/{}", .content) { try $0.object($1) },
    .init(.v1, "content/{}/label", .contentPart) { state, call in
      let content = try state.remaining(call)
      return state.offsetList(
        call, state.labelItems(content.labels, prefix: "global"), limit: try state.offsets(call, or: 200, cap: 200))
    },
    .init(.v1, "content/{}/child/comment", .contentPart) { state, call in
      let content = try state.remaining(call)
      let isDeep = call.first("depth") == "all"
      let places = call.list("location")
      let comments = state.site.comments.filter { comment in
        let place = comment.selection == nil ? "footer" : comment.resolution == "resolved" ? "resolved" : "inline"
        return comment.content == content.id && (isDeep || comment.parent == nil)
          && (places?.contains(place) ?? true)
      }
      return state.offsetList(
        call, comments.map { state.commentObject($0, call) }, limit: try state.offsets(call, or: 25, cap: 100))
    },
    .init(.v1, "content/{}/child/attachment", .contentPart) { state, call in
      let content = try state.remaining(call)
      let files = state.site.attachments.filter { $0.content == content.id && $0.status == .current }
      return state.offsetList(
        call, files.map { state.fileObject($0, call) }, limit: try state.offsets(call, or: 50, cap: 200))
    },
    .init(.v1, "content/{}/child/{}", .contentPart) { state, call in
      let parent = try state.remaining(call)
      guard call.parameters[1] == "page" else { return try state.noSuchType(call.parameters[1], call) }
      return try state.objects(call) { content, _ in content.kind == .page && content.parent == parent.id }
    },
    .init(.v1, "content/{}/descendant/{}", .contentPart) { state, call in
      let top = try state.remaining(call)
      guard call.parameters[1] == "page" else { return try state.noSuchType(call.parameters[1], call) }
      let site = state.site
      return try state.objects(call) { content, _ in
        content.kind == .page && site.ancestors(content.id).contains(top.id)
      }
    },
    .init(.v1, "space", .spacesV1) { state, call in
      try state.removed(call)
      let keys = call.list("spaceKey")
      let account = call.account.id ?? ""
      let spaces = state.site.spaces.filter { space in
        let status = call.first("status") ?? "current"
        return (keys?.contains(space.key) ?? true) && (status == "archived") == space.isArchived
          && (call.first("type") == nil || (call.first("type") == "personal") == (space.type == "personal"))
          && state.site.mayRead(space: space, as: account)
      }
      return state.offsetList(
        call, spaces.map { state.spaceObject($0.id, call) }, limit: try state.offsets(call, or: 25, cap: 100))
    },
    .init(.v1, "space/{}", .spaceV1) { state, call in
      try state.removed(call)
      return .json(state.spaceObject(try state.space(key: call.parameters[0], call).id, call), objects: 1)
    },
    .init(.v1, "space/{}/content", .spaceContent) { state, call in
      try state.removed(call)
      let space = try state.space(key: call.parameters[0], call)
      var lists: [JSONValue.Member] = []
      var count = 0
      for kind in [LabSite.Kind.page, .blogpost] {
        let reply = try state.objects(call) { content, _ in content.kind == kind && content.space == space.id }
        count += reply.objects
        lists.append(JSONValue.Member(kind.rawValue, try JSONValue(parsing: reply.body)))
      }
      return .json(.object(lists), objects: count)
    },
    .init(.v1, "space/{}/content/{}", .spaceContent) { state, call in
      try state.removed(call)
      let space = try state.space(key: call.parameters[0], call)
      guard let kind = LabSite.Kind(rawValue: call.parameters[1]), kind == .page || kind == .blogpost else {
        return try state.noSuchType(call.parameters[1], call)
      }
      let isRoot = call.first("depth") == "root"
      return try state.objects(call) { content, _ in
        content.kind == kind && content.space == space.id && (!isRoot || content.parent == nil)
      }
    },
    .init(.dataCenter, "space/{}/trash", .trash) { state, call in
      let space = try state.space(key: call.parameters[0], call)
      guard call.account.seesTrash else { throw LabRefusal.v1(403, "Only administrators of the space see its trash") }
      return try state.objects(call, statuses: [.trashed]) { content, _ in content.space == space.id }
    },
    .init(.dataCenter, "space/{}/permissions", .spacePermissions) { try $0.spacePermissions($1) },
    .init(.dataCenter, "group", .groups) { try $0.groups($1) },
    .init(.dataCenter, "group/{}", .groups) { state, call in
      guard let group = state.site.groups.first(where: { $0.name == call.parameters[0] }) else {
        throw LabRefusal.v1(404, "No group with that name")
      }
      return .json(state.groupItem(group, call), identities: 1)
    },
    .init(.dataCenter, "group/{}/member", .groupMembers) { state, call in
      try state.members(call, of: state.site.groups.first { $0.name == call.parameters[0] }, refusesMany: false)
    },
    .init(.dataCenter, "server-information", .systemInfo) { state, call in
      .json([
        "baseUrl": .string(state.base(call)), "version": .string(state.options.dataCenterVersion),
        "buildNumber": "9111", "serverTime": .string(LabTime.local(state.site.now, zone: state.options.zoneMinutes)),
      ])
    },
  ]
}

extension LabState {
  /// Operations that Cloud has removed: gone through the gateway, still there at the site's own address for now.
  func removed(_ call: LabCall) throws {
    guard call.face.isCloud else { return }
    guard call.face == .site, options.keepsRemovedOperations else { throw Self.gone }
  }

  /// The content of the path for one of these operations, current or archived.
  func remaining(_ call: LabCall) throws -> LabSite.Content {
    try removed(call)
    guard let id = call.id, let content = site.contents[id], sees(id, call), isKnown(content.kind, call),
      content.status == .current || content.status == .archived
    else { throw LabRefusal.v1(404, "No content found with id: ContentId{id=\(call.parameters.first ?? "")}") }
    return content
  }

  /// Data Center has pages and blog posts alone.
  func isKnown(_ kind: LabSite.Kind, _ call: LabCall) -> Bool {
    call.face.isCloud || kind == .page || kind == .blogpost
  }

  func noSuchType(_ type: String, _ call: LabCall) throws -> LabReply {
    throw LabRefusal.v1(call.face.isCloud ? 400 : 501, "No ContentTypeBinding found for type: \(type)")
  }

  func space(key: String, _ call: LabCall) throws -> LabSite.Space {
    guard let space = site.space(key), site.mayRead(space: space, as: call.account.id ?? "") else {
      throw LabRefusal.v1(404, "No space with key : \(key)")
    }
    return space
  }

  /// A list of contents by `start` and `limit`, in order of their ids.
  ///
  /// The server cuts the limit by what is to be expanded. With `shortPages` rows are taken away after the cut, as when
  /// permissions are looked at late: a page may be short, or empty, in the middle.
  mutating func objects(
    _ call: LabCall, statuses fallback: Set<LabSite.Status> = [.current],
    where fits: (LabSite.Content, LabSite.Space) -> Bool
  ) throws -> LabReply {
    let expand = Set(call.list("expand") ?? [])
    let limit = try offsets(call, or: 25, cap: Self.cap(expand))
    var statuses = call.list("status").map { Set($0.compactMap(LabSite.Status.init)) } ?? fallback
    if call.first("status") == "any" { statuses = [.current, .archived] }
    if !call.account.seesTrash { statuses.remove(.trashed) }
    let seen = Set(visible(call))
    let candidates = options.shortPages ? site.order : site.order.filter(seen.contains)
    let all = candidates.compactMap { site.contents[$0] }.filter { content in
      guard statuses.contains(content.status), isKnown(content.kind, call), let space = site.space(content.space)
      else { return false }
      return fits(content, space)
    }
    let cut = all.dropFirst(limit.start).prefix(limit.limit)
    let rows = cut.filter { seen.contains($0.id) }
    var links: [(String, JSONValue)] = [
      ("self", .string(base(call) + call.linkPath)), ("base", .string(base(call))),
      ("context", .string(call.face.isCloud ? "/wiki" : "/confluence")),
    ]
    if limit.start + cut.count < all.count, !cut.isEmpty {
      let asked = call.first("limit").flatMap { Int($0) } ?? limit.limit
      let next = limit.start + (options.skipsCutRows && !call.face.isCloud ? max(asked, cut.count) : cut.count)
      links.append(("next", .string(call.link(with: [("limit", "\(asked)"), ("start", "\(next)")]))))
    }
    return list(call, Array(rows), expand, [("start", .int(limit.start)), ("limit", .int(limit.limit))], links)
  }

  private func list(
    _ call: LabCall, _ contents: [LabSite.Content], _ expand: Set<String>, _ members: [(String, JSONValue)],
    _ links: [(String, JSONValue)]
  ) -> LabReply {
    let rows = contents.map { object($0, expand: expand, call) }
    let all =
      [("results", JSONValue.array(rows))] + members + [
        ("size", .int(rows.count)), ("_links", .object(links.map { JSONValue.Member($0.0, $0.1) })),
      ]
    var reply = LabReply.json(.object(all.map { JSONValue.Member($0.0, $0.1) }), objects: rows.count)
    if expand.contains(where: { $0.hasPrefix("body.") }) { reply.bodies = contents.map(\.id) }
    return reply
  }

  /// A walk over everything in order of the ids: `content:false:ID` names the last row given.
  mutating func scan(_ call: LabCall) throws -> LabReply {
    let parts = (call.first("cursor") ?? "content:false:null").split(separator: ":")
    guard parts.count == 3, parts[0] == "content", let last = parts[2] == "null" ? 0 : Int64(parts[2]) else {
      throw LabRefusal.v1(400, "The cursor is invalid: \(call.first("cursor") ?? "")")
    }
    let expand = Set(call.list("expand") ?? [])
    let limit = max(1, try offsets(call, or: 25, cap: Self.cap(expand)).limit)
    if call.first("type") == "comment" { return try scanComments(call, after: last, limit: limit) }
    let kind = LabSite.Kind(rawValue: call.first("type") ?? "page")
    let space = try call.first("spaceKey").map { try self.space(key: $0, call) }
    let statuses = call.list("status").map { Set($0.compactMap(LabSite.Status.init)) } ?? [.current]
    let rest = visible(call).lazy.filter { $0 > last }.compactMap { [site] in site.contents[$0] }.filter { content in
      content.kind == kind && statuses.contains(content.status) && content.status != .trashed
        && content.status != .draft && (space == nil || content.space == space?.id)
    }
    let rows = Array(rest.prefix(limit + 1))
    let page = Array(rows.prefix(limit))
    let (members, links) = walk(call, after: last, limit: limit, next: rows.count > limit ? page.last?.id : nil)
    return list(call, page, expand, members, links)
  }

  /// What stands around the rows of a walk.
  private func walk(
    _ call: LabCall, after last: Int64, limit: Int, next id: Int64?
  ) -> (members: [(String, JSONValue)], links: [(String, JSONValue)]) {
    var links: [(String, JSONValue)] = [
      ("base", .string(base(call))), ("context", "/confluence"), ("self", .string(base(call) + call.linkPath)),
    ]
    var members: [(String, JSONValue)] = [
      ("cursor", .string("content:false:\(last == 0 ? "null" : "\(last)")")), ("limit", .int(limit)),
    ]
    if let id {
      let next = "content:false:\(id)"
      members.append(("nextCursor", .string(next)))
      let fields = call.query.filter { $0.name != "cursor" }.map { "&\($0.name)=\(LabCall.encoded($0.value))" }
      links.append(("next", .string("/rest/api/content/scan?cursor=\(next)" + fields.joined())))
    }
    return (members, links)
  }

  private func scanComments(_ call: LabCall, after last: Int64, limit: Int) throws -> LabReply {
    let space = try call.first("spaceKey").map { try self.space(key: $0, call) }
    let rows = site.comments.filter { comment in
      comment.id > last && isShown(comment.content, call)
        && (space == nil || site.contents[comment.content]?.space == space?.id)
    }.sorted { $0.id < $1.id }
    let page = rows.prefix(limit)
    let (members, links) = walk(call, after: last, limit: limit, next: rows.count > limit ? page.last?.id : nil)
    let all =
      [("results", JSONValue.array(page.map { commentObject($0, call) }))] + members + [
        ("size", .int(page.count)), ("_links", .object(links.map { JSONValue.Member($0.0, $0.1) })),
      ]
    return LabReply.json(.object(all.map { JSONValue.Member($0.0, $0.1) }), objects: page.count)
  }

  func object(_ call: LabCall) throws -> LabReply {
    try removed(call)
    let statuses = call.list("status").map { Set($0.compactMap(LabSite.Status.init)) } ?? [.current]
    if let name = call.parameters.first, name.hasPrefix("att") {
      guard let file = attachment(named: name), file.status == .current, isShown(file.content, call) else {
        throw LabRefusal.v1(404, "No content found with id: ContentId{id=\(name)}")
      }
      let container: JSONValue = ["id": .id(file.content), "type": "page"]
      return .json(fileObject(file, call).adding([("container", container)]), objects: 1)
    }
    guard let id = call.id, let content = site.contents[id], sees(id, call), isKnown(content.kind, call),
      statuses.contains(content.status) || call.first("status") == "any" && content.status != .draft,
      content.status != .trashed || call.account.seesTrash
    else { throw LabRefusal.v1(404, "No content found with id: ContentId{id=\(call.parameters.first ?? "")}") }
    let expand = Set(call.list("expand") ?? ["history", "space", "version"])
    var reply = LabReply.json(object(content, expand: expand, call), objects: 1)
    if expand.contains(where: { $0.hasPrefix("body.") }) { reply.bodies = [id] }
    return reply
  }

  /// Before 9.1 there is no such operation.
  func spacePermissions(_ call: LabCall) throws -> LabReply {
    let version = options.dataCenterVersion.split(separator: ".").compactMap { Int($0) }
    guard (version.first ?? 0, version.dropFirst().first ?? 0) >= (9, 1) else {
      throw LabRefusal.v1(404, "null for uri")
    }
    let space = try space(key: call.parameters[0], call)
    var values: [JSONValue] = []
    func add(_ subject: JSONValue) {
      for (operation, target) in [("read", "space"), ("create", "comment")] {
        values.append([
          "operation": ["operationKey": .string(operation), "targetType": .string(target)], "subject": subject,
        ])
      }
    }
    for group in site.groups where space.readers.groups.contains(group.id) {
      add(["type": "group", "name": .string(group.name)])
    }
    for user in space.readers.users.sorted().compactMap({ site.users[$0] }) {
      add(["type": "user", "userKey": .string(user.userKey)])
    }
    return LabReply.json(.array(values), identities: values.count)
  }

  func commentObject(_ comment: LabSite.Comment, _ call: LabCall) -> JSONValue {
    let expand = Set(call.list("expand") ?? [])
    let page = site.contents[comment.content]
    let place = comment.selection == nil ? "footer" : comment.resolution == "resolved" ? "resolved" : "inline"
    var extensions: JSONValue = ["location": .string(place)]
    if expand.contains("extensions.resolution"), comment.selection != nil {
      extensions = extensions.adding([("resolution", ["status": .string(comment.resolution)])])
    }
    if expand.contains("extensions.inlineProperties"), let selection = comment.selection {
      let properties: JSONValue = [
        "originalSelection": .string(selection), "markerRef": .string("b7d1-\(comment.id)"),
      ]
      extensions = extensions.adding([("inlineProperties", properties)])
    }
    var members: [(String, JSONValue)] = [
      ("id", .id(comment.id)), ("type", "comment"), ("status", "current"),
      ("title", .string("Re: " + (page?.title ?? ""))), ("extensions", extensions),
    ]
    if expand.contains("version") { members.append(("version", versionObject(comment.version, call))) }
    if expand.contains("container"), let page {
      let container: JSONValue = [
        "id": .id(page.id), "type": .string(page.kind.rawValue), "title": .string(page.title),
      ]
      members.append(("container", container))
    }
    if expand.contains("ancestors") {
      var chain: [JSONValue] = []
      var next = comment.parent
      while let id = next, let parent = site.comments.first(where: { $0.id == id }) {
        chain.insert(["id": .id(id), "type": "comment"], at: 0)
        next = parent.parent
      }
      members.append(("ancestors", .array(chain)))
    }
    if expand.contains(where: { $0.hasPrefix("body") }) {
      members.append(("body", ["storage": ["value": .string(comment.text), "representation": "storage"]]))
    }
    members.append(("_links", ["self": .string(base(call) + "/rest/api/content/\(comment.id)")]))
    return .object(members.map { JSONValue.Member($0.0, $0.1) })
  }

  func fileObject(_ file: LabSite.Attachment, _ call: LabCall) -> JSONValue {
    let facts: JSONValue = [
      "mediaType": .string(file.mediaType), "fileSize": .int(file.bytes.count), "comment": "",
    ]
    return [
      "id": .string("att\(file.id)"), "type": "attachment", "status": .string(file.status.rawValue),
      "title": .string(file.name), "metadata": ["mediaType": .string(file.mediaType)], "extensions": facts,
      "version": versionObject(file.version, call),
      "_links": [
        "download": .string(downloadPath(file)), "self": .string(base(call) + "/rest/api/content/att\(file.id)"),
      ],
    ]
  }
}
