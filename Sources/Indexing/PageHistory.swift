internal import Connectors
public import Corpus

/// How a version of a page came into the index, as the state remembers it.
public struct PageHistory: Sendable, Equatable {
  /// Of the bytes that the source gave.
  public var contentHash: ContentHash
  /// What the bytes were said to be.
  public var mediaType: MediaType
  /// When these bytes came, in seconds since 1970; nil where the source tells no such moment, as a folder does.
  public var fetched: Int64?
  /// When they were last found unchanged.
  public var checked: Int64?
  /// The HTTP status that they came with; nil without HTTP.
  public var status: Int?
  /// `ETag` as it came.
  public var etag: String?
  /// `Last-Modified` as it came.
  public var lastModified: String?
}

extension CollectionState {
  /// What is known of a version of a page; nil when the state has another version of it by now, or none.
  ///
  /// - Parameters:
  ///   - source: the `id` of its source.
  ///   - url: its address.
  ///   - hash: of its clean form, as a snapshot's `DocumentRecord.hash` has it.
  ///   - snapshot: the id of that snapshot. Of the one that the state published last every page is known; in others, a
  ///     page is recognised by its hash, which is another where the snapshot took only a part of the page.
  /// - Returns: its history.
  /// - Throws: what the state file throws.
  public func history(source: String, url: String, hash: ContentHash, snapshot: String) throws -> PageHistory? {
    guard let state else { return nil }
    let key = PageRecord.key(source: source, url: url)
    // As that snapshot has it first.
    let known = try [state.superseded(key), state.page(key)].compactMap { $0 }
    let isPublished = try state.published()?.snapshot == snapshot
    guard let page = isPublished ? known.first : known.first(where: { $0.cleanHash == hash }) else { return nil }
    var history = PageHistory(contentHash: page.contentHash, mediaType: page.mediaType)
    // A later visit that brought other bytes says nothing of these.
    guard let visit = try state.visit(key), visit.hash == page.contentHash else { return history }
    history.fetched = visit.fetched
    history.checked = visit.checked
    history.status = visit.status > 0 ? visit.status : nil
    history.etag = visit.etag
    history.lastModified = visit.lastModified
    return history
  }
}
