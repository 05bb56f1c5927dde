public import Corpus

/// How the lists of several indexes become one.
public enum Fusion: String, Sendable, CaseIterable {
  /// By the scores, each list's measured in its own spread.
  case scores
  /// By the ranks alone: the sum of 1 / (60 + rank) over the lists (Cormack, Clarke and Büttcher, 2009).
  case ranks
}

/// What is searched for.
public struct SearchRequest: Sendable, Hashable {
  /// The question.
  public var query: String
  /// How many chunks; 4 by default.
  public var topK: Int
  /// How many chunks of one document at most; nil for any number.
  public var perDocument: Int?
  /// Whether the last place goes to the best chunk of another language that is nearly as close; false by default.
  public var spansLanguages = false
  /// How much a chunk's likeness to better ones counts against it, from 0 (not at all, the default) to 1.
  public var diversity = 0.0
  /// How many chunks before and after each hit come with it, as far as they stand in its section; 0 by default.
  public var neighbours = 0
  /// How the lists of the indexes become one; by their scores unless asked otherwise.
  public var fusion = Fusion.scores
  /// Conditions, all of which must hold.
  public var filters: [Filter]
  /// Who asks, by their own principals; nobody known by default, who sees only what is open to all.
  ///
  /// The snapshot knows their groups.
  public var principals: Set<Principal>

  /// Makes a request.
  public init(
    query: String, topK: Int = 4, perDocument: Int? = nil, filters: [Filter] = [], principals: Set<Principal> = []
  ) {
    self.query = query
    self.topK = topK
    self.perDocument = perDocument
    self.filters = filters
    self.principals = principals
  }
}

extension SearchRequest {
  /// How many chunks of one page an answer is taken from, so that other pages have their say.
  public static let evidencePerDocument = 3

  /// What an answer is taken from: other pages, and the same page in another language, have their say too.
  ///
  /// - Parameters:
  ///   - question: the question.
  ///   - topK: how many chunks.
  /// - Returns: a request without conditions, for somebody unknown.
  public static func evidence(for question: String, topK: Int = 4) -> SearchRequest {
    var request = SearchRequest(query: question, topK: topK, perDocument: evidencePerDocument)
    request.spansLanguages = true
    return request
  }
}

/// A chunk that was found.
public struct SearchHit: Sendable, Equatable {
  /// The chunk's number in the snapshot.
  public var chunkNumber: Int
  /// The document's number in the snapshot.
  public var documentNumber: Int
  /// The fused score: higher is better, comparable within one search only.
  public var score: Double
  /// The cosine of question and chunk, -1 to 1; nil where there is no vector index.
  public var cosine: Double?
  /// The document's address.
  public var url: String
  /// The document's title.
  public var title: String
  /// The document's language.
  public var language: String?
  /// The chunk.
  public var chunk: Chunk
  /// What stands before the chunk in its section, where neighbours were asked for; nothing of the chunk is in it.
  public var before = ""
  /// What stands behind the chunk in its section, where neighbours were asked for; nothing of the chunk is in it.
  public var after = ""

  /// Makes a hit.
  public init(
    chunkNumber: Int, documentNumber: Int, score: Double, cosine: Double?, url: String, title: String,
    language: String?, chunk: Chunk
  ) {
    self.chunkNumber = chunkNumber
    self.documentNumber = documentNumber
    self.score = score
    self.cosine = cosine
    self.url = url
    self.title = title
    self.language = language
    self.chunk = chunk
  }
}

extension SearchHit {
  /// As every search writes it, over HTTP and on the command line.
  ///
  /// - Parameters:
  ///   - rank: its place in the list, from 1.
  ///   - withNeighbours: whether what stands around it is told, too.
  /// - Returns: an object.
  public func json(rank: Int, withNeighbours: Bool = false) -> JSONValue {
    let found: JSONValue = [
      "rank": .integer(Int64(rank)), "score": .number(score), "url": .string(url), "title": .string(title),
      "heading": .string(chunk.headingPath.joined(separator: " › ")),
      "anchor": chunk.anchor.map { .string($0) } ?? .null, "text": .string(chunk.text),
      "chunk": .integer(Int64(chunkNumber)),
    ]
    guard withNeighbours else { return found }
    return .object((found.members ?? []) + [.init("before", .string(before)), .init("after", .string(after))])
  }
}
