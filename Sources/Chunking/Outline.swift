internal import Corpus

/// A clean document's blocks, put right, with the headings they stand under.
struct Outline {
  /// One block and its place in the outline.
  struct Entry {
    var kind: Block.Kind
    var range: TextRange
    /// The heading it stands under, as a position in `headings`; a heading stands under itself.
    var heading: Int?
    /// The fragment of the nearest block with an id, up to this one.
    var anchor: String?
  }

  /// One heading and the one above it.
  struct Heading {
    var title: String
    var level: Int
    var parent: Int?
    /// How many headings stand above it.
    var depth: Int
  }

  private(set) var entries: [Entry] = []
  private(set) var headings: [Heading] = []

  /// Reads a document's blocks; text that no block covers becomes paragraphs, blocks that overlap others or cut
  /// characters are dropped.
  init(_ document: CleanDocument, _ bytes: UnsafeBufferPointer<UInt8>) {
    entries.reserveCapacity(document.blocks.count)
    var offset = 0
    var anchor: String?
    for block in document.blocks {
      guard block.range.start >= offset, block.range.end <= bytes.count, !block.range.isEmpty,
        Self.isBoundary(bytes, block.range.start), Self.isBoundary(bytes, block.range.end)
      else { continue }
      addParagraphs(bytes, TextRange(start: offset, end: block.range.start), anchor: anchor)
      offset = block.range.end
      anchor = block.anchor ?? anchor
      let range = WhiteSpace.stripped(bytes, block.range)
      guard !range.isEmpty else { continue }
      if case .heading(let level) = block.kind {
        open(level: level, title: String(decoding: bytes[range.start..<range.end], as: UTF8.self), document.title)
      }
      entries.append(Entry(kind: block.kind, range: range, heading: current, anchor: anchor))
    }
    addParagraphs(bytes, TextRange(start: offset, end: bytes.count), anchor: anchor)
  }

  private var current: Int?

  private mutating func open(level: Int, title: String, _ documentTitle: String) {
    while let heading = current, headings[heading].level >= level { current = headings[heading].parent }
    // The page's own title is not a heading of the path: it is known already.
    let isTitle = current == nil && title == documentTitle
    headings.append(
      Heading(
        title: isTitle ? "" : title, level: level, parent: current, depth: current.map { headings[$0].depth + 1 } ?? 0))
    current = headings.count - 1
  }

  private mutating func addParagraphs(_ bytes: UnsafeBufferPointer<UInt8>, _ gap: TextRange, anchor: String?) {
    var start = gap.start
    while start < gap.end {
      var end = start
      while end < gap.end, !(bytes[end] == 0x0A && end + 1 < gap.end && bytes[end + 1] == 0x0A) { end += 1 }
      let range = WhiteSpace.stripped(bytes, TextRange(start: start, end: end))
      if !range.isEmpty { entries.append(Entry(kind: .paragraph, range: range, heading: current, anchor: anchor)) }
      start = min(gap.end, end + 2)
    }
  }

  private static func isBoundary(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Bool {
    offset == bytes.count || bytes[offset] & 0xC0 != 0x80
  }

  // MARK: Asking

  /// The headings over a heading and itself, outermost first.
  func path(of heading: Int?) -> [String] {
    var titles: [String] = []
    var next = heading
    while let heading = next {
      if !headings[heading].title.isEmpty { titles.append(headings[heading].title) }
      next = headings[heading].parent
    }
    return titles.reversed()
  }

  /// The innermost heading that both stand under.
  func common(_ one: Int?, _ other: Int?) -> Int? {
    var one = one
    var other = other
    while one != other {
      guard let first = one, let second = other else { return nil }
      if headings[first].depth >= headings[second].depth { one = headings[first].parent }
      if headings[second].depth >= headings[first].depth { other = headings[second].parent }
    }
    return one
  }

  /// The position of the last entry that starts at or before an offset, searching on from an earlier answer.
  func entry(at offset: Int, from earlier: Int) -> Int {
    var position = earlier
    while position + 1 < entries.count, entries[position + 1].range.start <= offset { position += 1 }
    return position
  }
}
