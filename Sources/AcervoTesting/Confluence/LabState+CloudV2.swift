internal import Corpus

extension LabOperation {
  private static let pageScope = ["read:page:confluence"]

  /// Version 2: pages, blog posts and what hangs on them.
  static let cloudV2: [LabOperation] = [
    .init(.v2, "spaces/{}/pages", .spacePages, scopes: pageScope) { state, call in
      let space = try state.space(call)
      return try state.contents(call, kind: .page) { $0.space == space.id }
    },
    .init(.v2, "spaces/{}/blogposts", .spaceBlogPosts, scopes: pageScope) { state, call in
      let space = try state.space(call)
      return try state.contents(call, kind: .blogpost) { $0.space == space.id }
    },
    .init(.v2, "pages", .pages, scopes: pageScope) { try $0.contents($1, kind: .page) { _ in true } },
    .init(.v2, "blogposts", .blogPosts, scopes: pageScope) { try $0.contents($1, kind: .blogpost) { _ in true } },
    .init(.v2, "pages/{}", .page, scopes: pageScope) { try $0.content($1, kind: .page) },
    .init(.v2, "blogposts/{}", .blogPost, scopes: pageScope) { try $0.content($1, kind: .blogpost) },
    .init(.v2, "pages/{}/labels", .labels, scopes: pageScope) { try $0.labels($1) },
    .init(.v2, "blogposts/{}/labels", .labels, scopes: pageScope) { try $0.labels($1) },
    .init(.v2, "labels/{}/pages", .labelled, scopes: pageScope) { state, call in
      let name = state.labelName(call.id)
      return try state.contents(call, kind: .page) { content in name.map(content.labels.contains) ?? false }
    },
    .init(.v2, "pages/{}/versions", .versions, scopes: pageScope) { try $0.versions($1) },
    .init(.v2, "blogposts/{}/versions", .versions, scopes: pageScope) { try $0.versions($1) },
    .init(.v2, "pages/{}/properties", .properties, scopes: pageScope) { state, call in
      _ = try state.readable(call)
      return try state.listing(call, values: [])
    },
    .init(.v2, "pages/{}/operations", .operations, scopes: pageScope) { state, call in
      _ = try state.readable(call)
      return .json(["operations": [["operation": "read", "targetType": "page"]]])
    },
    .init(.v2, "users-bulk", .usersBulk, scopes: ["read:user:confluence"], method: "POST") { try $0.usersBulk($1) },
    .init(.v2, "content/convert-ids-to-types", .convertIDs, method: "POST") { try $0.convertIDs($1) },
    .init(.v2, "data-policies/metadata", .dataPolicies) { _, _ in .json(["anyContentBlocked": false]) },
  ]
}

extension LabState {
  // MARK: What the caller may see

  /// The space of the path; 404 where there is none for the caller.
  func space(_ call: LabCall) throws -> LabSite.Space {
    guard let id = call.id, let space = site.space(id), site.mayRead(space: space, as: call.account.id ?? "") else {
      throw LabRefusal.notFound
    }
    return space
  }

  /// The content of the path, of any kind; 404 where there is none for the caller.
  func readable(_ call: LabCall, kinds: Set<LabSite.Kind>? = nil) throws -> LabSite.Content {
    guard let id = call.id, let content = site.contents[id], kinds?.contains(content.kind) ?? true, sees(id, call),
      content.status == .current || content.status == .archived
    else { throw LabRefusal.notFound }
    return content
  }

  // MARK: Pages and blog posts

  func sort(_ call: LabCall, or fallback: String) -> (name: String, descending: Bool) {
    let text = call.first("sort") ?? fallback
    return text.hasPrefix("-") ? (String(text.dropFirst()), true) : (text, false)
  }

  mutating func contents(_ call: LabCall, kind: LabSite.Kind, where fits: (LabSite.Content) -> Bool) throws -> LabReply
  {
    let defaults: [LabSite.Status] = kind == .page ? [.current, .archived] : [.current]
    var statuses = call.list("status").map { Set($0.compactMap(LabSite.Status.init)) } ?? Set(defaults)
    statuses.remove(.draft)
    if !call.account.seesTrash { statuses.remove(.trashed) }
    let format = call.first("body-format")
    if let format, format != "storage", format != "atlas_doc_format" {
      throw LabRefusal.v2(
        400, "INVALID_REQUEST_PARAMETER", "Provided value {\(format)} for 'body-format' is not the correct type.")
    }
    let ids = try call.list("id").map { try Self.numbers($0, atMost: 250) }
    let spaces = try call.list("space-id").map { try Self.numbers($0, atMost: 100) }
    let title = call.first("title")
    let isRoot = call.first("depth") == "root"
    let subtype = call.first("subtype")
    let (name, descending) = sort(call, or: "id")
    let contents = site.contents
    var key: ((Int64) -> LabKey)?
    switch name {
    case "id": key = nil
    case "created-date": key = { .number(contents[$0]?.createdAt ?? 0) }
    case "modified-date": key = { .number(contents[$0]?.version.createdAt ?? 0) }
    case "title": key = { .text(contents[$0]?.title ?? "") }
    default: throw LabRefusal.v2(400, "INVALID_REQUEST_PARAMETER", "Provided value {\(name)} for 'sort' is not known.")
    }
    let seen = visible(call)
    let candidates = ids.map { wanted in seen.filter(wanted.contains) } ?? seen
    let page = try cut(call, candidates, limit: try limit(call), descending: descending, key: key) { id in
      guard let content = contents[id] else { return false }
      return content.kind == kind && statuses.contains(content.status) && (title == nil || content.title == title)
        && spaces?.contains(content.space) ?? true && (!isRoot || content.parent == nil)
        && (subtype == nil || (subtype == "live") == content.isLive) && fits(content)
    }
    var reply = listing(call, page.ids.map { row($0, format: format) }, next: page.next)
    if format != nil { reply.bodies = page.ids }
    return reply
  }

