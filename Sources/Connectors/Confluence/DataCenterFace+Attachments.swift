internal import Corpus
internal import Synchronization

/// Attachments on a Data Center: they come with the walk over their pages.
extension DataCenterFace {
  /// What has to be expanded for them.
  static let files = ["children.attachment.version"]

  /// What a walk brings of files, by page.
  struct Files: Sendable {
    var files: [ConfluenceAttachment]
    /// Whether there are more than came.
    var isCut: Bool
  }

  static func files(of content: JSONValue) -> Files? {
    guard let id = content["id"]?.id, let list = content["children"]?["attachment"],
      let results = list["results"]?.array
    else { return nil }
    return Files(
      files: results.compactMap { attachment($0, on: id) }, isCut: VersionOne.isCut(list, results.count))
  }

  func attachments(in spaces: [ConfluenceSpace], _ take: ([ConfluenceAttachment]) throws -> Void) async throws {
    for space in spaces {
      let walked = files.withLock { $0.removeValue(forKey: space.id) } ?? [:]
      for (id, list) in walked.sorted(by: { $0.key < $1.key }) {
        guard list.isCut else {
          try take(list.files)
          continue
        }
        try await client.list(
          Self.one + "/content/\(id)/child/attachment", [("expand", "version")], limit: 100, paging: .offset
        ) { try take($0.compactMap { Self.attachment($0, on: id) }) }
      }
    }
  }

  func attachment(_ id: String) async throws -> ConfluenceAttachment? {
    do {
      let file = try await client.get(
        Self.one + "/content/\(ConfluenceClient.encoded(id))", [("expand", "version,container")])
      return file["container"]?["id"]?.id.flatMap { Self.attachment(file, on: $0) }
    } catch let error as ConfluenceError where error.kind == .notFound {
      return nil
    }
  }

  private static func attachment(_ file: JSONValue, on content: String) -> ConfluenceAttachment? {
    guard let id = file["id"]?.id, let name = file["title"]?.words, file["status"]?.string ?? "current" == "current"
    else { return nil }
    let extensions = file["extensions"]
    let version = file["version"]?["number"]?.int ?? 0
    let place = "/download/attachments/\(content)/\(ConfluenceClient.encoded(name))?version=\(version)"
    return ConfluenceAttachment(
      id: id, content: content, name: name,
      mediaType: (extensions?["mediaType"] ?? file["metadata"]?["mediaType"])?.words ?? "",
      size: extensions?["fileSize"]?.int, version: version,
      modified: file["version"]?["when"]?.string.flatMap { W3CDateTime.parse($0) },
      download: file["_links"]?["download"]?.words ?? place)
  }
}
