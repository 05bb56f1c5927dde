internal import Corpus

extension LabOperation {
  /// Version 2: comments and attachments.
  static let cloudTalk: [LabOperation] =
    [
      .init(.v2, "footer-comments", .footerComments, scopes: ["read:comment:confluence"]) { state, call in
        let showsAnswers = state.options.listsAnswers
        return try state.comments(call) { $0.selection == nil && (showsAnswers || $0.parent == nil) }
      },
      .init(.v2, "inline-comments", .inlineComments, scopes: ["read:comment:confluence"]) { state, call in
        let showsAnswers = state.options.listsAnswers
        return try state.comments(call) { $0.selection != nil && (showsAnswers || $0.parent == nil) }
      },
      .init(.v2, "footer-comments/{}", .comment, scopes: ["read:comment:confluence"]) { try $0.comment($1) },
      .init(.v2, "inline-comments/{}", .comment, scopes: ["read:comment:confluence"]) { try $0.comment($1) },
      .init(.v2, "footer-comments/{}/children", .commentChildren, scopes: ["read:comment:confluence"]) {
        try $0.replies($1)
      },
      .init(.v2, "inline-comments/{}/children", .commentChildren, scopes: ["read:comment:confluence"]) {
        try $0.replies($1)
      },
      .init(.v2, "attachments", .attachments, scopes: ["read:attachment:confluence"]) { state, call in
        try state.attachments(call) { _ in true }
      },
      .init(.v2, "attachments/{}", .attachment, scopes: ["read:attachment:confluence"]) { try $0.attachment($1) },
    ]
    + ["pages", "blogposts"].flatMap { plural -> [LabOperation] in
      let kind: LabSite.Kind = plural == "pages" ? .page : .blogpost
      return [
        .init(.v2, plural + "/{}/footer-comments", .footerComments, scopes: ["read:comment:confluence"]) {
          state, call in
          let content = try state.readable(call, kinds: [kind])
          return try state.comments(call) { $0.content == content.id && $0.selection == nil && $0.parent == nil }
        },
        .init(.v2, plural + "/{}/inline-comments", .inlineComments, scopes: ["read:comment:confluence"]) {
          state, call in
          let content = try state.readable(call, kinds: [kind])
          return try state.comments(call) { $0.content == content.id && $0.selection != nil && $0.parent == nil }
        },
        .init(.v2, plural + "/{}/attachments", .attachments, scopes: ["read:attachment:confluence"]) { state, call in
          let content = try state.readable(call, kinds: [kind])
          return try state.attachments(call) { $0.content == content.id }
        },
      ]
    }
}

extension LabState {
  func isShown(_ content: Int64, _ call: LabCall) -> Bool {
    guard let page = site.contents[content], sees(content, call) else { return false }
    return page.status == .current || page.status == .archived
  }

