internal import Corpus

/// Attachments in the cloud.
extension CloudFace {
  func attachments(in spaces: [ConfluenceSpace], _ take: ([ConfluenceAttachment]) throws -> Void) async throws {
    // The site's, of all spaces: there is no list of one space's.
    try await client.list(
      Self.two + "/attachments", [("status", "current,archived"), ("sort", "created-date")], limit: 250, paging: .cursor
    ) { try take($0.compactMap(Self.attachment)) }
  }

  func attachment(_ id: String) async throws -> ConfluenceAttachment? {
    do {
      let file = try await client.get(Self.two + "/attachments/\(ConfluenceClient.encoded(id))")
      return file["status"]?.string == "trashed" ? nil : Self.attachment(file)
    } catch let error as ConfluenceError where error.kind == .notFound {
      return nil
    }
  }

  private static func attachment(_ file: JSONValue) -> ConfluenceAttachment? {
    guard let id = file["id"]?.id, let content = file["pageId"]?.id ?? file["blogPostId"]?.id,
      let name = file["title"]?.words
    else { return nil }
    let version = file["version"]?["number"]?.int ?? 0
    // The first version's way to the bytes: the other one is not to be had through the gateway. A version is named, so
    // that no bytes come that are newer than what is known of readers.
    let place = "/rest/api/content/\(content)/child/attachment/\(ConfluenceClient.encoded(id))/download"
    return ConfluenceAttachment(
      id: id, content: content, name: name, mediaType: file["mediaType"]?.words ?? "", size: file["fileSize"]?.int,
      version: version, modified: file["version"]?["createdAt"]?.string.flatMap { W3CDateTime.parse($0) },
      download: place + "?version=\(version)")
  }
}
