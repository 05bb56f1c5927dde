/// Why a document cannot be cleaned.
public enum CleaningError: Error, Equatable, CustomStringConvertible {
  /// There is nothing to read; the document's URL.
  case empty(url: String)
  /// The bytes are no text; the document's URL.
  case binary(url: String)
  /// It is longer than the limit; both in bytes.
  case tooLong(url: String, bytes: Int, limit: Int)
  /// A library had no memory for it; the document's URL.
  case outOfMemory(url: String)

  /// What is wrong, where, and what helps.
  public var description: String {
    switch self {
    case .empty(let url): "\(url): the page holds no text"
    case .binary(let url):
      "\(url): these bytes are no text; exclude the page, or give it its true content type"
    case .tooLong(let url, let bytes, let limit):
      "\(url): the page has \(bytes) bytes, more than the limit of \(limit); exclude it"
    case .outOfMemory(let url): "\(url): there is no memory for cleaning the page"
    }
  }
}
