/// Takes one value of an index: its section, its part (ascending within the section) and its bytes.
public typealias SectionSink = (_ section: String, _ part: UInt32, _ bytes: UnsafeRawBufferPointer) throws -> Void

/// Gives one value of an index in place; nil where there is none.
public typealias SectionSource = (_ section: String, _ part: UInt32) throws -> UnsafeRawBufferPointer?

/// Why an index cannot be written or read.
public struct SearchIndexError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Which index: its section's name.
  public let section: String
  /// What is wrong.
  public let reason: String

  /// The section and what is wrong with it.
  public var description: String { "search index “\(section)”: \(reason)" }
}

/// A chunk that a search index found.
public struct ScoredChunk: Sendable, Equatable {
  /// The chunk's number.
  public var chunk: Int
  /// Higher is better; comparable within one search of one index.
  public var score: Float

  /// Makes a scored chunk.
  public init(chunk: Int, score: Float) {
    self.chunk = chunk
    self.score = score
  }
}

/// Some of the chunks, or of the documents, 0 ..< `count`: a bit for each.
public struct ChunkSet: Sendable, Equatable {
  /// How many chunks there are, in the set or not.
  public let count: Int
  private(set) var words: [UInt64]

  /// Makes an empty set among so many chunks.
  public init(count: Int) {
    self.count = max(0, count)
    words = [UInt64](repeating: 0, count: (self.count + 63) / 64)
  }

  /// Adds a range of chunks; what lies outside of `0 ..< count` is left out.
  public mutating func insert(_ range: Range<Int>) {
    let range = range.clamped(to: 0..<count)
    guard !range.isEmpty else { return }
    let (first, last) = (range.lowerBound / 64, (range.upperBound - 1) / 64)
    let head = UInt64.max << UInt64(range.lowerBound % 64)
    let tail = UInt64.max >> UInt64(63 - (range.upperBound - 1) % 64)
    guard first < last else {
      words[first] |= head & tail
      return
    }
    words[first] |= head
    for word in first + 1..<last { words[word] = .max }
    words[last] |= tail
  }

  /// Keeps what is in the other set too; both are of one size.
  public mutating func formIntersection(_ other: ChunkSet) {
    for index in words.indices { words[index] &= index < other.words.count ? other.words[index] : 0 }
  }

  /// Adds what is in the other set; both are of one size.
  public mutating func formUnion(_ other: ChunkSet) {
    for index in words.indices where index < other.words.count { words[index] |= other.words[index] }
  }

  /// Whether a chunk is in the set.
  public func contains(_ chunk: Int) -> Bool {
    chunk >= 0 && chunk < count && words[chunk / 64] >> UInt64(chunk % 64) & 1 == 1
  }

  /// How many chunks are in the set.
  public var members: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
}
