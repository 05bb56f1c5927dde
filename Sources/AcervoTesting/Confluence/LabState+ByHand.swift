internal import Corpus

extension LabState {
  /// `/lab/…`: what a hand at a terminal, or a program in another language, does with the lab.
  mutating func byHand(_ path: Substring, _ request: LoopbackSite.Request) -> LabReply {
    let fields = (request.path.split(separator: "?", maxSplits: 1).dropFirst().first ?? "").split(separator: "&")
      .map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false) }
      .reduce(into: [String: String]()) { $0[String($1[0])] = $1.count > 1 ? LabCall.decoded($1[1]) : "" }
    switch path {
    case "/lab/site": return .json(everything(withBodies: fields["bodies"] != "no"))
    case "/lab/counts":
      let routes = counts.requests.sorted { $0.key.rawValue < $1.key.rawValue }
      return .json([
        "requests": .object(routes.map { JSONValue.Member($0.key.rawValue, .int($0.value)) }),
        "bodies": .int(counts.bodies), "points": .int(counts.points), "faults": .int(counts.faults),
        "statuses": .object(
          counts.statuses.sorted { $0.key < $1.key }.map { JSONValue.Member("\($0.key)", .int($0.value)) }),
        "leakedTokens": .int(leaked.count),
      ])
    case "/lab/reset":
      counts = ConfluenceLab.Counts()
      return .json(["done": true])
    case "/lab/change" where request.method == "POST":
      do {
        try change(fields)
        settle()
        return .json(["done": true])
      } catch { return .json(["error": .string("\(error)")], status: 400) }
    default: return .json(["error": "no such thing; /lab/site, /lab/counts, /lab/reset, POST /lab/change"], status: 404)
    }
  }

  private mutating func change(_ fields: [String: String]) throws {
    let id = fields["id"].flatMap { Int64($0) } ?? 0
    let readers = LabSite.Subjects(
      users: Set((fields["users"] ?? "").split(separator: ",").map(String.init)),
      groups: Set((fields["groups"] ?? "").split(separator: ",").map(String.init)))
    switch fields["do"] {
    case "add":
      try site.add(
        title: fields["title"] ?? "New page", space: fields["space"] ?? "",
        below: fields["parent"].flatMap { Int64($0) },
        text: fields["text"])
    case "edit": try site.edit(id, text: fields["text"], title: fields["title"])
    case "rename": try site.rename(id, to: fields["title"] ?? "Renamed")
    case "move": try site.move(id, below: fields["parent"].flatMap { Int64($0) }, space: fields["space"])
    case "label": try site.label(id, (fields["labels"] ?? "").split(separator: ",").map(String.init))
    case "archive": try site.archive(id)
    case "trash": try site.trash(id)
    case "restore": try site.restore(id)
    case "purge": try site.purge(id)
    case "restrict": try site.restrict(id, to: readers)
    case "permit": try site.permit(space: fields["space"] ?? "", to: readers)
    case "members": try site.members(of: fields["group"] ?? "", readers.users)
    case "comment":
      site.comment(
        on: id, fields["text"] ?? "<p>A comment.</p>", about: fields["selection"],
        answering: fields["parent"].flatMap { Int64($0) })
    case "edit-comment": try site.edit(comment: id, fields["text"] ?? "<p>Written anew.</p>")
    case "resolve": try site.resolve(comment: id)
    case "remove-comment": try site.remove(comment: id)
    case "delete-space": try site.delete(space: fields["space"] ?? "")
    default:
      throw LabEditError(
        description: "do= one of add, edit, rename, move, label, archive, trash, restore, purge, restrict, permit, "
          + "members, comment, edit-comment, resolve, remove-comment, delete-space")
    }
  }

  /// All data as it is, whoever may see it: what a check of another program compares with.
  private func everything(withBodies: Bool) -> JSONValue {
    func subjects(_ subjects: LabSite.Subjects?) -> JSONValue {
      guard let subjects else { return .null }
      return [
        "users": .array(subjects.users.sorted().map { .string($0) }),
        "groups": .array(subjects.groups.sorted().map { .string($0) }),
      ]
    }
    let contents = site.order.compactMap { site.contents[$0] }.map { content -> JSONValue in
      let item: JSONValue = [
        "id": .id(content.id), "type": .string(content.kind.rawValue), "status": .string(content.status.rawValue),
        "title": .string(content.title), "space": .string(site.space(content.space)?.key ?? ""),
        "parent": .id(content.parent), "version": .int(content.version.number),
        "labels": .array(content.labels.map { .string($0) }), "readers": subjects(content.readers),
        "seenByIndexer": .bool(site.mayRead(content.id, as: site.indexer)),
      ]
      return withBodies ? item.adding([("storage", .string(site.body(of: content)))]) : item
    }
    return [
      "spaces": .array(
        site.spaces.map {
          ["id": .id($0.id), "key": .string($0.key), "name": .string($0.name), "readers": subjects($0.readers)]
        }),
      "groups": .array(
        site.groups.map {
          ["id": .string($0.id), "name": .string($0.name), "members": .array($0.members.sorted().map { .string($0) })]
        }),
      "users": .array(
        site.users.values.sorted { $0.accountID < $1.accountID }.map {
          [
            "accountId": .string($0.accountID), "userKey": .string($0.userKey), "name": .string($0.displayName),
            "email": .string($0.email),
          ]
        }),
      "contents": .array(contents),
      "comments": .array(
        site.comments.map { comment in
          [
            "id": .id(comment.id), "content": .id(comment.content), "parent": .id(comment.parent),
            "selection": .text(comment.selection), "resolution": .string(comment.resolution),
            "author": .string(comment.version.author), "storage": .string(comment.text),
          ]
        }),
    ]
  }
}
