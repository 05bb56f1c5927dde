internal import Corpus

extension LabOperation {
  /// Version 2: spaces, who may read them, and roles.
  static let cloudSpaces: [LabOperation] = [
    .init(.v2, "spaces", .spaces, scopes: ["read:space:confluence"]) { try $0.spaces($1) },
    .init(.v2, "spaces/{}", .space, scopes: ["read:space:confluence"]) { state, call in
      let space = try state.space(call)
      return .json(state.spaceItem(space, isRow: false).adding([("_links", state.links(call, space))]), objects: 1)
    },
    .init(
      .v2, "spaces/{}/permissions", .spacePermissions,
      scopes: ["read:space.permission:confluence", "read:space:confluence"]
    ) {
      try $0.permissions($1)
    },
    .init(.v2, "spaces/{}/labels", .spaceLabels, scopes: ["read:label:confluence", "read:space:confluence"]) {
      state, call in
      try state.listing(call, values: state.labelItems(try state.space(call).labels, prefix: "team"))
    },
    .init(.v2, "space-role-mode", .roleMode) { _, _ in .json(["mode": "PRE_ROLES"]) },
    .init(.v2, "spaces/{}/role-assignments", .spaceRoles) { state, call in
      let space = try state.space(call)
      guard state.options.usesRoles else { return try state.listing(call, values: []) }
      let readers =
        space.readers.groups.sorted().map { ("GROUP", $0) } + space.readers.users.sorted().map { ("USER", $0) }
      var values = readers.map { LabState.assignment("lab-role-reader", $0.0, $0.1) }
      // One who does something else, and a class of people.
      values.append(LabState.assignment("lab-role-commenter", "USER", "557058:lab-nobody"))
      values.append(LabState.assignment("lab-role-reader", "ACCESS_CLASS", "ALL_LICENSED_USERS"))
      return try state.listing(call, values: values)
    },
    .init(.v2, "space-roles", .spaceRoles) { state, call in
      guard state.options.usesRoles else { throw LabRefusal.notFound }
      return try state.listing(
        call,
        values: [
          [
            "id": "lab-role-reader", "type": "SYSTEM", "name": "Viewer", "description": "Reads",
            "spacePermissions": ["read/space"],
          ],
          [
            "id": "lab-role-commenter", "type": "CUSTOM", "name": "Speaker", "description": "Comments",
            "spacePermissions": ["create/comment"],
          ],
        ])
    },
  ]
}

extension LabState {
  fileprivate static func assignment(_ role: String, _ type: String, _ id: String) -> JSONValue {
    ["principal": ["principalType": .string(type), "principalId": .string(id)], "roleId": .string(role)]
  }

  mutating func spaces(_ call: LabCall) throws -> LabReply {
    let ids = call.list("ids").map(Set.init)
    let keys = call.list("keys").map(Set.init)
    let types = call.list("type").map(Set.init)
    let status = call.first("status")
    let (name, descending) = sort(call, or: "id")
    let account = call.account.id ?? ""
    let byID = Dictionary(site.spaces.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let page = try cut(
      call, site.spaces.map(\.id), limit: try limit(call), descending: descending,
      key: name == "id" ? nil : { id in .text(name == "key" ? byID[id]?.key ?? "" : byID[id]?.name ?? "") },
      where: { id in
        guard let space = byID[id] else { return false }
        return ids?.contains("\(id)") ?? true && keys?.contains(space.key) ?? true
          && types?.contains(space.type) ?? true
          && (status == nil || (status == "archived") == space.isArchived) && site.mayRead(space: space, as: account)
      })
    return listing(
      call,
      page.ids.compactMap { byID[$0] }.map {
        spaceItem($0).adding([("_links", ["webui": .string("/spaces/\($0.key)")])]).bytes
      },
      next: page.next)
  }

  func spaceItem(_ space: LabSite.Space, isRow: Bool = true) -> JSONValue {
    var item: JSONValue = [
      "id": .id(space.id), "key": .string(space.key), "name": .string(space.name), "type": .string(space.type),
      "status": .string(space.isArchived ? "archived" : "current"), "authorId": .string(space.author),
      "spaceOwnerId": .string(space.author),
      "createdAt": .string(LabTime.utc(space.createdAt)), "homepageId": .id(space.home), "description": .null,
      "icon": .null,
    ]
    if isRow { item = item.adding([("currentActiveAlias", .string(space.key))]) }
    return options.hasUnknownKeys ? item.adding([("labOnly", ["seen": .bool(true)])]) : item
  }

  func links(_ call: LabCall, _ space: LabSite.Space) -> JSONValue {
    ["webui": .string("/spaces/\(space.key)"), "base": .string(base(call))]
  }

  func permissions(_ call: LabCall) throws -> LabReply {
    let space = try space(call)
    let named =
      space.readers.groups.sorted().map { ("group", $0) } + space.readers.users.sorted().map { ("user", $0) }
    let readers = options.usesRoles ? [("role", "lab-role-reader")] : named
    var values: [JSONValue] = []
    for (index, reader) in readers.enumerated() {
      for (offset, operation) in [("read", "space"), ("create", "comment")].enumerated() {
        values.append([
          "id": .string("\(space.id * 100 + Int64(index * 2 + offset))"),
          "principal": ["type": .string(reader.0), "id": .string(reader.1)],
          "operation": ["key": .string(operation.0), "targetType": .string(operation.1)],
        ])
      }
    }
    // Somebody who may comment, and yet not read: only `read` of `space` opens a space.
    values.append([
      "id": .string("\(space.id * 100 + 99)"), "principal": ["type": "user", "id": "557058:lab-nobody"],
      "operation": ["key": "create", "targetType": "comment"],
    ])
    var reply = try listing(call, values: values)
    reply.identities = reply.objects
    reply.objects = 0
    return reply
  }
}
