internal import Corpus

/// Lists that come in several answers.
extension ConfluenceClient {
  /// How a list goes on.
  enum Paging: Sendable {
    /// By the cursor in `_links.next` (Cloud; Data Center's `scan`).
    case cursor
    /// By the number of results that came: what `next` says is wrong where the site cut the limit
    /// (CONFSERVER-95272).
    case offset
  }

  /// So many answers without a result may follow each other in a list that says it goes on.
  private static let maximumEmpty = 20
  /// A list whose cursor is refused begins anew so many times.
  private static let maximumRestarts = 2

  /// Reads a list to its end.
  ///
  /// The site may cut the limit and give fewer results than asked for anywhere: only a missing `next` (or, counting, an
  /// answer without results) ends a list. What cannot be had at once is asked for in smaller pieces.
  ///
  /// - Parameters:
  ///   - path: below the root.
  ///   - query: without limit, cursor and start.
  ///   - limit: results at a time.
  ///   - paging: how it goes on.
  ///   - cost: what the objects are.
  ///   - endsWhenEmpty: whether an answer without results is the end though it names a next one, as searches do.
  ///   - take: called with the results of each answer; after a restart some come again.
  /// - Throws: `ConfluenceError` when the list did not come to its end; what `take` throws.
  func list(
    _ path: String, _ query: [(String, String)] = [], limit: Int, paging: Paging, cost: Cost = .content,
    endsWhenEmpty: Bool = false, _ take: (_ results: [JSONValue]) throws -> Void
  ) async throws {
    var size = limit
    var cursor: String?
    var start = 0
    var empty = 0
    var restarts = 0
    var used: Set<String> = []
    while true {
      var asked = query + [("limit", "\(size)")]
      if let cursor { asked.append(("cursor", cursor)) }
      if paging == .offset { asked.append(("start", "\(start)")) }
      let answer: JSONValue
      do {
        // As long as less may be asked for, patience is better spent on that.
        answer = try await get(path, asked, cost: cost, tries: size > 1 ? 2 : Self.tries)
      } catch let error as ConfluenceError where error.mayBeTooMuch && size > 1 {
        size = max(1, size / 2)
        continue
      } catch let error as ConfluenceError where error.kind == .badRequest && cursor != nil {
        guard restarts < Self.maximumRestarts else { throw error }
        restarts += 1
        (cursor, used) = (nil, [])
        continue
      }
      guard let results = answer["results"]?.array else {
        throw ConfluenceError(
          .badAnswer, url: root + path, "the answer has no `results`", mend: "look whether `url` is a Confluence site's"
        )
      }
      try take(results)
      size = min(limit, size * 2)
      let next = answer["_links"]?["next"]?.string
      empty = results.isEmpty ? empty + 1 : 0
      switch paging {
      case .offset:
        guard next != nil else { return }
        guard !results.isEmpty else {
          if endsWhenEmpty { return }
          throw ConfluenceError(
            .badAnswer, url: root + path, "the list goes on without results", mend: "run again later")
        }
        start += results.count
      case .cursor:
        guard let next, !(endsWhenEmpty && results.isEmpty) else { return }
        guard let following = Self.cursor(in: next) ?? answer["nextCursor"]?.string else {
          throw ConfluenceError(
            .badAnswer, url: root + path, "the list goes on without a cursor",
            mend: "set `deployment` to what the site is")
        }
        guard used.insert(following).inserted, empty < Self.maximumEmpty else {
          // The same again for ever: the list has said all that it says, and not that it ended.
          throw ConfluenceError(
            .badAnswer, url: root + path, "the list goes round in a circle", mend: "run again later")
        }
        cursor = following
      }
    }
  }

  /// The cursor of a `next` link, which comes relative to one root or another.
  static func cursor(in next: String) -> String? {
    guard let query = next.split(separator: "?", maxSplits: 1).dropFirst().first else { return nil }
    for pair in query.split(separator: "&") where pair.hasPrefix("cursor=") {
      return decoded(pair.dropFirst("cursor=".count))
    }
    return nil
  }

  /// Percent-encoding undone; a plus sign stays one, as cursors are base64.
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(String(Substring(digits)), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
