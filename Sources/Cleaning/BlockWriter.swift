internal import Corpus

/// Lays finished blocks one after the other into a clean document's text.
struct BlockWriter {
  private(set) var text: [UInt8] = []
  private(set) var blocks: [Block] = []
  /// The list, table or definition list that the last block belongs to; 0 for none.
  private var lastGroup = 0

  init(capacity: Int) { text.reserveCapacity(capacity) }

  /// Appends a block.
  ///
  /// - Parameters:
  ///   - kind: what it is.
  ///   - inline: its words, finished.
  ///   - group: the list or table it belongs to; blocks of one group stand on lines below each other.
  ///   - anchor: the fragment that leads to it.
  mutating func append(_ kind: Block.Kind, _ inline: InlineText, group: Int, anchor: String?) {
    guard !inline.isEmpty else { return }
    if !text.isEmpty {
      text.append(0x0A)
      if group == 0 || group != lastGroup { text.append(0x0A) }
    }
    lastGroup = group
    let start = text.count
    text.append(contentsOf: inline.bytes)
    let links = inline.links.map {
      Link(range: TextRange(start: start + $0.start, end: start + $0.end), target: $0.target)
    }
    blocks.append(Block(kind: kind, range: TextRange(start: start, end: text.count), anchor: anchor, links: links))
  }
}
