internal import Corpus

/// Comments on a Data Center.
extension DataCenterFace {
  func comments(in spaces: [ConfluenceSpace], _ take: ([CommentMark]) throws -> Void) async throws {
    for space in spaces {
      do {
        let query = [
          ("spaceKey", space.key), ("type", "comment"), ("expand", "container,version,extensions.resolution"),
        ]
        try await client.list(Self.one + "/content/scan", query, limit: 200, paging: .cursor) {
          try take($0.compactMap { Self.mark($0, on: nil) })
        }
      } catch let error as ConfluenceError where error.kind == .notFound || error.kind == .unsupported {
        // Before version 7.18: by the search, which lags a little.
        let query = "type = comment and space = \(VersionOne.quoted(space.key))"
        try await client.list(
          Self.one + "/content/search", [("cql", query), ("expand", "container,version,extensions.resolution")],
          limit: 200, paging: .offset
        ) { try take($0.compactMap { Self.mark($0, on: nil) }) }
      }
    }
  }

  func comments(on entry: ContentEntry, answered: Set<String>?) async throws -> [ConfluenceComment] {
    var comments: [ConfluenceComment] = []
    let expand = "body.storage,version,ancestors,extensions.inlineProperties,extensions.resolution"
    let places = ["footer", "inline", "resolved"].map { ("location", $0) }
    try await client.list(
      Self.one + "/content/\(entry.id)/child/comment", places + [("depth", "all"), ("expand", expand)], limit: 50,
      paging: .offset
    ) { results in
      comments += results.compactMap { comment in
        guard let mark = Self.mark(comment, on: entry.id),
          let storage = comment["body"]?["storage"]?["value"]?.string
        else { return nil }
        let version = comment["version"]
        return ConfluenceComment(
          mark: mark, author: Self.person(version?["by"]),
          modified: version?["when"]?.string.flatMap { W3CDateTime.parse($0) },
          selection: comment["extensions"]?["inlineProperties"]?["originalSelection"]?.words, storage: storage)
      }
    }
    return comments
  }

  private static func mark(_ comment: JSONValue, on content: String?) -> CommentMark? {
    guard let id = comment["id"]?.id, comment["status"]?.string ?? "current" == "current",
      let content = content ?? comment["container"]?["id"]?.id
    else { return nil }
    let extensions = comment["extensions"]
    let resolution = extensions?["resolution"]?["status"]?.string ?? extensions?["location"]?.string
    return CommentMark(
      id: id, content: content, parent: comment.list("ancestors").last?["id"]?.id,
      version: comment["version"]?["number"]?.int ?? 0, isResolved: resolution == "resolved")
  }
}
