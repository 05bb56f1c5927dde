internal import Corpus

extension LabOperation {
  private static let metadata = ["read:content.metadata:confluence", "read:hierarchical-content:confluence"]

  /// Version 2: what hangs above and below, and content that is only read by its id.
  static let cloudTree: [LabOperation] =
    ["pages", "folders", "whiteboards", "databases", "embeds"].flatMap { plural -> [LabOperation] in
      let kind = LabSite.Kind(rawValue: String(plural.dropLast())) ?? .page
      var operations: [LabOperation] = [
        .init(.v2, plural + "/{}/ancestors", .ancestors, scopes: ["read:content.metadata:confluence"]) {
          try $0.ancestors($1, kind: kind)
        },
        .init(.v2, plural + "/{}/direct-children", .directChildren, scopes: metadata) {
          try $0.directChildren($1, kind: kind)
        },
        .init(.v2, plural + "/{}/descendants", .descendants, scopes: metadata) { try $0.descendants($1, kind: kind) },
      ]
      if kind == .page {
        operations.append(
          .init(.v2, "pages/{}/children", .children, scopes: metadata) { state, call in
            var reply = try state.directChildren(call, kind: .page, pagesOnly: true)
            reply.headers.append(("deprecation", "@1748736000"))
            reply.headers.append(
              ("link", "<https://developer.atlassian.com/cloud/confluence/changelog/#CHANGE-864>; rel=\"deprecation\""))
            return reply
          })
      } else {
        operations.append(
          .init(.v2, plural + "/{}", .node, scopes: ["read:\(kind.rawValue):confluence"]) {
            try $0.node($1, kind: kind)
          })
      }
      return operations
    }
}

extension LabState {
  func node(_ call: LabCall, kind: LabSite.Kind) throws -> LabReply {
    let content = try readable(call, kinds: [kind])
    var item: JSONValue = [
      "id": .id(content.id), "type": .string(content.kind.rawValue), "status": .string(content.status.rawValue),
      "title": .string(content.title), "parentId": .id(content.parent),
      "parentType": content.parent.flatMap { site.contents[$0] }.map { .string($0.kind.rawValue) } ?? .null,
      "position": .int(content.position), "authorId": .string(content.author), "ownerId": .string(content.author),
      "createdAt": .string(LabTime.utc(content.createdAt)), "spaceId": .id(content.space),
      "version": version(content.version),
      "_links": ["webui": .string(webui(content)), "base": .string(base(call))],
    ]
    if kind == .embed { item = item.adding([("embedUrl", "https://video.example/embed")]) }
    return .json(item, objects: 1)
  }

  /// From the top down; `limit` alone, no cursor: a tree deeper than that is cut at its top.
  func ancestors(_ call: LabCall, kind: LabSite.Kind) throws -> LabReply {
    let content = try readable(call, kinds: [kind])
    let chain = site.ancestors(content.id).suffix(try limit(call))
    let rows = chain.compactMap { site.contents[$0] }.map { parent -> [UInt8] in
      (["id": .id(parent.id), "type": .string(parent.kind.rawValue)] as JSONValue).bytes
    }
    return listing(call, rows, next: nil)
  }

  mutating func directChildren(_ call: LabCall, kind: LabSite.Kind, pagesOnly: Bool = false) throws -> LabReply {
    let parent = try readable(call, kinds: [kind])
    let contents = site.contents
    let seen = visible(call)
    let page = try cut(call, seen, limit: try limit(call), key: { .number(Int64(contents[$0]?.position ?? 0)) }) { id in
      guard let content = contents[id], content.parent == parent.id else { return false }
      return (content.status == .current || content.status == .archived) && (!pagesOnly || content.kind == .page)
    }
    let rows = page.ids.compactMap { contents[$0] }.map { content -> [UInt8] in
      var members: [(String, JSONValue)] = [
        ("id", .id(content.id)), ("status", .string(content.status.rawValue)), ("title", .string(content.title)),
      ]
      if !pagesOnly { members.append(("type", .string(content.kind.rawValue))) }
      members += [("spaceId", .id(content.space)), ("childPosition", .int(content.position))]
      return JSONValue.object(members.map { JSONValue.Member($0.0, $0.1) }).bytes
    }
    return listing(call, rows, next: page.next)
  }

  mutating func descendants(_ call: LabCall, kind: LabSite.Kind) throws -> LabReply {
    let top = try readable(call, kinds: [kind])
    let depth = min(max(call.first("depth").flatMap { Int($0) } ?? 2, 1), 10)
    let site = site
    var depths: [Int64: Int] = [:]
    let seen = visible(call).filter { id in
      guard let content = site.contents[id], content.status == .current || content.status == .archived else {
        return false
      }
      let chain = site.ancestors(id)
      guard let place = chain.firstIndex(of: top.id), chain.count - place <= depth else { return false }
      depths[id] = chain.count - place
      return true
    }
    let page = try cut(call, seen, limit: try limit(call)) { _ in true }
    let rows = page.ids.compactMap { site.contents[$0] }.map { content -> [UInt8] in
      ([
        "id": .id(content.id), "status": .string(content.status.rawValue), "title": .string(content.title),
        "type": .string(content.kind.rawValue), "parentId": .id(content.parent), "depth": .int(depths[content.id] ?? 0),
        "childPosition": .int(content.position),
      ] as JSONValue).bytes
    }
    return listing(call, rows, next: page.next)
  }
}
