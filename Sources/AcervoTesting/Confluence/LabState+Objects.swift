internal import Corpus

extension LabState {
  /// A content as version 1 tells it, on Cloud and on Data Center, with the parts that were asked for.
  func object(_ content: LabSite.Content, expand: Set<String>, _ call: LabCall, isAncestor: Bool = false) -> JSONValue {
    let path = "/rest/api/content/\(content.id)"
    let key = site.space(content.space)?.key ?? ""
    func isAsked(_ part: String) -> Bool { expand.contains { $0 == part || $0.hasPrefix(part + ".") } }
    func inner(_ part: String) -> Set<String> {
      Set(expand.filter { $0.hasPrefix(part + ".") }.map { String($0.dropFirst(part.count + 1)) })
    }
    var members: [(String, JSONValue)] = [
      ("id", .id(content.id)), ("type", .string(content.kind.rawValue)), ("status", .string(content.status.rawValue)),
      ("title", .string(content.title)),
    ]
    var expandable: [(String, JSONValue)] = []
    func part(_ name: String, or address: String = "", _ value: () -> JSONValue) {
      if isAsked(name) { members.append((name, value())) } else { expandable.append((name, .string(address))) }
    }
    part("space", or: "/rest/api/space/\(key)") { spaceObject(content.space, call) }
    part("history", or: path + "/history") { history(content, call, expand: inner("history")) }
    part("version") { versionObject(content.version, call) }
    if !isAncestor {
      part("ancestors") {
        .array(
          site.ancestors(content.id).compactMap { site.contents[$0] }.filter { $0.kind == .page || call.face.isCloud }
            .map { object($0, expand: inner("ancestors"), call, isAncestor: true) })
      }
    }
    part("body") { bodies(content, inner("body")) }
    part("metadata") {
      guard expand.contains("metadata.labels") else { return ["_expandable": ["labels": ""]] }
      let labels = labelItems(content.labels, prefix: "global").map { $0.adding([("label", $0["name"] ?? .null)]) }
      return [
        "labels": [
          "results": .array(Array(labels.prefix(200))), "start": 0, "limit": 200, "size": .int(min(200, labels.count)),
          "_links": ["self": .string(base(call) + path + "/label")],
        ]
      ]
    }
    part("restrictions", or: path + "/restriction/byOperation") {
      ["read": restriction("read", of: content, call), "update": restriction("update", of: content, call)]
    }
    if expand.contains(where: { $0.hasPrefix("children.attachment") }) {
      // Lists within an object are cut at 25.
      let files = site.attachments.filter { $0.content == content.id && $0.status == .current }
      let rows = files.prefix(25).map { fileObject($0, call) }
      var links: [JSONValue.Member] = [.init("self", .string(base(call) + path + "/child/attachment"))]
      if files.count > 25 { links.append(.init("next", .string(path + "/child/attachment?limit=25&start=25"))) }
      let list: JSONValue = [
        "results": .array(rows), "start": 0, "limit": 25, "size": .int(rows.count), "_links": .object(links),
      ]
      members.append(("children", ["attachment": list, "_expandable": ["page": "", "comment": ""]]))
    }
    expandable += [
      ("children", .string(path + "/child")), ("descendants", .string(path + "/descendant")),
      ("container", .string("/rest/api/space/\(key)")),
    ]
    members.append(("extensions", ["position": content.position < 0 ? "none" : .int(content.position)]))
    if call.face.isCloud, options.hasUnknownKeys {
      members += [
        ("ari", .string("ari:cloud:confluence:\(ConfluenceLab.cloudID):page/\(content.id)")),
        ("macroRenderedOutput", [:]),
      ]
    }
    members.append(("_expandable", .object(expandable.map { JSONValue.Member($0.0, $0.1) })))
    members.append(("_links", objectLinks(content, call)))
    return .object(members.map { JSONValue.Member($0.0, $0.1) })
  }