  static func numbers(_ texts: [String], atMost count: Int) throws -> Set<Int64> {
    let numbers = texts.compactMap { Int64($0) }
    guard numbers.count == texts.count, numbers.count <= count else {
      throw LabRefusal.v2(400, "INVALID_REQUEST_PARAMETER", "Provided value for 'id' is not the correct type.")
    }
    return Set(numbers)
  }

  /// A content as one row of a listing, encoded; kept while the site stays as it is.
  private mutating func row(_ id: Int64, format: String?) -> [UInt8] {
    let key = id << 2 | (format == nil ? 0 : format == "storage" ? 1 : 2)
    if let known = items[key] { return known }
    guard let content = site.contents[id] else { return [] }
    let bytes = item(content, format: format, single: false).bytes
    items[key] = bytes
    return bytes
  }

  func item(_ content: LabSite.Content, format: String?, single: Bool) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("id", .id(content.id)), ("status", .string(content.status.rawValue)), ("title", .string(content.title)),
      ("spaceId", .id(content.space)),
    ]
    if content.kind == .page {
      members += [
        ("parentId", .id(content.parent)),
        ("parentType", content.parent.flatMap { site.contents[$0] }.map { .string($0.kind.rawValue) } ?? .null),
        ("position", .int(content.position)), ("ownerId", .string(content.author)), ("lastOwnerId", .null),
      ]
      // Missing in single answers of real sites.
      if !single { members.append(("subtype", content.isLive ? "live" : .null)) }
    }
    members += [
      ("authorId", .string(content.author)), ("createdAt", .string(LabTime.utc(content.createdAt))),
      ("version", version(content.version)), ("body", body(content, format)), ("_links", links(of: content)),
    ]
    if options.hasUnknownKeys {
      members.append(("sourceTemplateEntityId", .null))
      members.append(("labOnly", ["nested": [.int(1), .null]]))
    }
    return .object(members.map { JSONValue.Member($0.0, $0.1) })
  }

  func version(_ version: LabSite.Version) -> JSONValue {
    let value: JSONValue = [
      "number": .int(version.number), "createdAt": .string(LabTime.utc(version.createdAt)),
      "message": .string(version.message), "minorEdit": .bool(version.isMinor), "authorId": .string(version.author),
    ]
    return options.hasUnknownKeys ? value.adding([("ncsStepVersion", .string("\(version.number * 3)"))]) : value
  }

  func body(_ content: LabSite.Content, _ format: String?) -> JSONValue {
    guard let format else { return [:] }
    let storage = site.body(of: content)
    let text =
      switch format {
      case "atlas_doc_format": Self.document(of: storage)
      case "storage": storage
      default: "<div class=\"wiki-content\">" + storage + "</div>"
      }
    return .object([.init(format, ["representation": .string(format), "value": .string(text)])])
  }

  /// A small document of the editor's format: the text of the storage format in one paragraph, as a JSON text.
  private static func document(of storage: String) -> String {
    var text = ""
    var isTag = false
    for character in storage {
      if character == "<" {
        isTag = true
      } else if character == ">" {
        isTag = false
      } else if !isTag {
        text.append(character)
      }
    }
    let paragraph: JSONValue = ["type": "paragraph", "content": [["type": "text", "text": .string(text)]]]
    return (["type": "doc", "version": 1, "content": [paragraph]] as JSONValue).text()
  }

  func webui(_ content: LabSite.Content) -> String {
    guard let space = site.space(content.space) else { return "/" }
    if space.home == content.id { return "/spaces/\(space.key)/overview" }
    let slug = content.title.split(separator: " ")
      .map { word in word.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") } }.filter { !$0.isEmpty }
      .joined(separator: "+")
    switch content.kind {
    case .page: return "/spaces/\(space.key)/pages/\(content.id)" + (slug.isEmpty ? "" : "/" + slug)
    case .blogpost:
      let day = LabTime.utc(content.createdAt).prefix(10).split(separator: "-").joined(separator: "/")
      return "/spaces/\(space.key)/blog/\(day)/\(content.id)" + (slug.isEmpty ? "" : "/" + slug)
    case .folder: return "/spaces/\(space.key)/folder/\(content.id)"
    case .whiteboard, .database, .embed: return "/spaces/\(space.key)/\(content.kind.rawValue)/\(content.id)"
    }
  }

  func links(of content: LabSite.Content) -> JSONValue {
    [
      "webui": .string(webui(content)), "editui": .string("/pages/resumedraft.action?draftId=\(content.id)"),
      "tinyui": .string("/x/" + String(content.id, radix: 36)),
    ]
  }

  mutating func content(_ call: LabCall, kind: LabSite.Kind) throws -> LabReply {
    guard let id = call.id, let content = site.contents[id], content.kind == kind, sees(id, call) else {
      throw LabRefusal.notFound
    }
    var statuses = call.list("status").map { Set($0.compactMap(LabSite.Status.init)) } ?? [.current, .archived]
    if call.first("get-draft") == "true" { statuses.insert(.draft) }
    if !call.account.seesTrash { statuses.remove(.trashed) }
    guard statuses.contains(content.status) else { throw LabRefusal.notFound }
    let format = call.first("body-format")
    var members: [(String, JSONValue)] = []
    if call.first("include-labels") == "true" {
      let all = labelItems(content.labels, prefix: "global")
      members.append(
        (
          "labels",
          [
            "results": .array(Array(all.prefix(50))), "meta": ["hasMore": .bool(all.count > 50)],
            "_links": ["self": .string("/wiki/api/v2/pages/\(id)/labels")],
          ]
        ))
    }
    var item = item(content, format: format, single: true).adding(members)
    if case .object(var own) = item, let place = own.firstIndex(where: { $0.name == "_links" }) {
      own[place].value = own[place].value.adding([("base", .string(base(call)))])
      item = .object(own)
    }
    var reply = LabReply.json(item, objects: 1)
    if format != nil { reply.bodies = [id] }
    return reply
  }

  // MARK: Labels, versions, users

  /// Labels' ids come from their names, so that a label has one id on the whole site.
  func labelItems(_ names: [String], prefix: String) -> [JSONValue] {
    names.map { name in
      ["id": .string("\(Self.labelID(name))"), "name": .string(name), "prefix": .string(prefix)]
    }
  }

  private static func labelID(_ name: String) -> UInt64 { LabCursor.hash(name, 0) % 1_000_000 + 1 }

  func labelName(_ id: Int64?) -> String? {
    Set(site.contents.values.flatMap(\.labels)).first { Int64(Self.labelID($0)) == id }
  }

  func labels(_ call: LabCall) throws -> LabReply {
    let content = try readable(call, kinds: [call.path[0] == "pages" ? .page : .blogpost])
    let prefix = call.first("prefix") ?? "global"
    return try listing(call, values: prefix == "global" ? labelItems(content.labels, prefix: prefix) : [])
  }

  func versions(_ call: LabCall) throws -> LabReply {
    let content = try readable(call)
    let values = (1...content.version.number).reversed().map { number -> JSONValue in
      var version = content.version
      version.number = number
      version.createdAt =
        number == content.version.number ? version.createdAt : content.createdAt + Int64(number - 1) * 3_600_000
      return self.version(version)
    }
    return try listing(call, values: values)
  }

  func usersBulk(_ call: LabCall) throws -> LabReply {
    guard let wanted = (try? JSONValue(parsing: call.body))?["accountIds"]?.array, wanted.count <= 250 else {
      throw LabRefusal.v2(400, "INVALID_REQUEST_BODY", "The request body needs up to 250 'accountIds'.")
    }
    let values = wanted.compactMap(\.string).compactMap { site.users[$0] }.map { user -> JSONValue in
      [
        "displayName": .string(user.displayName), "timeZone": "", "personalSpaceId": .null,
        "isExternalCollaborator": .bool(false), "accountStatus": .string(user.status),
        "accountId": .string(user.accountID), "email": "", "accountType": "atlassian",
        "publicName": .string(user.displayName.split(separator: " ").first.map(String.init) ?? ""),
        "profilePicture": ["path": "/wiki/aa-avatar/lab", "isDefault": .bool(true)],
      ]
    }
    return .json(
      ["results": .array(values), "_links": ["base": .string(base(call))]], identities: values.count)
  }

  func convertIDs(_ call: LabCall) throws -> LabReply {
    guard let wanted = (try? JSONValue(parsing: call.body))?["contentIds"]?.array else {
      throw LabRefusal.v2(400, "INVALID_REQUEST_BODY", "The request body needs 'contentIds'.")
    }
    let members = wanted.compactMap { $0.string ?? $0.int.map(String.init) }.map { text -> JSONValue.Member in
      let id = Int64(text) ?? 0
      let kind = sees(id, call) ? site.contents[id]?.kind.rawValue : nil
      return JSONValue.Member(text, .text(kind))
    }
    return .json(["results": .object(members)])
  }
}
