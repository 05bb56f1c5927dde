/// Names an answer by what it was made of: `handbook.20261121T040704Z-98b3a3b122ea.17.42`.
///
/// Collection, snapshot, and the numbers of the chunks that are cited, in the order of the citations. So nothing has to
/// be kept to find an answer's evidence again, and the same answer has the same name.
public struct AnswerIdentifier: Sendable, Equatable, CustomStringConvertible {
  /// The most chunks that are named.
  public static let maximumChunks = 100

  /// The collection that was asked.
  public let collection: String
  /// The snapshot that the answer comes from.
  public let snapshot: String
  /// The chunks cited, each once; none when nothing fitted.
  public let chunks: [Int]

  /// Makes a name; of more than `maximumChunks` chunks the first are named.
  public init(collection: String, snapshot: String, chunks: [Int]) {
    self.collection = collection
    self.snapshot = snapshot
    var seen: Set<Int> = []
    self.chunks = Array(chunks.filter { seen.insert($0).inserted }.prefix(Self.maximumChunks))
  }

  /// Reads what `description` wrote; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard (2...2 + Self.maximumChunks).contains(parts.count), CollectionFolder.isName(parts[0]),
      Layout.isSnapshotID(parts[1])
    else { return nil }
    let chunks = parts[2...].compactMap { part in
      part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
    }
    guard chunks.count == parts.count - 2 else { return nil }
    self.init(collection: parts[0], snapshot: parts[1], chunks: chunks)
  }

  /// Letters, digits, hyphens and dots: fit for an address.
  public var description: String {
    ([collection, snapshot] + chunks.map(String.init)).joined(separator: ".")
  }
}