  private func objectLinks(_ content: LabSite.Content, _ call: LabCall) -> JSONValue {
    let own = base(call) + "/rest/api/content/\(content.id)"
    guard !call.face.isCloud else { return links(of: content).adding([("self", .string(own))]) }
    return [
      "webui": .string(display(content)), "edit": .string("/pages/resumedraft.action?draftId=\(content.id)"),
      "tinyui": .string("/x/" + String(content.id, radix: 36)), "self": .string(own),
    ]
  }

  /// Data Center's address for people: by title where that can stand in an address.
  private func display(_ content: LabSite.Content) -> String {
    let isSafe = content.title.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || " -_.:".unicodeScalars.contains(scalar))
    }
    guard isSafe, let space = site.space(content.space) else { return "/pages/viewpage.action?pageId=\(content.id)" }
    return "/display/\(space.key)/"
      + content.title.split(separator: " ", omittingEmptySubsequences: false).joined(separator: "+")
  }

  func spaceObject(_ id: Int64, _ call: LabCall) -> JSONValue {
    guard let space = site.space(id) else { return .null }
    return [
      // A number here, where all other ids are texts.
      "id": .integer(space.id), "key": .string(space.key), "name": .string(space.name),
      "type": .string(space.type == "personal" ? "personal" : "global"),
      "status": .string(space.isArchived ? "archived" : "current"),
      "_expandable": [
        "homepage": .string(space.home.map { "/rest/api/content/\($0)" } ?? ""), "description": "", "metadata": "",
      ],
      "_links": [
        "webui": .string((call.face.isCloud ? "/spaces/" : "/display/") + space.key),
        "self": .string(base(call) + "/rest/api/space/" + LabCall.encoded(space.key)),
      ],
    ]
  }

  private func time(_ milliseconds: Int64, _ call: LabCall) -> JSONValue {
    .string(
      call.face.isCloud ? LabTime.utc(milliseconds) : LabTime.local(milliseconds, zone: options.zoneMinutes))
  }

  private func person(_ account: String, _ call: LabCall) -> JSONValue {
    site.users[account].map { userItem($0, call) } ?? ["type": "unknown", "displayName": "Unknown"]
  }

  private func history(_ content: LabSite.Content, _ call: LabCall, expand: Set<String>) -> JSONValue {
    var value: JSONValue = [
      "latest": .bool(true), "createdBy": person(content.author, call), "createdDate": time(content.createdAt, call),
    ]
    if expand.contains("lastUpdated") {
      value = value.adding([("lastUpdated", versionObject(content.version, call))])
    }
    return value.adding([
      ("_expandable", ["lastUpdated": "", "previousVersion": "", "contributors": "", "nextVersion": ""]),
      ("_links", ["self": .string(base(call) + "/rest/api/content/\(content.id)/history")]),
    ])
  }

  func versionObject(_ version: LabSite.Version, _ call: LabCall) -> JSONValue {
    [
      "by": person(version.author, call), "when": time(version.createdAt, call), "message": .string(version.message),
      "number": .int(version.number), "minorEdit": .bool(version.isMinor), "hidden": .bool(false),
      "friendlyWhen": "some time ago", "_expandable": ["content": ""],
    ]
  }

  private func bodies(_ content: LabSite.Content, _ formats: Set<String>) -> JSONValue {
    let storage = site.body(of: content)
    let known = ["storage", "view", "export_view", "styled_view", "editor"]
    let members = known.filter { format in formats.contains { $0 == format || $0.hasPrefix(format + ".") } }
      .map { format -> JSONValue.Member in
        let text = format == "storage" ? storage : "<div class=\"wiki-content\">" + storage + "</div>"
        return JSONValue.Member(
          format,
          [
            "value": .string(text), "representation": .string(format),
            "_expandable": ["content": .string("/rest/api/content/\(content.id)")],
          ])
      }
    return JSONValue.object(members).adding([
      ("_expandable", .object(known.filter { !formats.contains($0) }.map { JSONValue.Member($0, "") }))
    ])
  }
}
