internal import Corpus

/// Comments in the cloud.
extension CloudFace {
  private static let kinds = ["footer-comments", "inline-comments"]
  /// Answers to answers, so deep: further down nobody talks.
  private static let maximumDepth = 20

  func comments(in spaces: [ConfluenceSpace], _ take: ([CommentMark]) throws -> Void) async throws {
    for kind in Self.kinds {
      // The site's, of all spaces: there is no list of one space's.
      try await client.list(
        Self.two + "/\(kind)", [("sort", "created-date")], limit: 250, paging: .cursor
      ) { try take($0.compactMap { Self.mark($0, on: nil, below: nil) }) }
    }
  }

  func comments(on entry: ContentEntry, answered: Set<String>?) async throws -> [ConfluenceComment] {
    let folder = entry.kind == .blogpost ? "blogposts" : "pages"
    var comments: [ConfluenceComment] = []
    for kind in Self.kinds {
      var level = try await list("/\(folder)/\(entry.id)/\(kind)", on: entry, below: nil)
      comments += level
      for _ in 0..<Self.maximumDepth where !level.isEmpty {
        var next: [ConfluenceComment] = []
        for comment in level where !comment.mark.isResolved && answered?.contains(comment.mark.id) ?? true {
          next += try await list("/\(kind)/\(comment.mark.id)/children", on: entry, below: comment.mark.id)
        }
        comments += next
        level = next
      }
    }
    return comments
  }

  private func list(_ path: String, on entry: ContentEntry, below parent: String?) async throws -> [ConfluenceComment] {
    var comments: [ConfluenceComment] = []
    try await client.list(Self.two + path, [("body-format", "storage")], limit: 250, paging: .cursor) { results in
      comments += results.compactMap { comment in
        guard let mark = Self.mark(comment, on: entry.id, below: parent),
          let storage = comment["body"]?["storage"]?["value"]?.string
        else { return nil }
        let (version, properties) = (comment["version"], comment["properties"])
        return ConfluenceComment(
          mark: mark, author: version?["authorId"]?.words,
          modified: version?["createdAt"]?.string.flatMap { W3CDateTime.parse($0) },
          // Both spellings are met.
          selection: (properties?["inlineOriginalSelection"] ?? properties?["inline-original-selection"])?.words,
          storage: storage)
      }
    }
    return comments
  }

  private static func mark(_ comment: JSONValue, on content: String?, below parent: String?) -> CommentMark? {
    guard let id = comment["id"]?.id, comment["status"]?.string ?? "current" == "current" else { return nil }
    return CommentMark(
      id: id, content: content ?? comment["pageId"]?.id ?? comment["blogPostId"]?.id,
      parent: parent ?? comment["parentCommentId"]?.id, version: comment["version"]?["number"]?.int ?? 0,
      isResolved: comment["resolutionStatus"]?.string == "resolved")
  }
}
