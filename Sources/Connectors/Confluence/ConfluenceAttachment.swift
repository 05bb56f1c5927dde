/// A file attached to a page, as a list shows it.
struct ConfluenceAttachment: Sendable, Equatable {
  var id: String
  /// The page or blog post.
  var content: String
  /// The file's name: no other current file of the page has it.
  var name: String
  /// What its uploader said that it is.
  var mediaType: String
  /// In bytes; nil where it is not told.
  var size: Int?
  /// The number of its newest version.
  var version: Int
  /// When that came, in seconds since 1970.
  var modified: Int64?
  /// Where its bytes are, below the site's address, beginning with `/`.
  var download: String
}