  func comments(_ call: LabCall, where fits: (LabSite.Comment) -> Bool) throws -> LabReply {
    let all = Dictionary(site.comments.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let resolutions = call.list("resolution-status").map(Set.init)
    let sort = call.first("sort") ?? "created-date"
    let page = try cut(
      call, site.comments.map(\.id), limit: try limit(call), descending: sort.hasPrefix("-"),
      key: { .number(all[$0]?.version.createdAt ?? 0) },
      where: { id in
        guard let comment = all[id], fits(comment), isShown(comment.content, call) else { return false }
        return resolutions.map { comment.selection == nil || $0.contains(comment.resolution) } ?? true
      })
    return listing(call, page.ids.compactMap { all[$0] }.map { commentItem($0, call).bytes }, next: page.next)
  }

  func replies(_ call: LabCall) throws -> LabReply {
    guard let parent = site.comments.first(where: { $0.id == call.id }), isShown(parent.content, call) else {
      throw LabRefusal.notFound
    }
    return try comments(call) { $0.parent == parent.id }
  }

  func comment(_ call: LabCall) throws -> LabReply {
    guard let comment = site.comments.first(where: { $0.id == call.id }), isShown(comment.content, call) else {
      throw LabRefusal.notFound
    }
    return .json(commentItem(comment, call), objects: 1)
  }

  private func commentItem(_ comment: LabSite.Comment, _ call: LabCall) -> JSONValue {
    let page = site.contents[comment.content]
    var body: JSONValue = [:]
    if let format = call.first("body-format") {
      body = .object([.init(format, ["representation": .string(format), "value": .string(comment.text)])])
    }
    var members: [(String, JSONValue)] = [
      ("id", .id(comment.id)), ("status", "current"), ("title", .string("Re: " + (page?.title ?? ""))),
    ]
    if let parent = comment.parent {
      members.append(("parentCommentId", .id(parent)))
    } else {
      members.append((page?.kind == .blogpost ? "blogPostId" : "pageId", .id(comment.content)))
    }
    members += [("version", version(comment.version)), ("body", body)]
    if let selection = comment.selection {
      members += [
        ("resolutionStatus", .string(comment.resolution)),
        (
          "properties",
          ["inlineMarkerRef": .string("b7d1-\(comment.id)"), "inlineOriginalSelection": .string(selection)]
        ),
      ]
    }
    let address = (page.map(webui) ?? "") + "?focusedCommentId=\(comment.id)"
    members.append(("_links", ["webui": .string(address)]))
    return .object(members.map { JSONValue.Member($0.0, $0.1) })
  }

  func attachments(_ call: LabCall, where fits: (LabSite.Attachment) -> Bool) throws -> LabReply {
    let all = Dictionary(site.attachments.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let statuses = Set(call.list("status") ?? ["current", "archived"])
    let (name, type) = (call.first("filename"), call.first("mediaType"))
    let sort = call.first("sort")
    let page = try cut(
      call, site.attachments.map(\.id), limit: try limit(call, or: 50), descending: sort?.hasPrefix("-") ?? false,
      key: sort == nil ? nil : { .number(all[$0]?.version.createdAt ?? 0) },
      where: { id in
        guard let file = all[id], fits(file), isShown(file.content, call) else { return false }
        return statuses.contains(file.status.rawValue) && (name == nil || file.name == name)
          && (type == nil || file.mediaType == type)
      })
    return listing(call, page.ids.compactMap { all[$0] }.map { attachmentItem($0).bytes }, next: page.next)
  }

  func attachment(_ call: LabCall) throws -> LabReply {
    guard let file = attachment(named: call.parameters.first ?? ""), isShown(file.content, call) else {
      throw LabRefusal.notFound
    }
    return .json(attachmentItem(file), objects: 1)
  }

  func attachment(named text: String) -> LabSite.Attachment? {
    let number = Int64(text.hasPrefix("att") ? String(text.dropFirst(3)) : text)
    return site.attachments.first { $0.id == number }
  }

  private func attachmentItem(_ file: LabSite.Attachment) -> JSONValue {
    let page = site.contents[file.content]
    let web =
      "/pages/viewpageattachments.action?pageId=\(file.content)&preview=%2F\(file.content)%2F\(file.id)%2F"
      + LabCall.encoded(file.name)
    let path = downloadPath(file)
    return [
      "id": .string("att\(file.id)"), "status": .string(file.status.rawValue), "title": .string(file.name),
      "createdAt": .string(LabTime.utc(file.version.createdAt)),
      page?.kind == .blogpost ? "blogPostId" : "pageId": .id(file.content), "mediaType": .string(file.mediaType),
      "mediaTypeDescription": "File", "comment": "",
      "fileId": .string("8f0f7c1e-0000-4000-8000-\("\(file.id)".padded(to: 12))"),
      "fileSize": .int(file.bytes.count), "webuiLink": .string(web), "downloadLink": .string(path),
      "version": version(file.version), "_links": ["webui": .string(web), "download": .string(path)],
    ]
  }

  func downloadPath(_ file: LabSite.Attachment) -> String {
    "/download/attachments/\(file.content)/\(LabCall.encoded(file.name))?version=\(file.version.number)"
      + "&modificationDate=\(file.version.createdAt)&cacheVersion=1&api=v2"
  }

  /// The address that version 2 gives: on Cloud it leads to another host with a token for a short time.
  mutating func download(_ request: LoopbackSite.Request) -> LabReply {
    let path = request.path.split(separator: "?")[0].split(separator: "/").map { LabCall.decoded($0, plus: false) }
    var call = LabCall.none
    call.headers = request.headers
    call.face = path.first == "confluence" ? .dataCenter : .site
    guard path.count == 5, let content = Int64(path[3]),
      let file = site.attachments.first(where: { $0.content == content && $0.name == path[4] })
    else { return LabReply.html("<html><body>Page not found</body></html>", status: 404) }
    do {
      call.account = try account(for: call, .download)
      guard isShown(file.content, call) else {
        return LabReply.html("<html><body>Not found</body></html>", status: 404)
      }
      return send(file, call)
    } catch let refusal as LabRefusal {
      return refusal.reply
    } catch {
      return LabReply.html("\(error)", status: 500)
    }
  }

  /// Data Center sends the file itself; Cloud redirects.
  func send(_ file: LabSite.Attachment, _ call: LabCall) -> LabReply {
    guard call.face.isCloud else {
      return LabReply(headers: [("Content-Type", file.mediaType)], body: file.bytes, objects: 1)
    }
    let address = mediaOrigin + "/file/\(file.id)/binary?token=\(mediaToken(file.id))"
    return LabReply(status: 302, headers: [("Location", address)], objects: 1)
  }

  private func mediaToken(_ id: Int64) -> String { String(LabCursor.hash("\(id)", secret), radix: 36) }

  /// The media host: its own token opens a file, and no other may reach it.
  mutating func file(_ request: LoopbackSite.Request) -> LoopbackSite.Answer {
    counts.requests[.media, default: 0] += 1
    if let token = request.header("authorization") { leaked.append(token) }
    let halves = request.path.split(separator: "?", maxSplits: 1)
    let parts = halves.first?.split(separator: "/").map(String.init) ?? []
    guard parts.count == 3, parts[0] == "file", let id = Int64(parts[1]), halves.count == 2,
      halves[1] == "token=\(mediaToken(id))", let file = site.attachments.first(where: { $0.id == id })
    else { return .status(403) }
    return LoopbackSite.Answer(headers: [("Content-Type", file.mediaType)], body: file.bytes)
  }
}
